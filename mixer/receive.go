package mixer

import (
	"github.com/callwright/callwright/media/trunk"
	"github.com/callwright/callwright/mixer/ring"
)

// receiver moves frames from the trunk to their members. It has one goroutine.
type receiver struct {
	conn  trunk.Conn
	table *table
	count *counters
	came  func() // told of frames, nil: nobody is
}

// batch is how many frames are taken at once.
const batch = 256

// run ends when the trunk is closed, with its error.
func (r *receiver) run() error {
	fs := make([]trunk.Frame, batch)
	for {
		n, err := r.conn.Recv(fs)
		if err != nil {
			return err
		}
		for i := range fs[:n] {
			r.take(&fs[i])
		}
		if r.came != nil {
			r.came()
		}
	}
}

// take queues one frame or counts why not. A token is compared in the open: who can
// time our answer, of which there is none, is on our own network.
func (r *receiver) take(f *trunk.Frame) {
	r.count.received.Add(1)
	m := r.table.find(f.SSRC)
	if m == nil {
		r.count.unknown.Add(1)
		return
	}
	if m.route.Load().token != f.Token {
		r.count.token.Add(1)
		return
	}
	c := codecOfType(f.Type)
	switch {
	case c.rate != m.rate:
		r.count.kind.Add(1)
	case len(f.Payload) == 0 || len(f.Payload)%c.width != 0 || len(f.Payload) > trunk.MaxPayload:
		r.count.size.Add(1)
	case !m.queue.Put(ring.Packet{Timestamp: f.Timestamp, Seq: f.Seq, Type: f.Type, Payload: f.Payload}):
		r.count.overflow.Add(1)
	}
}
