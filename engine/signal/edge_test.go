package signal

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callwright/callwright/engine/call"
	"github.com/callwright/callwright/engine/signal/simnet"
)

var (
	server = netip.MustParseAddrPort("127.0.0.1:5060")
	client = netip.MustParseAddr("127.0.0.1")
)

// bench is an edge on a network in memory whose Sink answers every request with 200.
type bench struct {
	*Edge
	net  simnet.Net
	mu   sync.Mutex
	seen []call.Input
}

func newBench(t *testing.T, c Config) *bench {
	b := &bench{}
	c.Sink = func(in call.Input) {
		b.mu.Lock()
		b.seen = append(b.seen, in)
		b.mu.Unlock()
		if r, ok := in.(call.Received); ok && r.Msg.Status == 0 {
			m := *r.Msg
			m.Status, m.Reason, m.Headers, m.Contact, m.Body = 200, "OK", nil, "", nil
			b.Send(call.Send{Flow: r.Flow, Msg: &m})
		}
	}
	c.Dial = b.net.Dialer(client)
	b.Edge = New(c)
	pc, err := b.net.ListenPacket(server)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := b.net.Listen(server)
	if err != nil {
		t.Fatal(err)
	}
	for _, serve := range []func() error{func() error { return b.ServeUDP(pc) }, func() error { return b.ServeTCP(ln) }} {
		go func() {
			if err := serve(); err != nil {
				t.Error(err)
			}
		}()
	}
	t.Cleanup(b.Close)
	synctest.Wait()
	return b
}

func (b *bench) dial(t *testing.T) net.Conn {
	c, err := b.net.Dialer(client)(t.Context(), server)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func (b *bench) inputs() []call.Input {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]call.Input(nil), b.seen...)
}

// framed is good with a Content-Length, as a stream wants it.
func framed(lines ...string) []byte {
	return with("Max-Forwards", append(lines, "Content-Length: 0")...)
}

func reply(t *testing.T, c net.Conn) string {
	t.Helper()
	c.SetReadDeadline(time.Now().Add(5 * time.Second))
	f, err := next(bufio.NewReaderSize(c, maxLine))
	if err != nil {
		t.Fatal(err)
	}
	return f.start
}

func TestDatagrams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{})
		pc, _ := b.net.ListenPacket(netip.AddrPortFrom(client, 0))
		defer pc.Close()
		buf := make([]byte, 2000)
		for i := range 20 {
			pc.WriteTo(with("CSeq", fmt.Sprintf("CSeq: %d INVITE", i)), net.UDPAddrFromAddrPort(server))
		}
		for i := range 20 {
			n, _, err := pc.ReadFrom(buf)
			if err != nil || !strings.Contains(string(buf[:n]), fmt.Sprintf("CSeq: %d INVITE", i)) {
				t.Fatalf("%v %s", err, buf[:n])
			}
		}
		if got := b.inputs()[3].(call.Received); got.Flow.Remote != pc.LocalAddr().String() || got.Flow.Local != server.String() || got.Flow.Transport != "udp" {
			t.Fatalf("flow %+v", got.Flow)
		}
	})
}

func TestStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{})
		c := b.dial(t)
		one := framed()
		go func() {
			c.Write([]byte("\r\n"))
			for i := range one { // a byte at a time
				c.Write(one[i : i+1])
			}
			c.Write(bytes.Repeat(one, 3)) // and three at once
		}()
		for range 4 {
			if s := reply(t, c); s != "SIP/2.0 200 OK" {
				t.Fatal(s)
			}
		}
		go c.Write([]byte("\r\n\r\n"))
		pong := make([]byte, 2)
		if _, err := io.ReadFull(c, pong); err != nil || string(pong) != "\r\n" {
			t.Fatalf("no pong: %q %v", pong, err)
		}
		// Malformed, but with an end: the stream goes on behind it.
		go c.Write(append(framed("From: again <sip:x@y>"), one...))
		if a, z := reply(t, c), reply(t, c); !strings.HasPrefix(a, "SIP/2.0 400 From") || z != "SIP/2.0 200 OK" {
			t.Fatal(a, z)
		}
	})
}

