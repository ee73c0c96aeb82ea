package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// Store is the tree behind `state` as an isolate reaches it: a State, or the way to
// one in another process.
type Store interface {
	// Begin takes the tree for one activation; no other has it until End. Waiting and
	// back bracket the wait for it.
	Begin(waiting, back func()) Txn
}

// Txn is one activation's hold on the tree. One goroutine uses it.
type Txn interface {
	// Do reads or changes one thing. Reads and what nests do not fail.
	Do(Access) (Found, error)
	// End gives the tree back: what was written stays, as the batch of this unit and
	// turn, or all is undone.
	End(unit string, turn uint64, keep bool)
}

// Action is what an Access does.
type Action int

const (
	ReadChild  Action = iota + 1 // what stands at Key; nested values are named by Node
	HasChild                     // true or false
	ReadKeys                     // of an object, in their order
	ReadLen                      // of a list
	ReadAll                      // the whole subtree
	Put                          // Value at Key; in a list Key may be "length"
	Delete                       // what is at Key
	SpliceList                   // Drop elements from At on give way to those of Value
	Nest                         // what follows can be undone by itself
	Keep                         // ends what was nested last
	Undo                         // ends it and undoes it
)

// Access is one thing done to the object or list at Path.
type Access struct {
	Do   Action
	Path []string
	// Node is what stood at Path when the script read it (Found.Node), nil if that is
	// not known. When something else stands there now, reads are answered from what
	// stood there then, and writes fail.
	Node     any
	Key      string
	Value    json.RawMessage
	At, Drop int

	value any // Value as a node, when the asker has it
}

// Found answers an Access: JSON is what was read, with {}, [] and [0] for an object, a
// list and nothing; Node names the object or list and means nothing to the asker.
type Found struct {
	JSON json.RawMessage
	Node any
}

var (
	errStale   = errors.New("was replaced since it was read: read it again")
	noValue    = json.RawMessage(`[0]`)
	someObject = json.RawMessage(`{}`)
	someList   = json.RawMessage(`[]`)
)

// Begin locks the tree.
func (s *State) Begin(waiting, back func()) Txn {
	if !s.mu.TryLock() {
		waiting()
		s.mu.Lock()
		back()
	}
	s.rewatch()
	return &tx{s: s}
}

// mark is where a nested part begins.
type mark struct{ writes, undo int }

func (t *tx) Do(a Access) (Found, error) {
	switch a.Do {
	case Nest, Keep, Undo:
		return Found{}, t.nest(a.Do)
	}
	n, live := t.find(a)
	switch a.Do {
	case Put, Delete, SpliceList:
		if !live {
			return Found{}, errStale
		}
		return t.change1(a)
	}
	return read(n, a), nil
}

// find returns the node to read from, and whether it is still in the tree.
func (t *tx) find(a Access) (any, bool) {
	n, ok := at(t.s.root, a.Path)
	if len(a.Path) == 0 || ok && (a.Node == nil || n == a.Node) {
		return n, true
	}
	return a.Node, false
}

func read(n any, a Access) Found {
	switch a.Do {
	case ReadChild:
		v, ok := child(n, a.Key)
		if !ok {
			return Found{JSON: noValue}
		}
		switch v.(type) {
		case *dict:
			return Found{someObject, v}
		case *list:
			return Found{someList, v}
		}
		return Found{JSON: appendNode(nil, v)}
	case HasChild:
		_, ok := child(n, a.Key)
		return Found{JSON: strconv.AppendBool(nil, ok)}
	case ReadKeys:
		keys := &list{}
		if d, ok := n.(*dict); ok {
			for _, k := range d.keys {
				keys.items = append(keys.items, k)
			}
		}
		return Found{JSON: appendNode(nil, keys)}
	case ReadLen:
		count := 0
		if l, ok := n.(*list); ok {
			count = len(l.items)
		}
		return Found{JSON: strconv.AppendInt(nil, int64(count), 10)}
	}
	return Found{JSON: appendNode(nil, n)}
}

// change1 does one write.
func (t *tx) change1(a Access) (Found, error) {
	if a.Do == Delete {
		return Found{}, t.remove(a.child())
	}
	if a.value == nil {
		v, err := parseNode(a.Value)
		if err != nil {
			return Found{}, err
		}
		a.value = v
	}
	if a.Do == Put {
		return Found{}, t.put(a.child(), a.value, a.Value)
	}
	in, ok := a.value.(*list)
	if !ok {
		return Found{}, fmt.Errorf("%w: splice of no list", ErrStatePath)
	}
	out, err := t.splice(a.Path, a.At, a.Drop, in.items, a.Value)
	if err != nil {
		return Found{}, err
	}
	return Found{JSON: appendNode(nil, &list{out})}, nil
}

func (a *Access) child() []string { return append(slices.Clip(slices.Clone(a.Path)), a.Key) }

func (t *tx) nest(do Action) error {
	if do == Nest {
		t.nested = append(t.nested, mark{len(t.writes), len(t.undo)})
		return nil
	}
	last := len(t.nested) - 1
	if last < 0 {
		return fmt.Errorf("%w: nothing is nested", ErrStatePath)
	}
	if m := t.nested[last]; do == Undo {
		t.rollback(m.undo)
		t.writes = t.writes[:m.writes]
	}
	t.nested = t.nested[:last]
	return nil
}

// End gives the tree back: the batch goes to the sink, or all is undone.
func (t *tx) End(unit string, turn uint64, keep bool) {
	if keep && len(t.writes) > 0 && !t.s.known(unit, turn) {
		t.s.remember(unit, turn)
		if t.s.sink != nil {
			t.s.sink(Batch{Unit: unit, Turn: turn, Writes: t.writes})
		}
		t.s.advance(t.writes)
		t.s.changed(unit, t.writes)
	} else {
		t.rollback(0)
	}
	t.s.mu.Unlock()
}
