package mixer

import (
	"fmt"
	"path"
	"time"

	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/mixer/prompt"
	"github.com/callwright/callwright/mixer/record"
)

// play begins a playback. To begin one that runs changes nothing; one that has ended
// tells its end again. A target that is not there any more is the end of it.
func (d *desk) play(c *control.Play) error {
	if done, err := d.known(c.GetOp()); done {
		return err
	}
	o, rate := d.opOn(c.GetOp(), c.GetMember(), c.GetRoom())
	if o == nil {
		d.ended(&control.Done{Op: c.GetOp(), Reason: prompt.Gone})
		return nil
	}
	d.ops.add(o)
	o.play = prompt.Start(prompt.Options{
		Rate: rate, Sources: c.GetSources(), Loops: c.GetLoops(), GainDB: c.GetGainDb(),
		Offset: time.Duration(c.GetOffsetMs()) * time.Millisecond,
		Speed:  c.GetRate(), DuckDB: c.GetDuckDb(),
		Roots: d.roots, Banks: &d.banks, Kernels: d.cfg.Kernels, Cache: d.cache, Recall: d.recall,
	}, func(r prompt.Result) {
		d.finish(o, &control.Done{Op: o.id, Reason: r.Reason, Error: sentence(r.Err), Ms: uint64(r.Played.Milliseconds())})
	})
	d.began(o)
	return nil
}

// record begins a recording, as play does.
func (d *desk) record(c *control.Record) error {
	if done, err := d.known(c.GetOp()); done {
		return err
	}
	o, rate := d.opOn(c.GetOp(), c.GetMember(), c.GetRoom())
	if o == nil {
		d.ended(&control.Done{Op: c.GetOp(), Reason: prompt.Gone})
		return nil
	}
	o.path = path.Clean(c.GetPath())
	if other := d.ops.paths[o.path]; other != "" {
		d.ended(&control.Done{Op: o.id, Reason: record.Failed,
			Error: fmt.Sprintf("%v %q: recording %s is writing it", record.ErrPath, o.path, other)})
		return nil
	}
	d.ops.add(o)
	opts := record.Options{
		Root: d.roots.Recordings, Path: c.GetPath(), Rate: rate,
		Leg: legOf(c), Stereo: c.GetStereo(), Trim: c.GetTrim(), Append: c.GetAppend(),
		Max:        time.Duration(c.GetMaxMs()) * time.Millisecond,
		MaxSilence: time.Duration(c.GetMaxSilenceMs()) * time.Millisecond,
		Kernels:    d.cfg.Kernels,
	}
	o.record = record.Start(opts, func(r record.Result) {
		d.finish(o, &control.Done{Op: o.id, Reason: r.Reason, Error: sentence(r.Err),
			Ms: uint64(r.Length.Milliseconds()), Bytes: uint64(r.Bytes), Sha256: r.SHA256})
	})
	d.began(o)
	return nil
}

// legOf: of a room there is the mix only.
func legOf(c *control.Record) record.Leg {
	switch {
	case c.GetRoom() != "" || c.GetLeg() == control.Record_IN:
		return record.In
	case c.GetLeg() == control.Record_OUT:
		return record.Out
	}
	return record.Both
}

// known says whether nothing is left to do for an operation.
func (d *desk) known(id string) (bool, error) {
	if id == "" {
		return true, fmt.Errorf("%w: operation without an id", ErrCommand)
	}
	if d.ops.live[id] != nil {
		return true, nil
	}
	if end := d.ops.ended[id]; end != nil {
		d.tell(end)
		return true, nil
	}
	return false, nil
}

// opOn finds what an operation is on, and its rate.
func (d *desk) opOn(id, member, room string) (*op, int) {
	if p := d.members[member]; p != nil && member != "" {
		return &op{id: id, on: &p.m.target}, p.m.rate
	}
	if h := d.rooms[room]; h != nil && room != "" {
		return &op{id: id, on: &h.hall.target, onRoom: true}, h.hall.mix.Rate
	}
	return nil, 0
}

func (d *desk) began(o *op) {
	o.begin()
	d.changed = d.changed || o.onRoom
}

// finish is the end of an operation, on its own goroutine.
func (d *desk) finish(o *op, end *control.Done) {
	defer d.ops.running.Done()
	d.mu.Lock()
	defer d.unlock()
	switch {
	case o.play != nil:
		d.count.underruns.Add(o.play.Underruns())
	case o.record != nil:
		d.count.overruns.Add(o.record.Overruns())
	}
	d.ops.remove(o, end)
	if !d.closed || end.GetReason() != prompt.Gone {
		d.tell(end) // what ends because this process does goes on elsewhere
	}
	d.changed = d.changed || o.onRoom
}

// ended is the end of an operation that never began.
func (d *desk) ended(end *control.Done) {
	d.ops.keep(end)
	d.tell(end)
}

func (d *desk) tell(end *control.Done) {
	d.out = append(d.out, &control.Event{Body: &control.Event_Done{Done: end}})
}

func sentence(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
