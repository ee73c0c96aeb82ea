package mixer

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"

	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/media/dsp"
	"github.com/callwright/callwright/mixer/prompt"
	"github.com/callwright/callwright/mixer/room"
)

// Errors of commands, told to the brain as Faults.
var (
	ErrFull    = errors.New("mixer: full")
	ErrTrunk   = errors.New("mixer: not a usable trunk")
	ErrRoom    = errors.New("mixer: no such room")
	ErrRate    = errors.New("mixer: rate not possible")
	ErrCommand = errors.New("mixer: not a command of a mixer")
)

// desk is what control knows and the tick need not: it turns commands into scenes.
type desk struct {
	cfg   Config
	roots prompt.Roots
	cache *prompt.Cache // nil: none
	banks dsp.Banks
	tick  *ticker
	table *table
	count *counters

	mu      sync.Mutex
	closed  bool
	epoch   uint64
	spoken  map[string]uint64 // epoch of the brain that spoke last of a member or room
	members map[string]*party
	order   []*member // by peer and size of frame
	rooms   map[string]*hallKeep
	halls   []*hallKeep // the same, in the order of their making: so they lie in memory
	ops     *ops
	changed bool             // the tick's scene is out of date
	out     []*control.Event // to report when the lock is open again
}

// party is control's side of a member.
type party struct {
	m    *member
	in   *hallKeep // nil: in no room
	seat *room.Seat
}

func newDesk(cfg Config, roots prompt.Roots, t *ticker, tab *table, c *counters) *desk {
	return &desk{
		cfg: cfg, roots: roots, tick: t, table: tab, count: c,
		members: map[string]*party{}, spoken: map[string]uint64{}, rooms: map[string]*hallKeep{}, ops: newOps(),
	}
}

func random() string {
	b := make([]byte, 8)
	rand.Read(b)
	return hex.EncodeToString(b)
}

// unlock shows what has changed and reports what happened under the lock.
func (d *desk) unlock() {
	if d.changed {
		d.show()
	}
	out := d.out
	d.out = nil
	d.mu.Unlock()
	if d.tick.rests {
		d.tick.poke()
	}
	for _, e := range out {
		d.cfg.Report.Report(e)
	}
}

// obey carries out a turn. The scene changes once, at its end.
func (d *desk) obey(epoch uint64, t *control.Turn) {
	d.mu.Lock()
	defer d.unlock()
	if d.closed {
		return
	}
	if epoch < d.epoch {
		d.count.stale.Add(uint64(len(t.GetCommands())))
		return
	}
	d.epoch = epoch
	for _, c := range t.GetCommands() {
		d.count.commands.Add(1)
		if subject, err := d.command(c); err != nil {
			d.out = append(d.out, &control.Event{Body: &control.Event_Fault{Fault: &control.Fault{
				Command: c.GetId(), Subject: subject, Error: err.Error()}}})
		}
	}
}

// command carries out one command; subject is what it spoke of.
func (d *desk) command(c *control.Command) (subject string, err error) {
	switch b := c.GetBody().(type) {
	case *control.Command_Room:
		d.spoken[subjectOf("room", b.Room.GetId())] = d.epoch
		return b.Room.GetId(), d.setRoom(b.Room)
	case *control.Command_DropRoom:
		d.dropRoom(b.DropRoom.GetId())
	case *control.Command_Member:
		d.spoken[subjectOf("member", b.Member.GetId())] = d.epoch
		return b.Member.GetId(), d.setMember(b.Member)
	case *control.Command_DropMember:
		d.dropMember(b.DropMember.GetId())
	case *control.Command_Play:
		return b.Play.GetOp(), d.play(b.Play)
	case *control.Command_Record:
		return b.Record.GetOp(), d.record(b.Record)
	case *control.Command_Stop:
		d.ops.stop(b.Stop.GetOp())
	case *control.Command_Pause:
		d.ops.pause(b.Pause)
	case *control.Command_Seek:
		d.ops.seek(b.Seek)
	case *control.Command_Adjust:
		d.ops.adjust(b.Adjust)
	case *control.Command_Upload:
		return b.Upload.GetOp(), d.upload(b.Upload)
	case *control.Command_Sweep:
		d.sweep()
	default:
		d.count.unbuilt.Add(1)
		return "", fmt.Errorf("%w: %T", ErrCommand, b)
	}
	return "", nil
}

// begin turns to a newer brain. All goes on: it says what it still wants, and Sweeps.
func (d *desk) begin(epoch uint64) {
	d.mu.Lock()
	defer d.unlock()
	d.epoch = max(d.epoch, epoch)
}

func subjectOf(kind, id string) string { return kind + " " + id }

// sweep drops the members and rooms that no brain of this epoch has spoken of. What
// ran on them ends; a recording is closed.
func (d *desk) sweep() {
	for id := range d.members {
		if d.spoken[subjectOf("member", id)] < d.epoch {
			d.dropMember(id)
		}
	}
	for id := range d.rooms {
		if d.spoken[subjectOf("room", id)] < d.epoch {
			d.dropRoom(id)
		}
	}
}

func (d *desk) dropAll() {
	for id := range d.members {
		d.dropMember(id)
	}
	for id := range d.rooms {
		d.dropRoom(id)
	}
}

// close drops everything and waits until recordings are in their files.
func (d *desk) close() {
	d.mu.Lock()
	d.closed = true
	d.dropAll()
	d.unlock()
	d.ops.running.Wait()
	if d.roots.Prompts != nil {
		d.roots.Prompts.Close()
	}
	if d.cache != nil {
		d.cache.Close()
	}
	if d.roots.Recordings != nil {
		d.roots.Recordings.Close()
	}
}

func (d *desk) load() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.members)
}

func (d *desk) obeyed() uint64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.epoch
}
