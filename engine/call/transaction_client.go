package call

import "time"

// client is a client transaction.
type client struct {
	Key     string // branch and method
	Method  string
	State   txState
	Flow    Flow
	Use     use
	Leg     string        `json:",omitempty"`
	Request *Message      `json:",omitempty"` // without its body once there is a final response
	Every   time.Duration `json:",omitempty"` // timers A and E
	Acks    []acked       `json:",omitempty"` // one for each To tag that sent a final response

	User     string `json:",omitempty"`
	Password string `json:",omitempty"` // gone once used
	ID       string `json:",omitempty"` // of a Request
}

// acked is an ACK that is sent again when its response comes again.
type acked struct {
	Tag  string
	Flow Flow
	Msg  *Message
}

// use says what a request of ours was for.
type use string

const (
	toInvite   use = "invite"
	toReinvite use = "reinvite"
	toBye      use = "bye"
	toCancel   use = "cancel"
	toUpdate   use = "update"
	toFlow     use = "flow" // a Request
)

// maxForks bounds the answers that one INVITE can have from different phones.
const maxForks = 8

func clientKey(branch, method string) string { return branch + "|" + method }

func (c *client) owner() string { return ofClient + c.Key }

// request sends m through a transaction of its own (RFC 3261 §17.1).
func (u *UA) request(f Flow, m *Message, why use, leg string) *client {
	c := &client{Key: clientKey(m.Branch, m.Method), Method: m.Method, State: calling, Flow: f, Use: why, Leg: leg, Request: m}
	u.s.Clients[c.Key] = c
	u.own(leg, c.owner())
	u.send(f, m, c.Key)
	again, end := c.timers()
	if !reliable(f) {
		c.Every = u.cfg.Timers.T1
		u.arm(c.owner(), again, c.Every)
	}
	u.arm(c.owner(), end, u.cfg.Timers.long())
	return c
}

// timers names the retransmission and the time-out timer.
func (c *client) timers() (again, end string) {
	if c.Method == "INVITE" {
		return "A", "B"
	}
	return "E", "F"
}

func (u *UA) clientTimer(c *client, name string) {
	waiting := c.State == calling || c.State == proceeding && c.Method != "INVITE"
	switch {
	case (name == "A" || name == "E") && waiting:
		u.repeat(c.Flow, c.Request, c.Key)
		c.Every *= 2
		if c.Method != "INVITE" {
			c.Every = min(c.Every, u.cfg.Timers.T2)
			if c.State == proceeding {
				c.Every = u.cfg.Timers.T2
			}
		}
		u.arm(c.owner(), name, c.Every)
	case (name == "B" || name == "F") && waiting:
		u.forgetClient(c)
		u.failed(c, nil, CauseByName("timeout"))
	case (name == "D" || name == "K") && c.State == completed, name == "M" && c.State == accepted:
		u.forgetClient(c)
	}
}

// sendFailed ends a transaction whose message could not leave. A server transaction
// goes on: the peer will repeat its request, perhaps over another connection.
func (u *UA) sendFailed(in SendFailed) {
	c := u.s.Clients[in.Branch]
	if c == nil || c.State == completed || c.State == accepted {
		return
	}
	u.mark(c.Leg)
	u.forgetClient(c)
	cause := CauseByName("unreachable")
	if in.Why != "" {
		cause.Text = in.Why
	}
	u.failed(c, nil, cause)
}

func (u *UA) forgetClient(c *client) {
	again, end := c.timers()
	if c.State == calling || c.State == proceeding {
		u.disarm(c.owner(), again, end)
	}
	delete(u.s.Clients, c.Key)
	u.disown(c.Leg, c.owner())
	if c.Use == toBye && c.Request != nil && u.s.Closing[c.Request.From.Tag] == c.Key {
		delete(u.s.Closing, c.Request.From.Tag)
	}
}

// responded takes a response (§17.1.3). One without a transaction is a stray.
func (u *UA) responded(m *Message) {
	c := u.s.Clients[clientKey(m.Branch, m.Method)]
	if c == nil || len(m.Vias) != 1 || m.CallID != c.Request.CallID { // §8.1.3.3: more Vias: not for us
		return
	}
	u.mark(c.Leg)
	switch {
	case m.Status < 200:
		u.provisional(c, m)
	case c.Method == "INVITE" && m.Status < 300:
		u.succeeded(c, m)
	case c.State == calling || c.State == proceeding:
		u.finished(c, m)
	case c.State == completed && c.Method == "INVITE":
		u.ackAgain(c, m.To.Tag)
	}
}

func (u *UA) provisional(c *client, m *Message) {
	if c.State != calling && c.State != proceeding {
		return
	}
	if c.State == calling && c.Method == "INVITE" {
		u.disarm(c.owner(), "A", "B")
	}
	c.State = proceeding
	if c.Use == toInvite {
		u.progress(c, m)
	}
}

// finished takes a first final response, other than the 2xx of an INVITE.
func (u *UA) finished(c *client, m *Message) {
	again, end := c.timers()
	u.disarm(c.owner(), again, end)
	c.State = completed
	if c.Method == "INVITE" {
		u.ackFailure(c, m)
	}
	switch {
	case reliable(c.Flow):
		u.forgetClient(c) // timers D and K are zero
	case c.Method == "INVITE":
		u.arm(c.owner(), "D", u.cfg.Timers.long())
	default:
		u.arm(c.owner(), "K", u.cfg.Timers.T4)
	}
	switch {
	case u.authenticate(c, m):
	case c.Use == toFlow:
		u.replied(c, m, Cause{})
	case c.Use == toUpdate && m.Status < 300:
		u.refreshed(c, m)
	case m.Status >= 300:
		u.failed(c, m, CauseByStatus(m.Status))
	}
	c.slim()
}

// slim keeps of the request what matching and ACKs need.
func (c *client) slim() {
	r := *c.Request
	r.Body, r.Headers = nil, credentials(c.Request)
	c.Request = &r
	c.Password = ""
}

// ackFailure acknowledges a final response within the transaction (§17.1.1.3).
func (u *UA) ackFailure(c *client, m *Message) {
	r := c.Request
	ack := &Message{
		Method: "ACK", URI: r.URI, Branch: r.Branch, SentBy: r.SentBy, Vias: r.Vias[:1], Routes: r.Routes,
		From: r.From, To: m.To, CallID: r.CallID, CSeq: r.CSeq,
		Headers: append([]Header{{"Max-Forwards", "70"}}, credentials(r)...),
	}
	c.Acks = []acked{{m.To.Tag, c.Flow, ack}}
	u.send(c.Flow, ack, c.Key)
}

func (u *UA) ackAgain(c *client, tag string) bool {
	for _, a := range c.Acks {
		if a.Tag == tag {
			u.repeat(a.Flow, a.Msg, c.Key)
			return true
		}
	}
	return false
}
