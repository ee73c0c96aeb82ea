package flow

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/callwright/callwright/media/control"
)

// tape is one recording of a room: of its mix, of each member, or both. room.record()
// has one, and the room itself may.
type tape struct {
	Mode    string // mix separate both
	Base    string // of its files, without .wav
	tracks  []*track
	paused  bool
	masked  bool
	since   time.Time
	only    bool       // members alone who asked to be recorded
	op      *operation // of room.record(); nil: the room's own
	stopped bool
	number  int
}

// track is one file of it.
type track struct {
	Part   string `json:"-"`
	Member string `json:"member,omitempty"` // "": the mix
	URL    string `json:"url"`
	Ms     int64  `json:"ms"`
	SHA256 string `json:"sha256,omitempty"`
	Error  string `json:"error,omitempty"`
	done   bool
	moves  bool // to another mixer, once the old one has closed its file
}

// startTape begins a recording; who joins later is recorded from then on.
func (f *Flows) startTape(r *room, t *tape) {
	t.since = f.now
	r.tapes = append(r.tapes, t)
	if t.Mode != "separate" && !t.only {
		f.addTrack(r, t, "", t.Base+".wav")
	}
	f.taped(r, t)
	f.soundIn(r, "recordStart", nil)
	f.roomEvent(r, "record-started", map[string]string{"url": "recordings:" + t.Base + ".wav", "mode": t.Mode})
}

// taped adds the tracks of members who have none yet.
func (f *Flows) taped(r *room, t *tape) {
	if t.Mode == "mix" && !t.only || t.stopped {
		return
	}
	for _, s := range r.seats {
		if slices.ContainsFunc(t.tracks, func(x *track) bool { return x.Member == s.ID && !x.done }) || t.only && !s.rules.Record {
			continue
		}
		t.number++
		f.addTrack(r, t, s.ID, fmt.Sprintf("%s-%d.wav", t.Base, t.number))
	}
}

func (f *Flows) addTrack(r *room, t *tape, member, file string) {
	x := &track{Part: r.nextPart(), Member: member, URL: "recordings:" + file}
	t.tracks = append(t.tracks, x)
	rec := &control.Record{Op: x.Part, Path: file}
	if member == "" {
		rec.Target = &control.Record_Room{Room: r.name}
		f.toRoom(r, recordOf(rec))
	} else {
		rec.Target = &control.Record_Member{Member: member}
		f.emit(ToMixer{Call: member, Command: recordOf(rec)})
	}
	if t.paused || t.masked {
		f.steerTrack(r, t, x)
	}
}

// trackOn goes on with a track in the same file, on the mixer that has it now.
func (f *Flows) trackOn(r *room, t *tape, x *track) {
	x.Part, x.moves = r.nextPart(), false
	rec := &control.Record{Op: x.Part, Path: strings.TrimPrefix(x.URL, "recordings:"), Append: true, Target: &control.Record_Room{Room: r.name}}
	if x.Member != "" {
		rec.Target = &control.Record_Member{Member: x.Member}
	}
	f.toTrack(r, x, recordOf(rec))
	if t.paused || t.masked {
		f.steerTrack(r, t, x)
	}
}

// tapesMoved lets the tracks of a room, or of one of its members, go on elsewhere.
func (f *Flows) tapesMoved(r *room, member string, alive bool) {
	for _, t := range r.tapes {
		for _, x := range t.tracks {
			if x.done || x.Member != member || t.stopped {
				continue
			}
			if x.moves = alive; !alive {
				f.trackOn(r, t, x)
			}
		}
	}
}

func recordOf(r *control.Record) *control.Command {
	return &control.Command{Body: &control.Command_Record{Record: r}}
}

// toTrack sends a command to where a track is made.
func (f *Flows) toTrack(r *room, x *track, c *control.Command) {
	if x.Member == "" {
		f.toRoom(r, c)
		return
	}
	f.emit(ToMixer{Call: x.Member, Command: c})
}

func (f *Flows) steerTrack(r *room, t *tape, x *track) {
	f.toTrack(r, x, &control.Command{Body: &control.Command_Pause{Pause: &control.Pause{Op: x.Part, Paused: t.paused, Masked: t.masked}}})
}

// steerTape obeys pause, resume, mask and unmask.
func (f *Flows) steerTape(r *room, t *tape, method string) {
	switch method {
	case "pause", "resume":
		t.paused = method == "pause"
		f.roomEvent(r, either(t.paused, "record-paused", "record-resumed"), map[string]string{"url": "recordings:" + t.Base + ".wav"})
	case "mask", "unmask":
		t.masked = method == "mask"
	}
	for _, x := range t.tracks {
		if !x.done {
			f.steerTrack(r, t, x)
		}
	}
}

// stopTape ends a recording; its files are told of as they are done.
func (f *Flows) stopTape(r *room, t *tape) {
	t.stopped = true
	for _, x := range t.tracks {
		if !x.done && r.placed {
			f.toTrack(r, x, stopOf(x.Part))
		}
	}
	f.tapeOver(r, t)
}

// endTapes lets the mixer end them, for their room goes. It is waited for a while.
func (f *Flows) endTapes(r *room) {
	for _, t := range slices.Clone(r.tapes) {
		f.stopTape(r, t)
	}
	if r.tape = nil; len(r.tapes) > 0 {
		f.armRoom(r, "tapes", millis(lastWord.Milliseconds()))
	}
}

