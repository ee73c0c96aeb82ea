package flow

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/sandbox"
)

// with gives room 7 options, by a call that is in none.
func (r *rig) with(options map[string]any) {
	r.t.Helper()
	r.answered("host")
	args := map[string]any{"name": "7"}
	for k, v := range options {
		args[k] = v
	}
	c := r.op("host", "", "", "conference", args)
	r.did("host", sandbox.Result{Ops: []sandbox.Op{c}})
	r.completed("host", c.N)
	listens := []sandbox.Listen{{Object: "call", Event: "dtmf", On: true}}
	for _, e := range conferenceFace().Events {
		listens = append(listens, sandbox.Listen{Object: "room:7", Event: e, On: true})
	}
	r.did("host", sandbox.Result{Listens: listens})
}

// comes joins room 7 as a call.
func (r *rig) comes(unit string, options map[string]any) (op uint32) {
	r.t.Helper()
	r.answered(unit)
	args := map[string]any{"call": map[string]any{"$handle": "call"}, "role": "speaker", "canHear": true, "canSpeak": true}
	for k, v := range options {
		args[k] = v
	}
	j := r.op(unit, "room:7", "Conference", "join", args)
	r.did(unit, sandbox.Result{Ops: []sandbox.Op{j}, Listens: []sandbox.Listen{
		{Object: "member:" + unit + "/" + itoa(int(j.N)), Event: "left", On: true}}})
	return j.N
}

// does runs a verb of room 7 in the host's script and gives its result.
func (r *rig) does(method string, args map[string]any) sandbox.Input {
	r.t.Helper()
	r.idle("host")
	r.digits("host", "1") // so that it has an activation to act in
	op := r.op("host", "room:7", "Conference", method, args)
	if _, ok := r.active["host"]; !ok {
		r.t.Fatal("the host has no activation")
	}
	r.did("host", sandbox.Result{Ops: []sandbox.Op{op}})
	return r.completed("host", op.N)
}

// told gives the room events that the host has not taken yet.
func (r *rig) told() string { return r.heard("host") }

// memberOf is what the mixer is to know of a call.
func (r *rig) memberOf(id string) *control.Member {
	r.t.Helper()
	return r.f.calls[id].member()
}

func TestModeratedRoomWaitsAndEndsWithGrace(t *testing.T) {
	r := newRig(t)
	r.with(map[string]any{"waitForModerator": true, "endWithModerator": true, "endGrace": 60000, "music": []any{"hold.wav"}})
	r.comes("a", nil)
	if got := r.told(); got != "join" || !r.memberOf("a").GetMuted() || r.f.rooms["7"].view().State != "waiting" {
		t.Fatalf("before the moderator: %q, %v", got, r.memberOf("a"))
	}
	music := r.f.rooms["7"].music
	if music == "" {
		t.Fatal("who waits hears no music")
	}
	r.comes("boss", map[string]any{"role": "moderator"})
	if got := r.told(); got != "start join" || r.memberOf("a").GetMuted() || !r.stopped(music) && r.f.rooms["7"].music != "" {
		t.Fatalf("with the moderator: %q, %v", got, r.memberOf("a"))
	}
	r.idle("boss")
	r.hangup("boss")
	if got := r.told(); got != "leave" || !r.memberOf("a").GetMuted() {
		t.Fatalf("without: %q", got)
	}
	r.comes("boss2", map[string]any{"role": "moderator"})
	r.advance(2 * time.Minute)
	if len(r.f.rooms["7"].seats) != 2 {
		t.Fatal("it ended although a moderator had come back")
	}
	r.told()
	r.idle("boss2")
	r.hangup("boss2")
	r.advance(61 * time.Second)
	if got := r.told(); got != "leave leave end" {
		t.Fatalf("after the grace: %q", got)
	}
}

