package flow

import (
	"reflect"
	"testing"

	"github.com/callwright/callwright/engine/parcel"
	"github.com/callwright/callwright/sandbox"
)

// frozen is a unit's parcel.
func (r *rig) frozen(unit string) (parts map[string][]byte, inputs [][]byte) {
	r.t.Helper()
	var p parcel.Parts
	inputs, ok := r.f.Freeze(&p, unit, 0)
	if !ok {
		r.t.Fatalf("there is no %s", unit)
	}
	parts = map[string][]byte{}
	for _, part := range p.List() {
		parts[part.Name] = part.Text
	}
	return parts, inputs
}

// recovered is what becomes of units on the next brain, which gets their parcels in this
// order; the others' are lost.
func (r *rig) recovered(units ...string) *rig {
	r.t.Helper()
	next := newRig(r.t)
	next.now, next.begun = r.now, r.begun
	next.f.Thaw(next.now)
	for _, id := range units {
		parts, inputs := r.frozen(id)
		if err := next.f.ThawUnit(id, parts, inputs); err != nil {
			r.t.Fatal(err)
		}
	}
	next.take(next.f.Thawed())
	return next
}

// locks has a call ask for the lock "desk".
func (r *rig) locks(unit string) {
	r.t.Helper()
	r.invite(unit)
	op := r.op(unit, "", "", "lock", map[string]any{"key": "desk", "fn": map[string]int{"$fn": 1}, "wait": 60_000, "ttl": 60_000})
	r.did(unit, sandbox.Result{Ops: []sandbox.Op{op}, Await: op.Line})
}

// givenBack lets each holder's function end, and lists who held the lock.
func (r *rig) givenBack() (order []string) {
	r.t.Helper()
	for m := r.f.locks["desk"]; m != nil; m = r.f.locks["desk"] {
		unit, ask := m.holder.unit, uint32(0)
		order = append(order, unit)
		for _, in := range r.active[unit].Inputs {
			if in.Kind == sandbox.Called {
				ask = in.Ask
			}
		}
		if ask == 0 || len(order) > 10 {
			r.t.Fatalf("%v: %s was not asked: %+v", order, unit, r.active[unit])
		}
		r.did(unit, sandbox.Result{Answers: []sandbox.Answer{{Ask: ask, Value: []byte("null")}}})
	}
	return order
}

// Those that wait for a lock get it in the order they asked, though their units come back
// in another.
func TestLocksKeepTheirOrderOverARecovery(t *testing.T) {
	begin := func(t *testing.T) *rig {
		r := newRig(t)
		for _, unit := range []string{"c", "a", "d", "b"} { // c holds it
			r.locks(unit)
		}
		return r
	}
	check := func(t *testing.T, r *rig, want ...string) {
		t.Helper()
		if got := r.givenBack(); !reflect.DeepEqual(got, want) {
			t.Errorf("held by %v, want %v", got, want)
		}
	}
	t.Run("all", func(t *testing.T) { check(t, begin(t).recovered("a", "b", "c", "d"), "c", "a", "d", "b") })
	t.Run("the holder is gone", func(t *testing.T) { check(t, begin(t).recovered("d", "b", "a"), "a", "d", "b") })
	t.Run("another asks", func(t *testing.T) {
		r := begin(t).recovered("d", "c", "b", "a")
		r.locks("A") // whose name comes first
		check(t, r, "c", "a", "d", "b", "A")
	})
	t.Run("twice", func(t *testing.T) {
		r := begin(t).recovered("b", "d", "a")
		r.locks("A")
		check(t, r.recovered("A", "b", "d", "a"), "a", "d", "b", "A")
	})
	t.Run("two say they hold it", func(t *testing.T) {
		r := newRig(t)
		r.locks("a")
		stale, inputs := r.frozen("a")
		r.locks("b")
		r.did("a", sandbox.Result{Answers: []sandbox.Answer{{Ask: 1, Value: []byte("null")}}})
		for _, first := range []bool{true, false} {
			next := newRig(t)
			next.now, next.begun = r.now, r.begun
			next.f.Thaw(next.now)
			parts, more := r.frozen("b")
			thaw := []func() error{func() error { return next.f.ThawUnit("a", stale, inputs) }, func() error { return next.f.ThawUnit("b", parts, more) }}
			if !first {
				thaw[0], thaw[1] = thaw[1], thaw[0]
			}
			if err := thaw[0](); err != nil {
				t.Fatal(err)
			}
			if err := thaw[1](); err != nil {
				t.Fatal(err)
			}
			next.take(next.f.Thawed())
			if h := next.f.locks["desk"].holder.unit; h != "b" {
				t.Errorf("held by %s, want b, to whom it was given last", h)
			}
		}
	})
}
