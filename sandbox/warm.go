package sandbox

import (
	"sync"

	"github.com/dop251/goja"
)

// Warm keeps realms made ahead, for any generation with the same faces and state: of
// the 10 ms that a new isolate takes, freezing is nearly all. Each spare costs some
// 450 KB. Its methods may be called from any goroutine.
type Warm struct {
	faces   *faceSet
	prelude *goja.Program
	store   Store
	want    int

	mu      sync.Mutex
	spares  []*realm
	filling bool
	closed  bool
	lent    int
	work    sync.WaitGroup
}

// NewWarm makes a stock of n realms. The first is made when one is first asked for:
// until then it costs nothing.
func NewWarm(faces []Face, store Store, n int) (*Warm, error) {
	set, err := newFaceSet(faces)
	if err != nil {
		return nil, err
	}
	prelude, err := compilePrelude()
	if err != nil {
		return nil, err
	}
	return &Warm{faces: set, prelude: prelude, store: store, want: n}, nil
}

// take returns a realm that has no program yet, nil if none is ready. It has the next
// made in the background.
func (w *Warm) take(store Store) *realm {
	if w == nil || w.store != store {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.filling && !w.closed {
		w.filling = true
		w.work.Go(w.fill)
	}
	n := len(w.spares)
	if n == 0 {
		return nil
	}
	r := w.spares[n-1]
	w.spares = w.spares[:n-1]
	w.lent++
	return r
}

// fill makes realms until the stock is full.
func (w *Warm) fill() {
	for {
		w.mu.Lock()
		if w.closed || len(w.spares) >= w.want {
			w.filling = false
			w.mu.Unlock()
			return
		}
		w.mu.Unlock()
		r, err := newRealm(w.prelude, w.faces, w.store)
		w.mu.Lock()
		if err != nil { // whoever needs a realm makes one, and is told
			w.closed = true
		} else {
			w.spares = append(w.spares, r)
		}
		w.mu.Unlock()
	}
}

// Lent counts the realms that came from the stock.
func (w *Warm) Lent() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.lent
}

// Wait returns when nothing is in the making.
func (w *Warm) Wait() { w.work.Wait() }

// Fill makes the stock now, on the caller's goroutine.
func (w *Warm) Fill() {
	w.mu.Lock()
	busy := w.filling || w.closed
	w.filling = true
	w.mu.Unlock()
	if !busy {
		w.fill()
	}
}

// Close drops the stock and waits for the one in the making.
func (w *Warm) Close() {
	if w == nil {
		return
	}
	w.mu.Lock()
	w.closed, w.spares = true, nil
	w.mu.Unlock()
	w.work.Wait()
}
