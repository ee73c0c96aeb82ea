package mixer

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/mixer/prompt"
	"github.com/callwright/callwright/mixer/record"
)

// op is a playback or a recording that runs.
type op struct {
	id     string
	on     *target
	onRoom bool
	play   *prompt.Playback
	record *record.Recording
	path   string // of a recording
	upload context.CancelFunc
}

// ops are the operations that run, and the ends of the last ones.
type ops struct {
	live    map[string]*op
	onRooms int
	paths   map[string]string // of recordings that run: path to op
	ended   map[string]*control.Done
	oldest  []string // keys of ended, in order of their ends
	running sync.WaitGroup
}

// remembered is how many ends are kept for brains that ask again.
const remembered = 4096

func newOps() *ops {
	return &ops{live: map[string]*op{}, paths: map[string]string{}, ended: map[string]*control.Done{}}
}

// add enters o before its goroutine starts.
func (s *ops) add(o *op) {
	s.live[o.id] = o
	s.running.Add(1)
	if o.onRoom {
		s.onRooms++
	}
	if o.path != "" {
		s.paths[o.path] = o.id
	}
}

// begin lets the tick see o, which is made now.
func (o *op) begin() {
	next := &sounds{}
	if s := o.on.sounds.Load(); s != nil {
		*next = sounds{slices.Clone(s.plays), slices.Clone(s.records)}
	}
	if o.play != nil {
		next.plays = append(next.plays, o.play)
	} else {
		next.records = append(next.records, o.record)
	}
	o.on.sounds.Store(next)
}

// remove takes o from the tick's sight; its end is kept.
func (s *ops) remove(o *op, end *control.Done) {
	delete(s.live, o.id)
	if o.onRoom {
		s.onRooms--
	}
	if s.paths[o.path] == o.id {
		delete(s.paths, o.path)
	}
	if o.on == nil {
		s.keep(end)
		return
	}
	if old := o.on.sounds.Load(); old != nil {
		next := &sounds{
			plays:   slices.DeleteFunc(slices.Clone(old.plays), func(p *prompt.Playback) bool { return p == o.play }),
			records: slices.DeleteFunc(slices.Clone(old.records), func(r *record.Recording) bool { return r == o.record }),
		}
		if len(next.plays)+len(next.records) == 0 {
			next = nil
		}
		o.on.sounds.Store(next)
	}
	s.keep(end)
}

func (s *ops) keep(end *control.Done) {
	if s.ended[end.GetOp()] == nil {
		s.oldest = append(s.oldest, end.GetOp())
	}
	s.ended[end.GetOp()] = end
	if len(s.oldest) > remembered {
		delete(s.ended, s.oldest[0])
		s.oldest = s.oldest[1:]
	}
}

// end stops all operations on a target.
func (s *ops) end(on *target, reason string) {
	for _, o := range s.live {
		if o.on == on {
			o.stop(reason)
		}
	}
}

func (s *ops) stop(id string) {
	if o := s.live[id]; o != nil {
		o.stop(prompt.Stopped)
	}
}

func (o *op) stop(reason string) {
	switch {
	case o.play != nil:
		o.play.Stop(reason)
	case o.record != nil:
		o.record.Stop(reason)
	default:
		o.upload()
	}
}

func (s *ops) pause(c *control.Pause) {
	switch o := s.live[c.GetOp()]; {
	case o == nil:
	case o.play != nil:
		o.play.Pause(c.GetPaused())
	case o.record != nil:
		o.record.Pause(c.GetPaused())
		o.record.Mask(c.GetMasked())
	}
}

// seek and adjust change a playback; one that has ended is left alone.
func (s *ops) seek(c *control.Seek) {
	if o := s.live[c.GetOp()]; o != nil && o.play != nil {
		o.play.Seek(time.Duration(c.GetOffsetMs()) * time.Millisecond)
	}
}

func (s *ops) adjust(c *control.Adjust) {
	if o := s.live[c.GetOp()]; o != nil && o.play != nil {
		o.play.Adjust(c.GetGainDb())
	}
}
