package flow

import (
	"fmt"

	"github.com/callwright/callwright/sandbox"
)

// listCalls is app.calls(): the app's own live calls, oldest first.
type listCalls struct {
	State string `json:"state"`
	From  string `json:"from"`
	To    string `json:"to"`
	Room  string `json:"room"`
	Limit int    `json:"limit"`
}

// seenCall is a call as another unit of its app may see it.
type seenCall struct {
	ID        string `json:"id"`
	Direction string `json:"direction"`
	State     string `json:"state"`
	From      Party  `json:"from"`
	To        Party  `json:"to"`
	Source    Source `json:"source"`
	Times     Times  `json:"times"`
	Room      string `json:"room"`
	Version   string `json:"version"`
}

func (v *listCalls) begin(o *operation) {
	if v.Limit < 1 {
		o.fail(badOption("app.calls: limit must be at least 1"))
		return
	}
	list := []seenCall{}
	for _, c := range o.f.Calls() {
		if c.App == o.u.app && v.takes(&c) && len(list) < v.Limit {
			list = append(list, seen(c))
		}
	}
	raw := encode(list)
	if len(raw) > maxResult {
		o.fail(&sandbox.HostError{Name: "RangeError", Message: fmt.Sprintf("app.calls: %d calls are %d bytes, at most %d: give a smaller limit", len(list), len(raw), maxResult)})
		return
	}
	o.complete(raw)
}

// oneCall is app.call(id): null for a call that is not there, or not the app's.
type oneCall struct {
	ID string `json:"id"`
}

func (v *oneCall) begin(o *operation) {
	c := o.f.calls[v.ID]
	if c == nil || c.u.app != o.u.app {
		o.complete(nil)
		return
	}
	o.complete(seen(c.view()))
}

func (*oneCall) step(*operation, event) {}

func seen(c CallView) seenCall {
	return seenCall{c.ID, c.Direction, c.State, c.From, c.To, c.Source, c.Times, c.Room, c.Version}
}

func (v *listCalls) takes(c *CallView) bool {
	return (v.State == "" || v.State == c.State) && (v.Room == "" || v.Room == c.Room) && isParty(v.From, c.From) && isParty(v.To, c.To)
}

// isParty compares what a script gives with any name of a party; "" is everybody.
func isParty(name string, p Party) bool {
	return name == "" || name == p.Number || name == p.User || name == p.URI
}

func (*listCalls) step(*operation, event) {}
