package flow

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/callwright/callwright/sandbox"
)

// watchState is state.watch(): its function is asked after a batch of another unit has
// changed something at or below the path. While one answer is out, changes gather: the
// next is told the newest value and what the last one was told.
type watchState struct {
	Path []string        `json:"path"`
	Fn   json.RawMessage `json:"fn"`

	asked bool
	next  *sandbox.Change
}

func (v *watchState) key() string { return strings.Join(v.Path, "\x00") }

func (v *watchState) begin(o *operation) {
	if e := o.ownPath(v.Path); e != nil {
		o.fail(e)
		return
	}
	at := v.key()
	if len(o.f.watching[at]) == 0 {
		o.f.emit(Watch{Path: v.Path, On: true})
	}
	o.f.watching[at] = append(o.f.watching[at], holder{o.u.id, o.n})
}

func (v *watchState) step(o *operation, e event) {
	switch e := e.(type) {
	case sandbox.Change:
		v.changed(o, e)
	case answered: // what it threw is in the log
		v.asked = false
		if v.next != nil {
			v.tell(o, *v.next)
		}
	}
}

func (v *watchState) changed(o *operation, c sandbox.Change) {
	if c.By == o.u.id {
		return
	}
	if !v.asked {
		v.tell(o, c)
		return
	}
	if v.next != nil {
		c.Old, c.TooLarge = v.next.Old, c.TooLarge || v.next.TooLarge
	}
	v.next = &c
}

func (v *watchState) tell(o *operation, c sandbox.Change) {
	v.asked, v.next = true, nil
	told := map[string]any{"path": strings.Join(c.Path, "."), "value": orNull(c.Value), "old": orNull(c.Old), "by": c.By}
	if c.TooLarge {
		told["tooLarge"] = true
	}
	fn, _ := function(v.Fn)
	o.ask(fn, told)
}

func orNull(raw json.RawMessage) json.RawMessage {
	if raw == nil {
		return json.RawMessage("null")
	}
	return raw
}

func (v *watchState) abandon(o *operation) {
	at := v.key()
	left := slices.DeleteFunc(o.f.watching[at], func(h holder) bool { return h == holder{o.u.id, o.n} })
	if len(left) > 0 {
		o.f.watching[at] = left
		return
	}
	delete(o.f.watching, at)
	o.f.emit(Watch{Path: v.Path, On: false})
}

// stateChanged tells who watches.
func (f *Flows) stateChanged(c sandbox.Change) {
	for _, h := range slices.Clone(f.watching[strings.Join(c.Path, "\x00")]) {
		f.toOp(h.unit, h.op, c)
	}
}

// unwatch ends a watch. Nobody waits for either.
type unwatch struct {
	Op uint32 `json:"op"`
}

func (v *unwatch) begin(o *operation) {
	if t := o.u.ops[v.Op]; t != nil && t.method == "state.watch" {
		t.drop()
	}
	o.forget()
}

func (*unwatch) step(*operation, event) {}
