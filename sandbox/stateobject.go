package sandbox

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dop251/goja"
)

// stateObject and stateArray are `state` and what is nested in it, as scripts hold
// them: a path, answered from the tree at each access. node is what stood there when
// the script read it; when something else stands there now, the script's object is
// stale: it still reads as it was, and writing to it is an error rather than lost.
//
// Everything read is recorded, in order, so that a replay sees the same: a leaf as
// itself, an object as {}, a list as [], nothing as [0]; failed writes as {"!": why}.
type stateObject struct{ place }

type stateArray struct{ place }

type place struct {
	r    *realm
	path []string
	node any // nil for the root, and for what a replay made
}

// touch takes the tree for the activation. The wait for another isolate's activation
// is not this one's run time.
func (r *realm) touch() Txn {
	if r.tx == nil {
		r.tx = r.store.Begin(r.watch.pause, r.watch.resume)
		r.makeOnly()
	}
	return r.tx
}

// endState closes the activation's transaction.
func (r *realm) endState(unit string, turn uint64, keep bool) {
	if r.tx != nil {
		r.tx.End(unit, turn, keep)
		r.tx = nil
	}
}

// makeState makes the root and the prototypes of lists and of the root.
func (r *realm) makeState() {
	r.stateRoot = r.rt.NewObject()
	r.method(r.stateRoot, "tx", r.native("tx", 1, r.stateTx))
	r.method(r.stateRoot, "commit", r.native("commit", 0, func(goja.FunctionCall) goja.Value {
		u := r.cur
		p, resolve, reject := r.rt.NewPromise()
		if !u.probe {
			q := u.note("", "", "state.commit", "state.commit", []byte("{}"))
			q.resolve, q.reject = resolve, reject
		}
		return r.rt.ToValue(p)
	}))
	r.method(r.stateRoot, "watch", r.native("watch", 2, r.stateWatch))
	r.stateArrays = r.listProto()
	root := r.rt.NewDynamicObject(&stateObject{place{r: r}})
	_ = root.SetPrototype(r.stateRoot)
	r.stateValue = root
}

// stateTx runs fn(state) at once; what it wrote is undone when it throws.
func (r *realm) stateTx(c goja.FunctionCall) goja.Value {
	fn, ok := goja.AssertFunction(c.Argument(0))
	if !ok {
		r.throw("BadOption", "state.tx needs a function")
	}
	if r.cur.replay != nil {
		return must(fn(goja.Undefined(), r.stateValue))
	}
	t := r.touch()
	_, _ = t.Do(Access{Do: Nest})
	v, err := fn(goja.Undefined(), r.stateValue)
	if err != nil {
		_, _ = t.Do(Access{Do: Undo})
		panic(err)
	}
	if o, ok := v.(*goja.Object); ok && kindOf(o) == "Promise" {
		_, _ = t.Do(Access{Do: Undo})
		r.throw("TypeError", "state.tx: the function must not be async")
	}
	_, _ = t.Do(Access{Do: Keep})
	return v
}

// name is the place as an error says it.
func (p *place) name(key string) string {
	return strings.Join(append(append([]string{"state"}, p.path...), key), ".")
}

// ask does one thing at this place. Reads do not fail.
func (p *place) ask(a Access) (Found, error) {
	a.Path, a.Node = p.path, p.node
	return p.r.touch().Do(a)
}

func (p *place) read(do Action) json.RawMessage {
	return p.record(func() json.RawMessage {
		f, _ := p.ask(Access{Do: do})
		return f.JSON
	})
}

// record keeps what was read, or in a replay returns what was read then.
func (p *place) record(read func() json.RawMessage) json.RawMessage {
	u := p.r.cur
	if u.quiet {
		return read()
	}
	if u.replay != nil {
		return u.replay.read(u)
	}
	raw := read()
	u.note1(raw)
	return raw
}

// note1 appends one entry to the reads of the input under way.
func (u *unit) note1(raw json.RawMessage) {
	if u.probe {
		return
	}
	if len(u.reads)+len(raw) > maxJSON {
		u.r.throw("RangeError", "more than %d bytes of state were read at once", maxJSON)
	}
	if len(u.reads) > 0 {
		u.reads = append(u.reads, ',')
	}
	u.reads = append(u.reads, raw...)
}