func TestPinLetsInRefusesAndMakesModerators(t *testing.T) {
	r := newRig(t)
	r.with(map[string]any{"pin": "1234", "moderatorPin": "9999", "pinTries": 2, "sounds": map[string]any{"pin": []any{"pin.wav"}, "badPin": []any{"bad.wav"}}})
	n := r.comes("a", nil)
	r.digits("a", "1234")
	if h := object(t, r.completed("a", n).Value); h["$handle"] == nil || len(r.f.rooms["7"].seats) != 1 {
		t.Fatalf("%v", h)
	}
	n = r.comes("b", nil)
	r.digits("b", "9999")
	if m := r.f.rooms["7"].seats[1]; m.Role != "moderator" || !strings.Contains(string(r.completed("b", n).Value), "moderator") {
		t.Fatalf("%+v", m)
	}
	r.told()
	n = r.comes("c", nil)
	r.digits("c", "1#")
	r.digits("c", "12")
	r.advance(5 * time.Second)
	if got := r.told(); got != "pin-failed pin-failed" {
		t.Fatalf("host hears %q", got)
	}
	in := r.completed("c", n)
	if !in.Masked || len(r.f.rooms["7"].seats) != 2 {
		t.Fatalf("a wrong PIN: %+v", in)
	}
	if r.f.units["c"].call.gather != 0 {
		t.Error("the join still takes digits")
	}
}

func TestLobbyAdmits(t *testing.T) {
	r := newRig(t)
	r.with(map[string]any{"lobby": true, "music": []any{"hold.wav"}})
	r.comes("a", nil)
	r.comes("b", nil)
	if got := r.told(); got != "lobby lobby" || len(r.f.rooms["7"].lobby) != 2 || r.f.rooms["7"].placed {
		t.Fatalf("%q", got)
	}
	want(t, object(t, r.does("admit", map[string]any{"filter": "a"}).Value), "count", 1)
	if !has(r.acts, func(j JoinRoom) bool { return j.Call == "a" && j.Member.GetRoom() == "7" }) || r.told() != "start join" {
		t.Fatal("who was admitted is not in")
	}
	want(t, object(t, r.does("kick", map[string]any{"filter": map[string]any{"lobby": true}}).Value), "count", 1)
	if len(r.f.rooms["7"].lobby) != 0 || len(r.f.rooms["7"].seats) != 1 {
		t.Fatal("the lobby is not empty")
	}
}

func TestKeysControl(t *testing.T) {
	r := newRig(t)
	r.with(map[string]any{"controls": map[string]any{"*6": "toggle-mute", "*": "deaf", "*9": map[string]any{"$fn": 77}, "7": "lock", "8": "louder"}, "dtmf": "pass"})
	r.comes("a", nil)
	r.comes("b", map[string]any{"role": "moderator"})
	r.told()
	r.digits("a", "*6")
	if !r.memberOf("a").GetMuted() || r.told() != "mute" {
		t.Fatal("*6 does not mute")
	}
	r.digits("a", "*")
	r.advance(3 * time.Second)
	if !r.memberOf("a").GetDeaf() || r.told() != "deaf" {
		t.Fatal("* alone does not wait and then deafen")
	}
	r.digits("a", "*98")
	r.idle("a")
	if r.memberOf("a").GetGainInDb() != 3 {
		t.Fatalf("8 made it %v louder", r.memberOf("a").GetGainInDb())
	}
	in := r.active["host"].Inputs
	if len(in) != 1 || in[0].Kind != sandbox.Called || in[0].Callback != 77 {
		t.Fatalf("the function of *9 is not asked: %+v", in)
	}
	r.told()
	r.digits("a", "7")
	if r.f.rooms["7"].Locked {
		t.Fatal("a speaker locks")
	}
	r.digits("b", "7")
	if !r.f.rooms["7"].Locked || r.told() != "lock" {
		t.Fatal("a moderator cannot lock")
	}
	r.digits("a", "5")
	if !has(r.acts, func(d ToSBC) bool { return d.Call == "b" && d.Command.GetDigits().GetDigits() == "5" }) {
		t.Fatalf("another key is not passed on: %v", r.acts)
	}
}

// pairsOf reads what the mixer was last told of who hears whom.
func (r *rig) pairsOf() string {
	var list []string
	for _, p := range r.f.rooms["7"].sent.GetPairs() {
		g, _ := json.Marshal(p.GetGain())
		list = append(list, p.GetListener()+"<"+p.GetSpeaker()+"="+string(g))
	}
	return strings.Join(list, " ")
}

