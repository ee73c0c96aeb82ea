package sandbox

import (
	"encoding/json"
	"math/rand/v2"
	"time"

	"github.com/dop251/goja"
)

// unit is one instance of an app's modules: a call's, or the app's own. All of it is
// touched by its isolate's goroutine only.
type unit struct {
	name string
	kind UnitKind
	r    *realm
	now  time.Time
	turn uint64

	seed  uint64
	pcg   *rand.PCG
	chaos *rand.ChaCha8

	ops       uint32     // number of the operation begun last
	pending   []*pending // by number
	timers    int
	intervals map[uint32]uint32 // first number of an interval to its present one
	objects   map[string]*handle
	snaps     map[string]json.RawMessage // of objects not met yet
	callbacks map[uint32]goja.Value
	callback  uint32
	numbers   map[*goja.Object]uint32 // of callbacks, so that one function has one number
	listens   map[listenKey]int

	top     bool          // the modules' top level is running
	probe   bool          // a scratch unit of Load: nothing leaves it
	flow    *goja.Promise // of the entry function
	api     *goja.Object  // what an app's own run exports for others
	began   bool
	settled bool
	failed  *ScriptError
	waits   string // place of the last wait that is no operation

	rejected []*goja.Promise
	logged   struct {
		at    int64 // the second
		lines int
		left  int // out, and not told yet
	}
	paced struct {
		at    int64 // the second
		begun int
	}
	fetching  int     // requests under way
	listening int     // listeners, of all objects
	out       *Result // of the activation under way
	before    []listenWas
	reads     []byte
	looking   bool    // an operator's code runs that may change nothing
	quiet     bool    // a log is being written: what it reads of state is no input
	replay    *replay // nil when live
	diverged  *ScriptError
}

// pending is an operation that was begun and not answered.
type pending struct {
	n       uint32
	hash    uint16
	method  *method // nil: a timer or state.commit
	label   string
	place   string
	resolve func(any) error
	reject  func(any) error
	handle  *handle // the object the operation is, if it is one
	timer   *timer
	fns     []uint32 // callbacks that end with it
}

func newUnit(name string, kind UnitKind, seed uint64, r *realm) *unit {
	return &unit{name: name, kind: kind, seed: seed, r: r}
}

// random is Math.random: repeatable by the unit's seed.
func (u *unit) random() float64 {
	if u == nil {
		return 0.5
	}
	if u.pcg == nil {
		u.pcg = rand.NewPCG(u.seed, 0x9e3779b97f4a7c15)
	}
	return float64(u.pcg.Uint64()>>11) / (1 << 53)
}

// secret is crypto's randomness: ChaCha8, keyed by the seed, which is sealed.
func (u *unit) secret() uint32 {
	if u.chaos == nil {
		var key [32]byte
		p := rand.NewPCG(u.seed, 0xd1b54a32d192ed03)
		for i := 0; i < len(key); i += 8 {
			v := p.Uint64()
			for j := range 8 {
				key[i+j] = byte(v >> (8 * j))
			}
		}
		u.chaos = rand.NewChaCha8(key)
	}
	return uint32(u.chaos.Uint64())
}

// start runs the modules' top level and, for a call, the entry function.
func (u *unit) start(in *Input) {
	if u.began {
		return
	}
	u.began = true
	u.takeOver(in)
	exports, err := u.load()
	if err != nil {
		u.finish(err)
		return
	}
	if u.kind != CallUnit {
		u.keepAPI(exports)
		u.settled = true
		return
	}
	entry, err := u.r.entryOf(exports, in.Event)
	if err != nil {
		u.finish(err)
		return
	}
	if entry == nil && in.Event != "" {
		u.settled = true
		u.failed = &ScriptError{App: u.r.program.App, Name: "Diverged", Message: "the app exports no " + in.Event}
		return
	}
	if entry == nil {
		u.settled = true
		u.failed = &ScriptError{App: u.r.program.App, Name: "TypeError", Message: "the app exports no call flow (export default async function (call) { … })"}
		return
	}
	args := []goja.Value{u.object("call", "Call", nil).obj}
	if len(in.Value) > 0 {
		args = append(args, u.parsed(in.Value))
	}
	v, err := u.r.call(entry, goja.Undefined(), args...)
	if err != nil {
		u.finish(err)
		return
	}
	u.follow(v)
}

// parsed reads what the host gave; what cannot be read is undefined.
func (u *unit) parsed(raw json.RawMessage) goja.Value {
	v, err := u.r.parse(raw, u, "")
	if err != nil {
		return goja.Undefined()
	}
	return v
}

