package flow

import (
	"encoding/json"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/callwright/callwright/engine/call"
	"github.com/callwright/callwright/media/sdp"
	"github.com/callwright/callwright/sandbox"
)

// callState is a call as its flow knows it.
type callState struct {
	rev    uint64
	id     string // also the leg's, the stream's and the member's
	handle string // as scripts name it: "call", or "call:ID" of a dialled one
	u      *unit  // whose flow has it
	sipID  string
	from   Party
	to     Party
	source Source
	state  string // new ringing early answered held ended
	times  Times
	media  Media
	vars   json.RawMessage
	cause  call.Cause

	offered   bool // the INVITE brought an offer
	accepting bool // a 200 is on its way
	audio     bool // stream and member stand
	ending    bool // we have ordered the end
	ended     bool

	talking           bool     // by the mixer's word
	used              bool     // a verb has answered to the digit at hand
	typed             []string // digits nobody has asked for yet
	gather            uint32   // the operation that gets the digits, 0: none
	echo              uint32   // the operation that has the echo, 0: none
	mutedIn, mutedOut bool
	seat              *seat `freeze:"own"` // in a conference
	bridge            *bridge

	dialed bool   // it is one that the flow has placed
	dial   uint32 // the operation that did
	hops   int    // Max-Forwards of its INVITE; 0: it had none

	carried []carried // over the last checkpoint
}

// Source is where a call's INVITE came from.
type Source struct {
	IP        string `json:"ip"`
	Port      int    `json:"port"`
	Transport string `json:"transport"`
}

// Times are Unix milliseconds; 0: not yet.
type Times struct {
	Created  int64 `json:"created"`
	Ringing  int64 `json:"ringing,omitempty"`
	Answered int64 `json:"answered,omitempty"`
	Ended    int64 `json:"ended,omitempty"`
}

// Media is what a call's audio is.
type Media struct {
	Codec string `json:"codec,omitempty"`
	Rate  int    `json:"rate,omitempty"` // Hz
	SBC   string `json:"sbc,omitempty"`
}

// callFields is the snapshot that scripts read fields from.
type callFields struct {
	ID        string          `json:"id"`
	SIPCallID string          `json:"sipCallId"`
	Direction string          `json:"direction"`
	State     string          `json:"state"`
	From      Party           `json:"from"`
	To        Party           `json:"to"`
	CallerID  callerID        `json:"callerId"`
	Source    Source          `json:"source"`
	User      *string         `json:"user"`
	Codec     string          `json:"codec,omitempty"`
	Media     Media           `json:"media"`
	Tags      []string        `json:"tags"`
	Vars      json.RawMessage `json:"vars"`
	Times     Times           `json:"times"`
	Cause     *causeFields    `json:"cause"`
	Peer      *handed         `json:"peer"` // who it hears
	Room      *handed         `json:"room"` // it is in
	// What went over the last checkpoint and goes on.
	Playbacks  []handed `json:"playbacks"`
	Recordings []handed `json:"recordings"`
}

type callerID struct {
	Number string `json:"number"`
	Name   string `json:"name"`
}

type causeFields struct {
	Name string `json:"name"`
	SIP  int    `json:"sip"`
	Q850 int    `json:"q850"`
	Text string `json:"text"`
	By   string `json:"by"`
}

func (f *Flows) newCall(in NewCall) {
	if f.units[in.Call] != nil || in.Msg == nil {
		return
	}
	u := f.newUnit(in.Call, in.App, in.Version, sandbox.CallUnit, in.Seed)
	u.call = newCallState(in, f.now)
	f.own(u, u.call)
	u.show(u.call.handle, u.call)
	for _, a := range f.apps {
		if !f.hears(a, in.App) {
			continue
		}
		f.occur(a, "app", "call", u.call.fields(f.now))
	}
}

func newCallState(in NewCall, now time.Time) *callState {
	c := &callState{rev: 1, id: in.Call, handle: "call", sipID: in.Msg.CallID, from: partyOf(in.Msg.From), to: partyOf(in.Msg.To),
		state: "new", vars: json.RawMessage("{}"), times: Times{Created: now.UnixMilli()},
		source: SourceOf(in.Flow), offered: len(in.Msg.Body) > 0}
	c.hops, _ = strconv.Atoi(in.Msg.Get("Max-Forwards"))
	if user, host := userAndHost(in.Msg.URI); in.Msg.URI != "" {
		// The Request-URI is where the call is meant to go now; To may name where it
		// was first sent (RFC 3261 §8.1.1.1).
		c.to.URI, c.to.User, c.to.Host, c.to.Number = in.Msg.URI, user, host, numberOf(user)
	}
	return c
}

// SourceOf is where a flow comes from.
func SourceOf(f call.Flow) Source {
	s := Source{Transport: f.Transport}
	if ip, port, err := net.SplitHostPort(f.Remote); err == nil {
		s.IP = ip
		s.Port, _ = strconv.Atoi(port)
	}
	return s
}

func (c *callState) revision() uint64 { return c.rev }

