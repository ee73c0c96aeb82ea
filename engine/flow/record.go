package flow

import (
	"encoding/json"
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

	Format   string          `json:"format"`
	Announce json.RawMessage `json:"announce"`
	Upload   *upload         `json:"upload"`
	Start    string          `json:"start"`

	first   []*control.Source // what is heard before it begins
	sent    *control.Web      // where it goes
	marks   []mark
	gone    int64 // ms that it was paused
	halted  time.Time
	masked  bool
	moves   bool          // the old mixer has not told its end
	result1 *recordResult // what waits for its upload
	sendAs  string        // the upload

	Tone   string    `json:"tone"` // the beep that is playing, "" none
	Part   string    `json:"part"` // the recording, "" not begun
	Since  time.Time `json:"since"`
	Reason string    `json:"reason"`
	Key    string    `json:"key"`
	Paused bool      `json:"paused"`
}

type recordResult struct {
	Reason   string `json:"reason"`
	Ms       int64  `json:"ms"`
	URL      string `json:"url"`
	SHA256   string `json:"sha256,omitempty"`
	Digit    string `json:"digit,omitempty"`
	Error    string `json:"error,omitempty"`
	Marks    []mark `json:"marks,omitempty"`
	Uploaded *bool  `json:"uploaded,omitempty"`
}

// mark is a name for an instant of a recording.
type mark struct {
	Name string `json:"name"`
	Ms   int64  `json:"ms"`
}

// upload is where a recording goes when it has ended.
type upload struct {
	URL     string `json:"url"`
	Retries int    `json:"retries"`
}

const (
	maxMarks      = 1000
	longestUpload = time.Hour
)

var recordLegs = map[string]control.Record_Leg{"in": control.Record_IN, "out": control.Record_OUT, "both": control.Record_BOTH}

func (v *record) begin(o *operation) {
	if err := v.check(o); err != nil {
		o.mistake(err)
		return
	}
	if len(v.first) == 0 {
		v.start(o)
		return
	}
	v.Tone = o.nextPart()
	o.toMixer(&control.Command{Body: &control.Command_Play{Play: &control.Play{Op: v.Tone,
		Target: &control.Play_Member{Member: o.c.id}, Sources: v.first}}})
}