// Streams whose next message has no end are answered if they can be, and closed.
func TestStreamThatCannotBeCut(t *testing.T) {
	cases := map[string]struct {
		data   []byte
		answer string
	}{
		"no length":      {message(good...), "SIP/2.0 400 Missing Content-Length Header Field"},
		"bad length":     {with("Max-Forwards", "Content-Length: -1"), "SIP/2.0 400 Malformed Content-Length"},
		"two lengths":    {framed("l: 3"), "SIP/2.0 400 Content-Length More Than Once"},
		"too large":      {with("Max-Forwards", "Content-Length: 70000"), "SIP/2.0 513 Message Too Large"},
		"endless line":   {[]byte(strings.Join(good, "\r\n") + "\r\nX: " + strings.Repeat("x", 2*maxLine)), "SIP/2.0 400 Header Line Too Long"},
		"endless header": {[]byte(strings.Join(good, "\r\n") + "\r\n" + strings.Repeat("X: y\r\n", maxMessage/6)), "SIP/2.0 513 "},
		"noise":          {bytes.Repeat([]byte{0, 'x'}, maxLine), ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, Config{})
				conn := b.dial(t)
				go conn.Write(c.data)
				if c.answer != "" {
					if s := reply(t, conn); !strings.HasPrefix(s, c.answer) {
						t.Fatalf("got %q", s)
					}
				}
				conn.SetReadDeadline(time.Now().Add(5 * time.Second))
				if _, err := conn.Read(make([]byte, 1)); err != io.EOF {
					t.Fatalf("not closed: %v", err)
				}
				if len(b.inputs()) != 0 {
					t.Fatal("reached the core")
				}
			})
		})
	}
}

// Connections that say nothing, stop in the middle or trickle are closed in time,
// and hold up nobody else.
func TestSlowStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{})
		silent, half, trickle, idle, fine := b.dial(t), b.dial(t), b.dial(t), b.dial(t), b.dial(t)
		half.Write(framed()[:50])
		go func() {
			for i := range framed() {
				if _, err := trickle.Write(framed()[i : i+1]); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		}()
		ended := func(c net.Conn) time.Duration {
			from := time.Now()
			c.SetReadDeadline(time.Now().Add(time.Hour))
			c.Read(make([]byte, 1))
			return time.Since(from)
		}
		go idle.Write(framed())
		if s := reply(t, idle); s != "SIP/2.0 200 OK" {
			t.Fatal(s)
		}
		var wg sync.WaitGroup
		for c, want := range map[net.Conn]time.Duration{silent: 30 * time.Second, half: 30 * time.Second, trickle: 30 * time.Second, idle: 10 * time.Minute} {
			wg.Go(func() {
				if got := ended(c); got != want {
					t.Errorf("closed after %v, want %v", got, want)
				}
			})
		}
		time.Sleep(time.Second)
		go fine.Write(framed())
		if s := reply(t, fine); s != "SIP/2.0 200 OK" {
			t.Fatal(s)
		}
		wg.Wait()
		if n := b.Counters()["tcp/timeout"]; n < 4 {
			t.Fatalf("%d timeouts counted", n)
		}
	})
}

func TestTooManyConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{MaxConnsPerSource: 3})
		for range 3 {
			b.dial(t)
		}
		synctest.Wait()
		c := b.dial(t)
		c.SetReadDeadline(time.Now().Add(time.Second))
		if _, err := c.Read(make([]byte, 1)); err != io.EOF {
			t.Fatalf("fourth connection: %v", err)
		}
		if b.Counters()["tcp/too-many-of-source"] != 1 {
			t.Fatal(b.Counters())
		}
		time.Sleep(31 * time.Second) // the three were silent, and are gone
		go func() { c = b.dial(t); c.Write(framed()) }()
		synctest.Wait()
		if s := reply(t, c); s != "SIP/2.0 200 OK" {
			t.Fatal(s)
		}
	})
}

