package prompt

import (
	"context"
	"io"

	"github.com/callwright/callwright/media/control"
)

// list plays sources one after another, and the whole again as often as loops says.
// One source is open at a time.
type list struct {
	o       *Options
	sources []*control.Source
	loops   uint32 // 0 and 1: once
	round   uint32
	index   int
	ctx     context.Context // of what has to be fetched
	open    source
	sounded int64 // samples this round had
}

// Read fills out across sources, so that no seam is heard; io.EOF at the end.
func (l *list) Read(out []int16) (int, error) {
	n := 0
	for n < len(out) {
		if l.open == nil {
			if err := l.next(); err != nil {
				return n, err
			}
		}
		k, err := l.open.Read(out[n:])
		n += k
		l.sounded += int64(k)
		if err == io.EOF {
			l.close()
			l.index++
		} else if err != nil {
			return n, err
		}
	}
	return n, nil
}

// next opens the source that is due. A round without a single sample ends the list:
// looping over nothing would never end. One shorter than a frame is filled up with
// silence: to open a file for each sample would be no better.
func (l *list) next() error {
	if l.index >= len(l.sources) {
		l.round++
		if l.sounded == 0 || (l.loops != Forever && l.round >= l.loops) {
			return io.EOF
		}
		short := int64(l.o.Rate/50) - l.sounded
		l.index, l.sounded = 0, 0
		if short > 0 && l.costs() {
			l.index, l.sounded = -1, -short // silence is due before the first
			l.open = &silence{left: short}
			return nil
		}
	}
	var err error
	l.open, err = l.o.open(l.ctx, l.sources[l.index])
	return err
}

// costs says whether a round opens anything.
func (l *list) costs() bool {
	for _, s := range l.sources {
		if s.GetTone() == nil && s.GetBody() != nil {
			return true
		}
	}
	return false
}

func (l *list) close() {
	if l.open != nil {
		l.open.Close()
		l.open = nil
	}
}

// skip passes over n samples. What the first round took tells how many more rounds
// to leave out, so that a large offset into a short loop costs nothing.
func (l *list) skip(n int64) error {
	round := int64(0)
	for n > 0 {
		if l.open == nil {
			if err := l.next(); err != nil {
				return err
			}
			if l.index == 0 && l.round == 1 && round > 0 {
				n = l.skipRounds(n, round)
			}
		}
		k, err := l.open.Skip(n)
		if err != nil {
			return err
		}
		n -= k
		round += k
		l.sounded += k
		if n > 0 {
			l.close()
			l.index++
		}
	}
	return nil
}

func (l *list) skipRounds(n, round int64) int64 {
	k := n / round
	if l.loops != Forever {
		k = min(k, int64(l.loops-1-l.round))
		l.round += uint32(k)
	}
	return n - k*round
}
