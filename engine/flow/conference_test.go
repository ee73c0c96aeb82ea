package flow

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/callwright/callwright/engine/call"
	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/sandbox"
)

// meet brings a call up and into room 7; it listens to every room event, and to left.
func (r *rig) meet(unit string, options map[string]any) (op uint32) {
	r.t.Helper()
	r.answered(unit)
	c := r.op(unit, "", "", "conference", map[string]any{"name": "7"})
	r.did(unit, sandbox.Result{Ops: []sandbox.Op{c}})
	if h := object(r.t, r.completed(unit, c.N).Value)["$handle"]; h != "room:7" {
		r.t.Fatalf("handle %v", h)
	}
	args := map[string]any{"call": map[string]any{"$handle": "call"}}
	for k, v := range options {
		args[k] = v
	}
	j := r.op(unit, "room:7", "Conference", "join", args)
	var listens []sandbox.Listen
	for _, e := range conferenceFace().Events {
		listens = append(listens, sandbox.Listen{Object: "room:7", Event: e, On: true})
	}
	r.did(unit, sandbox.Result{Ops: []sandbox.Op{j}, Listens: listens})
	return j.N
}

// heard empties a unit's queue, giving the room events in it, in order.
func (r *rig) heard(unit string) string {
	r.t.Helper()
	var names []string
	for {
		a, ok := r.active[unit]
		if !ok {
			return strings.Join(names, " ")
		}
		for _, in := range a.Inputs {
			if in.Kind == sandbox.Occurred {
				names = append(names, in.Event)
			}
		}
		r.did(unit, sandbox.Result{})
	}
}

func TestThreeMeet(t *testing.T) {
	r := newRig(t)
	r.meet("a", map[string]any{"label": "Ann", "tags": []string{"sales"}})
	if !has(r.acts, func(p PlaceRoom) bool { return p.Room == "7" && p.Rate == 8000 }) ||
		!has(r.acts, func(j JoinRoom) bool { return j.Call == "a" && j.Room == "7" && j.Member.GetId() == "a" }) {
		t.Fatalf("actions %v", r.acts)
	}
	if got := r.heard("a"); got != "start join" {
		t.Fatalf("a hears %q", got)
	}
	r.meet("b", map[string]any{"role": "listener"})
	if !has(r.acts, func(j JoinRoom) bool { return j.Call == "b" && j.Member.GetMuted() }) {
		t.Fatalf("a listener is muted: %v", r.acts)
	}
	n := r.meet("c", nil)
	var member struct {
		Handle string     `json:"$handle"`
		Fields seatFields `json:"$fields"`
	}
	if err := json.Unmarshal(r.completed("c", n).Value, &member); err != nil || member.Handle != "member:c/3" || member.Fields.ID != "c" {
		t.Fatalf("member %+v, %v", member, err)
	}
	if got := r.heard("a"); got != "join join" {
		t.Fatalf("a hears %q", got)
	}

	r.step(Worked{&control.Event{Body: &control.Event_Talk{Talk: &control.Talk{Member: "c", Talking: true}}}})
	r.digits("c", "5")
	if got := r.heard("a"); got != "talk-start dtmf" {
		t.Fatalf("a hears %q", got)
	}
	v := r.f.Conferences()[0]
	if len(v.Members) != 3 || !v.Members[2].Talking || v.Members[0].Label != "Ann" || v.State != "running" {
		t.Fatalf("view %+v", v)
	}

	r.idle("c")
	r.now = r.now.Add(time.Minute)
	r.hangup("c")
	if has(r.acts, func(l LeaveRoom) bool { return true }) {
		t.Fatal("the end of a call takes its member with it")
	}
	if got := r.heard("a"); got != "talk-stop leave" {
		t.Fatalf("a hears %q", got)
	}
	r.hangup("b")
	r.heard("a")
	r.hangup("a")
	if got := r.heard("a"); got != "leave end" {
		t.Fatalf("a hears %q", got)
	}
	if !has(r.acts, func(FreeRoom) bool { return true }) && r.f.rooms["7"].placed {
		t.Fatal("an empty room keeps its mixer")
	}
	for _, u := range []string{"a", "b", "c"} {
		r.idle(u)
		r.advance(time.Minute)
	}
	if len(r.f.rooms) != 0 || len(r.f.units) != 0 {
		t.Fatalf("left: %v %v", r.f.rooms, r.f.units)
	}
}

