package flow

import (
	"time"

	"github.com/callwright/callwright/media/control"
)

// timeline knows where a playback stands: what its mixer would say, should it die.
type timeline struct {
	From   int64     `json:"from"`  // ms into the list at Since
	Since  time.Time `json:"since"` // it runs
	Paused bool      `json:"paused"`
	Speed  float64   `json:"speed"`
	Gain   *float64  `json:"gain"`
}

func (l *timeline) begin(now time.Time, from int64) { l.From, l.Since = from, now }

// at is the offset now, in ms.
func (l *timeline) at(now time.Time) int64 {
	if l.Paused || l.Since.IsZero() {
		return l.From
	}
	speed := l.Speed
	if speed == 0 {
		speed = 1
	}
	return l.From + int64(float64(now.Sub(l.Since).Milliseconds())*speed)
}

// steer turns pause, resume, stop, seek and gain into a command for a part; nil: there
// is none for it.
func (l *timeline) steer(now time.Time, part string, e steer) *control.Command {
	switch e.method {
	case "stop":
		return stopOf(part)
	case "seek":
		l.From, l.Since = int64(e.Offset.ms()), now
		return &control.Command{Body: &control.Command_Seek{Seek: &control.Seek{Op: part, OffsetMs: e.Offset.ms()}}}
	case "gain":
		l.Gain = &e.DB
		return &control.Command{Body: &control.Command_Adjust{Adjust: &control.Adjust{Op: part, GainDb: e.DB}}}
	case "pause", "resume":
		l.From, l.Since, l.Paused = l.at(now), now, e.method == "pause"
		return &control.Command{Body: &control.Command_Pause{Pause: &control.Pause{Op: part, Paused: l.Paused}}}
	}
	return nil
}
