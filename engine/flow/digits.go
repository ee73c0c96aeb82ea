package flow

import (
	"fmt"
	"strings"

	"github.com/callwright/callwright/media/control"
)

const allKeys = "0123456789*#ABCD"

func checkKeys(option, keys string) error {
	for _, k := range keys {
		if !strings.ContainsRune(allKeys, k) {
			return fmt.Errorf("%s: %q is not a key; keys are %s", option, k, allKeys)
		}
	}
	return nil
}

type dtmfEvent struct {
	Digit string `json:"digit"`
	Ms    int    `json:"ms"`
}

// digit sorts a key the caller pressed: to the gather that is on, or to the buffer of
// digits typed ahead, to what a digit may stop, and to the script's listeners.
func (f *Flows) digit(c *callState, key string, ms int) {
	u := c.u
	if c.ended || len(key) != 1 || !strings.Contains(allKeys, key) {
		return
	}
	if o := u.ops[c.gather]; o != nil {
		o.verb.step(o, digit{key})
		return
	}
	c.used = false
	if c.seat != nil && f.control(c.seat, key) {
		return
	}
	for _, o := range c.pending() {
		if u.ops[o.n] == o && !o.waits {
			o.verb.step(o, digit{key})
		}
	}
	switch peer := c.peer(); {
	case c.used:
	case peer != nil:
		f.pass(peer, key, ms)
	default:
		c.typeAhead(key)
	}
	f.occur(u, c.handle, "dtmf", dtmfEvent{key, ms})
	if c.seat != nil {
		f.roomEvent(c.seat.room, "dtmf", seatEvent{seatFields: c.seat.view(f.now), Digit: key})
		f.passDigit(c.seat, key)
	}
}

// pass lets the other side of a bridge have a digit: what is heard across a bridge is
// audio alone.
func (f *Flows) pass(to *callState, key string, ms int) {
	to.u.passed++
	f.emit(ToSBC{Call: to.id, Command: &control.Command{Body: &control.Command_Digits{Digits: &control.Digits{
		Op: fmt.Sprintf("%s/0.%d", to.u.id, to.u.passed), Stream: to.id, Digits: key,
		DurationMs: uint32(min(max(ms, 40), 2000)), GapMs: 40}}}})
}

// typeAhead keeps a digit that nobody has asked for; the thirty-third is lost.
func (c *callState) typeAhead(key string) {
	if len(c.typed) < maxTypedAhead {
		c.typed = append(c.typed, key)
	}
}

// take empties the buffer of digits typed ahead.
func (c *callState) take() []string {
	typed := c.typed
	c.typed = nil
	return typed
}

type talkEvent struct {
	Talking bool `json:"talking"`
}

// talk is the mixer's word on who speaks.
func (f *Flows) talk(c *callState, talking bool) {
	if c.ended {
		return
	}
	c.talking = talking
	for _, o := range c.pending() {
		if !o.waits {
			o.verb.step(o, talked{talking})
		}
	}
	f.occur(c.u, c.handle, "talk", talkEvent{talking})
	s := c.seat
	if s == nil || s.Lobby || s.talking == talking {
		return
	}
	if talking && (s.Muted || s.Held) {
		if s.rules.MuteDetect {
			f.roomEvent(s.room, "mute-detect", seatEvent{seatFields: s.view(f.now)})
		}
		return
	}
	s.talking = talking
	s.rev++
	f.quiet(s.room)
	name := "talk-stop"
	if talking {
		name = "talk-start"
	}
	f.roomEvent(s.room, name, seatEvent{seatFields: s.view(f.now)})
}