func TestCoachTagsAndMatrix(t *testing.T) {
	r := newRig(t)
	r.with(nil)
	r.comes("agent", map[string]any{"tags": []string{"agent"}})
	r.comes("customer", nil)
	r.comes("coach", map[string]any{"coach": "agent"})
	if got := r.pairsOf(); got != "customer<coach=0" && got != "agent<coach=1" {
		t.Fatalf("pairs %q", got)
	}
	r.comes("third", map[string]any{"heardBy": []string{"agent"}, "hears": []string{}})
	if got := r.pairsOf(); got != "third<agent=0 third<customer=0 agent<coach=1 agent<third=1" || !r.memberOf("coach").GetApart() || !r.memberOf("third").GetApart() {
		t.Fatalf("pairs %q", got)
	}
	for _, id := range []string{"third", "coach"} {
		r.idle(id)
		r.hangup(id)
	}
	if got := r.pairsOf(); got != "" {
		t.Fatalf("pairs %q are left", got)
	}
}

func TestMatrixAsksForPairsAndSurvivesItsFunction(t *testing.T) {
	r := newRig(t)
	r.with(nil)
	r.comes("a", nil)
	r.comes("b", nil)
	r.idle("host")
	r.digits("host", "1")
	op := r.op("host", "room:7", "Conference", "matrix", map[string]any{"fn": map[string]any{"$fn": 5}})
	r.did("host", sandbox.Result{Ops: []sandbox.Op{op}})
	asked := func() sandbox.Input {
		t.Helper()
		for _, in := range r.active["host"].Inputs {
			if in.Kind == sandbox.Called && in.Event == sandbox.AskEach {
				return in
			}
		}
		t.Fatalf("nothing is asked: %+v", r.active["host"].Inputs)
		return sandbox.Input{}
	}
	in := asked()
	if in.Callback != 5 || !strings.Contains(string(in.Value), `"rows":[[0,1],[1,0]]`) {
		t.Fatalf("%s", in.Value)
	}
	r.did("host", sandbox.Result{Answers: []sandbox.Answer{{Ask: in.Ask, Value: json.RawMessage(`[0.25,true]`)}}})
	want(t, r.result("host", op.N), "pairs", 1)
	if got := r.pairsOf(); got != "a<b=0.25" {
		t.Fatalf("pairs %q", got)
	}
	r.comes("c", nil)
	r.did("host", sandbox.Result{})
	in = asked()
	r.did("host", sandbox.Result{Answers: []sandbox.Answer{{Ask: in.Ask, Error: &sandbox.HostError{Name: "TypeError", Message: "x"}}}})
	if got := r.pairsOf(); got != "a<b=0.25" || !has(r.acts, func(n Note) bool { return strings.Contains(n.Text, "stays as it was") }) {
		t.Fatalf("pairs %q after a function that throws", got)
	}
	r.comes("d", nil)
	in = asked()
	r.did("host", sandbox.Result{Answers: []sandbox.Answer{{Ask: in.Ask, Value: json.RawMessage(`[null,"loud",-1,1e99,false,1]`)}}})
	if len(r.f.rooms["7"].sent.GetPairs()) < 2 {
		t.Errorf("pairs %q", r.pairsOf())
	}
	for _, p := range r.f.rooms["7"].sent.GetPairs() {
		if !(p.GetGain() >= 0 && p.GetGain() <= 4) {
			t.Errorf("a gain of %v leaves for the mixer", p.GetGain())
		}
	}
}