func (c *callState) fields(time.Time) any {
	v := callFields{ID: c.id, SIPCallID: c.sipID, Direction: c.direction(), State: c.state, From: c.from, To: c.to,
		CallerID: callerID{c.from.Number, c.from.Name}, Source: c.source, Codec: c.media.Codec, Media: c.media,
		Tags: []string{}, Vars: c.vars, Times: c.times, Playbacks: c.carriedOf("Playback"), Recordings: c.carriedOf("Recording")}
	if c.ended {
		cause := c.causeFields()
		v.Cause = &cause
	}
	if p := c.peer(); p != nil && p.u == c.u {
		v.Peer = &handed{Handle: p.handle, Class: "Call"}
	}
	if c.seat != nil && !c.seat.Lobby {
		v.Room = &handed{Handle: c.seat.room.handle(), Class: "Conference"}
	}
	return v
}

func (c *callState) direction() string {
	if c.dialed {
		return "outbound"
	}
	return "inbound"
}

func (c *callState) causeFields() causeFields {
	return causeFields{c.cause.Name, c.cause.SIP, c.cause.Q850, c.cause.Text, c.cause.By}
}

func (c *callState) become(state string) {
	if c.state != state && !c.ended {
		c.state = state
		c.rev++
	}
}

func (c *callState) answered() bool { return c.accepting || c.times.Answered != 0 }

func (c *callState) over() bool { return c.ended || c.ending }

func (c *callState) end(cause call.Cause, now time.Time) {
	c.become("ended")
	c.ended, c.ending, c.audio, c.cause = true, true, false, cause
	c.times.Ended = now.UnixMilli()
	c.typed = nil
	c.rev++
}

// endedError is what a verb throws on a call that has ended.
func (c *callState) endedError(verb string) *sandbox.HostError {
	return &sandbox.HostError{Name: "CallEnded", Message: fmt.Sprintf("%s: the call has ended (%s)", verb, c.cause.Name),
		Props: encode(map[string]any{"cause": c.causeFields()})}
}

// agreed is told when offer and answer have met, at the answer and at each hold.
func (f *Flows) agreed(c *callState, a sdp.Agreement) {
	if c.ended {
		return
	}
	if c.media.Codec != a.Codec.Name || c.media.Rate != a.Codec.Rate {
		c.media.Codec, c.media.Rate = a.Codec.Name, a.Codec.Rate
		c.rev++
	}
	switch {
	case !c.accepting:
		return // early audio
	case c.times.Answered == 0:
		c.times.Answered = f.now.UnixMilli()
		c.become("answered")
	case a.Held() && c.state == "answered":
		c.become("held")
		f.occur(c.u, c.handle, "held", struct{}{})
	case !a.Held() && c.state == "held":
		c.become("answered")
		f.occur(c.u, c.handle, "resumed", struct{}{})
	}
}

// mediaUp lets the verbs begin that waited for audio. When a worker was replaced,
// those under way ask the new one again.
func (f *Flows) mediaUp(c *callState, sbc string) {
	u := c.u
	if c.ended {
		return
	}
	if sbc != "" && sbc != c.media.SBC {
		c.media.SBC = sbc
		c.rev++
	}
	again := c.audio
	c.audio = true
	if c.mutedIn || c.mutedOut || (again && c.seat != nil) {
		f.seatAgain(c)
	}
	for _, o := range c.pending() {
		switch {
		case u.ops[o.n] != o: // ended by one before it
		case o.waits:
			o.waits = false
			o.begun = f.now
			o.verb.begin(o)
		default:
			o.verb.step(o, mediaUp{})
		}
	}
	f.tellDial(c, legEvent{what: "up"})
}

func (f *Flows) mediaFailed(c *callState, why string) {
	u := c.u
	if c.ended {
		return
	}
	c.accepting = c.accepting && c.times.Answered != 0
	f.note(u, "warn", "no audio for the call: "+why, u.await)
	for _, o := range c.pending() {
		if o.waits {
			o.fail(busyError(o.name() + ": " + why))
			continue
		}
		o.verb.step(o, noMedia{why})
	}
}

// refused is told when the leg could not do what was ordered.
func (f *Flows) refused(c *callState, in Refused) {
	u := c.u
	f.note(u, "warn", fmt.Sprintf("%s refused: %s", in.Order, in.Why), u.await)
	switch in.Order {
	case "answer":
		c.accepting = c.times.Answered != 0
	case "hangup", "reject":
		c.ending = false
		if u.settled { // nobody is left to try something else
			f.callEnded(c, causeNamed("normal"), nil)
			return
		}
	}
	for _, o := range c.pending() {
		if v, ok := o.verb.(interface{ orders() string }); ok && v.orders() == in.Order {
			if o.waits {
				continue
			}
			o.verb.step(o, refused{in.Why})
		}
	}
	if in.Order == "answer" {
		for _, o := range c.pending() {
			if o.waits {
				o.fail(plainError(o.name() + ": " + in.Why))
			}
		}
	}
}
