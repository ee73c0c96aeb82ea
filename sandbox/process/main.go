package process

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"sync/atomic"

	"github.com/callwright/callwright/sandbox"
)

// Command is the sub-command that a child is started with.
const Command = "script-host"

// Files of a child: its end of the socket pair, and the board.
const (
	connFile  = 3
	boardFile = 4
)

// Main is the child's whole life; its result is the exit code. It ends when the parent
// closes the socket, which it does by dying too.
func Main() int {
	h, err := newHost()
	if err == nil {
		err = confine()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	go h.out.run()
	if err := h.serve(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// host is the child's inside. Its reader goroutine runs serve; results and accesses
// come from the isolate's.
type host struct {
	in    *reader
	out   *sender
	board *board

	base  int64 // private memory at the start
	heap  int64 // Options.Heap
	warm  *sandbox.Warm
	gen   *sandbox.Generation
	store *farStore
	// waiting counts activations without a result: the last one's is written at once.
	waiting atomic.Int64
}

func newHost() (*host, error) {
	conn, err := net.FileConn(os.NewFile(connFile, "parent"))
	if err != nil {
		return nil, fmt.Errorf("process: not started by a brain: %w", err)
	}
	b, err := mapBoard(os.NewFile(boardFile, "board"))
	if err != nil {
		return nil, err
	}
	h := &host{in: newReader(conn), out: newSender(conn), board: b, base: privateMemory()}
	h.store = &farStore{out: h.out, answers: make(chan found, 1), grants: make(chan taken, 1), mirror: sandbox.NewMirror()}
	return h, nil
}

// serve takes frames until the socket is closed.
func (h *host) serve() error {
	for {
		k, b, err := h.in.next()
		if err != nil {
			return nil // the parent is gone, or has had enough
		}
		if k == kindStop {
			if h.gen != nil {
				h.gen.Stop() // what is in the inbox is done first
			}
			var last bool
			h.out.now(kindStop, &last)
			return nil
		}
		if err := h.take(k, b); err != nil {
			return err
		}
	}
}

func (h *host) take(k kind, b []byte) error {
	switch k {
	case kindPrepare:
		return h.prepare(b)
	case kindLoad:
		return h.load(b)
	case kindFound:
		var f found
		if err := decode(b, &f); err != nil {
			return err
		}
		h.store.answers <- f
		return nil
	case kindTaken:
		var g taken
		if err := decode(b, &g); err != nil {
			return err
		}
		h.store.grants <- g
		return nil
	}
	if h.gen == nil {
		return fmt.Errorf("%w: kind %d before a program", errGarbled, k)
	}
	switch k {
	case kindOpen:
		var o opening
		if err := decode(b, &o); err != nil {
			return err
		}
		h.gen.Open(o.Unit, o.Kind, o.Seed, o.History, o.Ops)
	case kindActivate:
		var a sandbox.Activation
		if err := decode(b, &a); err != nil {
			return err
		}
		h.waiting.Add(1)
		h.gen.Activate(a)
	case kindClose:
		var unit string
		if err := decode(b, &unit); err != nil {
			return err
		}
		h.gen.Close(unit)
	default:
		return fmt.Errorf("%w: kind %d", errGarbled, k)
	}
	return nil
}

// prepare makes a realm ahead.
func (h *host) prepare(b []byte) error {
	var p preparation
	if err := decode(b, &p); err != nil {
		return err
	}
	warm, err := sandbox.NewWarm(p.Faces, h.store, 1)
	if err != nil {
		return err
	}
	h.warm = warm
	warm.Fill()
	var fine string
	h.out.now(kindPrepared, &fine)
	return nil
}

// load makes this process the host of a program.
func (h *host) load(b []byte) error {
	var o order
	if err := decode(b, &o); err != nil {
		return err
	}
	h.heap = o.Options.Heap
	if err := bound(o.Options.Heap, h.base); err != nil {
		return err
	}
	// Most of a budget may be garbage; near the limit the collector works for its keep.
	debug.SetGCPercent(200)
	debug.SetMemoryLimit(max(h.heap*5/8, 32<<20))
	p, err := sandbox.Restore(o.Program)
	if err == nil {
		o.Options.Store, o.Options.Warm = h.store, h.warm
		o.Options.Isolates = 1 // so that the unit on the board is the guilty one
		o.Options.Trace, o.Options.Deliver = h.trace, h.deliver
		h.gen, err = sandbox.Open(p, o.Options)
	}
	answer := answerOf(h.gen, err)
	h.out.now(kindLoaded, &answer)
	return nil
}

func answerOf(g *sandbox.Generation, err error) (l loaded) {
	if err == nil {
		return loaded{Routes: g.Routes(), Flow: g.HasFlow(), API: g.API()}
	}
	if e, ok := err.(*sandbox.ScriptError); ok {
		return loaded{Author: e}
	}
	return loaded{Other: err.Error()}
}

func (h *host) trace(unit, place string) {
	h.board.trace(unit, place)
	if place == "" {
		h.store.unit = unit
	}
}

// spent is the exit code of a child that must not be used further.
const spent = 3

// swollen says whether so much memory is in use that the next unit might be blamed for
// what an interrupted one has left behind. All others must be rebuilt anyway: that may
// as well be in a fresh process.
func (h *host) swollen() bool {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapSys) > h.heap/4
}

// weight is about how long a result's frame is.
func weight(r *sandbox.Result) int {
	n := len(r.Vars)
	for i := range r.Ops {
		n += len(r.Ops[i].Args) + 100
	}
	for i := range r.Answers {
		n += len(r.Answers[i].Value)
	}
	for i := range r.Reads {
		n += len(r.Reads[i])
	}
	return n
}

// deliver sends a result: the last one that is waited for at once, others together
// with what follows.
func (h *host) deliver(r sandbox.Result) {
	if weight(&r) > maxFrame/2 {
		h.gen.Close(r.Unit)
		r = sandbox.Result{Unit: r.Unit, Turn: r.Turn, Settled: true, Interrupted: true, CPU: r.CPU,
			Error: &sandbox.ScriptError{Name: "RangeError", Message: "one activation asked for more than can be taken at once"}}
	}
	if r.Interrupted && h.swollen() {
		h.out.now(kindResult, &r)
		os.Exit(spent)
	}
	if r.Turn != 0 && h.waiting.Add(-1) > 0 {
		h.out.put(kindResult, &r)
		return
	}
	h.out.now(kindResult, &r)
}
