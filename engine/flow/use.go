package flow

import (
	"encoding/json"

	"github.com/callwright/callwright/sandbox"
)

// useApp is app.use('billing').price(1): a call of a function that another app
// exports as api. The app's run answers it, or its time runs out there.
type useApp struct {
	App      string          `json:"app"`
	Function string          `json:"function"`
	Args     json.RawMessage `json:"args"`
}

func (v *useApp) begin(o *operation) {
	if e := o.f.mayUse(o.u, v.App, v.Function); e != nil {
		o.fail(e)
		return
	}
	o.f.askApp(asker{unit: o.u.id, op: o.n}, v.App, v.Function, v.Args)
}

func (v *useApp) step(o *operation, e event) {
	a, ok := e.(answered)
	switch {
	case !ok:
	case a.Error != nil:
		o.fail(a.Error)
	default:
		o.complete(a.Value)
	}
}

// mayUse is the one place that grants apps each other's functions.
func (f *Flows) mayUse(u *unit, app, function string) *sandbox.HostError {
	if f.cfg.MayUse == nil || u.app == app {
		return nil
	}
	if err := f.cfg.MayUse(u.app, app, function); err != nil {
		return coded("Denied", "denied", err.Error())
	}
	return nil
}
