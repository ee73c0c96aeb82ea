package flow

import (
	"encoding/json"
	"sort"
)

// CallView is a call as the control API shows it. Masked digits appear as •••.
type CallView struct {
	ID        string          `json:"id"`
	SIPCallID string          `json:"sipCallId"`
	App       string          `json:"app"`
	Version   string          `json:"version"`
	Direction string          `json:"direction"`
	State     string          `json:"state"`
	From      Party           `json:"from"`
	To        Party           `json:"to"`
	Source    Source          `json:"source"`
	Media     Media           `json:"media"`
	Since     int64           `json:"since"` // Unix ms
	Times     Times           `json:"times"`
	Await     string          `json:"await,omitempty"` // "main.js:12:9", what the script waits for
	Room      string          `json:"room,omitempty"`
	Peer      string          `json:"peer,omitempty"` // the call it is bridged with
	Vars      json.RawMessage `json:"vars,omitempty"`
	Inputs    int             `json:"inputs"` // length of the journal
}

// Calls lists the calls, oldest first. It runs on the goroutine of Step.
func (f *Flows) Calls() []CallView {
	list := []CallView{}
	for _, c := range f.calls {
		list = append(list, c.view())
	}
	sort.Slice(list, func(i, j int) bool {
		a, b := &list[i], &list[j]
		return a.Since < b.Since || a.Since == b.Since && a.ID < b.ID
	})
	return list
}

func (c *callState) view() CallView {
	u := c.u
	v := CallView{ID: c.id, SIPCallID: c.sipID, App: u.app, Version: u.version, Direction: c.direction(), State: c.state,
		From: c.from, To: c.to, Source: c.source, Media: c.media, Since: c.times.Created, Times: c.times,
		Await: u.await, Vars: u.redactJSON(c.vars), Inputs: len(u.history.Inputs)}
	if c.seat != nil {
		v.Room = c.seat.room.name
	}
	if p := c.peer(); p != nil {
		v.Peer = p.id
	}
	return v
}

// redactJSON hides masked digits wherever a script put them among its variables.
func (u *unit) redactJSON(raw json.RawMessage) json.RawMessage {
	var v any
	if len(u.secrets) == 0 || json.Unmarshal(raw, &v) != nil {
		return raw
	}
	return encode(u.redactValue(v))
}

func (u *unit) redactValue(v any) any {
	switch v := v.(type) {
	case string:
		return u.redact(v)
	case float64:
		if text := string(encode(v)); u.redact(text) != text {
			return "•••"
		}
	case []any:
		for i := range v {
			v[i] = u.redactValue(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = u.redactValue(v[k])
		}
	}
	return v
}

// ConferenceView is a conference as the control API shows it.
type ConferenceView struct {
	Name    string       `json:"name"`
	Rate    int          `json:"rate"`
	State   string       `json:"state"`
	Started int64        `json:"started,omitempty"` // Unix ms
	Members []seatFields `json:"members"`
}

// Conferences lists the conferences by name. It runs on the goroutine of Step.
func (f *Flows) Conferences() []ConferenceView {
	list := []ConferenceView{}
	for _, r := range f.rooms {
		v := r.view()
		c := ConferenceView{Name: v.Name, Rate: v.Rate, State: v.State, Started: v.Started, Members: []seatFields{}}
		for _, s := range r.seats {
			c.Members = append(c.Members, s.view(f.now))
		}
		list = append(list, c)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Name < list[j].Name })
	return list
}

// History gives the journal of a unit, for the operator; nil: there is no such unit.
func (f *Flows) History(unit string) *History {
	u := f.units[unit]
	if u == nil {
		return nil
	}
	return u.history.clone()
}
