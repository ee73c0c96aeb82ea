package flow

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/callwright/callwright/media/control"
)

// gather collects digits. It prompts, takes what was typed ahead, waits for the first
// and for each further digit, asks the script whether it is right, and tries again.
type gather struct {
	Input          []string        `json:"input"`
	Prompt         json.RawMessage `json:"prompt"`
	RetryPrompt    json.RawMessage `json:"retryPrompt"`
	InvalidPrompt  json.RawMessage `json:"invalidPrompt"`
	Max            int             `json:"max"`
	Min            int             `json:"min"`
	Terminators    string          `json:"terminators"`
	KeepTerminator bool            `json:"keepTerminator"`
	Timeout        millis          `json:"timeout"`
	InterDigit     millis          `json:"interDigitTimeout"`
	BargeIn        json.RawMessage `json:"bargeIn"`
	Buffer         bool            `json:"buffer"`
	Tries          int             `json:"tries"`
	Validate       json.RawMessage `json:"validate"`
	Mask           bool            `json:"mask"`

	Part     string    `json:"part"` // the prompt that is playing, "" none
	Since    time.Time `json:"since"`
	Digits   string    `json:"digits"`
	Held     []string  `json:"held"` // typed while a prompt without barge-in played
	Key      string    `json:"key"`  // the terminator
	Try      int       `json:"try"`
	BargedAt *int64    `json:"bargedAt"`
	Verdict  string    `json:"verdict"` // reason, while the script validates
	Asked    bool      `json:"asked"`
	barge    bool
	prompts  [3][]*control.Source `freeze:"-"`
	playing  int                  // which of them
}

type gatherResult struct {
	OK         bool   `json:"ok"`
	Digits     string `json:"digits"`
	Reason     string `json:"reason"`
	Tries      int    `json:"tries"`
	Terminator string `json:"terminator,omitempty"`
	BargedAt   *int64 `json:"bargedAt,omitempty"`
}

const (
	firstPrompt = iota
	retryPrompt
	invalidPrompt
)

func (v *gather) begin(o *operation) {
	if err := v.check(o.u); err != nil {
		o.mistake(err)
		return
	}
	c := o.c
	if former := o.u.ops[c.gather]; former != nil {
		former.verb.step(former, replaced{})
	}
	c.gather, o.masked = o.n, v.Mask
	ahead := c.take()
	if !v.Buffer {
		ahead = nil
	}
	v.Try = 1
	v.attempt(o, firstPrompt, ahead)
}

// attempt begins one try: a prompt, unless digits typed ahead make it needless.
func (v *gather) attempt(o *operation, which int, ahead []string) {
	v.Digits, v.Key, v.Held, v.Part = "", "", nil, ""
	list := v.promptFor(which)
	if len(list) > 0 && (len(ahead) == 0 || !v.barge) {
		v.playing = which
		v.Part, v.Since = o.nextPart(), o.f.now
		o.toMixer(&control.Command{Body: &control.Command_Play{Play: &control.Play{Op: v.Part, Sources: list,
			Target: &control.Play_Member{Member: o.c.id}}}})
	}
	v.feed(o, ahead)
	if v.waitsForFirst(o) {
		o.arm("first", v.Timeout.duration())
	}
}

func (v *gather) waitsForFirst(o *operation) bool {
	return o.u.ops[o.n] == o && v.Part == "" && v.Digits == "" && v.Verdict == ""
}

// feed takes digits in order until the try is decided; what is left stays typed ahead.
func (v *gather) feed(o *operation, keys []string) {
	for i, key := range keys {
		v.take(o, key)
		if v.Verdict != "" || o.u.ops[o.n] != o {
			c := o.c
			c.typed = append(append([]string(nil), keys[i+1:]...), c.typed...)
			return
		}
	}
}

func (v *gather) take(o *operation, key string) {
	if v.Part != "" && !v.barge {
		if v.Buffer && len(v.Held) < maxTypedAhead {
			v.Held = append(v.Held, key)
		}
		return
	}
	if v.Part != "" {
		at := o.f.now.Sub(v.Since).Milliseconds()
		v.BargedAt = &at
		stopPart(o, v.Part)
		v.Part = ""
	}
	o.disarm("first")
	if strings.Contains(v.Terminators, key) {
		v.Key = key
		if v.KeepTerminator {
			v.Digits += key
		}
		v.decide(o, "terminator")
		return
	}
	v.Digits += key
	if v.Max > 0 && len(v.Digits) >= v.Max {
		v.decide(o, "digits")
		return
	}
	o.arm("inter-digit", v.InterDigit.duration())
}

