package flow

import (
	"encoding/json"
	"strings"
)

const (
	maxTrail = 8   // operations that ended, kept a unit
	maxShown = 200 // bytes of one argument's text
)

// Pending is an operation of a unit that has begun and not ended.
type Pending struct {
	Number uint32
	Name   string          // "call.gather"
	Line   string          // "main.js:12:9"
	Args   json.RawMessage // secrets as •••, long texts cut
	Since  int64           // Unix ms
	Waits  bool            // for the call's audio, before it can begin
}

// Finished is an operation of a unit that has ended.
type Finished struct {
	Number uint32
	Name   string
	Line   string
	At     int64 // Unix ms
	Ms     int64 // it took
	Error  string
}

// Detail is a call as the operator looks into it.
type Detail struct {
	CallView
	Pending []Pending // oldest first
	Recent  []Finished
}

// Detail looks into one call; false: there is none of that id. It runs on the
// goroutine of Step.
func (f *Flows) Detail(id string) (Detail, bool) {
	c := f.calls[id]
	if c == nil {
		return Detail{}, false
	}
	u := c.u
	d := Detail{CallView: c.view(), Recent: append([]Finished(nil), u.trail...)}
	for _, o := range u.pending() {
		d.Pending = append(d.Pending, Pending{Number: o.n, Name: o.name(), Line: o.line, Args: u.show1(o),
			Since: o.begun.UnixMilli(), Waits: o.waits})
	}
	return d, true
}

// ended remembers an operation for a while.
func (u *unit) ended(o *operation, err string) {
	if len(u.trail) == maxTrail {
		u.trail = append(u.trail[:0], u.trail[1:]...)
	}
	u.trail = append(u.trail, Finished{Number: o.n, Name: o.name(), Line: o.line,
		At: o.f.now.UnixMilli(), Ms: o.since(), Error: err})
}

// show1 is what an operation was given, without what nobody may see: masked digits,
// and whatever bears the name of a secret. Digits to be sent may be anybody's PIN.
func (u *unit) show1(o *operation) json.RawMessage {
	var v any
	if len(o.args) == 0 || json.Unmarshal(o.args, &v) != nil {
		return nil
	}
	return encode(u.redactValue(hideSecrets(v)))
}

func hideSecrets(v any) any {
	switch v := v.(type) {
	case string:
		if len(v) > maxShown {
			return strings.ToValidUTF8(v[:maxShown], "") + "…"
		}
	case []any:
		for i := range v {
			v[i] = hideSecrets(v[i])
		}
	case map[string]any:
		for name, inner := range v {
			if _, yes := inner.(bool); !yes && isSecret(name) && inner != nil && inner != "" {
				v[name] = "•••"
				continue
			}
			v[name] = hideSecrets(inner)
		}
	}
	return v
}

// isSecret goes by what authors call such things, in options, headers and arguments.
func isSecret(name string) bool {
	name = strings.ToLower(name)
	for _, part := range []string{"digits", "pin", "pass", "secret", "token", "auth", "cookie", "apikey", "api-key", "credential"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}
