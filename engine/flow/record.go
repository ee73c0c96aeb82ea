package flow

import (
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/callwright/callwright/media/control"
)

// lastWord is how long a verb waits, after its call has ended, for the worker to say
// what came of it.
const lastWord = 2 * time.Second

// record is call.record: a beep if asked for, then the caller's voice into a file.
type record struct {
	File        string `json:"file"`
	Mode        string `json:"mode"` // mono stereo
	Leg         string `json:"leg"`  // in out both
	Max         millis `json:"max"`
	MaxSilence  millis `json:"maxSilence"`
	Terminators string `json:"terminators"`
	Beep        bool   `json:"beep"`
	Trim        bool   `json:"trim"`

	Tone   string    `json:"tone"` // the beep that is playing, "" none
	Part   string    `json:"part"` // the recording, "" not begun
	Since  time.Time `json:"since"`
	Reason string    `json:"reason"`
	Key    string    `json:"key"`
	Paused bool      `json:"paused"`
}

type recordResult struct {
	Reason string `json:"reason"`
	Ms     int64  `json:"ms"`
	URL    string `json:"url"`
	SHA256 string `json:"sha256,omitempty"`
	Digit  string `json:"digit,omitempty"`
	Error  string `json:"error,omitempty"`
}

var recordLegs = map[string]control.Record_Leg{"in": control.Record_IN, "out": control.Record_OUT, "both": control.Record_BOTH}

func (v *record) begin(o *operation) {
	if err := v.check(o); err != nil {
		o.fail(badOption("call.record: " + err.Error()))
		return
	}
	if !v.Beep {
		v.start(o)
		return
	}
	v.Tone = o.nextPart()
	beep := &control.Source{Body: &control.Source_Tone{Tone: &control.Tone{
		Segments: []*control.Tone_Segment{{Hz: []float64{1000}, Ms: 300}}}}}
	o.toMixer(&control.Command{Body: &control.Command_Play{Play: &control.Play{Op: v.Tone,
		Target: &control.Play_Member{Member: o.c.id}, Sources: []*control.Source{beep}}}})
}

// check also names the file: one that nobody named bears the operation's key.
func (v *record) check(o *operation) error {
	if _, ok := recordLegs[v.Leg]; !ok {
		return fmt.Errorf("leg is %q; it must be 'in', 'out' or 'both'", v.Leg)
	}
	if v.Mode != "mono" && v.Mode != "stereo" {
		return fmt.Errorf("mode %q is not built yet", v.Mode)
	}
	if err := checkKeys("terminators", v.Terminators); err != nil {
		return err
	}
	if v.File == "" {
		v.File = fmt.Sprintf("%s-%d.wav", strings.Map(fileRune, o.u.id), o.n)
		return nil
	}
	v.File = strings.TrimPrefix(v.File, "recordings:")
	if err := checkPath(v.File); err != nil {
		return err
	}
	v.File = path.Clean(v.File)
	if path.Ext(v.File) == "" {
		v.File += ".wav"
	}
	if path.Ext(v.File) != ".wav" {
		return fmt.Errorf("%q: recordings other than .wav are not built yet", v.File)
	}
	return nil
}

func fileRune(r rune) rune {
	if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '.' {
		return r
	}
	return '_'
}

func (v *record) start(o *operation) {
	v.Part, v.Since = o.nextPart(), o.f.now
	v.command(o)
}

func (v *record) command(o *operation) {
	o.toMixer(&control.Command{Body: &control.Command_Record{Record: &control.Record{
		Op: v.Part, Target: &control.Record_Member{Member: o.c.id}, Path: v.File,
		Leg: recordLegs[v.Leg], Stereo: v.Mode == "stereo",
		MaxMs: v.Max.ms(), MaxSilenceMs: v.MaxSilence.ms(), Trim: v.Trim}}})
}

func (v *record) step(o *operation, e event) {
	switch e := e.(type) {
	case done:
		v.ended(o, e.Done)
	case digit:
		if v.Part != "" && v.Reason == "" && strings.Contains(v.Terminators, e.key) {
			v.Reason, v.Key = "terminator", e.key
			o.c.used = true
			stopPart(o, v.Part)
		}
	case steer:
		v.steer(o, e.method)
	case mediaUp:
		if v.Part != "" { // a new mixer goes on in the same file
			v.command(o)
		}
	case hungUp:
		if v.Part == "" {
			o.complete(v.result("hangup", 0))
			return
		}
		if v.Reason == "" {
			v.Reason = "hangup"
		}
		o.arm("last word", lastWord)
	case timer:
		o.complete(v.result(v.Reason, o.f.now.Sub(v.Since).Milliseconds()))
	}
}

func (v *record) steer(o *operation, method string) {
	switch {
	case v.Part != "":
		v.Paused = steerPart(o, v.Part, method, v.Paused)
	case method == "stop": // while it beeps, or before the audio stands
		if v.Tone != "" {
			stopPart(o, v.Tone)
		}
		o.complete(v.result("stopped", 0))
	}
}

func (v *record) ended(o *operation, d *control.Done) {
	switch d.GetOp() {
	case v.Tone:
		if v.Part == "" {
			v.start(o)
		}
		return
	case v.Part:
	default:
		return
	}
	reason := v.Reason
	switch d.GetReason() {
	case "error":
		reason = "error"
		o.note("warn", d.GetError())
	case "limit":
		reason = orElse(reason, "max")
	case "gone":
		reason = orElse(reason, "stopped") // the member moved to another mixer
	default:
		reason = orElse(reason, d.GetReason())
	}
	r := v.result(reason, int64(d.GetMs()))
	r.SHA256, r.Error = d.GetSha256(), d.GetError()
	o.complete(r)
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func (v *record) result(reason string, ms int64) recordResult {
	return recordResult{Reason: reason, Ms: ms, URL: "recordings:" + v.File, Digit: v.Key}
}

func (v *record) abandon(o *operation) {
	if v.Part != "" {
		stopPart(o, v.Part)
	}
}
