package call

import (
	"net/netip"
	"time"

	"github.com/callwright/callwright/media/sdp"
)

// Input is something that happens to the core: a message, a timer, an order from
// the call's flow. UA.Step takes one at a time.
type Input interface{ input() }

type (
	// Received is a message from the wire. Messages that miss what the RFC demands
	// never get here: the edge answers them.
	Received struct {
		Flow Flow
		Msg  *Message
	}
	// SendFailed tells that a message of ours could not be written.
	SendFailed struct {
		Branch string // of the transaction that sent it
		Why    string
	}
	// Fired is a timer that was armed and not disarmed.
	Fired struct{ Timer TimerID }

	// Orders about one leg. An order that does not fit the leg's state is answered
	// by a Refused action and changes nothing.

	// Ring sends 180; Progress 183 with an answer; Accept 200.
	Ring struct {
		Leg     string
		Headers []Header
	}
	Progress struct {
		Leg     string
		Media   sdp.Local
		Headers []Header
	}
	Accept struct {
		Leg     string
		Media   sdp.Local
		Headers []Header
	}
	// Reject sends a final 3xx-6xx to an INVITE not yet answered.
	Reject struct {
		Leg      string
		Status   int
		Reason   string
		Headers  []Header
		Contacts []string // of a 3xx
		Cause    Cause    // no name: the status's
	}
	// Hangup ends a leg however it stands: BYE, CANCEL or a final response.
	Hangup struct {
		Leg     string
		Cause   Cause
		Headers []Header
	}
	// Reinvite offers new media in a call that is up: another address, Hold or its
	// end. It comes to Agreed, or to Refused (the call stays as it was), or to Ended.
	Reinvite struct {
		Leg   string
		Media sdp.Local
	}
	// Relocate has the peer send its audio to another address. It comes to Relocated, or
	// to Refused, or to Ended.
	Relocate struct {
		Leg  string
		Addr netip.AddrPort
		Now  bool // the old address is gone
	}
	// Reply answers a request that was Asked with an id; 1xx may come before.
	Reply struct {
		ID      string
		Status  int
		Reason  string
		Headers []Header // Contact among them, as a registrar writes it
		Contact bool     // ours
		Type    string   // of Body
		Body    []byte
	}
	// Request sends any request but those that calls are made of. With Leg it is within
	// that call's dialog, and Flow to Contact are not looked at. It comes to Replied.
	Request struct {
		ID       string
		Leg      string
		Method   string
		Flow     Flow
		URI      string
		From     Party // without a tag one is drawn
		To       Party
		CallID   string // "": a new one; REGISTER keeps its own
		CSeq     uint32 // 0: 1
		Contact  string // "": ours, but for MESSAGE and OPTIONS
		Routes   []string
		Headers  []Header
		Type     string
		Body     []byte
		User     string // digest credentials, may be empty
		Password string
	}
	// Dial begins a leg of ours (UAC) with an offer.
	Dial struct {
		Leg      string
		Flow     Flow   // Conn 0
		Others   []Flow // to try when nobody answers there, or with 503 (RFC 3263 §4.3)
		URI      string
		From, To Party // To without tag; From.Tag is chosen by the core
		Media    sdp.Local
		Headers  []Header
		User     string // digest credentials, may be empty
		Password string
		// Hops is Max-Forwards; 0: 70.
		Hops int
		// Routes are those the INVITE is to take, as a registered phone's Path says.
		Routes []string
	}
)

func (Received) input()   {}
func (SendFailed) input() {}
func (Fired) input()      {}
func (Ring) input()       {}
func (Progress) input()   {}
func (Accept) input()     {}
func (Reject) input()     {}
func (Hangup) input()     {}
func (Reinvite) input()   {}
func (Relocate) input()   {}
func (Dial) input()       {}
func (Reply) input()      {}
func (Request) input()    {}

// TimerID names a timer of the core: what it belongs to and which of its timers.
type TimerID struct {
	Owner string // transaction key or leg id
	Name  string // "A" … "M", "2xx", "ack", …
}

// Action is what must be done after a Step, in order.
type Action interface{ action() }

type (
	// Send writes a message to a flow.
	Send struct {
		Flow   Flow
		Msg    *Message
		Branch string // of the transaction, for SendFailed
		Again  bool   // it has been sent before, word for word
	}
	// Arm fires after a time; arming an armed timer moves it. Disarm forgets it.
	Arm struct {
		Timer TimerID
		After time.Duration
	}
	Disarm struct{ Timer TimerID }

	// Invited: a new INVITE made a leg. 100 Trying is already on its way. HasOffer
	// is false when the offer will be ours, in the 2xx.
	Invited struct {
		Leg      string
		Flow     Flow
		Msg      *Message
		HasOffer bool
	}
	// Agreed: offer and answer have met (or met again): media may flow so.
	Agreed struct {
		Leg   string
		Media sdp.Agreement
	}
	// Ringing, Answered tell of a leg of ours (UAC); Confirmed of the ACK of a leg
	// we answered.
	Ringing struct {
		Leg    string
		Status int
	}
	Answered struct {
		Leg string
		Msg *Message
	}
	Confirmed struct{ Leg string }
	// Relocated tells that the peer knows the address of a Relocate, or will with the
	// answer that it waits for.
	Relocated struct {
		Leg  string
		Addr netip.AddrPort
	}
	// Ended is told exactly once for each leg, and last. Contacts are those of a 3xx,
	// the preferred first.
	Ended struct {
		Leg      string
		Cause    Cause
		Contacts []string
	}
	// Asked is a request that the core does not decide itself: of Config.Asks, in a call
	// or outside, which waits up to 15 s for a Reply to ID, else it gets 500; or, with an
	// empty ID, an INFO that has had its 200.
	Asked struct {
		ID   string
		Leg  string // "": outside a call
		Flow Flow
		Msg  *Message
	}
	// Pressed is a key of the peer's that came as an INFO.
	Pressed struct {
		Leg, Key string
		Ms       int
	}
	// Replied is what a Request came to, told once: the final response, or the cause why
	// there is none.
	Replied struct {
		ID, Leg string
		Msg     *Message // nil: Cause says why
		Cause   Cause
	}
	// Refused answers an order that does not fit.
	Refused struct {
		Leg   string
		Order string
		Why   string
	}
)

func (Send) action()      {}
func (Arm) action()       {}
func (Disarm) action()    {}
func (Invited) action()   {}
func (Agreed) action()    {}
func (Ringing) action()   {}
func (Answered) action()  {}
func (Confirmed) action() {}
func (Relocated) action() {}
func (Ended) action()     {}
func (Asked) action()     {}
func (Pressed) action()   {}
func (Replied) action()   {}
func (Refused) action()   {}

// Cause says why a leg ended, in the one list of names of the script API (§18).
type Cause struct {
	Name string // "normal", "busy", "canceled", "timeout", …
	SIP  int    // response code, 0 for a BYE
	Q850 int
	Text string
	By   string // "caller", "callee", "script", "operator", "engine"
}
