package call

import (
	"bytes"
	"container/heap"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/callwright/callwright/media/sdp"
)

// world joins agents by a wire in virtual time: one heap of things to come.
type world struct {
	t      *testing.T
	now    time.Time
	seq    int
	events events
	agents map[string]*agent
	rng    *rand.Rand
	delay  func() time.Duration
	lose   func(from string, m *Message) bool
	trace  []string
}

type event struct {
	at  time.Time
	seq int
	do  func()
}

type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	return e[i].at.Before(e[j].at) || e[i].at.Equal(e[j].at) && e[i].seq < e[j].seq
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)   { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	old := *e
	x := old[len(old)-1]
	*e = old[:len(old)-1]
	return x
}

// agent is a UA with its timers and what it told.
type agent struct {
	w       *world
	addr    string
	cfg     Config
	ua      *UA
	timers  map[TimerID]int
	news    []Action
	sent    []sent
	on      func(Action)
	reborn  bool // goes on from a marshalled copy now and then
	alive   map[string]bool
	ended   map[string]Cause
	network string
}

// sent is a message that left, with its time.
type sent struct {
	at  time.Time
	msg *Message
	to  Flow
}

// times brings back when a kind of message left, in seconds after the first.
func (a *agent) times(method string, status int) []float64 {
	var at []float64
	var first time.Time
	for _, s := range a.sent {
		if s.msg.Method != method || s.msg.Status != status {
			continue
		}
		if first.IsZero() {
			first = s.at
		}
		at = append(at, s.at.Sub(first).Seconds())
	}
	return at
}

// last brings back the last message that left.
func (a *agent) last() *Message {
	if len(a.sent) == 0 {
		return &Message{}
	}
	return a.sent[len(a.sent)-1].msg
}

const stranger = "10.0.0.9:5060"

// gets hands the agent a request as a stranger's edge would bring it.
func (a *agent) gets(method, branch string, change ...func(*Message)) *Message {
	m := &Message{
		Method: method, URI: "sip:5000@" + a.addr, Branch: branch, SentBy: stranger,
		From: Party{URI: "sip:s@" + stranger, Tag: "theirs"}, To: Party{URI: "sip:5000@" + a.addr},
		CallID: "cid", CSeq: 1, Contact: "sip:s@" + stranger,
		Vias: []string{"SIP/2.0/UDP " + stranger + ";branch=" + branch},
	}
	for _, c := range change {
		c(m)
	}
	a.step(Received{Flow: Flow{Transport: a.network, Local: a.addr, Remote: stranger}, Msg: m})
	return m
}

// offers gives an INVITE a body.
func offers(m *Message) {
	m.Type, m.Body = "application/sdp", sdp.Offer(sdp.Local{Addr: netip.MustParseAddrPort("10.0.0.9:4000"), ID: 1, Version: 1})
}

// inside puts a request into the dialog that the agent's last 2xx made.
func (a *agent) inside(cseq uint32) func(*Message) {
	var tag string
	for _, s := range a.sent {
		if s.msg.Method == "INVITE" && s.msg.Status >= 180 {
			tag = s.msg.To.Tag
		}
	}
	return func(m *Message) { m.To.Tag, m.CSeq = tag, cseq }
}

func newWorld(t *testing.T) *world {
	return &world{t: t, now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), agents: map[string]*agent{},
		rng: rand.New(rand.NewPCG(1, 2)), delay: func() time.Duration { return time.Millisecond },
		lose: func(string, *Message) bool { return false }}
}

func (w *world) agent(addr string) *agent {
	a := &agent{w: w, addr: addr, timers: map[TimerID]int{}, alive: map[string]bool{}, ended: map[string]Cause{}, network: "udp"}
	copy(a.cfg.Seed[:], addr)
	a.ua = NewUA(a.cfg)
	w.agents[addr] = a
	return a
}

func (w *world) after(d time.Duration, f func()) {
	w.seq++
	heap.Push(&w.events, event{w.now.Add(d), w.seq, f})
}

// run goes on until nothing is left to happen before the given time has passed.
func (w *world) run(d time.Duration) {
	end := w.now.Add(d)
	for len(w.events) > 0 && !w.events[0].at.After(end) {
		e := heap.Pop(&w.events).(event)
		w.now = e.at
		e.do()
	}
	w.now = end
}

func (a *agent) step(in Input) {
	if a.reborn && a.w.rng.IntN(6) == 0 { // at random points: 300 seeds find them all
		a.rebirth()
	}
	for _, x := range a.ua.Step(a.w.now, in) {
		a.act(x)
	}
}

func (a *agent) rebirth() {
	data, err := json.Marshal(a.ua)
	if err != nil {
		a.w.t.Fatal(err)
	}
	if a.ua, err = Resume(a.cfg, data); err != nil {
		a.w.t.Fatal(err)
	}
	again, err := json.Marshal(a.ua)
	if err != nil || !bytes.Equal(again, data) {
		a.w.t.Fatalf("state changes on its way through JSON (%v)\n%s\n%s", err, data, again)
	}
}