// get reads one child.
func (p *place) get(key string) goja.Value {
	p.confine(key, false)
	var found any
	raw := p.record(func() json.RawMessage {
		f, _ := p.ask(Access{Do: ReadChild, Key: key})
		found = f.Node
		return f.JSON
	})
	switch string(raw) {
	case "[0]":
		return nil
	case "{}":
		return p.r.rt.NewDynamicObject(&stateObject{p.step(key, found)})
	case "[]":
		a := p.r.rt.NewDynamicArray(&stateArray{p.step(key, found)})
		_ = a.SetPrototype(p.r.stateArrays)
		return a
	}
	v, err := p.r.parse(raw, nil, "")
	if err != nil {
		p.r.cur.diverge("state." + strings.Join(p.path, ".") + ": the recorded value cannot be read")
	}
	return v
}

func (p *place) step(key string, node any) place {
	return place{r: p.r, path: append(slices.Clip(slices.Clone(p.path)), key), node: node}
}

// json reads the whole subtree as one entry.
func (p *place) json() json.RawMessage {
	p.confine("", true)
	return p.read(ReadAll)
}

// write runs one change. A failure is recorded, for a replay has no tree to fail on.
func (p *place) write(key string, a Access) (f Found) {
	u := p.r.cur
	p.confine(key, true)
	u.refuseLook("writing " + p.name(key))
	if u.replay != nil {
		if why, failed := u.replay.failure(); failed {
			p.r.throw("TypeError", "%s", why)
		}
		return f
	}
	f, err := p.ask(a)
	if err == nil {
		return f
	}
	why := p.name(key) + ": " + strings.TrimPrefix(err.Error(), "sandbox: ")
	u.note1(append(appendString([]byte(`{"!":`), why), '}'))
	p.r.throw("TypeError", "%s", why)
	return f
}

// take turns a script's value into a node, throwing a TypeError for what is no JSON.
func (p *place) take(key string, v goja.Value) (any, json.RawMessage) {
	w := writer{r: p.r, max: maxJSON, strict: true, path: append(append([]string{"state"}, p.path...), key)}
	w.value(v, 0)
	n, err := parseNode(w.buf)
	if err != nil {
		p.r.throw("TypeError", "%s: %s", p.name(key), err.Error())
	}
	return n, w.buf
}

func (p *place) set(key string, v goja.Value) bool {
	n, raw := p.take(key, v)
	p.write(key, Access{Do: Put, Key: key, Value: raw, value: n})
	return true
}

// Get, Set, Has, Delete and Keys are goja's; they run inside the script.
func (o *stateObject) Get(key string) goja.Value { return o.get(key) }

func (o *stateObject) Set(key string, v goja.Value) bool {
	if len(o.path) == 0 && (key == "tx" || key == "commit" || key == "watch") {
		o.r.throw("TypeError", "state.%s is a method and cannot be replaced", key)
	}
	return o.set(key, v)
}

func (o *stateObject) Has(key string) bool {
	o.confine(key, false)
	raw := o.record(func() json.RawMessage {
		f, _ := o.ask(Access{Do: HasChild, Key: key})
		return f.JSON
	})
	return string(raw) == "true"
}

func (o *stateObject) Delete(key string) bool {
	o.write(key, Access{Do: Delete, Key: key})
	return true
}

func (o *stateObject) Keys() []string {
	o.confine("", true)
	raw := o.read(ReadKeys)
	var keys []string
	if err := json.Unmarshal(raw, &keys); err != nil {
		o.r.cur.diverge("state: the recorded keys cannot be read")
	}
	return keys
}

// Len, Get, Set and SetLen of lists are goja's.
func (a *stateArray) Len() int {
	raw := a.read(ReadLen)
	n, err := strconv.Atoi(string(raw))
	if err != nil {
		a.r.cur.diverge(fmt.Sprintf("state: the recorded length %s cannot be read", raw))
	}
	return n
}

func (a *stateArray) Get(i int) goja.Value {
	if v := a.get(strconv.Itoa(i)); v != nil {
		return v
	}
	return goja.Undefined()
}

func (a *stateArray) Set(i int, v goja.Value) bool { return a.set(strconv.Itoa(i), v) }

func (a *stateArray) SetLen(n int) bool {
	a.write("length", Access{Do: Put, Key: "length", Value: strconv.AppendInt(nil, int64(n), 10), value: float64(n)})
	return true
}
