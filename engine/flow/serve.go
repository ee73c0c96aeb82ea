package flow

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/callwright/callwright/sandbox"
)

// serve asks the first app that listens for an event that wants an answer: a REGISTER, a
// MESSAGE. The answer is a Reply, null when nobody listens or has anything to say.
func (f *Flows) serve(in Serve) {
	who := asker{request: in.ID}
	for _, u := range f.apps {
		if u.closed || !u.listens[subject{"app", in.Event}] {
			continue
		}
		if len(u.served) >= maxAsked {
			f.tellAsker(who, sandbox.Answer{Error: coded("Busy", "busy", fmt.Sprintf("app %s has %d requests to answer", u.app, len(u.served)))})
			return
		}
		f.ask(u, who, sandbox.Input{Object: "app", Event: in.Event, Value: encode([]any{in.Value})})
		return
	}
	f.tellAsker(who, sandbox.Answer{Value: json.RawMessage("null")})
}

// VerdictOf is what a listener said by a method of the event: accept, challenge, reject.
type VerdictOf struct {
	Verdict string            `json:"verdict"`
	Args    []json.RawMessage `json:"args"`
}

// ReadVerdict reads a listener's answer. The zero one: it has said nothing.
func ReadVerdict(raw json.RawMessage) (v VerdictOf, err error) {
	if len(raw) == 0 || string(raw) == "null" {
		return v, nil
	}
	if err := json.Unmarshal(raw, &v); err != nil || v.Verdict == "" {
		return v, fmt.Errorf("a listener answers by a method of what it is given, such as accept(), not with %.60s", raw)
	}
	return v, nil
}

// Arg reads an argument of the verdict into p; one that is not there leaves it.
func (v VerdictOf) Arg(i int, p any) error {
	if i >= len(v.Args) {
		return nil
	}
	if err := json.Unmarshal(v.Args[i], p); err != nil {
		return fmt.Errorf("%s: %.60s is not what it takes", v.Verdict, v.Args[i])
	}
	return nil
}

// Lasting reads a duration of a verdict's options; 0: it is not there.
func Lasting(v VerdictOf, name string) (time.Duration, error) {
	options := map[string]json.RawMessage{}
	if err := v.Arg(0, &options); err != nil || options[name] == nil {
		return 0, err
	}
	var ms float64
	var text string
	if json.Unmarshal(options[name], &ms) == nil && ms >= 0 && ms < 1e12 {
		return time.Duration(ms) * time.Millisecond, nil
	}
	if json.Unmarshal(options[name], &text) == nil {
		if d, ok := sandbox.ParseDuration(text); ok && d >= 0 {
			return d, nil
		}
	}
	return 0, fmt.Errorf("%s({ %s }): %.40s is no duration such as '5m'", v.Verdict, name, options[name])
}
