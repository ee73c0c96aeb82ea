package flow

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"

	"github.com/callwright/callwright/sandbox"
)

// emit is app.emit(): an event for every run, of any app, that listens for its name.
// Names have a colon ('crm:changed'), so that none is ever one of ours.
type emit struct {
	Event string          `json:"event"`
	Value json.RawMessage `json:"value"`
}

func (v *emit) begin(o *operation) {
	switch {
	case !strings.Contains(v.Event, ":"):
		o.fail(badOption(fmt.Sprintf("app.emit: an event of your own has a colon in its name, such as %q", o.u.app+":"+v.Event)))
		return
	case strings.Contains(string(v.Value), `{"$`):
		o.fail(hostError("TypeError", "app.emit: a value is JSON, with no functions and no objects of Callwright"))
		return
	}
	told := map[string]any{"name": v.Event, "from": o.u.app, "value": orNull(v.Value)}
	for _, u := range o.f.hearing(v.Event) {
		if !o.f.hears(u, o.u.app) {
			continue
		}
		o.f.occur(u, "app", v.Event, told)
	}
	o.complete(nil)
}

func (*emit) step(*operation, event) {}

// hearing lists who listens for an event of the bus, in an order that is the same
// each time.
func (f *Flows) hearing(event string) []*unit {
	var list []*unit
	for u := range f.bus[event] {
		list = append(list, u)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].id < list[j].id })
	return list
}

// hearBus keeps who listens by the event's name: an event costs nothing to units that
// do not listen for it.
func (f *Flows) hearBus(u *unit, l sandbox.Listen) {
	if l.Object != "app" || !strings.Contains(l.Event, ":") {
		return
	}
	if !l.On {
		f.forgetBus(u, l.Event)
		return
	}
	if f.bus[l.Event] == nil {
		f.bus[l.Event] = map[*unit]bool{}
	}
	f.bus[l.Event][u] = true
}

func (f *Flows) forgetBus(u *unit, event string) {
	delete(f.bus[event], u)
	if len(f.bus[event]) == 0 {
		delete(f.bus, event)
	}
}

func (f *Flows) leaveBus(u *unit) {
	for at := range u.listens {
		if at.object == "app" {
			f.forgetBus(u, at.event)
		}
	}
}

// tellApps tells every app's own run.
func (f *Flows) tellApps(event string, value any) {
	for _, u := range f.apps {
		f.occur(u, "app", event, value)
	}
}
