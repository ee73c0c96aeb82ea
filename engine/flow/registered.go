package flow

import (
	"time"

	"github.com/callwright/callwright/engine/call"
	"github.com/callwright/callwright/engine/registrar"
)

// toUser begins a target that is a user: who is registered when it rings.
const toUser = "user:"

// placeUser calls all phones of a user, who may have none.
func (v *dial) placeUser(o *operation, user string) {
	list := o.f.cfg.Registrar.Lookup(o.f.now, user)
	if len(list) == 0 {
		c := call.CauseByStatus(480)
		c.By, c.Text = "engine", user+" is not registered"
		a := attempt{Target: toUser + user, Since: o.f.now, Over: true, Cause: c, Code: 480}
		v.Attempts = append(v.Attempts, a)
		v.occur(o, "dial.failed", a)
		return
	}
	for _, b := range list {
		v.placeAt(o, b.URI, func(d *call.Dial) {
			d.Routes, d.To = b.Path, call.Party{URI: "sip:" + user + "@" + hostOf(b.URI)}
			if b.Back {
				d.Flow = b.Flow
			}
		})
	}
}

func hostOf(uri string) string {
	_, host := userAndHost(uri)
	return host
}

// lookupUser is registrar.lookup, kickUser registrar.kick.
type lookupUser struct {
	User string `json:"user"`
}

// bindingView is one phone of a user, as scripts see it.
type bindingView struct {
	URI     string  `json:"uri"`
	Q       float64 `json:"q"`
	Expires int64   `json:"expires"` // s
	Source  string  `json:"source"`
	Agent   string  `json:"agent"`
}

func (v *lookupUser) begin(o *operation) {
	list := []bindingView{}
	for _, b := range o.f.cfg.Registrar.Lookup(o.f.now, v.User) {
		list = append(list, bindingView{b.URI, float64(b.Q) / 1000, int64(b.Until.Sub(o.f.now) / time.Second), b.Flow.Transport + " " + b.Flow.Remote, b.Agent})
	}
	o.complete(list)
}

func (*lookupUser) step(*operation, event) {}

type kickUser struct {
	User    string `json:"user"`
	Contact string `json:"contact"`
}

func (v *kickUser) begin(o *operation) {
	n, err := o.f.cfg.Registrar.Kick(o.f.now, v.User, v.Contact)
	if err != nil {
		o.fail(plainError(o.name() + ": " + err.Error()))
		return
	}
	o.complete(n)
}

func (*kickUser) step(*operation, event) {}

// registrarOf is the one that was given, or one of its own.
func registrarOf(c Config) *registrar.Registrar {
	if c.Registrar != nil {
		return c.Registrar
	}
	return registrar.New(time.Time{}, registrar.Config{Keep: c.Keep})
}