func TestKickMuteMembersEnd(t *testing.T) {
	r := newRig(t)
	r.meet("a", map[string]any{"tags": []string{"sales"}})
	r.idle("a")
	r.meet("b", nil)
	r.did("b", sandbox.Result{Listens: []sandbox.Listen{{Object: "member:b/3", Event: "left", On: true}}})

	do := func(method string, filter any) map[string]any {
		t.Helper()
		op := r.op("a", "room:7", "Conference", method, map[string]any{"filter": filter})
		r.did("a", sandbox.Result{Ops: []sandbox.Op{op}})
		return r.result("a", op.N)
	}
	want(t, do("mute", map[string]any{"tag": "sales"}), "count", 1)
	want(t, do("mute", map[string]any{"role": "speaker"}), "count", 1)
	want(t, do("unmute", nil), "count", 2)
	want(t, do("mute", "b"), "count", 1)
	want(t, do("mute", []any{map[string]any{"$handle": "member:b/3"}}), "count", 0)
	want(t, do("kick", []any{}), "count", 0)
	list := r.op("a", "room:7", "Conference", "members", map[string]any{"filter": map[string]any{"muted": true}})
	r.did("a", sandbox.Result{Ops: []sandbox.Op{list}})
	var members []seatFields
	if json.Unmarshal(r.completed("a", list.N).Value, &members) != nil || len(members) != 1 || members[0].ID != "b" {
		t.Fatalf("members %+v", members)
	}
	bad := r.op("a", "room:7", "Conference", "members", map[string]any{"filter": map[string]any{"tagg": "x"}})
	r.did("a", sandbox.Result{Ops: []sandbox.Op{bad}})
	if e := r.throws("a", bad.N, "BadOption"); !strings.Contains(e.Message, `"tag"`) {
		t.Fatal(e.Message)
	}

	r.idle("b")
	r.now = r.now.Add(3 * time.Second)
	want(t, do("kick", map[string]any{"$handle": "member:b/3"}), "count", 1)
	left := object(t, r.active["b"].Inputs[0].Value)
	want(t, left, "reason", "kicked")
	want(t, left, "ms", 3000)
	want(t, do("end", nil), "count", 1)
	if r.f.rooms["7"].placed || len(r.f.rooms["7"].seats) != 0 {
		t.Fatal("the room goes on")
	}
}

func TestJoinAgainElsewhere(t *testing.T) {
	r := newRig(t)
	r.meet("a", nil)
	r.idle("a")
	r.hangup("nobody")
	r.step(Worked{&control.Event{Body: &control.Event_Talk{Talk: &control.Talk{Member: "a", Talking: true}}}})
	other := r.op("a", "", "", "conference", map[string]any{"name": "8", "rate": 16000})
	r.did("a", sandbox.Result{Ops: []sandbox.Op{other}, Listens: []sandbox.Listen{{Object: "member:a/3", Event: "left", On: true}}})
	r.completed("a", other.N)
	join := r.op("a", "room:8", "Conference", "join", nil)
	r.did("a", sandbox.Result{Ops: []sandbox.Op{join}})
	if !has(r.acts, func(p PlaceRoom) bool { return p.Room == "8" && p.Rate == 16000 }) || !has(r.acts, func(l FreeRoom) bool { return l.Room == "7" }) {
		t.Fatalf("actions %v", r.acts)
	}
	for _, in := range r.active["a"].Inputs {
		if in.Event == "left" {
			want(t, object(t, in.Value), "reason", "moved")
		}
	}
	rate := r.op("a", "", "", "conference", map[string]any{"name": "8", "rate": 8000})
	r.did("a", sandbox.Result{Ops: []sandbox.Op{rate}})
	r.throws("a", rate.N, "Busy")
}

func TestAFullRoom(t *testing.T) {
	r := newRig(t)
	r.meet("a", nil)
	r.answered("b")
	c := r.op("b", "", "", "conference", map[string]any{"name": "7", "maxMembers": 1})
	r.did("b", sandbox.Result{Ops: []sandbox.Op{c}})
	j := r.op("b", "room:7", "Conference", "join", nil)
	r.did("b", sandbox.Result{Ops: []sandbox.Op{j}})
	r.throws("b", j.N, "Busy")
}

func TestPlayToARoom(t *testing.T) {
	r := newRig(t)
	r.meet("a", nil)
	play := r.op("a", "room:7", "Conference", "play", map[string]any{"source": source("tone:440/100")})
	r.did("a", sandbox.Result{Ops: []sandbox.Op{play}})
	if p := r.played(); p.GetRoom() != "7" {
		t.Fatalf("played %v", p)
	}
	r.workerDone(&control.Done{Op: "a/4.1", Reason: "finished", Ms: 100})
	want(t, r.result("a", play.N), "reason", "finished")
	if !strings.Contains(r.heard("a"), "play-done") {
		t.Fatal("nobody hears of its end")
	}

	// What plays ends with the room, though the mixer says nothing any more.
	r.digits("a", "1")
	play = r.op("a", "room:7", "Conference", "play", map[string]any{"source": source("a.wav"), "loop": true})
	r.did("a", sandbox.Result{Ops: []sandbox.Op{play}})
	r.step(RoomFailed{Room: "7", Why: "mixer-1 is down"})
	r.did("a", sandbox.Result{})
	r.hangup("a")
	r.idle("a")
	for _, in := range r.inputs["a"] {
		if in.Kind == sandbox.Completed && in.Op == play.N {
			want(t, object(t, in.Value), "reason", "ended")
			return
		}
	}
	t.Fatal("the play is still under way")
}

func TestACallsOwnMuteAndTheRooms(t *testing.T) {
	r := newRig(t)
	r.answered("a")
	r.begin("a", "mute", map[string]any{"which": "out"})
	c := r.op("a", "", "", "conference", map[string]any{"name": "7"})
	r.did("a", sandbox.Result{Ops: []sandbox.Op{c}})
	j := r.op("a", "room:7", "Conference", "join", map[string]any{"muted": true, "gainIn": -3})
	r.did("a", sandbox.Result{Ops: []sandbox.Op{j}})
	if !has(r.acts, func(j JoinRoom) bool {
		return j.Member.GetMuted() && j.Member.GetDeaf() && j.Member.GetGainInDb() == -3 && j.Member.GetRoom() == "7"
	}) {
		t.Fatalf("actions %v", r.acts)
	}
	r.idle("a")
	r.step(Ended{Call: "a", Cause: call.Cause{Name: "normal"}})
}