func TestStreamOfAStranger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{Allow: func(netip.Addr) bool { return false }})
		c := b.dial(t)
		go c.Write(framed())
		if s := reply(t, c); s != "SIP/2.0 403 Forbidden" {
			t.Fatal(s)
		}
		c.SetReadDeadline(time.Now().Add(5 * time.Second))
		if _, err := c.Read(make([]byte, 1)); err != io.EOF {
			t.Fatalf("not closed: %v", err)
		}
	})
}

// A peer that does not read loses its connection, not our time.
func TestSendToAPeerThatDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{queue: 4})
		c := b.dial(t)
		go c.Write(framed())
		synctest.Wait()
		flow := b.inputs()[0].(call.Received).Flow
		msg := request(flow)
		b.Send(call.Send{Flow: flow, Msg: msg, Branch: "b"})
		synctest.Wait() // the writer holds this one, and waits for the peer
		for range 5 {   // four fit into the queue; the fifth gives the connection up
			b.Send(call.Send{Flow: flow, Msg: msg, Branch: "b"})
		}
		synctest.Wait()
		if n := b.Counters()["tcp/queue-full"]; n != 1 {
			t.Fatal(b.Counters())
		}
	})
}

func request(f call.Flow) *call.Message {
	return &call.Message{Method: "OPTIONS", URI: "sip:x@127.0.0.1", Vias: []string{"SIP/2.0/TCP 127.0.0.1;branch=z9hG4bKx"},
		From: call.Party{URI: "sip:a@b", Tag: "1"}, To: call.Party{URI: "sip:c@d"}, CallID: "1", CSeq: 1}
}

func TestSendOpensAConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{})
		at := netip.MustParseAddrPort("127.0.0.1:5080")
		ln, _ := b.net.Listen(at)
		defer ln.Close()
		flow := call.Flow{Transport: "tcp", Local: server.String(), Remote: at.String(), Conn: 99} // long gone
		for range 2 {
			b.Send(call.Send{Flow: flow, Msg: request(flow), Branch: "b"})
		}
		c, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		r := bufio.NewReaderSize(c, maxLine)
		for range 2 { // both over the one connection
			if f, err := next(r); err != nil || f.start != "OPTIONS sip:x@127.0.0.1 SIP/2.0" {
				t.Fatal(f, err)
			}
		}
		go c.Write([]byte("SIP/2.0 200 OK\r\n" + strings.Join(good[1:], "\r\n") + "\r\nl:0\r\n\r\n"))
		synctest.Wait()
		if in := b.inputs(); len(in) != 1 || in[0].(call.Received).Flow.Local != server.String() {
			t.Fatalf("%+v", in)
		}
	})
}

func TestSendFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{})
		for _, f := range []call.Flow{
			{Transport: "tcp", Local: server.String(), Remote: "127.0.0.1:9"}, // nobody there
			{Transport: "tcp", Remote: "host.example.com:5060"},               // a name
			{Transport: "udp", Remote: "127.0.0.1"},
			{Transport: "udp", Local: "nowhere", Remote: "[2001:db8::1]:5060"},
			{Transport: "sctp", Remote: "127.0.0.1:9"},
		} {
			b.Send(call.Send{Flow: f, Msg: request(f), Branch: f.Transport + f.Remote})
		}
		synctest.Wait()
		failed := map[string]bool{}
		for _, in := range b.inputs() {
			failed[in.(call.SendFailed).Branch] = true
		}
		if len(failed) != 5 {
			t.Fatalf("told of %v", failed)
		}
		b.Send(call.Send{Flow: call.Flow{Transport: "udp", Remote: "bad"}, Msg: request(call.Flow{})}) // a response: nobody to tell
		if n := len(b.inputs()); n != 5 {
			t.Fatalf("%d inputs", n)
		}
	})
}
