package sandbox

import (
	"encoding/json"
	"hash/fnv"
	"sort"
	"strconv"

	"github.com/dop251/goja"
)

// hashOf folds what an operation asks for into 16 bits: enough to catch a script that
// changed under a history, cheap to keep.
func hashOf(object, method string, args []byte) uint16 {
	h := fnv.New32a()
	h.Write([]byte(object))
	h.Write([]byte{0})
	h.Write([]byte(method))
	h.Write([]byte{0})
	h.Write(args)
	s := h.Sum32()
	return uint16(s) ^ uint16(s>>16)
}

// begin starts an operation: the script gets a promise, or an object that is one.
func (u *unit) begin(m *method, h *handle, args []goja.Value) goja.Value {
	u.refuseLook(m.label)
	r := u.r
	var fns []uint32
	w := writer{r: r, max: maxArgs, fns: func(o *goja.Object) uint32 {
		n := u.callbackOf(o)
		fns = append(fns, n)
		return n
	}}
	w.args(m, args)
	return u.operate(m, h, w.buf, fns)
}

// operate begins an operation whose arguments are checked and written.
func (u *unit) operate(m *method, h *handle, args []byte, fns []uint32) goja.Value {
	r := u.r
	p, resolve, reject := r.rt.NewPromise()
	var c *class
	if h != nil {
		c = h.class
	}
	if u.ignored(c) {
		if m.Tell {
			return goja.Undefined()
		}
		return r.rt.ToValue(p)
	}
	object := ""
	if h != nil {
		object = h.name
	}
	if m.Tell {
		u.tell(object, m, args)
		return goja.Undefined()
	}
	if m.fetches() {
		u.fetchMore()
	}
	q := u.note(object, m.class, m.Name, m.label, args)
	if m.fetches() {
		u.fetching++
	}
	q.method, q.resolve, q.reject = m, resolve, reject
	if m.Brief {
		q.fns = fns
	}
	if m.Handle {
		o := u.object("op:"+strconv.FormatUint(uint64(q.n), 10), m.Returns, nil)
		o.did, q.handle = p, o
		return o.obj
	}
	return r.rt.ToValue(p)
}

// note numbers an operation that the budgets allow.
func (u *unit) note(object, class, name, label string, args []byte) *pending {
	u.mayBegin(label)
	return u.number(object, class, name, label, args)
}

// number numbers an operation, and reports it unless a history has it already. It throws
// nothing, so it may be called from outside the runtime.
func (u *unit) number(object, class, name, label string, args []byte) *pending {
	u.ops++
	u.waits = ""
	p := &pending{n: u.ops, hash: hashOf(object, name, args), label: label, place: u.r.place()}
	u.r.tell(u.name, p.place)
	u.pending = append(u.pending, p)
	u.report(Op{N: p.n, Hash: p.hash, Object: object, Class: class, Method: name, Args: args, Line: p.place})
	return p
}

// tell reports an operation that nobody waits for.
func (u *unit) tell(object string, m *method, args []byte) {
	u.pace(m.label)
	u.ops++
	u.report(Op{N: u.ops, Hash: hashOf(object, m.Name, args), Object: object, Class: m.class, Method: m.Name, Args: args, Line: u.r.place()})
}

func (u *unit) report(op Op) {
	if u.replay != nil && op.N <= u.replay.ops || u.out == nil || u.probe {
		return
	}
	u.out.Ops = append(u.out.Ops, op)
}

// callbackOf numbers a function, or a regular expression asked like one.
func (u *unit) callbackOf(o *goja.Object) uint32 {
	if n, ok := u.numbers[o]; ok {
		return n
	}
	if most := u.r.limits.Callbacks; len(u.callbacks) >= most {
		u.exceeded("callbacks", most, "%d functions were given to operations", most)
	}
	if u.callbacks == nil {
		u.callbacks, u.numbers = map[uint32]goja.Value{}, map[*goja.Object]uint32{}
	}
	u.callback++
	u.callbacks[u.callback] = o
	u.numbers[o] = u.callback
	return u.callback
}

