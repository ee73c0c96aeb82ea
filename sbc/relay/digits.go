package relay

import (
	"fmt"
	"strings"
	"time"

	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/media/rtp"
)

const (
	maxDigits    = 256
	maxDigitTime = 8 * time.Second // the duration field holds no more at 8 kHz
	pauseTime    = 500 * time.Millisecond
	maxGap       = 10 * time.Second
	endsTime     = 2 * tick // the repeated ends stand in the gap
	defaultDigit = 100 * time.Millisecond
	defaultGap   = 50 * time.Millisecond
)

// sending is a Digits operation under way.
type sending struct {
	op      string
	rest    string
	length  uint32 // samples a digit
	gap     time.Duration
	began   time.Time
	wait    time.Duration // before the next digit
	event   rtp.EventSender
	at      uint32 // the event's timestamp
	sending bool   // an event is under way
	stopped bool
}

// Digits sends telephone-events on a stream, behind those asked for before: 0-9 A-D *
// #, w a pause of half a second. duration and gap 0 are 100 and 50 ms. Its end is
// reported as Done. Asking for the same op again is harmless.
func (r *Relay) Digits(op, id, digits string, duration, gap time.Duration) error {
	s := r.streams[id]
	if s == nil {
		return fmt.Errorf("%w: %q", ErrStream, id)
	}
	if digits = strings.ToUpper(digits); len(digits) > maxDigits || strings.Trim(digits, "0123456789*#ABCDW") != "" {
		return fmt.Errorf("%w: digits %.20q", ErrFormat, digits)
	}
	if duration == 0 {
		duration = defaultDigit
	}
	if gap == 0 {
		gap = defaultGap
	}
	if duration > maxDigitTime || gap > maxGap || duration < 0 || gap < 0 {
		return fmt.Errorf("%w: digits of %v, gaps of %v", ErrFormat, duration, gap)
	}
	if s.set.Load().EventType == 0 {
		return fmt.Errorf("%w: stream %q has no telephone-event", ErrFormat, id)
	}
	r.ask(func(now time.Time) {
		if r.known(op, s) {
			return
		}
		s.in.digits = append(s.in.digits, &sending{op: op, rest: digits, gap: gap, began: now,
			length: uint32(duration / time.Millisecond * perMs)})
	})
	return nil
}

// sendDigits does one tick of the oldest operation.
func (r *Relay) sendDigits(s *stream, set *Settings, now time.Time) {
	d := s.in.digits[0]
	switch {
	case d.sending:
		r.sendEvent(s, set, d)
	case d.wait > 0:
		d.wait -= tick
	case d.rest == "" || d.stopped:
		r.digitsDone(s, d, now)
		return
	default:
		r.nextDigit(s, set, d, now)
	}
	if !d.sending && d.rest == "" && d.wait <= 0 {
		r.digitsDone(s, d, now)
	}
}

func (r *Relay) nextDigit(s *stream, set *Settings, d *sending, now time.Time) {
	c := d.rest[0]
	d.rest = d.rest[1:]
	if c == 'W' {
		d.wait = pauseTime - tick
		return
	}
	code, _ := rtp.EventCode(c)
	d.event = rtp.NewEventSender(code, d.length, tickMs*perMs)
	d.at = s.out.beginEvent(d.length, now)
	d.sending = true
	r.sendEvent(s, set, d)
}

func (r *Relay) sendEvent(s *stream, set *Settings, d *sending) {
	var payload [4]byte
	first, done := d.event.Next(&payload)
	s.out.event(&r.incoming, s, set, d.at, first, payload[:])
	if !done {
		return
	}
	d.sending = false
	d.wait = max(d.gap-endsTime, 0)
	if d.rest == "" || d.stopped {
		d.rest, d.wait = "", 0
	}
	s.out.endEvents()
}

func (r *Relay) digitsDone(s *stream, d *sending, now time.Time) {
	s.in.digits = s.in.digits[1:]
	why := "finished"
	if d.stopped {
		why = "stopped"
	}
	r.done(&control.Done{Op: d.op, Reason: why, Ms: uint64(now.Sub(d.began) / time.Millisecond)})
}
