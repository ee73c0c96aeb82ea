package call

import (
	"strings"
	"time"
)

// txState is the state of a transaction, of either side (RFC 3261 §17, RFC 6026).
type txState string

const (
	calling    txState = "calling"    // client; "trying" of a non-INVITE one
	proceeding txState = "proceeding" // both
	completed  txState = "completed"  // both: a final response that is not an INVITE's 2xx
	confirmed  txState = "confirmed"  // INVITE server: and its ACK
	accepted   txState = "accepted"   // INVITE: a 2xx
)

// server is a server transaction. Requests of other methods than INVITE are answered
// in the step that brings them, so theirs is born completed; but for what is asked of
// flows.
type server struct {
	Key    string
	Method string
	State  txState
	Flow   Flow
	Leg    string        `json:",omitempty"`
	Last   *Message      `json:",omitempty"` // what a retransmission is answered with
	Every  time.Duration `json:",omitempty"` // timer G
	Merge  string        `json:",omitempty"` // key in state.Merge

	// Of a request that flows are asked about, until its final response.
	Request *Message `json:",omitempty"`
	Tag     string   `json:",omitempty"` // ours, for To
}

// serverKey matches requests to transactions (RFC 3261 §17.2.3): by branch, sent-by
// and method, or, for senders older than that, by the request's own marks. The key
// of an ACK or CANCEL is asked for with the method of what it belongs to.
func serverKey(m *Message, method string) string {
	if len(m.Branch) > len(magic) && strings.HasPrefix(m.Branch, magic) {
		return m.Branch + "|" + strings.ToLower(m.SentBy) + "|" + method
	}
	via := ""
	if len(m.Vias) > 0 {
		via = m.Vias[0]
	}
	return strings.Join([]string{"2543", m.CallID, m.From.Tag, itoa(m.CSeq), m.URI, via, method}, "|")
}

func mergeKey(m *Message) string {
	return m.CallID + "|" + m.From.Tag + "|" + itoa(m.CSeq)
}

func (s *server) owner() string { return ofServer + s.Key }

func reliable(f Flow) bool { return f.Transport != "" && f.Transport != "udp" }

// repeated answers a request that came again.
func (u *UA) repeated(s *server) {
	switch {
	case s.Last != nil && (s.State == proceeding || s.State == completed):
		u.repeat(s.Flow, s.Last, s.Key)
	case s.Method == "INVITE":
		u.trying(s)
	}
}

// newServer enters a transaction for m.
func (u *UA) newServer(f Flow, m *Message) *server {
	s := &server{Key: serverKey(m, m.Method), Method: m.Method, State: proceeding, Flow: f}
	u.s.Servers[s.Key] = s
	if m.Method == "INVITE" && m.To.Tag == "" {
		s.Merge = mergeKey(m)
		u.s.Merge[s.Merge] = s.Key
	}
	return s
}

// respond sends a response through the transaction (RFC 3261 §17.2.1, RFC 6026 §7).
// The 2xx of an INVITE is repeated by the leg, not from here.
func (u *UA) respond(s *server, m *Message) {
	u.send(s.Flow, m, s.Key)
	if s.Last == nil && u.armed(s.owner(), timerTrying) {
		u.disarm(s.owner(), timerTrying)
	}
	switch {
	case m.Status < 200:
		s.Last = m
	case s.Method != "INVITE":
		s.State, s.Last = completed, m
		if reliable(s.Flow) {
			u.forgetServer(s) // timer J is zero
			return
		}
		u.arm(s.owner(), "J", u.cfg.Timers.long())
	case m.Status < 300:
		s.State, s.Last = accepted, nil
		u.arm(s.owner(), "L", u.cfg.Timers.long())
	default:
		s.State, s.Last = completed, m
		if !reliable(s.Flow) {
			s.Every = u.cfg.Timers.T1
			u.arm(s.owner(), "G", s.Every)
		}
		u.arm(s.owner(), "H", u.cfg.Timers.long())
	}
}

// acked ends the retransmission of a final response that is not a 2xx.
func (u *UA) acked(s *server) {
	if s.State != completed {
		return
	}
	u.mark(s.Leg)
	s.State, s.Last = confirmed, nil
	u.disarm(s.owner(), "G", "H")
	if reliable(s.Flow) {
		u.forgetServer(s) // timer I is zero
		return
	}
	u.arm(s.owner(), "I", u.cfg.Timers.T4)
}

func (u *UA) serverTimer(s *server, name string) {
	switch {
	case name == timerTrying:
		u.trying(s)
	case name == "reply" && s.Request != nil:
		u.reply(Reply{ID: s.Key, Status: 500, Reason: "No Answer From the Application"})
	case name == "G" && s.State == completed && s.Method == "INVITE":
		u.repeat(s.Flow, s.Last, s.Key)
		s.Every = min(2*s.Every, u.cfg.Timers.T2)
		u.arm(s.owner(), "G", s.Every)
	case name == "H" && s.State == completed && s.Method == "INVITE",
		name == "I" && s.State == confirmed,
		name == "J" && s.State == completed,
		name == "L" && s.State == accepted:
		u.forgetServer(s)
	}
}

func (u *UA) forgetServer(s *server) {
	if s.State == completed && s.Method == "INVITE" {
		u.disarm(s.owner(), "G")
	}
	delete(u.s.Servers, s.Key)
	u.disown(s.Leg, s.owner())
	if s.Merge != "" && u.s.Merge[s.Merge] == s.Key {
		delete(u.s.Merge, s.Merge)
	}
}
