package call

import (
	"slices"
	"strconv"
	"time"
)

const (
	allow  = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE"
	accept = "application/sdp"
	// supported are the extensions that a peer may require.
	supported = "timer"
)

func itoa(n uint32) string { return strconv.FormatUint(uint64(n), 10) }

// response makes a response to a request (RFC 3261 §8.2.6): its Via, From, To,
// Call-ID and CSeq, with our tag in To if it had none.
func (u *UA) response(req *Message, status int, reason, tag string) *Message {
	if reason == "" {
		reason = Phrase(status)
	}
	m := &Message{
		Method: req.Method, Status: status, Reason: reason,
		Branch: req.Branch, SentBy: req.SentBy, Vias: req.Vias,
		From: req.From, To: req.To, CallID: req.CallID, CSeq: req.CSeq,
	}
	if m.To.Tag == "" && status != 100 {
		m.To.Tag = tag
	}
	if u.cfg.UserAgent != "" {
		m.Headers = append(m.Headers, Header{"Server", u.cfg.UserAgent})
	}
	return m
}

// refuse answers without a transaction. An ACK has no answer.
func (u *UA) refuse(f Flow, req *Message, status int, reason string, headers ...Header) {
	if req.Method == "ACK" {
		return
	}
	m := u.response(req, status, reason, u.statelessTag(req))
	m.Headers = append(m.Headers, headers...)
	u.send(f, m, "")
}

// answer answers a request other than INVITE through a transaction of its own.
func (u *UA) answer(f Flow, req *Message, status int, headers ...Header) {
	if len(u.s.Servers) >= u.cfg.MaxTransactions {
		u.refuse(f, req, status, "", headers...)
		return
	}
	m := u.response(req, status, "", u.statelessTag(req))
	m.Headers = append(m.Headers, headers...)
	u.respond(u.newServer(f, req), m)
}

// dialogResponse makes a response that makes or keeps a dialog (§12.1.1): with our
// Contact and the route it came by.
func (u *UA) dialogResponse(l *leg, req *Message, status int) *Message {
	m := u.response(req, status, "", l.Local.Tag)
	m.Contact = u.cfg.Contact(l.Flow)
	m.Routes = slices.Clone(req.Routes)
	if status >= 200 {
		m.Headers = append(m.Headers, u.allowed(), Header{"Supported", supported})
	}
	return m
}

func (m *Message) carry(body []byte) {
	if len(body) > 0 {
		m.Type, m.Body = accept, body
	}
}

// capabilities are the headers of the 200 to an OPTIONS (§11.2).
func (u *UA) capabilities() []Header {
	return []Header{u.allowed(), {"Accept", accept}, {"Accept-Encoding", "identity"}, {"Supported", supported}}
}

func retryAfter(d time.Duration) Header {
	s := max(1, int64((d+time.Second-1)/time.Second))
	return Header{"Retry-After", strconv.FormatInt(s, 10)}
}
