package flow

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/callwright/callwright/engine/call"
	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/media/sdp"
	"github.com/callwright/callwright/sandbox"
)

// chance is a script and a world that do what a seed says, in any order.
type chance struct {
	*rig
	*rand.Rand
	units   []string
	begun   map[string]map[uint32]string // what each unit waits for
	parts   []string                     // what workers were asked to do
	leg     map[string]string            // new, ordered, ended
	settled map[string]bool
}

var chanceVerbs = []struct {
	object, class, method string
	args                  map[string]any
}{
	{"call", "Call", "answer", nil}, {"call", "Call", "ring", nil}, {"call", "Call", "progress", nil},
	{"call", "Call", "hangup", nil}, {"call", "Call", "reject", nil}, {"call", "Call", "mute", nil},
	{"call", "Call", "play", map[string]any{"source": source("a.wav"), "bargeIn": true}},
	{"call", "Call", "gather", map[string]any{"prompt": source("a.wav"), "tries": 2, "max": 3, "validate": map[string]any{"$fn": 1}}},
	{"call", "Call", "record", map[string]any{"beep": true, "terminators": "#"}},
	{"call", "Call", "echo", map[string]any{"for": 1000}},
	{"call", "Call", "sendDigits", map[string]any{"digits": "1"}},
	{"op:2", "Playback", "stop", nil}, {"op:3", "Recording", "pause", nil},
	{"", "", "sleep", map[string]any{"duration": 700}}, {"", "", "state.commit", nil},
	{"", "", "conference", map[string]any{"name": "7"}},
	{"room:7", "Conference", "join", nil}, {"room:7", "Conference", "kick", nil}, {"room:7", "Conference", "members", nil},
	{"room:7", "Conference", "play", map[string]any{"source": source("a.wav")}}, {"room:7", "Conference", "end", nil},
	{"room:7", "Conference", "mute", map[string]any{"filter": map[string]any{"role": "speaker"}}},
}

func (c *chance) unit() string { return c.units[c.IntN(len(c.units))] }

// script answers one activation that is out.
func (c *chance) script() {
	u := c.unit()
	a, ok := c.active[u]
	if !ok {
		return
	}
	if c.IntN(20) == 0 {
		c.step(Did{sandbox.Result{Unit: u, Turn: a.Turn + 9}}) // for another turn
		c.step(Did{sandbox.Result{Unit: u}})                   // stands after a replay
	}
	if c.IntN(12) == 0 {
		delete(c.active, u)
		c.step(Did{sandbox.Result{Unit: u, Turn: a.Turn, Lost: true}})
		return
	}
	res := sandbox.Result{Interrupted: c.IntN(60) == 0}
	for _, in := range a.Inputs {
		switch {
		case res.Interrupted:
		case in.Kind == sandbox.Completed:
			if _, ok := c.begun[u][in.Op]; !ok {
				c.t.Fatalf("%s: operation %d is completed twice, or was never begun", u, in.Op)
			}
			delete(c.begun[u], in.Op)
		case in.Kind == sandbox.Called:
			res.Answers = append(res.Answers, sandbox.Answer{Ask: in.Ask, Value: encode(c.IntN(2) == 0)})
		}
	}
	for range c.IntN(3) {
		if res.Interrupted || c.settled[u] {
			break
		}
		v := chanceVerbs[c.IntN(len(chanceVerbs))]
		op := c.op(u, v.object, v.class, v.method, v.args)
		c.begun[u][op.N] = v.method
		res.Ops = append(res.Ops, op)
	}
	if !c.settled[u] && (res.Interrupted || c.IntN(25) == 0) {
		c.settled[u], res.Settled = true, !res.Interrupted
	}
	c.did(u, res)
}