// tapesLate ends what no mixer has told the end of.
func (f *Flows) tapesLate(r *room) {
	for _, t := range slices.Clone(r.tapes) {
		for _, x := range t.tracks {
			if t.stopped && !x.done {
				x.done, x.Error = true, "the mixer has not told its end"
			}
		}
		f.tapeOver(r, t)
	}
}

// tapeDone is the end of one track.
func (f *Flows) tapeDone(r *room, d *control.Done) {
	for _, t := range slices.Clone(r.tapes) {
		for _, x := range t.tracks {
			if x.Part != d.GetOp() || x.done {
				continue
			}
			if x.moves && !t.stopped {
				f.trackOn(r, t, x)
				return
			}
			x.done, x.Ms, x.SHA256, x.Error = true, int64(d.GetMs()), d.GetSha256(), d.GetError()
			f.roomEvent(r, either(x.Error != "", "record-failed", "record-finished"), x)
			if x.Member == "" && !t.stopped { // a full disk, or the like
				f.stopTape(r, t)
			}
			f.tapeOver(r, t)
		}
	}
}

// tapeOver forgets a recording that was stopped when its last file is done.
func (f *Flows) tapeOver(r *room, t *tape) {
	if !t.stopped || slices.ContainsFunc(t.tracks, func(x *track) bool { return !x.done }) || !slices.Contains(r.tapes, t) {
		return
	}
	r.tapes = slices.DeleteFunc(r.tapes, func(x *tape) bool { return x == t })
	if r.tape == t {
		r.tape = nil
	}
	if t.op != nil {
		t.op.verb.(*roomRecord).over1(t.op)
	}
	f.forgetRoom(r)
}

// reviewTape begins the room's own recording when its time has come, and adds who has
// joined to all.
func (f *Flows) reviewTape(r *room) {
	want := r.rules.Record
	due := want.Mode != "" && !r.started.IsZero() && (want.When == "now" || want.When == "two" && len(r.seats) >= 2 || want.When == "moderator" && r.moderated())
	asked := slices.ContainsFunc(r.seats, func(s *seat) bool { return s.rules.Record })
	if r.tape == nil && (due || asked) {
		r.tape = &tape{Mode: orElse(want.Mode, "separate"), only: !due, Base: f.tapeName(r)}
		f.startTape(r, r.tape)
	}
	for _, t := range r.tapes {
		f.taped(r, t)
	}
}

// tapeName is a name no other recording of the room has.
func (f *Flows) tapeName(r *room) string {
	return "rooms/" + strings.Map(fileRune, r.name) + "-" + f.now.UTC().Format("20060102-150405.000") + "-" + itoa(r.parts)
}

// roomRecord is room.record().
type roomRecord struct {
	File string `json:"file"`
	Mode string `json:"mode"`
	Max  millis `json:"max"`

	room   *room
	tape   *tape
	reason string
	marks  []mark
}

type roomRecordResult struct {
	Reason string   `json:"reason"`
	Ms     int64    `json:"ms"`
	URL    string   `json:"url"`
	Files  []*track `json:"files"`
	Marks  []mark   `json:"marks,omitempty"`
}

func (v *roomRecord) begin(o *operation) {
	if v.room = o.room(); v.room == nil {
		return
	}
	base := o.f.tapeName(v.room)
	if v.File != "" {
		base = strings.TrimSuffix(strings.TrimPrefix(v.File, "recordings:"), ".wav")
		if err := checkPath(base); err != nil {
			o.fail(badOption(o.name() + ": " + err.Error()))
			return
		}
		base = path.Clean(base)
	}
	if len(v.room.seats) == 0 {
		o.fail(plainError(o.name() + ": nobody is in the conference"))
		return
	}
	v.tape = &tape{Mode: v.Mode, Base: base, op: o}
	if v.Max > 0 {
		o.arm("max", v.Max.duration())
	}
	o.tell("started", map[string]string{"url": "recordings:" + base + ".wav"})
	o.f.startTape(v.room, v.tape)
}

func (v *roomRecord) step(o *operation, e event) {
	switch e := e.(type) {
	case steer:
		v.steer(o, e)
	case timer:
		v.stop(o, "max")
	}
}

func (v *roomRecord) steer(o *operation, e steer) {
	switch e.method {
	case "stop":
		v.stop(o, "stopped")
	case "mark":
		v.marks = append(v.marks, mark{e.Name, o.f.now.Sub(v.tape.since).Milliseconds()})
	default:
		o.f.steerTape(v.room, v.tape, e.method)
	}
}

func (v *roomRecord) stop(o *operation, reason string) {
	v.reason = orElse(v.reason, reason)
	o.f.stopTape(v.room, v.tape)
}

// over1 is told when all files are done.
func (v *roomRecord) over1(o *operation) {
	r := roomRecordResult{Reason: orElse(v.reason, "ended"), URL: "recordings:" + v.tape.Base + ".wav", Files: v.tape.tracks, Marks: v.marks,
		Ms: o.f.now.Sub(v.tape.since).Milliseconds()}
	if v.tape.Mode == "separate" && len(r.Files) > 0 {
		r.URL = r.Files[0].URL
	}
	for _, x := range r.Files {
		if x.Member == "" {
			r.Ms = x.Ms
			if x.Error != "" {
				r.Reason = "error"
			}
		}
	}
	o.tell("finished", r)
	o.complete(r)
}

func (v *roomRecord) abandon(o *operation) { o.f.stopTape(v.room, v.tape) }
