package fleet

import (
	"time"

	"github.com/callwright/callwright/media/control"
)

// leap is how many sequence numbers are left out when a stream is made anew: more than
// can have been sent beyond what is reckoned.
const leap = 16

// retelling is how long after its connection a worker may speak of what was: it says again
// what no brain has heard.
const retelling = 3 * time.Second

// line is where what an SBC sends to a phone stands, as last known: a process that makes
// the stream anew goes on from there, so that the phone hears one stream with a gap.
type line struct {
	Sequence  uint16
	Timestamp uint32
	At        int64 // Unix ms, of the two; 0: nothing has been sent
}

// now is the line at an instant. What passed in silence counts as sent, so it is never
// behind what a phone has had; two frames of time stand for what it took to tell it.
func (l line) now(t time.Time, ptime uint32) (sequence uint16, timestamp uint32) {
	if ptime == 0 {
		ptime = 20
	}
	passed := uint32(max(0, t.UnixMilli()-l.At))
	return l.Sequence + uint16(passed/ptime) + leap, l.Timestamp + (passed+40)*8
}

// Tell takes in what an SBC says of a stream that its successor must know; true: it is
// worth keeping at once.
func (f *Fleet) Tell(e *control.Event) (keep bool) {
	switch b := e.GetBody().(type) {
	case *control.Event_Quality:
		q := b.Quality
		p := f.places[q.GetStream()]
		if p != nil && q.GetPacketsSent() > 0 && f.now.Sub(p.sbc.linked) > retelling {
			p.Line = line{uint16(q.GetSequence()), q.GetTimestamp(), f.now.UnixMilli()}
		}
	case *control.Event_Media:
		p := f.places[b.Media.GetStream()]
		if p == nil || b.Media.GetState() != control.Media_LATCHED {
			return false
		}
		p.Latched = b.Media.GetRemote()
		return true
	}
	return false
}
