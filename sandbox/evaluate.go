package sandbox

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/dop251/goja"
)

const evaluated = "repl"

// evaluate runs an operator's code in the unit, with call, api and the names of
// 'callwright' in sight. Code that may write is an input like any other. Code that may
// not is gone without a trace: it gets copies, everything that would be numbered, heard
// or written is refused, and time and randomness stand where they stood.
func (u *unit) evaluate(in *Input) {
	var code string
	if err := json.Unmarshal(in.Value, &code); err != nil {
		u.answer(Answer{Ask: in.Ask, Error: &HostError{Name: "SyntaxError", Message: "no text"}})
		return
	}
	if in.Event == EvaluateWrite {
		u.evaluateFor(in.Ask, code)
		return
	}
	defer u.look()()
	u.evaluateFor(in.Ask, code)
}

// look begins looking; the function it returns ends it.
func (u *unit) look() (end func()) {
	waits, rejected, pcg, chaos := u.waits, slices.Clone(u.rejected), u.pcg, u.chaos
	if pcg != nil {
		was := *pcg
		pcg = &was
	}
	if chaos != nil {
		was := *chaos
		chaos = &was
	}
	u.looking, u.quiet = true, true
	return func() {
		u.looking, u.quiet = false, false
		u.waits, u.rejected, u.pcg, u.chaos = waits, rejected, pcg, chaos
	}
}

// refuseLook throws when the code that runs may only look.
func (u *unit) refuseLook(what string) {
	if u.looking {
		u.r.throw("Denied", "%s: this evaluation may only look; allow it to write (repl --write)", what)
	}
}

func (u *unit) evaluateFor(ask uint32, code string) {
	r := u.r
	f, err := r.compileCode(code)
	if err != nil {
		u.answer(Answer{Ask: ask, Error: &HostError{Name: "SyntaxError", Message: err.Error()}})
		return
	}
	v, err := r.call(f, goja.Undefined(), u.sights()...)
	if err != nil {
		u.evaluationFailed(ask, r.fromRun(err))
		return
	}
	p, ok := v.Export().(*goja.Promise)
	if !ok {
		u.show(ask, v)
		return
	}
	switch p.State() {
	case goja.PromiseStateFulfilled:
		u.show(ask, p.Result())
	case goja.PromiseStateRejected:
		u.rejected = slices.DeleteFunc(u.rejected, func(q *goja.Promise) bool { return q == p })
		u.evaluationFailed(ask, r.thrown(p.Result(), nil))
	default:
		u.showLater(ask, v)
	}
}

// showLater answers when the promise has settled. What only looks has nothing to wait
// for that could still come.
func (u *unit) showLater(ask uint32, v goja.Value) {
	if u.looking {
		u.show(ask, v)
		return
	}
	done := u.r.native("", 1, func(c goja.FunctionCall) goja.Value {
		u.show(ask, c.Argument(0))
		return goja.Undefined()
	})
	failed := u.r.native("", 1, func(c goja.FunctionCall) goja.Value {
		u.evaluationFailed(ask, u.r.thrown(c.Argument(0), nil))
		return goja.Undefined()
	})
	_, _ = u.r.call(u.r.then, nil, v, done, failed)
}

func (u *unit) show(ask uint32, v goja.Value) {
	was := u.quiet
	u.quiet = true
	text := u.r.inspect(v)
	u.quiet = was
	u.answer(Answer{Ask: ask, Value: appendString(nil, clip(text, maxLine))})
}

func (u *unit) evaluationFailed(ask uint32, e *ScriptError) {
	if u.r.fatal != nil {
		return
	}
	text := e.Message
	if e.Stack != "" {
		text += "\n" + e.Stack
	}
	u.answer(Answer{Ask: ask, Error: &HostError{Name: e.Name, Message: text}})
}

// sightNames are the parameters that code is compiled with, sights what they are.
func (r *realm) sightNames() []string {
	names := []string{"call", "api"}
	for _, name := range r.faces.exports {
		if name != "state" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func (u *unit) sights() []goja.Value {
	r := u.r
	args := make([]goja.Value, 0, 64)
	for _, name := range r.sightNames() {
		v := goja.Undefined()
		switch {
		case name == "call" && u.kind == CallUnit:
			v = u.object("call", "Call", nil).obj
		case name == "api" && u.kind == AppUnit && u.looking:
			v = u.hiddenAPI()
		case name == "api" && u.kind == AppUnit && u.api != nil:
			v = u.api
		case name != "call" && name != "api":
			if known, ok := r.hostValue(name); ok {
				v = known
			}
		}
		args = append(args, v)
	}
	return args
}

// hiddenAPI: an app's functions may change what its modules remember, which no replay
// would know of.
func (u *unit) hiddenAPI() goja.Value {
	return u.r.rt.ToValue(u.r.rt.NewProxy(u.r.rt.NewObject(), &goja.ProxyTrapConfig{
		Get: func(*goja.Object, string, goja.Value) goja.Value {
			u.refuseLook("api")
			return goja.Undefined()
		},
	}))
}

// compileCode takes an expression, or else statements that may return; with await in
// it, it is async.
func (r *realm) compileCode(code string) (goja.Callable, error) {
	head := "(function (" + strings.Join(r.sightNames(), ", ") + `) { "use strict"; `
	if strings.Contains(code, "await") {
		head = "(async " + head[1:]
	}
	p, err := goja.Compile(evaluated, head+"return (\n"+code+"\n)})", true)
	if err != nil {
		var statements error
		if p, statements = goja.Compile(evaluated, head+"\n"+code+"\n})", true); statements != nil {
			return nil, err
		}
	}
	v, err := r.rt.RunProgram(p)
	if uncatchable(err) {
		r.fatal = err
	}
	f, _ := goja.AssertFunction(v)
	return f, err
}

// copied is a writable field as code that only looks gets it.
func (h *handle) copied(key string) goja.Value {
	raw := h.canonical(key)
	if o := h.writable[key]; o != nil {
		w := writer{r: h.u.r, max: maxArgs}
		if h.u.r.try(func() { w.value(o.v, 0) }) == nil {
			raw = w.buf
		}
	}
	v, err := h.u.r.parse(raw, h.u, "")
	if err != nil {
		return goja.Undefined()
	}
	return v
}