func (a *agent) act(x Action) {
	switch x := x.(type) {
	case Send:
		a.transmit(x)
	case Arm:
		a.timers[x.Timer]++
		gen := a.timers[x.Timer]
		a.w.after(x.After, func() {
			if a.timers[x.Timer] == gen {
				a.step(Fired{x.Timer})
			}
		})
	case Disarm:
		a.timers[x.Timer]++
	default:
		a.w.trace = append(a.w.trace, fmt.Sprintf("%8s %s: %T %+v", a.w.now.Format("05.000"), a.addr, x, brief(x)))
		a.news = append(a.news, x)
		a.count(x)
		if a.on != nil {
			a.on(x)
		}
	}
}

func brief(x Action) any {
	if e, ok := x.(Ended); ok {
		return e
	}
	return ""
}

// count holds the promise about Ended: once for each leg, and last.
func (a *agent) count(x Action) {
	var id string
	switch x := x.(type) {
	case Invited:
		a.alive[x.Leg] = true
		return
	case Ended:
		if !a.alive[x.Leg] {
			a.w.t.Fatalf("%s: leg %s ended twice\n%s", a.addr, x.Leg, a.w.log())
		}
		delete(a.alive, x.Leg)
		a.ended[x.Leg] = x.Cause
		return
	case Refused, Replied:
		return
	case Pressed:
		id = x.Leg
	case Agreed:
		id = x.Leg
	case Ringing:
		id = x.Leg
	case Answered:
		id = x.Leg
	case Confirmed:
		id = x.Leg
	case Relocated:
		id = x.Leg
	case Asked:
		if id = x.Leg; id == "" {
			return
		}
	}
	if !a.alive[id] {
		a.w.t.Fatalf("%s: %T for leg %s, which is not alive\n%s", a.addr, x, id, a.w.log())
	}
}

func (w *world) log() string { return strings.Join(w.trace, "\n") }

// transmit carries a message as the edge would: a copy, and Route headers of a
// request are not its Record-Route.
func (a *agent) transmit(s Send) {
	a.sent = append(a.sent, sent{a.w.now, s.Msg, s.Flow})
	m := *s.Msg
	if m.Status == 0 {
		m.Routes = nil
		if len(m.Vias) != 1 || m.Branch == "" || m.CallID == "" || m.From.Tag == "" || m.CSeq == 0 {
			a.w.t.Fatalf("incomplete request %+v", m)
		}
	}
	lost := a.w.lose(a.addr, &m)
	note := ""
	if lost {
		note = " LOST"
	}
	a.w.trace = append(a.w.trace, fmt.Sprintf("%s %s -> %s %s %d cseq %d%s", a.w.now.Format("05.000"), a.addr, s.Flow.Remote, m.Method, m.Status, m.CSeq, note))
	to := a.w.agents[s.Flow.Remote]
	if lost || to == nil {
		return
	}
	a.w.after(a.w.delay(), func() {
		to.step(Received{Flow: Flow{Transport: a.network, Local: to.addr, Remote: a.addr}, Msg: &m})
	})
}

func (a *agent) dial(leg string, to *agent) {
	a.alive[leg] = true
	a.step(Dial{Leg: leg, Flow: Flow{Transport: a.network, Local: a.addr, Remote: to.addr}, URI: "sip:x@" + to.addr,
		From: Party{URI: "sip:" + a.addr}, Media: a.media()})
}

func (a *agent) media() sdp.Local {
	return sdp.Local{Addr: netip.AddrPortFrom(netip.MustParseAddrPort(a.addr).Addr(), 4000)}
}

// leg brings back the one leg that is alive.
func (a *agent) leg() string {
	a.w.t.Helper()
	if len(a.alive) != 1 {
		a.w.t.Fatalf("%s has %d legs\n%s", a.addr, len(a.alive), a.w.log())
	}
	for id := range a.alive {
		return id
	}
	return ""
}

// told brings back the actions of one kind.
func told[T Action](a *agent) []T {
	var all []T
	for _, x := range a.news {
		if x, ok := x.(T); ok {
			all = append(all, x)
		}
	}
	return all
}

// pair is two agents with a call between them that is up.
func pair(t *testing.T) (w *world, a, b *agent) {
	t.Helper()
	w, a, b = couple(t)
	a.dial("call", b)
	w.run(time.Second)
	if len(told[Answered](a)) != 1 || len(told[Confirmed](b)) != 1 {
		t.Fatalf("no call\n%s", w.log())
	}
	w.trace = nil
	return w, a, b
}

// couple is two agents; the second answers what comes.
func couple(t *testing.T) (w *world, a, b *agent) {
	w = newWorld(t)
	a, b = w.agent("10.0.0.1:5060"), w.agent("10.0.0.2:5060")
	b.on = func(x Action) {
		if i, ok := x.(Invited); ok {
			b.step(Accept{Leg: i.Leg, Media: b.media()})
		}
	}
	return w, a, b
}

// empty checks that nothing is left behind once all timers have run out.
func (a *agent) empty() {
	a.w.t.Helper()
	s := a.ua.s
	if n := len(s.Servers) + len(s.Clients) + len(s.Legs) + len(s.Tags) + len(s.Closing) + len(s.Merge) + len(s.Requests); n != 0 {
		data, _ := json.Marshal(a.ua)
		a.w.t.Fatalf("%s: %d things left behind\n%s\n%s", a.addr, n, data, a.w.log())
	}
	if len(a.alive) != 0 {
		a.w.t.Fatalf("%s: legs without an end: %v\n%s", a.addr, a.alive, a.w.log())
	}
}