func (v *gather) step(o *operation, e event) {
	switch e := e.(type) {
	case digit:
		if v.Verdict != "" { // the script is looking at the former ones
			o.c.typeAhead(e.key)
			return
		}
		v.take(o, e.key)
	case timer:
		v.decide(o, "timeout")
	case done:
		if e.GetOp() == v.Part {
			v.prompted(o, e.Done)
		}
	case answered:
		v.judged(o, e)
	case replaced:
		v.abandon(o)
		v.finish(o, false, "replaced")
	case mediaUp:
		v.again(o)
	case moved:
		if v.Part != "" {
			v.Part = o.nextPart()
			v.again(o)
		}
	case hungUp:
		v.finish(o, false, "hangup")
	}
}

// prompted: the prompt has ended by itself; now the caller's time runs.
func (v *gather) prompted(o *operation, d *control.Done) {
	if d.GetReason() == "error" {
		o.note("warn", d.GetError())
	}
	v.Part = ""
	v.feed(o, v.Held)
	if v.waitsForFirst(o) {
		o.arm("first", v.Timeout.duration())
	}
}

// decide ends the collecting of a try: enough digits are looked at by the script.
func (v *gather) decide(o *operation, reason string) {
	o.disarm("first")
	o.disarm("inter-digit")
	n := len(v.Digits)
	if v.KeepTerminator && v.Key != "" {
		n--
	}
	switch {
	case n >= v.Min && (reason != "timeout" || n > 0):
		if reason == "timeout" {
			reason = "digits"
		}
	case reason == "timeout":
		v.failed(o, "timeout")
		return
	default:
		v.failed(o, "invalid")
		return
	}
	v.Verdict = reason
	if fn, ok := function(v.Validate); ok {
		v.Asked = true
		v.remember(o)
		o.ask(fn, v.Digits)
		return
	}
	v.finish(o, true, reason)
}

func (v *gather) judged(o *operation, a answered) {
	if v.Verdict == "" {
		return
	}
	reason := v.Verdict
	v.Verdict, v.Asked = "", false
	switch {
	case a.Error != nil:
		o.fail(a.Error)
	case truthy(a.Value):
		v.finish(o, true, reason)
	default:
		v.failed(o, "invalid")
	}
}

// failed ends a try; after the last one the result says why.
func (v *gather) failed(o *operation, reason string) {
	if v.Try >= v.Tries {
		v.finish(o, false, reason)
		return
	}
	v.remember(o)
	v.Try++
	which := retryPrompt
	if reason == "invalid" {
		which = invalidPrompt
	}
	v.attempt(o, which, o.c.take())
}

func (v *gather) finish(o *operation, ok bool, reason string) {
	v.remember(o)
	o.complete(gatherResult{OK: ok, Digits: v.Digits, Reason: reason, Tries: v.Try, Terminator: v.Key, BargedAt: v.BargedAt})
}

// remember keeps masked digits so that no log line of the unit shows them.
func (v *gather) remember(o *operation) {
	if v.Mask && v.Digits != "" && len(o.u.secrets) < 64 {
		o.u.secrets = append(o.u.secrets, v.Digits)
	}
}

// promptFor falls back from one kind of prompt to the one before.
func (v *gather) promptFor(which int) []*control.Source {
	list := v.prompts[which]
	if len(list) == 0 && which == invalidPrompt {
		list = v.prompts[retryPrompt]
	}
	if len(list) == 0 {
		list = v.prompts[firstPrompt]
	}
	return list
}

// again plays the prompt from its start on a new mixer.
func (v *gather) again(o *operation) {
	if v.Part == "" {
		return
	}
	o.toMixer(&control.Command{Body: &control.Command_Play{Play: &control.Play{Op: v.Part, Sources: v.promptFor(v.playing),
		Target: &control.Play_Member{Member: o.c.id}}}})
}

func (v *gather) abandon(o *operation) {
	if v.Part != "" {
		stopPart(o, v.Part)
		v.Part = ""
	}
}
