package flow

// rollback is app.rollback(): an older version of the app serves new calls until its
// file changes; the one before without a name.
type rollback struct {
	Version string `json:"version"`
}

type rolledBack struct{ RolledBack }

func (v *rollback) begin(o *operation) {
	o.f.emit(Rollback{Unit: o.u.id, Op: o.n, App: o.u.app, Version: v.Version})
}

func (*rollback) step(o *operation, e event) {
	r, ok := e.(rolledBack)
	switch {
	case !ok:
	case r.Why != "":
		o.fail(plainError("app.rollback: " + r.Why))
	default:
		o.complete(map[string]string{"from": r.From, "to": r.To})
	}
}