func TestMoveSplitMerge(t *testing.T) {
	r := newRig(t)
	r.with(map[string]any{"rate": 16000})
	r.comes("a", map[string]any{"tags": []string{"x"}})
	r.comes("b", nil)
	r.told()
	in := r.does("split", map[string]any{"filter": map[string]any{"tag": "x"}, "name": "8"})
	if object(t, in.Value)["$handle"] != "room:8" || len(r.f.rooms["8"].seats) != 1 || r.f.rooms["8"].rate != 16000 {
		t.Fatalf("%s", in.Value)
	}
	if !has(r.acts, func(p PlaceRoom) bool { return p.Room == "8" && p.Near == "7" }) || !has(r.acts, func(j JoinRoom) bool { return j.Call == "a" && j.Room == "8" }) {
		t.Fatalf("actions %v", r.acts)
	}
	if got := r.told(); got != "moved" {
		t.Fatalf("host hears %q", got)
	}
	want(t, object(t, r.does("merge", map[string]any{"other": "8"}).Value), "count", 1)
	if len(r.f.rooms["7"].seats) != 2 || !has(r.acts, func(x FreeRoom) bool { return x.Room == "8" }) {
		t.Fatalf("after the merge: %v", r.acts)
	}
	want(t, object(t, r.does("move", map[string]any{"filter": "b", "to": "9"}).Value), "count", 1)
	for _, id := range []string{"a", "b"} {
		if len(r.active[id].Inputs) > 0 && strings.Contains(string(r.active[id].Inputs[0].Value), "reason") {
			t.Errorf("%s has left, as it is told", id)
		}
	}
}

func TestRoomIsRecordedAndToldOf(t *testing.T) {
	r := newRig(t)
	stops := map[string]bool{}
	r.seen = func(a Action) {
		if m, ok := a.(ToMixer); ok {
			stops[m.Command.GetStop().GetOp()] = true
		}
	}
	r.with(map[string]any{"record": map[string]any{"mode": "both", "when": "two"}})
	r.comes("a", nil)
	if len(r.f.rooms["7"].tapes) != 0 {
		t.Fatal("one alone is recorded")
	}
	r.comes("b", nil)
	if got := r.told(); got != "start join join record-started" && got != "join start join record-started" {
		t.Fatalf("host hears %q", got)
	}
	tracks := r.f.rooms["7"].tapes[0].tracks
	if len(tracks) != 3 {
		t.Fatalf("%d tracks", len(tracks))
	}
	r.does("end", nil)
	for _, x := range tracks {
		if !stops[x.Part] {
			t.Errorf("%s is not stopped", x.Part)
		}
		r.workerDone(&control.Done{Op: x.Part, Reason: "stopped", Ms: 100, Sha256: "ab"})
	}
	if got := r.told(); !strings.HasSuffix(got, "record-finished record-finished record-finished") || len(r.f.rooms["7"].tapes) != 0 {
		t.Fatalf("host hears %q", got)
	}
}

func TestLimitsOfARoom(t *testing.T) {
	for name, c := range map[string]struct {
		options map[string]any
		join    map[string]any
		after   time.Duration
		reason  string
	}{
		"maxDuration":  {map[string]any{"maxDuration": 60000}, nil, time.Minute, "time-limit"},
		"endOnSilence": {map[string]any{"endOnSilence": 30000}, nil, 30 * time.Second, "silence"},
		"timeLimit":    {nil, map[string]any{"timeLimit": 5000}, 5 * time.Second, "time-limit"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.with(c.options)
			r.comes("a", c.join)
			r.idle("a")
			r.advance(c.after + time.Second)
			in := r.active["a"].Inputs
			if len(in) == 0 || object(t, in[len(in)-1].Value)["reason"] != c.reason {
				t.Fatalf("%+v", in)
			}
		})
	}
}

