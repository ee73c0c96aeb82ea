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
	unit    string // that runs
}

// Begin costs nothing: the parent takes the tree when the first access arrives.
func (s *farStore) Begin(waiting, back func()) sandbox.Txn {
	return &farTxn{s: s, waiting: waiting, back: back}
}

type farTxn struct {
	s             *farStore
	waiting, back func()
}

// Do is a round trip to the parent, some 30 µs.
func (t *farTxn) Do(a sandbox.Access) (sandbox.Found, error) {
	node, _ := a.Node.(uint64)
	q := access{Unit: t.s.unit, Do: a.Do, Path: a.Path, Node: node, Key: a.Key, Value: a.Value, At: a.At, Drop: a.Drop}
	t.waiting()
	t.s.out.now(kindAccess, &q)
	f := <-t.s.answers
	t.back()
	r := sandbox.Found{JSON: f.JSON}
	if f.Node != 0 {
		r.Node = f.Node
	}
	if f.Error != "" {
		return r, errors.New(f.Error)
	}
	return r, nil
}

// End leaves with the result that follows it.
func (t *farTxn) End(unit string, turn uint64, keep bool) {
	t.s.out.put(kindEnd, &ending{Unit: unit, Turn: turn, Keep: keep})
}