// find returns the index of a pending operation, or -1.
func (u *unit) find(n uint32) int {
	i := sort.Search(len(u.pending), func(i int) bool { return u.pending[i].n >= n })
	if i < len(u.pending) && u.pending[i].n == n {
		return i
	}
	return -1
}

func (u *unit) take(i int) *pending {
	p := u.pending[i]
	u.pending = append(u.pending[:i], u.pending[i+1:]...)
	if p.method.fetches() {
		u.fetching--
	}
	for _, n := range p.fns {
		if o, ok := u.callbacks[n].(*goja.Object); ok {
			delete(u.numbers, o)
		}
		delete(u.callbacks, n)
	}
	return p
}

// complete ends an operation with the host's answer. An answer to one that nobody
// waits for any more (a cleared timer) is dropped.
func (u *unit) complete(in *Input) {
	i := u.find(in.Op)
	if i < 0 {
		u.checkKnown(in)
		return
	}
	if !u.checkHash(in, u.pending[i]) {
		return
	}
	p := u.take(i)
	if p.timer != nil {
		u.fire(p, in.Error)
		return
	}
	if in.Error != nil {
		u.settled1(func() error { return p.reject(u.r.hostError(in.Error, p.place)) })
	} else {
		class := ""
		if p.method != nil && !p.method.Handle {
			class = p.method.Returns
		}
		v, err := u.r.parse(in.Value, u, class)
		if err != nil {
			u.log("error", p.label+": "+err.Error(), p.place)
			v = goja.Undefined()
		}
		u.settled1(func() error { return p.resolve(v) })
	}
	u.forget(p)
}

// forget lets go of an operation's object that nobody can be told of any more. The
// script may still hold it and call its methods.
func (u *unit) forget(p *pending) {
	if h := p.handle; h != nil && len(h.promises) == 0 {
		for _, l := range h.hears {
			if len(l) > 0 {
				return
			}
		}
		delete(u.objects, h.name)
	}
}

// settled1 runs one resolving function of a promise, and the jobs it sets off.
func (u *unit) settled1(f func() error) {
	if u.r.fatal != nil {
		return
	}
	defer func() {
		if x := recover(); x != nil {
			u.r.recovered(x)
		}
	}()
	if err := f(); uncatchable(err) {
		u.r.fatal = err
	}
}

// hostError makes the error a script sees. Its stack is the place of the operation.
func (r *realm) hostError(e *HostError, place string) goja.Value {
	var props goja.Value = goja.Undefined()
	if len(e.Props) > 0 {
		if v, err := r.parse(e.Props, nil, ""); err == nil {
			props = v
		}
	}
	stack := e.Name + ": " + e.Message
	if place != "" {
		stack += "\n    at " + place
	}
	v, err := r.call(r.makeError, nil, r.rt.ToValue(e.Name), r.rt.ToValue(e.Message), props, r.rt.ToValue(stack))
	if err != nil {
		return r.rt.ToValue(e.Message)
	}
	return v
}

// ask runs a callback; its answer goes out when it has settled.
func (u *unit) ask(in *Input) {
	if in.Object == "api" {
		u.serve(in)
		return
	}
	if in.Object != "" {
		u.listenersAnswer(in)
		return
	}
	cb := u.callbacks[in.Callback]
	if cb == nil {
		u.answer(Answer{Ask: in.Ask, Error: &HostError{Name: "Error", Message: "the function asked is gone"}})
		return
	}
	if in.Event == AskEach {
		u.askEach(in, cb)
		return
	}
	args := u.arguments(in.Value)
	f, ok := goja.AssertFunction(cb)
	if !ok { // a regular expression
		f, args = u.r.regexTest, append([]goja.Value{cb}, append(args, goja.Undefined())[0])
	}
	v, err := u.r.call(f, goja.Undefined(), args...)
	if err != nil {
		u.refuse(in.Ask, u.r.fromRun(err))
		return
	}
	u.answerWith(in.Ask, v, nil)
}

