package control

import (
	"context"
	"io"
	"sync"

	"google.golang.org/protobuf/proto"
)

// memoryWindow is how many messages may be under way each way before Send blocks, as
// a socket's buffers would.
const memoryWindow = 64

// Attach is a Dialer that joins a Client to h in memory. Messages are copied on the
// way, so neither side sees what the other does to them afterwards.
func (h *Hub) Attach(ctx context.Context) (Conn, error) {
	p := &pipe{
		toBrain: make(chan *ToBrain, memoryWindow), toWorker: make(chan *ToWorker, memoryWindow),
		done: make(chan struct{}),
	}
	if !h.spawn(func() { p.close(h.serve(hubEnd{p}, false)) }) {
		return nil, ErrClosed
	}
	return workerEnd{p}, nil
}

// pipe is a connection in memory. What was sent before it closed can still be read.
type pipe struct {
	toBrain  chan *ToBrain
	toWorker chan *ToWorker
	once     sync.Once
	done     chan struct{}
	why      error
}

func (p *pipe) close(why error) {
	p.once.Do(func() {
		p.why = why
		close(p.done)
	})
}

func send[M proto.Message](p *pipe, c chan M, m M) error {
	select {
	case <-p.done:
		return p.why
	default:
	}
	select {
	case <-p.done:
		return p.why
	case c <- proto.CloneOf(m):
		return nil
	}
}

func recv[M proto.Message](p *pipe, c chan M) (M, error) {
	select {
	case m := <-c:
		return m, nil
	case <-p.done:
	}
	select {
	case m := <-c:
		return m, nil
	default:
		var none M
		return none, p.why
	}
}

type hubEnd struct{ p *pipe }

func (e hubEnd) Send(m *ToWorker) error  { return send(e.p, e.p.toWorker, m) }
func (e hubEnd) Recv() (*ToBrain, error) { return recv(e.p, e.p.toBrain) }

type workerEnd struct{ p *pipe }

func (e workerEnd) Send(m *ToBrain) error    { return send(e.p, e.p.toBrain, m) }
func (e workerEnd) Recv() (*ToWorker, error) { return recv(e.p, e.p.toWorker) }
func (e workerEnd) Close()                   { e.p.close(io.EOF) }
