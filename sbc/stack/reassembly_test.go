package stack

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"time"
)

// cut makes IPv4 fragments of a frame, with size bytes of payload each.
func cut(frame []byte, size int, id uint16) [][]byte {
	head, body := frame[:34], frame[34:]
	var fs [][]byte
	for at := 0; at < len(body); at += size {
		end := min(at+size, len(body))
		f := append(bytes.Clone(head), body[at:end]...)
		field := uint16(at / 8)
		if end < len(body) {
			field |= moreFragments
		}
		seal(f, field, id)
		fs = append(fs, f)
	}
	return fs
}

// seal makes a fragment's header fit it.
func seal(f []byte, field, id uint16) {
	binary.BigEndian.PutUint16(f[16:], uint16(len(f)-14))
	binary.BigEndian.PutUint16(f[18:], id)
	binary.BigEndian.PutUint16(f[20:], field)
	f[24], f[25] = 0, 0
	binary.BigEndian.PutUint16(f[24:], ^fold(sum(0, f[14:34])))
}

func listening(t testing.TB) (*Stack, time.Time) {
	w := newWire()
	s := w.stack(Config{})
	for _, a := range []Address{{IP: ip4A, MAC: macA}, {IP: ip6A, MAC: macA}} {
		if err := s.Own(a, false, w.now); err != nil {
			t.Fatal(err)
		}
	}
	return s, w.now
}

func long(t testing.TB) ([]byte, []byte) {
	payload := make([]byte, 1400)
	for i := range payload {
		payload[i] = byte(i * 7)
	}
	return datagram(t, port(ip4B, 5000), port(ip4A, 20000), payload), payload
}

func TestFragmentsInAnyOrder(t *testing.T) {
	frame, payload := long(t)
	s, now := listening(t)
	rnd := rand.New(rand.NewPCG(1, 2))
	for id := range uint16(200) {
		fs := cut(frame, 8*(1+rnd.IntN(100)), id)
		fs = append(fs, fs[rnd.IntN(len(fs))]) // one of them twice
		rnd.Shuffle(len(fs), func(i, j int) { fs[i], fs[j] = fs[j], fs[i] })
		whole := 0
		for _, f := range fs {
			if d, ok := s.Receive(f, Meta{}, now); ok {
				if whole++; !bytes.Equal(d.Payload, payload) || !d.Gathered {
					t.Fatalf("datagram %d: %d bytes", id, len(d.Payload))
				}
			}
		}
		if whole != 1 {
			t.Fatalf("datagram %d came %d times of %d pieces: %v", id, whole, len(fs), s.Counters())
		}
	}
}

func TestFragmentsThatLie(t *testing.T) {
	frame, _ := long(t)
	overlap := cut(frame, 400, 1)
	evil := bytes.Clone(overlap[1])
	evil[40] ^= 0xff
	shifted := bytes.Clone(overlap[1])
	seal(shifted, uint16(400-8)/8|moreFragments, 1)
	beyond := bytes.Clone(overlap[3])
	seal(beyond, 0x1fff, 1)
	late := bytes.Clone(overlap[0])
	seal(late, uint16(800)/8, 1) // "the last one", in the middle
	early := bytes.Clone(overlap[0][:34+8])
	seal(early, uint16(400)/8, 1) // before what has come
	tiny := append(bytes.Clone(overlap[0][:34]), 1, 2, 3)
	seal(tiny, moreFragments, 1)
	for name, c := range map[string]struct {
		frames [][]byte
		reason string
	}{
		"overwritten": {[][]byte{overlap[0], overlap[1], evil, overlap[2], overlap[3]}, "fragment_overlap"},
		"overlapping": {[][]byte{overlap[0], shifted, overlap[1], overlap[2], overlap[3]}, "fragment_overlap"},
		"endless":     {[][]byte{overlap[0], beyond}, "fragment_size"},
		"early end":   {[][]byte{overlap[2], early, overlap[0], overlap[1]}, "fragment_size"},
		"two ends":    {[][]byte{overlap[3], late, overlap[0], overlap[1], overlap[2]}, "fragment_size"},
		"tiny":        {[][]byte{tiny, overlap[1], overlap[2], overlap[3]}, "fragment_size"},
	} {
		s, now := listening(t)
		for _, f := range c.frames {
			if _, ok := s.Receive(f, Meta{}, now); ok {
				t.Errorf("%s: delivered", name)
			}
		}
		if dropped(s, c.reason) == 0 {
			t.Errorf("%s: %v", name, s.Counters())
		}
	}
}

