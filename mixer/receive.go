package mixer

import (
	"github.com/callwright/callwright/media/trunk"
)

// receiver takes frames off the trunk and puts them into their members' playouts, on the
// tick's goroutine: a frame goes from the kernel's hands into the cache that decodes it,
// and nobody is woken for it.
type receiver struct {
	conn  trunk.Conn
	table *table
	count *counters
	t     *ticker

	frames  []trunk.Frame
	members [batch]*member // theirs
	samples []int16
	last    *member // whose frame came last: see find
}

const (
	// batch is how many frames are taken at once: few, so that they stay in the cache.
	batch = 64
	// flood is how many frames more than two for each member are taken at once. What is
	// beyond waits in the socket, or is lost there: a flood does not hold up a tick.
	flood = 4096
)

func newReceiver(t *ticker, tab *table) *receiver {
	return &receiver{conn: t.conn, table: tab, count: t.count, t: t, last: new(member),
		frames: make([]trunk.Frame, batch), samples: make([]int16, trunk.MaxPayload)}
}

// drain takes what has come. It fails when the trunk is closed.
func (r *receiver) drain() error {
	most := 2*len(r.t.shown.members) + flood
	for taken := 0; taken < most; {
		n, err := r.conn.Poll(r.frames)
		if n == 0 || err != nil {
			return err
		}
		r.await(r.frames[:n])
		for i := range r.frames[:n] {
			r.take(&r.frames[i], r.members[i])
		}
		r.count.received.Add(uint64(n))
		taken += n
	}
	return nil
}

// await finds the frames' members and asks for the memory that they play from, which
// comes while others are looked at.
func (r *receiver) await(fs []trunk.Frame) {
	for i := range fs {
		m := r.find(fs[i].SSRC)
		if r.members[i] = m; m != nil {
			r.t.k.Prefetch(m.playout.Due())
		}
	}
}

// take plays one frame out or counts why not. A token is compared in the open: who can
// time our answer, of which there is none, is on our own network.
func (r *receiver) take(f *trunk.Frame, m *member) {
	if m == nil {
		r.count.unknown.Add(1)
		return
	}
	if m.way.token != f.Token {
		r.count.token.Add(1)
		return
	}
	c := codecOfType(f.Type)
	switch {
	case c.rate != m.rate:
		r.count.kind.Add(1)
	case len(f.Payload) == 0 || len(f.Payload)%c.width != 0 || len(f.Payload) > trunk.MaxPayload:
		r.count.size.Add(1)
	case m.taken+len(f.Payload) > m.most:
		r.count.overflow.Add(1)
	default:
		m.taken += len(f.Payload)
		in := r.samples[:len(f.Payload)/c.width]
		c.decode(r.t.k, in, f.Payload)
		m.playout.Put(f.Timestamp, f.Seq, in)
	}
}

// find gives the member of ssrc, or nil. An SBC sends in the same order again and again:
// whoever came next the last time is looked at before the table is. Members that are not in
// the scene (any more) are not found.
func (r *receiver) find(ssrc uint32) *member {
	m := r.last.after
	if m == nil || m.scene != r.t.scenes || m.way.ssrc != ssrc {
		m = r.table.find(ssrc)
		if m == nil || m.scene != r.t.scenes {
			return nil
		}
		r.last.after = m
	}
	r.last = m
	return m
}