// world lets something happen to a call, a worker or the time.
func (c *chance) world() {
	u := c.unit()
	switch c.IntN(9) {
	case 0:
		if c.leg[u] == "accepted" {
			c.step(Agreed{Call: u, Media: sdp.Agreement{Codec: sdp.Codec{Name: "PCMU", Rate: 8000}, Send: c.IntN(3) > 0}})
			c.step(MediaUp{Call: u})
		}
	case 1:
		c.step(MediaFailed{Call: u, Why: "none is up"})
	case 2, 3:
		c.digits(u, string(allKeys[c.IntN(len(allKeys))]))
	case 4, 5:
		if len(c.parts) > 0 {
			i := c.IntN(len(c.parts))
			c.workerDone(&control.Done{Op: c.parts[i], Reason: []string{"finished", "error", "gone", "silence"}[c.IntN(4)]})
		}
	case 6:
		c.advance(time.Duration(c.IntN(3000)) * time.Millisecond)
	case 7:
		c.step(Committed{Unit: u, Op: uint32(c.IntN(9))})
		c.step(Worked{&control.Event{Body: &control.Event_Talk{Talk: &control.Talk{Member: u, Talking: c.IntN(2) == 0}}}})
	case 8:
		switch c.IntN(12) {
		case 0:
			c.end(u)
		case 1:
			c.step(RoomFailed{Room: "7"})
		case 2:
			c.step(Refused{Call: u, Order: []string{"answer", "ring", "progress"}[c.IntN(3)], Why: "late"})
		}
	}
}

func (c *chance) end(u string) {
	if c.leg[u] != "ended" {
		c.leg[u] = "ended"
		c.hangup(u)
	}
}

// obey does what the actions of the last steps order.
func (c *chance) obey(a Action) {
	switch a := a.(type) {
	case Order:
		switch in := a.Input.(type) {
		case call.Accept:
			c.leg[in.Leg] = "accepted"
		case call.Progress:
			c.leg[in.Leg] = "accepted"
		case call.Hangup:
			c.leg[in.Leg] = "ending"
		case call.Reject:
			c.leg[in.Leg] = "ending"
		}
	case ToMixer:
		c.ask(a.Command)
	case ToSBC:
		c.ask(a.Command)
	}
}

func (c *chance) ask(cmd *control.Command) {
	for _, op := range []string{cmd.GetPlay().GetOp(), cmd.GetRecord().GetOp(), cmd.GetEcho().GetOp(), cmd.GetDigits().GetOp()} {
		if op != "" {
			c.parts = append(c.parts, op)
		}
	}
}

func TestAnyOrderOfEvents(t *testing.T) {
	for seed := range uint64(300) {
		c := &chance{rig: newRig(t), Rand: rand.New(rand.NewPCG(seed, 1)), begun: map[string]map[uint32]string{},
			leg: map[string]string{}, settled: map[string]bool{}}
		c.seen = c.obey
		for i := range 3 {
			u := fmt.Sprintf("c%d", i)
			c.units = append(c.units, u)
			c.begun[u] = map[uint32]string{}
			c.invite(u)
		}
		for range 300 {
			if c.IntN(2) == 0 {
				c.script()
			} else {
				c.world()
			}
			for _, u := range c.units {
				if c.leg[u] == "ending" && c.IntN(3) == 0 {
					c.end(u)
				}
			}
		}
		c.finish(seed)
	}
}

// finish hangs up what is left: all that waits on the call must be answered, then all
// must be over.
func (c *chance) finish(seed uint64) {
	for _, u := range c.units {
		c.end(u)
	}
	for range 100 {
		for _, u := range c.units {
			if a, ok := c.active[u]; ok {
				for _, in := range a.Inputs {
					if in.Kind == sandbox.Completed {
						delete(c.begun[u], in.Op)
					}
				}
				c.did(u, sandbox.Result{})
			}
		}
		c.advance(100 * time.Millisecond)
	}
	for _, u := range c.units {
		for n, method := range c.begun[u] {
			if method != "state.commit" && !c.over[u] {
				c.t.Fatalf("seed %d: %s %d of %s was never completed", seed, method, n, u)
			}
		}
	}
	c.advance(afterEnd)
	if len(c.over) != len(c.units) || len(c.f.units) != 0 || len(c.f.rooms) != 0 || len(c.timers) != 0 {
		c.t.Fatalf("seed %d: over %v, units %v, rooms %v, timers %v", seed, c.over, c.f.units, c.f.rooms, c.timers)
	}
}