func TestFragmentsAreBounded(t *testing.T) {
	frame, payload := long(t)
	s, now := listening(t)
	for id := range uint16(3 * pieces) { // never completed
		s.Receive(cut(frame, 800, 1000+id)[0], Meta{}, now)
	}
	if n := dropped(s, "fragment_full"); n != 2*pieces {
		t.Errorf("%d made room", n)
	}
	for i, f := range cut(frame, 800, 1) {
		if d, ok := s.Receive(f, Meta{}, now); ok != (i == 1) || ok && !bytes.Equal(d.Payload, payload) {
			t.Error("a good datagram does not come through")
		}
	}
	halves := cut(frame, 800, 2)
	s.Receive(halves[0], Meta{}, now)
	if _, ok := s.Receive(halves[1], Meta{}, now.Add(pieceLifetime+time.Second)); ok || dropped(s, "fragment_late") == 0 {
		t.Error("a piece was kept for longer than its time")
	}
}

func TestFragmentsOfIPv6(t *testing.T) {
	payload := bytes.Repeat([]byte("0123456789"), 60)
	frame := datagram(t, port(ip6B, 5000), port(ip6A, 20000), payload)
	piece := func(from, to int, more byte) []byte {
		head := append(bytes.Clone(frame[:54]), protoUDP, 0, byte(from>>8), byte(from)|more, 0, 0, 0, 9)
		head[20] = extFragment
		f := append(head, frame[54+from:54+to]...)
		binary.BigEndian.PutUint16(f[18:], uint16(len(f)-54))
		return f
	}
	s, now := listening(t)
	if _, ok := s.Receive(piece(320, 608, 0), Meta{}, now); ok {
		t.Fatal("half of it is no datagram")
	}
	if d, ok := s.Receive(piece(0, 320, 1), Meta{}, now); !ok || !bytes.Equal(d.Payload, payload) {
		t.Errorf("%d bytes; %v", len(d.Payload), s.Counters())
	}
	if d, ok := s.Receive(piece(0, 608, 0), Meta{}, now); !ok || d.Gathered {
		t.Errorf("an atomic one: %v", s.Counters())
	}
}

// Whatever comes, what is delivered lies in the frame, and nothing panics.
func FuzzReceive(f *testing.F) {
	frame, _ := long(f)
	f.Add(frame, false)
	f.Add(cut(frame, 800, 1)[0], true)
	f.Add(datagram(f, port(ip6B, 5000), port(ip6A, 20000), []byte("payload")), false)
	w := newWire()
	s := w.stack(Config{})
	for _, a := range []Address{{IP: ip4A, MAC: macA}, {IP: ip6A, MAC: macA}} {
		s.Own(a, false, w.now)
	}
	var b [200]byte
	s.Put(b[:], port(ip6A, 20000), port(ip6B, 20000), nil, w.now)
	for _, said := range w.seen {
		f.Add(said, false)
	}
	f.Fuzz(func(t *testing.T, frame []byte, unfinished bool) {
		s, now := listening(t)
		for range 2 {
			d, ok := s.Receive(frame, Meta{Unfinished: unfinished}, now)
			if !ok {
				continue
			}
			if d.Local.Port() < 20000 || d.Local.Port() >= 20100 || len(d.Payload) > max(len(frame), pieceSize) || s.address(d.Local.Addr()) == nil {
				t.Errorf("delivered to %v from %v: %d bytes", d.Local, d.Remote, len(d.Payload))
			}
		}
	})
}
