package rtp

import (
	"bytes"
	"errors"
	"testing"

	"github.com/pion/rtp"
)

func packet(fields ...byte) []byte {
	b := []byte{0x80, 0, 0, 1, 0, 0, 0, 160, 1, 2, 3, 4}
	return append(b, fields...)
}

func TestParse(t *testing.T) {
	with := func(first byte, rest ...byte) []byte {
		b := packet(rest...)
		b[0] = first
		return b
	}
	for _, c := range []struct {
		name    string
		b       []byte
		err     error
		payload string
	}{
		{"plain", packet('a', 'b'), nil, "ab"},
		{"no payload", packet(), nil, ""},
		{"two sources", with(0x82, 1, 1, 1, 1, 2, 2, 2, 2, 'a'), nil, "a"},
		{"extension", with(0x90, 0xbe, 0xde, 0, 1, 9, 9, 9, 9, 'a'), nil, "a"},
		{"source, extension and padding", with(0xb1, 1, 1, 1, 1, 0, 0, 0, 0, 'a', 0, 2), nil, "a"},
		{"all padding", with(0xa0, 0, 2), nil, ""},
		{"empty", nil, ErrShort, ""},
		{"short", packet()[:11], ErrShort, ""},
		{"version 1", with(0x40, 'a'), ErrVersion, ""},
		{"sources missing", with(0x8f, 1, 1, 1, 1), ErrShort, ""},
		{"extension header missing", with(0x90, 0, 0, 0), ErrExtension, ""},
		{"extension too long", with(0x90, 0, 0, 0xff, 0xff, 1), ErrShort, ""},
		{"padding zero", with(0xa0, 'a', 0), ErrPadding, ""},
		{"padding too long", with(0xa0, 'a', 3), ErrPadding, ""},
		{"padding missing", with(0xa0), ErrPadding, ""},
	} {
		var p Packet
		if err := p.Parse(c.b); !errors.Is(err, c.err) {
			t.Errorf("%s: %v, want %v", c.name, err, c.err)
		} else if err == nil && string(p.Payload) != c.payload {
			t.Errorf("%s: payload %q, want %q", c.name, p.Payload, c.payload)
		}
	}
}

func TestKindOf(t *testing.T) {
	for _, c := range []struct {
		b    string
		kind Kind
	}{
		{"", Empty}, {"\x00\x01", STUN}, {"\x16\xfe\xfd", DTLS}, {"\x80\x00", RTP}, {"\x80\xe5", RTP},
		{"\x80\xc8", RTCP}, {"\x81\xc9", RTCP}, {"\x80", RTP}, {"INVITE", Unknown}, {"\xff\xff", Unknown}, {"\x05", Unknown},
	} {
		if k := KindOf([]byte(c.b)); k != c.kind {
			t.Errorf("%q is %v, want %v", c.b, k, c.kind)
		}
	}
}

func TestParseAndPutDoNotAllocate(t *testing.T) {
	b := packet(make([]byte, 160)...)
	out := make([]byte, 1500)
	var p Packet
	if n := testing.AllocsPerRun(100, func() {
		if p.Parse(b) != nil || p.Put(out) != len(b) {
			t.Fatal("lost in translation")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzParse compares with pion's parser wherever both accept, and checks that what
// we accept can be written and read again.
func FuzzParse(f *testing.F) {
	f.Add(packet('a', 'b'))
	f.Add([]byte{0xb1, 0x80, 0, 1, 0, 0, 0, 160, 1, 2, 3, 4, 1, 1, 1, 1, 0xbe, 0xde, 0, 1, 0x10, 1, 2, 0, 'a', 0, 0, 3})
	f.Fuzz(func(t *testing.T, b []byte) {
		var p, again Packet
		KindOf(b)
		if p.Parse(b) != nil {
			return
		}
		var theirs rtp.Packet
		if err := theirs.Unmarshal(b); err == nil && !bytes.Equal(theirs.Payload, p.Payload) {
			t.Errorf("payload %x, pion says %x", p.Payload, theirs.Payload)
		}
		out := make([]byte, HeaderSize+len(p.Payload))
		if err := again.Parse(out[:p.Put(out)]); err != nil || again.Seq != p.Seq || again.SSRC != p.SSRC ||
			again.Timestamp != p.Timestamp || again.Marker != p.Marker || again.Type != p.Type || !bytes.Equal(again.Payload, p.Payload) {
			t.Errorf("%+v came back as %+v, %v", p, again, err)
		}
	})
}
