package process

import (
	"errors"

	"github.com/callwright/callwright/sandbox"
)

// farStore is the child's way to the tree in the parent. The isolate's goroutine uses
// it; answers come from the reader's.
type farStore struct {
	out     *sender
	answers chan found
	grants  chan taken
	mirror  *sandbox.Mirror
	unit    string // that runs
}

// Begin costs nothing: the tree is taken at the first access.
func (s *farStore) Begin(waiting, back func()) sandbox.Txn {
	return &farTxn{s: s, waiting: waiting, back: back}
}

type farTxn struct {
	s             *farStore
	waiting, back func()
	taken         *taken
	near          *sandbox.Copied // the work on the copy, if there is one
}

// take is a round trip to the parent, some 30 µs, and the wait for who has the tree.
func (t *farTxn) take() {
	t.waiting()
	t.s.out.now(kindTake, &taking{Unit: t.s.unit, Have: t.s.mirror.Version()})
	g := <-t.s.grants
	t.back()
	t.taken = &g
	if !g.Far && t.s.mirror.Update(g.Delta) == nil {
		t.near = t.s.mirror.Begin()
	}
}

// Do works on the copy, or asks the parent. What an object stands for in one of the two
// means nothing in the other: it is stale there.
func (t *farTxn) Do(a sandbox.Access) (sandbox.Found, error) {
	if t.taken == nil {
		t.take()
	}
	node, far := a.Node.(uint64)
	if t.near == nil {
		return t.ask(a, node)
	}
	if far {
		f := forgotten(a.Do)
		return f.found()
	}
	return t.near.Do(a)
}

// unknown is no node's number.
const unknown = ^uint64(0)

// ask is a round trip for one access.
func (t *farTxn) ask(a sandbox.Access, node uint64) (sandbox.Found, error) {
	if node == 0 && a.Node != nil {
		node = unknown
	}
	q := access{Unit: t.s.unit, Do: a.Do, Path: a.Path, Node: node, Key: a.Key, Value: a.Value, At: a.At, Drop: a.Drop}
	t.waiting()
	t.s.out.now(kindAccess, &q)
	f := <-t.s.answers
	t.back()
	return f.found()
}

func (f *found) found() (r sandbox.Found, err error) {
	r.JSON = f.JSON
	if f.Node != 0 {
		r.Node = f.Node
	}
	if f.Error != "" {
		err = errors.New(f.Error)
	}
	return r, err
}

// End leaves with the result that follows it.
func (t *farTxn) End(unit string, turn uint64, keep bool) {
	if t.taken == nil {
		return
	}
	e := ending{Unit: unit, Turn: turn, Keep: keep}
	if t.near != nil {
		e.Writes = t.near.End(keep && !t.taken.Known)
	}
	t.s.out.put(kindEnd, &e)
}
