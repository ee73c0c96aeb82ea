package rtp

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// step is one packet of a telephone-event, or a pause when its event is empty.
type step struct {
	digit    byte
	at       uint32 // timestamp
	duration uint16
	end      bool
	marker   bool
}

func tell(steps []step) string {
	var r EventReceiver
	var out []string
	now := time.Unix(0, 0)
	for _, s := range steps {
		now = now.Add(20 * time.Millisecond)
		if s.digit == 0 {
			now = now.Add(time.Second)
			if d, ok := r.Expire(now); ok {
				out = append(out, fmt.Sprintf("%c/%d", d.Digit, d.Duration))
			}
			continue
		}
		code, _ := EventCode(s.digit)
		b := []byte{code, 10, byte(s.duration >> 8), byte(s.duration)}
		if s.end {
			b[1] |= 0x80
		}
		ds, n, _ := r.Packet(&Packet{Timestamp: s.at, Marker: s.marker, Payload: b}, now)
		for _, d := range ds[:n] {
			out = append(out, fmt.Sprintf("%c/%d", d.Digit, d.Duration))
		}
	}
	return strings.Join(out, " ")
}

func TestEachDigitIsToldOnce(t *testing.T) {
	press := func(d byte, at uint32) []step {
		return []step{{d, at, 160, false, true}, {d, at, 320, false, false}, {d, at, 480, false, false},
			{d, at, 640, true, false}, {d, at, 640, true, false}, {d, at, 640, true, false}}
	}
	one, two := press('1', 1000), press('2', 3000)
	pause := []step{{}}
	join := func(parts ...[]step) (all []step) {
		for _, p := range parts {
			all = append(all, p...)
		}
		return all
	}
	var long []step // 10 s: the duration field overflows (RFC 4733 §2.5.1.3)
	for d := uint32(160); d < 65535; d += 160 {
		long = append(long, step{'5', 1000, uint16(d), false, d == 160})
	}
	long = append(long, step{'5', 1000, 65535, false, false}, step{'5', 1000 + 65535, 160, false, false},
		step{'5', 1000 + 65535, 14465, true, false}, step{'5', 1000 + 65535, 14465, true, false})
	for _, c := range []struct {
		name  string
		steps []step
		want  string
	}{
		{"plain", join(one, two), "1/640 2/640"},
		{"same digit twice", join(one, press('1', 3000)), "1/640 1/640"},
		{"one end arrives", join(one[:3], one[5:], two), "1/640 2/640"},
		{"only an end arrives", join(one[5:], two), "1/640 2/640"},
		{"end lost, next digit", join(one[:3], two), "1/480 2/640"},
		{"end lost, silence", join(one[:2], pause, two), "1/320 2/640"},
		{"end comes after all", join(one[:2], pause, one[3:]), "1/320"},
		{"everything twice", join(one, one, two, two), "1/640 2/640"},
		{"end before updates", join(one[3:4], one[:3], one[4:]), "1/640"},
		{"late packets of the last digit", join(one[:4], two[:2], one[4:], two[2:]), "1/640 2/640"},
		{"updates out of order", []step{one[0], one[2], one[1], {}}, "1/480"},
		{"timestamp wraps", join(press('1', 0xffffff00), press('2', 500)), "1/640 2/640"},
		{"duration zero", []step{{'9', 50, 0, false, true}, {'9', 50, 0, true, false}, {'9', 50, 0, true, false}}, "9/0"},
		{"timestamps run on", []step{{'7', 0, 160, false, true}, {'7', 160, 320, false, false}, {'7', 320, 480, false, false},
			{'7', 480, 640, true, false}, {'7', 640, 640, true, false}, {'7', 640, 640, true, false}}, "7/640"},
		{"long press", long, "5/80000"},
	} {
		if got := tell(c.steps); got != c.want {
			t.Errorf("%s: told %q, want %q", c.name, got, c.want)
		}
	}
}

func TestEventGarbage(t *testing.T) {
	var r EventReceiver
	if _, _, bad := r.Packet(&Packet{Payload: []byte{1, 2, 3}}, time.Time{}); !bad {
		t.Error("three bytes are an event")
	}
	if _, n, bad := r.Packet(&Packet{Payload: []byte{16, 0x80, 0, 160}}, time.Time{}); n != 0 || bad {
		t.Error("a hook flash is a digit")
	}
}

func TestSenderAndReceiverAgree(t *testing.T) {
	for _, d := range []byte(digits) {
		code, known := EventCode(d)
		if !known {
			t.Fatalf("%c unknown", d)
		}
		s := NewEventSender(code, 800, 160)
		var r EventReceiver
		var got []Digit
		var markers []bool
		for done := false; !done; {
			var b [4]byte
			var first bool
			first, done = s.Next(&b)
			markers = append(markers, first)
			ds, n, _ := r.Packet(&Packet{Timestamp: 77, Marker: first, Payload: b[:]}, time.Time{})
			got = append(got, ds[:n]...)
		}
		if len(got) != 1 || got[0] != (Digit{d, 800}) {
			t.Errorf("sent %c, told %+v", d, got)
		}
		if len(markers) != 7 || !markers[0] || markers[1] {
			t.Errorf("markers %v: want 5 updates, the last of them an end, and 2 more ends", markers)
		}
	}
	if _, known := EventCode('x'); known {
		t.Error("x is a digit")
	}
}

func FuzzEvents(f *testing.F) {
	f.Add([]byte{0, 0, 0, 160, 1, 10, 0, 160, 0, 0, 0, 160, 1, 0x8a, 1, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		var r EventReceiver
		now := time.Unix(0, 0)
		for packets, told := 0, 0; len(b) >= 8; b = b[8:] {
			p := Packet{Timestamp: uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[3]), Marker: b[2]&1 != 0, Payload: b[4:8]}
			packets++
			now = now.Add(time.Duration(b[2]) * time.Millisecond)
			ds, n, _ := r.Packet(&p, now)
			if _, ok := r.Expire(now); ok {
				told++
			}
			for _, d := range ds[:n] {
				if _, known := EventCode(d.Digit); !known {
					t.Errorf("told %q", d.Digit)
				}
			}
			if told += n; told > packets {
				t.Errorf("%d digits of %d packets", told, packets)
			}
		}
	})
}