func TestSourcesThatAreSpokenFetchedOrNational(t *testing.T) {
	r := newRig(t)
	r.f.cfg.MayFetch = func(app, hostport string, private bool) error {
		if hostport == "a.example:443" && !private {
			return nil
		}
		return errors.New("not granted: " + hostport)
	}
	r.answered("c")
	n := r.begin("c", "play", map[string]any{"rate": 1.5, "cache": false, "source": []any{"https://a.example/b.wav", "country:uk/ringback", "say:hello",
		map[string]any{"$value": "number", "n": 42, "lang": "en"}, map[string]any{"$value": "digits", "n": "01*"},
		map[string]any{"$value": "money", "n": 12.5, "currency": "EUR"}, map[string]any{"$value": "date", "date": 0, "zone": "Europe/London"}}})
	p := r.played()
	s := p.GetSources()
	if w := s[0].GetWeb(); w.GetUrl() != "https://a.example/b.wav" || !w.GetFresh() || w.GetPrivate() || s[1].GetTone().GetRepeats() != forEver || p.GetRate() != 1.5 {
		t.Errorf("%v", s)
	}
	for i, text := range map[int]string{2: "hello", 3: "42", 4: "0, 1, star", 5: "12 EUR 50", 6: "Thursday, 1 January 1970, 01:00"} {
		if s[i].GetSpeech().GetText() != text {
			t.Errorf("%q is said, want %q", s[i].GetSpeech().GetText(), text)
		}
	}
	r.workerDone(&control.Done{Op: p.GetOp(), Reason: "finished", Ms: 5})
	r.completed("c", n)
	n = r.begin("c", "play", map[string]any{"source": []any{"http://127.0.0.1/b.wav"}})
	r.throws("c", n, "Denied")
	for c := range countryTones {
		for name := range countryTones["itu"] {
			if _, err := countryTone(c + "/" + name); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestRecordingIsMarkedMaskedAndUploaded(t *testing.T) {
	r := newRig(t)
	r.f.cfg.MayFetch = func(string, string, bool) error { return nil }
	r.answered("c")
	op := r.op("c", "call", "Call", "record", map[string]any{"file": "a", "leg": "in", "mode": "mono", "upload": map[string]any{"url": "https://u.example/a.wav", "retries": 2}})
	steer := func(method string, args map[string]any) sandbox.Op {
		return r.op("c", "op:2", "Recording", method, args)
	}
	var listens []sandbox.Listen
	for _, e := range recordingFace().Events {
		listens = append(listens, sandbox.Listen{Object: "op:2", Event: e, On: true})
	}
	r.did("c", sandbox.Result{Listens: listens, Ops: []sandbox.Op{op, steer("mark", map[string]any{"name": "x"}), steer("mask", nil), steer("pause", nil)}})
	if !has(r.acts, func(m ToMixer) bool {
		p := m.Command.GetPause()
		return p.GetPaused() && p.GetMasked()
	}) {
		t.Fatalf("%v", r.acts)
	}
	if got := r.heard("c"); got != "started paused" {
		t.Fatalf("events %q", got)
	}
	r.hangup("c")
	r.workerDone(&control.Done{Op: "c/2.1", Reason: "gone", Ms: 1000, Sha256: "ab"})
	var up *control.Upload
	for _, a := range r.acts {
		if m, ok := a.(ToMixer); ok && m.Command.GetUpload() != nil && m.Call == "" {
			up = m.Command.GetUpload()
		}
	}
	if up.GetPath() != "a.wav" || up.GetRetries() != 2 {
		t.Fatalf("%v", r.acts)
	}
	r.idle("c")
	r.workerDone(&control.Done{Op: up.GetOp(), Reason: "finished", Bytes: 16044})
	in := r.result("c", op.N)
	if in["uploaded"] != true || in["sha256"] != "ab" || len(in["marks"].([]any)) != 1 {
		t.Fatalf("%v", in)
	}
}

// Real functions of real scripts, in their isolates.
func TestFunctionsSayWhoHearsWhom(t *testing.T) {
	w := script(t, `import { conference } from 'callwright';
export default async call => {
  await call.answer();
  const room = await conference('7');
  const me = call.from.user;
  const m = await room.join(call, { label: me, hears: me === 'bob' ? s => s.label !== 'eve' : undefined });
  if (me === 'ann') console.log('pairs', (await room.matrix((l, s) => { if (l.label === 'dan') throw new Error('no dan'); return s.label === 'bob' ? 0.5 : l.label === 'eve' ? NaN : true; })).pairs);
  await m.left;
};`)
	for _, id := range []string{"bob", "ann", "eve", "dan"} {
		w.dial(id, "main", "1")
		w.run(time.Second)
	}
	got := map[string]float64{}
	for _, p := range w.f.rooms["7"].sent.GetPairs() {
		got[p.GetListener()+"<"+p.GetSpeaker()] = p.GetGain()
	}
	if len(got) != 3 || got["ann<bob"] != .5 || got["bob<eve"] != 0 || got["dan<bob"] == .5 {
		t.Errorf("pairs %v", got)
	}
	text := strings.Join(w.logs, "\n")
	for _, want := range []string{"pairs 1", "no dan", "is no gain"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in the log\n%s", want, text)
		}
	}
}
