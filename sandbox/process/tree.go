package process

import (
	"encoding/json"
	"sync"
	"sync/atomic"

	"github.com/callwright/callwright/sandbox"
)

// tree is a child's way to the state: one transaction at a time, on the goroutine that
// reads from the child. What the child holds of it are numbers; each unit's are
// forgotten when it closes.
type tree struct {
	state *sandbox.State
	txn   sandbox.Remote
	holds atomic.Bool
	copy  uint64   // version of the child's copy, 0 for none
	near  bool     // this activation works on it
	only  []string // Options.StateOnly; set before the program is sent

	mu    sync.Mutex // of what follows
	units map[string]*numbers
	last  uint64
}

// numbers are the nodes that one unit's objects stand for.
type numbers struct {
	nodes map[uint64]any
	of    map[any]uint64
}

// maxNumbers of one unit: past it, what the unit holds from before is stale.
const maxNumbers = 4096

func (t *tree) held() bool { return t.holds.Load() }

func (t *tree) begin() {
	t.txn = t.state.BeginRemote(t.only)
	t.holds.Store(true)
}

// grant tells the child what its copy lacks.
func (t *tree) grant(unit string, turn uint64) taken {
	d, near := t.txn.Since(t.copy)
	if t.near = near; !near {
		t.copy = 0
		return taken{Far: true}
	}
	t.copy = d.Version
	return taken{Delta: d, Known: turn != 0 && t.txn.Known(unit, turn)}
}

// end gives the tree back, if it is held. A copy whose writes are not taken is none.
func (t *tree) end(e ending) {
	if t.txn == nil {
		return
	}
	keep := e.Keep
	if t.near && len(e.Writes) > 0 {
		t.copy = 0
		if keep = keep && !t.txn.Known(e.Unit, e.Turn); keep {
			v, err := t.txn.Write(e.Writes)
			if keep = err == nil; keep {
				t.copy = v
			}
		}
	}
	t.txn.End(e.Unit, e.Turn, keep)
	t.txn, t.near = nil, false
	t.holds.Store(false)
}

func (t *tree) do(q access) found {
	a := sandbox.Access{Do: q.Do, Path: q.Path, Key: q.Key, Value: q.Value, At: q.At, Drop: q.Drop}
	if q.Node != 0 {
		var known bool
		if a.Node, known = t.node(q.Unit, q.Node); !known {
			return forgotten(q.Do)
		}
	}
	f, err := t.txn.Do(a)
	out := found{JSON: f.JSON}
	if f.Node != nil {
		out.Node = t.number(q.Unit, f.Node)
	}
	if err != nil {
		out.Error = err.Error()
	}
	return out
}

func (t *tree) node(unit string, n uint64) (any, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	u := t.units[unit]
	if u == nil {
		return nil, false
	}
	v, ok := u.nodes[n]
	return v, ok
}

func (t *tree) number(unit string, node any) uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	u := t.units[unit]
	if u != nil && len(u.nodes) >= maxNumbers {
		u = nil
	}
	if u == nil {
		u = &numbers{map[uint64]any{}, map[any]uint64{}}
		if t.units == nil {
			t.units = map[string]*numbers{}
		}
		t.units[unit] = u
	}
	if n := u.of[node]; n != 0 {
		return n
	}
	t.last++
	u.nodes[t.last], u.of[node] = node, t.last
	return t.last
}

// forget drops a unit's numbers. It may be called from any goroutine.
func (t *tree) forget(unit string) {
	t.mu.Lock()
	delete(t.units, unit)
	t.mu.Unlock()
}

// forgotten answers for what has been given up: it is empty, and stale.
func forgotten(do sandbox.Action) found {
	switch do {
	case sandbox.ReadChild:
		return found{JSON: json.RawMessage("[0]")}
	case sandbox.HasChild:
		return found{JSON: json.RawMessage("false")}
	case sandbox.ReadKeys:
		return found{JSON: json.RawMessage("[]")}
	case sandbox.ReadLen:
		return found{JSON: json.RawMessage("0")}
	case sandbox.ReadAll:
		return found{JSON: json.RawMessage("null")}
	}
	return found{Error: "was held for too long: read it again"}
}