// load instantiates the modules and returns module.exports.
func (u *unit) load() (goja.Value, error) {
	r := u.r
	module, exports := r.rt.NewObject(), r.rt.NewObject()
	_ = module.Set("exports", exports)
	u.top = true
	_, err := r.call(r.instantiate, goja.Undefined(), module, exports, r.requireFn, r.importFn, r.countFn)
	u.top = false
	if err != nil {
		return nil, err
	}
	var v goja.Value
	err = r.try(func() { v = module.Get("exports") })
	return v, err
}

// entryOf finds the call flow: the default export, or module.exports itself; with a
// name that export.
func (r *realm) entryOf(exports goja.Value, name string) (f goja.Callable, err error) {
	o, ok := exports.(*goja.Object)
	if !ok {
		return nil, nil
	}
	if name != "" {
		err = r.try(func() { f, _ = goja.AssertFunction(o.Get(name)) })
		return f, err
	}
	if f, ok := goja.AssertFunction(o); ok {
		return f, nil
	}
	err = r.try(func() { f, _ = goja.AssertFunction(o.Get("default")) })
	return f, err
}

// follow waits for what the entry function returned.
func (u *unit) follow(v goja.Value) {
	o, ok := v.(*goja.Object)
	if !ok {
		u.settled = true
		return
	}
	var p *goja.Promise
	if o.ExportType() == promiseType {
		p = o.Export().(*goja.Promise)
	} else {
		v, err := u.r.call(u.r.promiseOf, nil, o)
		if err != nil {
			u.finish(err)
			return
		}
		p, _ = v.Export().(*goja.Promise)
	}
	u.flow = p
	u.checkFlow()
}

func (u *unit) finish(err error) {
	u.settled = true
	u.failed = u.r.fromRun(err)
}

// checkFlow sees whether the entry function is done, after jobs have run dry.
func (u *unit) checkFlow() {
	if u.flow == nil || u.settled {
		return
	}
	switch u.flow.State() {
	case goja.PromiseStateFulfilled:
		u.settled = true
	case goja.PromiseStateRejected:
		u.settled = true
		u.failed = u.r.thrown(u.flow.Result(), nil)
	}
}

// await is the place the unit waits at: its last operation's, or its last wait for
// an event.
func (u *unit) await() string {
	if u.settled && u.kind == CallUnit {
		return ""
	}
	at := ""
	for i := len(u.pending) - 1; i >= 0; i-- {
		if p := u.pending[i]; p.timer == nil && p.place != "" {
			return p.place
		} else if at == "" {
			at = p.place
		}
	}
	if u.waits != "" {
		return u.waits
	}
	return at
}

func (u *unit) waitsAt() { u.waits = u.r.place() }

// rejection is told by goja of promises rejected without a handler, and of a handler
// that came later.
func (r *realm) rejection(p *goja.Promise, op goja.PromiseRejectionOperation) {
	u := r.cur
	if u == nil {
		return
	}
	if op == goja.PromiseRejectionReject {
		u.rejected = append(u.rejected, p)
		return
	}
	for i, q := range u.rejected {
		if q == p {
			u.rejected = append(u.rejected[:i], u.rejected[i+1:]...)
			return
		}
	}
}

// sweep logs rejections that nobody handled, once the jobs have run dry. The flow's
// own is its result, and that a call ended is no news.
func (u *unit) sweep() {
	list := u.rejected
	u.rejected = nil
	for _, p := range list {
		if p == u.flow {
			continue
		}
		e := u.r.thrown(p.Result(), nil)
		if e.Name == "CallEnded" {
			continue
		}
		u.logError("unhandled rejection: ", e)
	}
}

func (u *unit) logError(before string, e *ScriptError) {
	text := before + e.Name + ": " + e.Message
	if e.Stack != "" {
		text += "\n" + e.Stack
	}
	line := ""
	if e.Line > 0 {
		line = placeText(e.File, e.Line, e.Column)
	}
	u.log("error", text, line)
}

// setFields takes over snapshots of host objects; one the script has not met yet is
// kept for then.
func (u *unit) setFields(fields map[string]json.RawMessage) {
	for name, raw := range fields {
		if h := u.objects[name]; h != nil {
			h.snapshot(raw)
			continue
		}
		if u.snaps == nil {
			u.snaps = map[string]json.RawMessage{}
		}
		u.snaps[name] = raw
	}
}
