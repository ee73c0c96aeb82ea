package phone

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/callwright/callwright/media/dsp"
	"github.com/callwright/callwright/media/rtp"
	"github.com/callwright/callwright/media/sdp"
)

func TestParseDigits(t *testing.T) {
	ps, err := parseDigits("1,*#d")
	if err != nil || len(ps) != 5 || ps[0].code != 1 || ps[1].pause != time.Second || ps[2].code != 10 || ps[3].code != 11 || ps[4].code != 15 {
		t.Errorf("got %v, %v", ps, err)
	}
	for _, bad := range []string{"1x", "1 2", "é"} {
		if _, err := parseDigits(bad); !errors.Is(err, ErrConfig) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

var pcmu = sdp.Agreement{Codec: sdp.Codec{Name: "PCMU", Type: 0, Rate: 8000}, EventType: 101, Send: true}

// A key is five packets that grow and two more ends, all with the timestamp of its
// beginning; then audio whose timestamps have gone on beneath (RFC 4733 §2.5).
func TestKeyOnTheWire(t *testing.T) {
	var m mouth
	m.timestamp = math.MaxUint32 - 100 // wraps within
	m.keys.todo, _ = parseDigits("5,6")
	var events, audio int
	for i := range 70 {
		want := uint32(math.MaxUint32-100) + uint32(i)*frameSamples
		b := m.next(pcmu)
		var p rtp.Packet
		if err := p.Parse(b); err != nil || p.Seq != uint16(i) {
			t.Fatalf("packet %d: %+v %v", i, p, err)
		}
		payload := p.Payload
		if p.Type != 101 {
			audio++
			if p.Timestamp != want || len(payload) != frameSamples {
				t.Fatalf("packet %d: audio at %d with %d bytes, want %d", i, p.Timestamp, len(payload), want)
			}
			continue
		}
		events++
		at := i
		if payload[0] == 6 {
			at = i - (9 + 50)
		}
		end, duration := payload[1]&0x80 != 0, binary.BigEndian.Uint16(payload[2:])
		if at > 6 || end != (at >= 4) || duration != uint16(min(at+1, 5)*160) || p.Marker != (at == 0) {
			t.Errorf("packet %d: key %d, end %v, duration %d, marker %v", i, payload[0], end, duration, p.Marker)
		}
	}
	if events != 14 || m.keys.busy() {
		t.Errorf("%d events, %d audio, busy %v", events, audio, m.keys.busy())
	}
}

// packetOf makes a packet of PCMU samples.
func packetOf(sequence uint16, timestamp uint32, fill byte) []byte {
	p := rtp.Packet{Seq: sequence, Timestamp: timestamp, Payload: bytes.Repeat([]byte{fill}, frameSamples)}
	b := make([]byte, rtp.HeaderSize+frameSamples)
	return b[:p.Put(b)]
}

func TestReceiverOrdersAndCounts(t *testing.T) {
	for _, base := range []uint16{0, 32766, 65533} {
		var r receiver
		var heard []int16
		start := uint32(base) * 77777777
		send := func(i int) {
			r.take(packetOf(base+uint16(i), start+uint32(i)*frameSamples, 0x80), time.Duration(i)*frameTime, func(f []int16) { heard = append(heard, f...) })
		}
		send(0)
		send(1)
		send(4) // 2 and 3 are missing
		send(3) // late
		send(5)
		r.take([]byte("not RTP"), 0, nil)
		f := r.figures()
		if f.Received != 5 || f.Lost != 1 || f.Late != 1 || f.Dropped != 1 {
			t.Errorf("base %d: %+v", base, f)
		}
		if len(heard) != 6*frameSamples || heard[2*frameSamples] != 0 || heard[4*frameSamples] == 0 {
			t.Errorf("base %d: %d samples heard", base, len(heard))
		}
	}
}

func TestJitter(t *testing.T) {
	var even, odd receiver
	for i := range 500 {
		b := packetOf(uint16(i), uint32(i)*frameSamples, 0xff)
		even.take(b, time.Duration(i)*frameTime, func([]int16) {})
		odd.take(b, time.Duration(i)*frameTime+time.Duration(i%2)*8*time.Millisecond, func([]int16) {})
	}
	if j := even.figures().JitterMs; j != 0 {
		t.Errorf("steady packets: %g ms", j)
	}
	if j := odd.figures().JitterMs; math.Abs(j-8) > 0.3 {
		t.Errorf("every second packet 8 ms late: %g ms", j)
	}
}

func TestToneEar(t *testing.T) {
	silence := make([]int16, 8000)
	tone := dsp.Sine(8000, 8000, 440, 8000)
	both := make([]int16, 8000)
	for i, x := range dsp.Sine(8000, 8000, 350, 8000) {
		both[i] = x + tone[i]
	}
	for name, c := range map[string]struct {
		in   []int16
		want bool
	}{
		"silence":       {silence, false},
		"tone":          {tone, true},
		"one of a pair": {both, true},
		"other tone":    {dsp.Sine(8000, 8000, 530, 8000), false},
		"too short":     {append(tone[:1100:1100], silence...), false},
		"too quiet":     {dsp.Sine(8000, 8000, 440, 100), false},
	} {
		ear := toneEar{hz: 440}
		heard := 0
		for i := 0; i+frameSamples <= len(c.in); i += frameSamples {
			if ear.listen(c.in[i : i+frameSamples]) {
				heard++
			}
		}
		if (heard == 1) != c.want {
			t.Errorf("%s: heard %d times", name, heard)
		}
	}
}
