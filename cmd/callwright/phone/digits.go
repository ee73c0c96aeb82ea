package phone

import (
	"fmt"
	"strings"
	"time"

	"github.com/callwright/callwright/media/rtp"
)

// press is one key, or a pause.
type press struct {
	code  uint8
	pause time.Duration // 0: a key
}

// parseDigits reads "2,1234#".
func parseDigits(text string) ([]press, error) {
	var ps []press
	for _, r := range strings.ToUpper(text) {
		if r == ',' {
			ps = append(ps, press{pause: time.Second})
			continue
		}
		code, known := uint8(0), false
		if r < 0x80 {
			code, known = rtp.EventCode(byte(r))
		}
		if !known {
			return nil, fmt.Errorf("%w: digits %q: %q is no key of a phone (0-9 * # A-D, comma for a pause)", ErrConfig, text, r)
		}
		ps = append(ps, press{code: code})
	}
	return ps, nil
}

const (
	keySamples = 5 * frameSamples // 100 ms of tone
	gapFrames  = 2                // audio until the next key
)

// keypad turns keys into telephone-events, one step a frame.
type keypad struct {
	todo   []press
	sender rtp.EventSender // of todo[0], once begun
	begun  bool
	ended  bool   // its last packet is out
	frames int    // of the pause or the gap so far
	start  uint32 // timestamp of its first packet
}

// event is what to send in place of a frame.
type event struct {
	payload   [4]byte
	timestamp uint32 // of the key's beginning, the same in all its packets
	marker    bool
}

// busy says whether keys wait or are being pressed.
func (k *keypad) busy() bool { return len(k.todo) > 0 }

// next is called once a frame with its timestamp; ok is false when audio is due.
func (k *keypad) next(timestamp uint32) (e event, ok bool) {
	if !k.busy() {
		return e, false
	}
	if pause := k.todo[0].pause; pause > 0 || k.ended {
		k.frames++
		if pause > 0 && time.Duration(k.frames)*frameTime >= pause || pause == 0 && k.frames >= gapFrames {
			*k = keypad{todo: k.todo[1:]}
		}
		return e, false
	}
	if !k.begun {
		k.begun, k.start = true, timestamp
		k.sender = rtp.NewEventSender(k.todo[0].code, keySamples, frameSamples)
	}
	e.timestamp = k.start
	e.marker, k.ended = k.sender.Next(&e.payload)
	return e, true
}