// askEach calls a function once for each row of the question and answers with the list
// of what it gave; one that throws answers for all.
func (u *unit) askEach(in *Input, cb goja.Value) {
	f, ok := goja.AssertFunction(cb)
	var q struct {
		Of   []json.RawMessage `json:"of"`
		Rows [][]int           `json:"rows"`
	}
	if err := json.Unmarshal(in.Value, &q); err != nil || !ok {
		u.answer(Answer{Ask: in.Ask, Error: &HostError{Name: "TypeError", Message: "a function is needed"}})
		return
	}
	of := make([]goja.Value, len(q.Of))
	for i, raw := range q.Of {
		of[i] = must(u.r.parse(raw, u, ""))
	}
	given := make([]any, len(q.Rows))
	for i, row := range q.Rows {
		args := make([]goja.Value, len(row))
		for k, n := range row {
			args[k] = of[n]
		}
		v, err := u.r.call(f, goja.Undefined(), args...)
		if err != nil {
			u.refuse(in.Ask, u.r.fromRun(err))
			return
		}
		given[i] = v
	}
	u.give(in.Ask, u.r.rt.ToValue(u.r.rt.NewArray(given...)))
}

// arguments reads the list that a function is called with.
func (u *unit) arguments(raw json.RawMessage) (args []goja.Value) {
	v, err := u.r.parse(raw, u, "")
	if err != nil {
		return nil
	}
	if o, ok := v.(*goja.Object); ok && o.ClassName() == "Array" {
		for i, n := int64(0), o.Get("length").ToInteger(); i < n; i++ {
			args = append(args, o.Get(strconv.FormatInt(i, 10)))
		}
	}
	return args
}

// answerWith answers with a value, or what a promise comes to; said is what holds where
// that is undefined, nil for nothing.
func (u *unit) answerWith(ask uint32, v goja.Value, said *goja.Value) {
	o, ok := v.(*goja.Object)
	if !ok {
		u.give(ask, v)
		return
	}
	p, err := u.r.call(u.r.promiseOf, nil, o)
	if err != nil {
		u.refuse(ask, u.r.fromRun(err))
		return
	}
	done := u.r.native("", 1, func(c goja.FunctionCall) goja.Value {
		v := c.Argument(0)
		if said != nil && *said != nil && goja.IsUndefined(v) {
			v = *said
		}
		u.give(ask, v)
		return goja.Undefined()
	})
	failed := u.r.native("", 1, func(c goja.FunctionCall) goja.Value {
		u.refuse(ask, u.r.thrown(c.Argument(0), nil))
		return goja.Undefined()
	})
	_, _ = u.r.call(u.r.then, nil, p, done, failed)
}

// give answers with a value, null for undefined.
func (u *unit) give(ask uint32, v goja.Value) {
	w := writer{r: u.r, max: maxArgs, fns: u.callbackOf}
	wrote := false
	if err := u.r.try(func() { wrote = w.value(v, 0) }); err != nil {
		if u.r.fatal == nil {
			u.refuse(ask, u.r.fromRun(err))
		}
		return
	}
	if !wrote {
		w.buf = []byte("null")
	}
	u.answer(Answer{Ask: ask, Value: json.RawMessage(w.buf)})
}

func (u *unit) refuse(ask uint32, e *ScriptError) {
	if u.r.fatal != nil {
		return
	}
	u.logError("in a callback: ", e)
	u.answer(Answer{Ask: ask, Error: &HostError{Name: e.Name, Message: e.Message, Props: e.Props}})
}

// answer reports, but not what a replay answers: that was told before.
func (u *unit) answer(a Answer) {
	if u.replay == nil && u.out != nil {
		u.out.Answers = append(u.out.Answers, a)
	}
}
