package trunk

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
)

var loopback = netip.MustParseAddrPort("127.0.0.1:0")

// kinds are all Conns there are: every test of behaviour runs on each.
var kinds = []struct {
	name   string
	listen func(t *testing.T) func() Conn
}{
	{"offload", func(t *testing.T) func() Conn { return opener(t, Listen) }},
	{"plain", func(t *testing.T) func() Conn {
		return opener(t, func(a netip.AddrPort) (Conn, error) { return listen(a, false) })
	}},
	{"memory", func(t *testing.T) func() Conn { return opener(t, NewMemory().Listen) }},
}

func opener(t *testing.T, listen func(netip.AddrPort) (Conn, error)) func() Conn {
	return func() Conn {
		c, err := listen(loopback)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
}

// frames makes n frames to peer whose sizes change, so that runs begin and end.
func frames(peer netip.AddrPort, n int) []Frame {
	fs := make([]Frame, n)
	for i := range fs {
		size := 160
		if i%50 > 40 {
			size = i % 7 * 40 // 0 too
		}
		fs[i] = Frame{Peer: peer, SSRC: uint32(i * 7), Token: uint64(i) << 33, Type: TypePCMA, Seq: uint16(65500 + i),
			Timestamp: uint32(i) * 160, Marker: i%3 == 0, Payload: bytes.Repeat([]byte{byte(i)}, size)}
	}
	return fs
}

func same(a, b *Frame) bool {
	return a.SSRC == b.SSRC && a.Token == b.Token && a.Type == b.Type && a.Seq == b.Seq &&
		a.Timestamp == b.Timestamp && a.Marker == b.Marker && bytes.Equal(a.Payload, b.Payload)
}

func TestFramesArriveWholeAndInOrder(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			open := k.listen(t)
			a, b := open(), open()
			sent := frames(b.LocalAddr(), 200)
			if err := a.Send(sent); err != nil {
				t.Fatal(err)
			}
			in := make([]Frame, 17) // smaller than a burst: cutting must resume
			for at := 0; at < len(sent); {
				n, err := b.Recv(in)
				if err != nil {
					t.Fatal(err)
				}
				for i := range n {
					if in[i].Peer != a.LocalAddr() || !same(&in[i], &sent[at]) {
						t.Fatalf("frame %d: got %+v, sent %+v", at, in[i], sent[at])
					}
					at++
				}
			}
			if n := b.Counters(); n.Received != 200 || n.Malformed != 0 {
				t.Errorf("receiver's counters %+v", n)
			}
			if n := a.Counters(); n.Sent != 200 || n.Refused != 0 {
				t.Errorf("sender's counters %+v", n)
			}
		})
	}
}

func TestCloseEndsRecv(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			c := k.listen(t)()
			done := make(chan error)
			go func() {
				_, err := c.Recv(make([]Frame, 1))
				done <- err
			}()
			c.Close()
			if err := <-done; !errors.Is(err, net.ErrClosed) {
				t.Errorf("Recv: %v, want net.ErrClosed", err)
			}
			if err := c.Send(frames(c.LocalAddr(), 1)); !errors.Is(err, net.ErrClosed) {
				t.Errorf("Send: %v, want net.ErrClosed", err)
			}
		})
	}
}

func TestUnsendableFramesHarmNoOthers(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			open := k.listen(t)
			a, b := open(), open()
			fs := frames(b.LocalAddr(), 3)
			fs[1].Peer = netip.AddrPort{}
			if err := a.Send(fs); err != nil {
				t.Fatal(err)
			}
			in := make([]Frame, 4)
			got := 0
			for got < 2 {
				n, err := b.Recv(in[got:])
				if err != nil {
					t.Fatal(err)
				}
				got += n
			}
			if in[0].SSRC != fs[0].SSRC || in[1].SSRC != fs[2].SSRC || a.Counters().Refused != 1 {
				t.Errorf("got %d, %d; counters %+v", in[0].SSRC, in[1].SSRC, a.Counters())
			}
			fs[0].Payload = make([]byte, MaxPayload+1)
			if err := a.Send(fs); !errors.Is(err, ErrTooLong) {
				t.Errorf("Send of a long frame: %v", err)
			}
		})
	}
}

func TestMalformedRecordsAreCounted(t *testing.T) {
	for _, k := range kinds[:2] {
		t.Run(k.name, func(t *testing.T) { malformed(t, k.listen(t)()) })
	}
}

func malformed(t *testing.T, c Conn) {
	p, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(c.LocalAddr()))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	good := make([]byte, 200)
	f := frames(loopback, 1)[0]
	good = good[:f.put(good)]
	for _, b := range [][]byte{{}, {0x90}, good[:23], make([]byte, 24), append(good[:184:184], make([]byte, 3000)...), good} {
		if _, err := p.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	in := make([]Frame, 8)
	n, err := c.Recv(in)
	if err != nil || n != 1 || !same(&in[0], &f) {
		t.Fatalf("Recv: %d frames, %v: %+v", n, err, in[0])
	}
	if got := c.Counters().Malformed; got != 5 {
		t.Errorf("%d malformed, want 5", got)
	}
}

func TestMemoryInBubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		open := opener(t, NewMemory().Listen)
		a, b := open(), open()
		got := make(chan int)
		go func() {
			n, _ := b.Recv(make([]Frame, 8))
			got <- n
		}()
		synctest.Wait() // the receiver is parked
		a.Send(frames(b.LocalAddr(), 1))
		if n := <-got; n != 1 {
			t.Errorf("%d frames", n)
		}
	})
}

func TestNoAllocationPerBatch(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			open := k.listen(t)
			a, b := open(), open()
			out, in := frames(b.LocalAddr(), 100), make([]Frame, 100)
			out[50].Peer = netip.AddrPort{} // refused on the way
			lent := runs(out)
			for name, send := range map[string]func() error{
				"frames": func() error { return a.Send(out) },
				"runs":   func() error { return a.SendRuns(lent) },
			} {
				round := func() {
					if err := send(); err != nil {
						t.Fatal(err)
					}
					for got := 0; got < 99; {
						n, err := b.Recv(in)
						if err != nil {
							t.Fatal(err)
						}
						got += n
					}
				}
				round()
				if n := testing.AllocsPerRun(50, round); n != 0 {
					t.Errorf("%v allocations for 100 %s, want 0", n, name)
				}
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	b := make([]byte, 200)
	seed := frames(loopback, 2)[1]
	f.Add(b[:seed.put(b)])
	f.Add([]byte{0x90, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		var in Frame
		if !in.parse(b) {
			return
		}
		out := make([]byte, HeaderSize+len(in.Payload))
		if n := in.put(out); !bytes.Equal(out[:n], b) {
			t.Errorf("%x came back as %x", b, out[:n])
		}
	})
}

func BenchmarkTrunk(b *testing.B) {
	rx, err := Listen(loopback)
	if err != nil {
		b.Fatal(err)
	}
	defer rx.Close()
	tx, err := Listen(loopback)
	if err != nil {
		b.Fatal(err)
	}
	defer tx.Close()
	out, in := make([]Frame, 64), make([]Frame, 256)
	for i := range out {
		out[i] = Frame{Peer: rx.LocalAddr(), SSRC: uint32(i), Payload: make([]byte, 160)}
	}
	b.ReportAllocs()
	for i := 0; i < b.N; i += len(out) { // an operation is a frame, sent and received
		tx.Send(out)
		for got := 0; got < len(out); {
			n, err := rx.Recv(in)
			if err != nil {
				b.Fatal(err)
			}
			got += n
		}
	}
}
