package mixer

import (
	"testing"

	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/media/trunk"
)

// Whatever a record holds, it is counted for one reason or played, and ticks go on.
func FuzzTake(f *testing.F) {
	whole := make([]byte, 160)
	f.Add(uint32(0), uint64(7), uint8(0), uint16(1), uint32(160), whole)               // on time
	f.Add(uint32(0), uint64(8), uint8(0), uint16(1), uint32(160), whole)               // wrong token
	f.Add(uint32(99), uint64(7), uint8(0), uint16(1), uint32(160), whole)              // foreign SSRC
	f.Add(uint32(1), uint64(7), uint8(96), uint16(9), uint32(1<<31), whole[:159])      // truncated
	f.Add(uint32(2), uint64(7), uint8(97), uint16(65535), uint32(1<<32-1), []byte{})   // empty
	f.Add(uint32(2), uint64(7), uint8(8), uint16(3), uint32(0), make([]byte, 3000))    // too long
	f.Add(uint32(2), uint64(7), uint8(77), uint16(3), uint32(0), whole)                // no codec
	f.Add(uint32(0), uint64(7), uint8(0), uint16(65000), uint32(3_000_000_000), whole) // far ahead
	f.Fuzz(func(t *testing.T, ssrc uint32, token uint64, kind uint8, seq uint16, ts uint32, payload []byte) {
		c := newCrowd(t, 3, 3, control.Codec_PCMU, control.Codec_L16_8000, control.Codec_PCMA)
		s := c.enter()
		for i := range 3 { // in order, doubled, back in time
			c.take(&trunk.Frame{SSRC: ssrc, Token: token, Type: kind, Seq: seq + uint16(i%2), Timestamp: ts + uint32(i%2)*160, Payload: payload})
			n := c.count
			dropped := n.unknown.Load() + n.token.Load() + n.kind.Load() + n.size.Load() + n.overflow.Load()
			known := ssrc < 3 && token == 7 && codecOfType(kind).rate == 8000 && len(payload) > 0 &&
				len(payload)%codecOfType(kind).width == 0 && len(payload) <= trunk.MaxPayload
			if want := uint64(i + 1); !known && dropped != want || known && i == 0 && dropped != 0 {
				t.Fatalf("SSRC %d, token %d, type %d, %d bytes: %d dropped of %d", ssrc, token, kind, len(payload), dropped, want)
			}
			c.tick.step(s)
		}
		c.desk.close()
	})
}
