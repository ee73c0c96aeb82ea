package flow

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/callwright/callwright/engine/call"
)

const (
	maxTargets = 100 // of one dial
	maxFork    = 20  // that ring at once
)

// dialOptions are those of call.dial and app.dial.
type dialOptions struct {
	Targets        json.RawMessage `json:"targets"`
	Strategy       string          `json:"strategy"`
	Timeout        millis          `json:"timeout"`
	TotalTimeout   millis          `json:"totalTimeout"`
	From           dialFrom        `json:"from"`
	Headers        headers         `json:"headers"`
	Auth           dialAuth        `json:"auth"`
	Ringback       string          `json:"ringback"`
	EarlyMedia     string          `json:"earlyMedia"`
	AnswerOnBridge bool            `json:"answerOnBridge"`
	FailoverOn     outcomes        `json:"failoverOn"`
	StopOn         outcomes        `json:"stopOn"`
	MaxForwards    int             `json:"maxForwards"`
	TimeLimit      millis          `json:"timeLimit"`
	Bridge         bool            `json:"bridge"`
	HangupBoth     bool            `json:"hangupBoth"`
}

type dialFrom struct {
	Number string `json:"number"`
	Name   string `json:"name"`
}

type dialAuth struct {
	User     string `json:"user"`
	Password string `json:"password"`
}

// groups reads the targets: a list is tried in its order or at once by the strategy,
// and a list within it rings together.
func (d *dialOptions) groups() ([][]string, error) {
	var list []json.RawMessage
	if json.Unmarshal(d.Targets, &list) != nil {
		list = []json.RawMessage{d.Targets}
	}
	var all [][]string
	total, nested := 0, false
	for _, item := range list {
		var inner []json.RawMessage
		if json.Unmarshal(item, &inner) != nil {
			inner = []json.RawMessage{item}
		} else {
			nested = true
		}
		var group []string
		for _, raw := range inner {
			uri, err := dialTarget(raw)
			if err != nil {
				return nil, err
			}
			group = append(group, uri)
		}
		if len(group) > 0 {
			all = append(all, group)
		}
		total += len(group)
	}
	switch {
	case total == 0:
		return nil, fmt.Errorf("no target is given")
	case total > maxTargets:
		return nil, fmt.Errorf("%d targets; the most is %d", total, maxTargets)
	}
	return d.arrange(all, nested)
}

// arrange: a plain list rings at once; one with lists in it is tried in its order.
func (d *dialOptions) arrange(all [][]string, nested bool) ([][]string, error) {
	switch d.Strategy {
	case "groups":
		if nested {
			break
		}
		all = [][]string{slices.Concat(all...)}
	case "parallel":
		all = [][]string{slices.Concat(all...)}
	case "serial":
		var one [][]string
		for _, uri := range slices.Concat(all...) {
			one = append(one, []string{uri})
		}
		all = one
	default:
		return nil, fmt.Errorf("strategy %q is not built yet; 'groups', 'parallel' and 'serial' are", d.Strategy)
	}
	for _, group := range all {
		if len(group) > maxFork {
			return nil, fmt.Errorf("%d targets ring at once; the most is %d", len(group), maxFork)
		}
	}
	return all, nil
}

// dialTarget reads one target.
func dialTarget(raw json.RawMessage) (string, error) {
	var uri string
	if json.Unmarshal(raw, &uri) != nil {
		var object map[string]json.RawMessage
		if json.Unmarshal(raw, &object) != nil {
			return "", fmt.Errorf("%s is no target", raw)
		}
		var user string
		if json.Unmarshal(object["user"], &user) == nil && user != "" {
			return toUser + user, nil
		}
		for _, kind := range []string{"trunk", "queue", "conference", "app"} {
			if object[kind] != nil {
				return "", fmt.Errorf("targets of the kind {%s} are not built yet; give a SIP URI or a {user}", kind)
			}
		}
		if json.Unmarshal(object["uri"], &uri) != nil {
			return "", fmt.Errorf("%s is no target", raw)
		}
	}
	scheme, rest, _ := strings.Cut(uri, ":")
	switch {
	case strings.ContainsAny(uri, " <>\"\r\n\t\x00") || rest == "":
		return "", fmt.Errorf("%.80q is no URI", uri)
	case strings.EqualFold(scheme, "tel"):
		return "", fmt.Errorf("%.80q: a tel: URI needs a trunk, which is not built yet; give a SIP URI", uri)
	case !strings.EqualFold(scheme, "sip") && !strings.EqualFold(scheme, "sips"):
		return "", fmt.Errorf("%.80q is no SIP URI", uri)
	}
	return uri, nil
}

func (d *dialOptions) check() error {
	for name, list := range map[string]outcomes{"failoverOn": d.FailoverOn, "stopOn": d.StopOn} {
		if err := list.check(name); err != nil {
			return err
		}
	}
	switch {
	case d.EarlyMedia != "first" && d.EarlyMedia != "ignore":
		return fmt.Errorf("earlyMedia %q is not built yet; 'first' and 'ignore' are", d.EarlyMedia)
	case d.MaxForwards < 0 || d.MaxForwards > 254:
		return fmt.Errorf("maxForwards is %d; it must be from 1 to 254", d.MaxForwards)
	case strings.ContainsAny(d.From.Number+d.From.Name, "\r\n\x00<>\""):
		return fmt.Errorf("from holds a character that no caller's name or number may have")
	case d.Auth.User == "" && d.Auth.Password != "":
		return fmt.Errorf("auth has a password without a user")
	}
	return nil
}

// outcomes are SIP statuses (408), classes ('5xx') and names of causes or 'timeout'.
type outcomes []json.RawMessage

func (l outcomes) check(option string) error {
	for _, raw := range l {
		var n int
		if json.Unmarshal(raw, &n) == nil && n >= 300 && n <= 699 {
			continue
		}
		var s string
		if json.Unmarshal(raw, &s) == nil && (call.KnownCause(s) || len(s) == 3 && s[1:] == "xx" && s[0] >= '3' && s[0] <= '6') {
			continue
		}
		return fmt.Errorf("%s: %s is no status from 300 to 699, no class such as '5xx', and no cause", option, raw)
	}
	return nil
}

// has says whether a failure is in the list.
func (l outcomes) has(c call.Cause) bool {
	for _, raw := range l {
		var n int
		if json.Unmarshal(raw, &n) == nil {
			if n == c.SIP {
				return true
			}
			continue
		}
		var s string
		_ = json.Unmarshal(raw, &s)
		if s == c.Name || s == "timeout" && c.Name == "no-answer" || len(s) == 3 && s[1:] == "xx" && c.SIP/100 == int(s[0]-'0') {
			return true
		}
	}
	return false
}

// ringbacks are what callers of a country hear (E.180), as tones.
var ringbacks = map[string]string{
	"uk": "400+450/400,0/200,400+450/400,0/2000", "us": "440+480/2000,0/4000", "de": "425/1000,0/4000", "fr": "440/1500,0/3500",
	"es": "425/1500,0/3000", "it": "425/1000,0/4000", "nl": "425/1000,0/4000", "au": "400+425/400,0/200,400+425/400,0/2000",
	"in": "400/400,0/200,400/400,0/2000", "jp": "400/1000,0/2000", "br": "425/1000,0/4000", "se": "425/1000,0/5000",
	"ch": "425/1000,0/4000", "at": "420/1000,0/5000", "pl": "425/1000,0/4000", "ie": "400+450/400,0/200,400+450/400,0/2000",
	"nz": "400+450/400,0/200,400+450/400,0/2000", "ca": "440+480/2000,0/4000",
}
