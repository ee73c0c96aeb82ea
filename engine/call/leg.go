package call

import (
	"net/netip"
	"time"

	"github.com/callwright/callwright/media/sdp"
)

// leg is one dialog of ours with its offer and answer.
type leg struct {
	ID     string
	Dialed bool     `json:",omitempty"` // we are the UAC
	State  legState // see there
	Silent bool     `json:",omitempty"` // Ended has been told
	Acked  bool     `json:",omitempty"` // the ACK of our first 2xx came
	Flow   Flow     // of the peer's last message
	NAT    bool     `json:",omitempty"`

	CallID              string
	Local, Remote       Party
	Target              string   // remote target
	Routes              []string `json:",omitempty"`
	LocalSeq, RemoteSeq uint32

	// Until the INVITE has its final response.
	Invite      *Message `json:",omitempty"` // the peer's
	Transaction string   `json:",omitempty"` // its key; for a leg of ours that of our INVITE
	Early       *Message `json:",omitempty"` // last 1xx, repeated every minute
	Canceling   bool     `json:",omitempty"` // Hangup came before the peer's first response
	Others      []Flow   `json:",omitempty"` // to try if this one fails

	// A 2xx of ours until its ACK.
	OK      *Message      `json:",omitempty"`
	OKFlow  Flow          `json:",omitzero"`
	OKEvery time.Duration `json:",omitempty"`
	AckBy   time.Time     `json:",omitzero"`
	Late    bool          `json:",omitempty"` // it carries our offer

	// A re-INVITE of ours.
	Changing string     `json:",omitempty"` // its transaction
	Change   *sdp.Local `json:",omitempty"` // what it offers
	Tries    int        `json:",omitempty"` // of it, after 491

	Away *netip.AddrPort `json:",omitempty"` // the address that the peer is yet to be told

	// The session timer.
	Expires     uint32 `json:",omitempty"` // s; 0: none
	Refresher   bool   `json:",omitempty"` // we are
	PeerUpdates bool   `json:",omitempty"` // the peer takes UPDATE
	Updating    string `json:",omitempty"` // transaction of an UPDATE of ours

	Media      sdp.Local
	SDPVersion uint64
	SDP        []byte `json:",omitempty"` // our last body
	Agreed     sdp.Agreement

	Reason         []Header `json:",omitempty"` // for the BYE of a silent leg
	User, Password string   `json:",omitempty"`
}

type legState string

const (
	early legState = "early" // the INVITE has no final response
	up    legState = "up"    // it has a 2xx
)

func (l *leg) owner() string { return ofLeg + l.ID }

func (u *UA) addLeg(l *leg) {
	u.mark(l.ID)
	u.s.Legs[l.ID] = l
	u.s.Tags[l.Local.Tag] = l.ID
}

// dropLeg forgets a leg; its transactions end by themselves.
func (u *UA) dropLeg(l *leg) {
	u.stopOK(l)
	if l.Early != nil {
		u.disarm(l.owner(), "early")
	}
	if l.Change != nil {
		u.disarm(l.owner(), "change")
	}
	if l.Canceling {
		u.disarm(l.owner(), "cancel")
	}
	u.atHome(l)
	u.setTimer(l, 0, false)
	delete(u.s.Legs, l.ID)
	if u.s.Tags[l.Local.Tag] == l.ID {
		delete(u.s.Tags, l.Local.Tag)
	}
}

// tell tells the end of a leg, once.
func (u *UA) tell(l *leg, c Cause) {
	if !l.Silent {
		l.Silent = true
		u.do(Ended{Leg: l.ID, Cause: c})
	}
}

// endAt is end for an answer that names other places.
func (u *UA) endAt(l *leg, c Cause, contacts []string) {
	u.dropLeg(l)
	if !l.Silent {
		l.Silent = true
		u.do(Ended{Leg: l.ID, Cause: c, Contacts: contacts})
	}
}

// end forgets a leg and tells so.
func (u *UA) end(l *leg, c Cause) {
	u.dropLeg(l)
	u.tell(l, c)
}

// peer names the other side of a leg, for Cause.By.
func (l *leg) peer() string {
	if l.Dialed {
		return "callee"
	}
	return "caller"
}

func by(who string, c Cause) Cause {
	c.By = who
	return c
}

func (u *UA) refused(leg, order, why string) { u.do(Refused{Leg: leg, Order: order, Why: why}) }

func (u *UA) legTimer(l *leg, name string) {
	switch name {
	case "2xx":
		u.repeatOK(l)
	case "ack":
		u.ackTimeout(l)
	case "early":
		if l.Early != nil && l.Invite != nil {
			if s := u.s.Servers[l.Transaction]; s != nil {
				u.repeat(s.Flow, l.Early, s.Key)
			}
			u.arm(l.owner(), "early", u.cfg.Timers.Early)
		}
	case "change":
		if l.Change != nil && l.Changing == "" {
			u.change(l)
		}
	case "away":
		u.goAway(l)
	case "refresh":
		if l.Expires > 0 && l.Refresher {
			u.refresh(l)
		}
	case "session":
		u.sessionOver(l)
	case "cancel":
		if l.Canceling && l.State == early {
			u.cancelTimeout(l)
		}
	}
}