// check also names the file: one that nobody named bears the operation's key.
func (v *record) check(o *operation) error {
	if _, ok := recordLegs[v.Leg]; !ok {
		return fmt.Errorf("leg is %q; it must be 'in', 'out' or 'both'", v.Leg)
	}
	if v.Mode == "separate" {
		return fmt.Errorf("mode 'separate' records the members of a conference: room.record(); of a call, 'stereo' keeps the legs apart")
	}
	if v.Mode == "stereo" {
		v.Leg = "both"
	}
	if v.Format != "" && v.Format != "wav" {
		return fmt.Errorf("format %q is not built yet; 'wav' is", v.Format)
	}
	if v.Start == "bridge" {
		return fmt.Errorf("start 'bridge' is not built yet")
	}
	if err := v.before(o.u); err != nil {
		return err
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

// before reads what is heard first, and where the file goes.
func (v *record) before(u *unit) (err error) {
	if !absent(v.Announce) {
		if v.first, err = u.sources(v.Announce); err != nil {
			return fmt.Errorf("announce: %w", err)
		}
	}
	if v.Beep {
		v.first = append(v.first, beepOf(1000, 300)...)
	}
	if v.Upload == nil {
		return nil
	}
	if v.Upload.Retries < 0 || v.Upload.Retries > 10 {
		return fmt.Errorf("upload.retries is %d; it must be from 0 to 10", v.Upload.Retries)
	}
	if v.sent, err = u.web(v.Upload.URL); err != nil {
		return fmt.Errorf("upload: %w", err)
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
	v.command(o, false)
	o.tell("started", map[string]string{"url": "recordings:" + v.File})
}

func (v *record) command(o *operation, again bool) {
	o.toMixer(&control.Command{Body: &control.Command_Record{Record: &control.Record{
		Op: v.Part, Target: &control.Record_Member{Member: o.c.id}, Path: v.File,
		Leg: recordLegs[v.Leg], Stereo: v.Mode == "stereo",
		MaxMs: v.Max.ms(), MaxSilenceMs: v.MaxSilence.ms(), Trim: v.Trim, Append: again}}})
	if again && (v.Paused || v.masked) {
		v.tellPause(o)
	}
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
		v.steer(o, e)
	case mediaUp:
		if v.Part != "" && v.result1 == nil { // a new mixer goes on in the same file
			v.command(o, true)
		}
	case moved:
		v.moved(o, e.alive)
	case hungUp:
		if v.result1 != nil {
			return // its upload goes on
		}
		if v.Part == "" {
			o.complete(v.result("hangup", 0))
			return
		}
		if v.Reason == "" {
			v.Reason = "hangup"
		}
		o.arm("last word", lastWord)
	case timer:
		if e.name == "moved" {
			v.goOn(o)
			return
		}
		if v.result1 != nil {
			v.uploaded(o, &control.Done{Reason: "error", Error: "no mixer has told the end of the upload"})
			return
		}
		v.finish(o, v.result(v.Reason, o.f.now.Sub(v.Since).Milliseconds()-v.gone))
	}
}

func (v *record) steer(o *operation, e steer) {
	switch {
	case v.result1 != nil:
	case v.Part != "":
		v.steerRunning(o, e)
	case e.method == "stop": // while it beeps, or before the audio stands
		if v.Tone != "" {
			stopPart(o, v.Tone)
		}
		o.complete(v.result("stopped", 0))
	}
}

func (v *record) steerRunning(o *operation, e steer) {
	switch e.method {
	case "stop":
		stopPart(o, v.Part)
	case "mark":
		if len(v.marks) < maxMarks {
			v.marks = append(v.marks, mark{e.Name, v.length(o)})
		}
	case "pause", "resume":
		if paused := e.method == "pause"; paused != v.Paused {
			if v.Paused {
				v.gone += o.f.now.Sub(v.halted).Milliseconds()
			}
			v.Paused, v.halted = paused, o.f.now
			o.tell(e.method+"d", map[string]int64{"ms": v.length(o)})
		}
		v.tellPause(o)
	case "mask", "unmask":
		v.masked = e.method == "mask"
		v.tellPause(o)
	}
}

// length is how much is recorded, in ms.
func (v *record) length(o *operation) int64 {
	to := o.f.now
	if v.Paused {
		to = v.halted
	}
	return to.Sub(v.Since).Milliseconds() - v.gone
}

func (v *record) tellPause(o *operation) {
	o.toMixer(&control.Command{Body: &control.Command_Pause{Pause: &control.Pause{Op: v.Part, Paused: v.Paused, Masked: v.masked}}})
}

func (v *record) ended(o *operation, d *control.Done) {
	switch d.GetOp() {
	case v.Tone:
		if v.Part == "" {
			v.start(o)
		}
		return
	case v.sendAs:
		v.uploaded(o, d)
		return
	case v.Part:
	default:
		return
	}
	if v.result1 != nil {
		return
	}
	if v.moves {
		v.goOn(o)
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
	v.finish(o, r)
}

// moved goes on in the same file on another mixer, once the old one has closed it.
func (v *record) moved(o *operation, alive bool) {
	switch {
	case v.result1 != nil || v.Reason != "":
	case v.Part == "": // the beep was cut short
		v.start(o)
	case alive:
		v.moves = true
		o.arm("moved", lastWord)
	default:
		v.goOn(o)
	}
}

func (v *record) goOn(o *operation) {
	o.disarm("moved")
	v.moves = false
	v.Part = o.nextPart()
	v.command(o, true)
}

// finish tells what came of it, and sends it away if that was asked for.
func (v *record) finish(o *operation, r recordResult) {
	o.disarm("last word")
	o.tell(either(r.Error != "", "failed", "finished"), r)
	if v.sent == nil || r.Error != "" || r.Ms == 0 {
		o.complete(r)
		return
	}
	v.result1, v.sendAs = &r, o.nextPart()
	o.arm("upload", longestUpload)
	// The call may be over and off its mixer: any that has the recordings will do.
	o.f.emit(ToMixer{Command: &control.Command{Body: &control.Command_Upload{Upload: &control.Upload{Op: v.sendAs, Path: v.File, To: v.sent, Retries: uint32(v.Upload.Retries)}}}})
}

// uploaded is the end of the upload: the file stays where it was recorded.
func (v *record) uploaded(o *operation, d *control.Done) {
	ok := d.GetReason() == "finished"
	r := *v.result1
	r.Uploaded = &ok
	if ok {
		o.tell("uploaded", map[string]any{"url": v.sent.GetUrl(), "bytes": d.GetBytes()})
	} else {
		r.Error = d.GetError()
		o.note("warn", r.Error)
		o.tell("failed", r)
	}
	o.complete(r)
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func (v *record) result(reason string, ms int64) recordResult {
	return recordResult{Reason: reason, Ms: ms, URL: "recordings:" + v.File, Digit: v.Key, Marks: v.marks}
}

func (v *record) abandon(o *operation) {
	if v.Part != "" && v.result1 == nil {
		stopPart(o, v.Part)
	}
}
