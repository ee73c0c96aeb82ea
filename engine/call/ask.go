package call

import (
	"strconv"
	"strings"
	"time"
)

// replyTime is how long a request that was asked waits for its Reply; the peer gives up
// after 32 s.
const replyTime = 15 * time.Second

// asks says whether requests of a method are for the flows to answer.
func (u *UA) asks(method string) bool {
	for _, m := range u.cfg.Asks {
		if m == method {
			return true
		}
	}
	return false
}

// allowed is the Allow header.
func (u *UA) allowed() Header {
	if len(u.cfg.Asks) == 0 {
		return Header{"Allow", allow}
	}
	return Header{"Allow", allow + ", " + strings.Join(u.cfg.Asks, ", ")}
}

// ask lets the flows answer a request through a transaction that waits for them.
func (u *UA) ask(l *leg, f Flow, m *Message) {
	if len(u.s.Servers) >= u.cfg.MaxTransactions {
		u.refuse(f, m, 503, "", retryAfter(5*time.Second))
		return
	}
	s := u.newServer(f, m)
	s.Tag, s.Request = u.statelessTag(m), m
	a := Asked{ID: s.Key, Flow: f, Msg: m}
	if l != nil {
		a.Leg, s.Tag = l.ID, l.Local.Tag
	}
	u.arm(s.owner(), "reply", replyTime)
	u.do(a)
}

// reply answers what was asked, once.
func (u *UA) reply(o Reply) {
	s := u.s.Servers[o.ID]
	if s == nil || s.Request == nil {
		return // too late
	}
	m := u.response(s.Request, o.Status, o.Reason, s.Tag)
	m.Headers = append(m.Headers, extraOf(o.Headers)...)
	if o.Status == 405 {
		m.Headers = append(m.Headers, u.allowed())
	}
	if o.Contact {
		m.Contact = u.cfg.Contact(s.Flow)
	}
	if len(o.Body) > 0 {
		m.Type, m.Body = o.Type, o.Body
	}
	if o.Status < 200 {
		u.respond(s, m)
		return
	}
	s.Request = nil
	u.disarm(s.owner(), "reply")
	u.respond(s, m)
}

// extraOf is extra for replies, which may name contacts: of a registrar, or a 3xx.
func extraOf(hs []Header) []Header {
	var ok []Header
	for _, h := range hs {
		if strings.EqualFold(h.Name, "Contact") && !strings.ContainsAny(h.Value, "\r\n") {
			ok = append(ok, h)
			continue
		}
		ok = append(ok, extra([]Header{h})...)
	}
	return ok
}

// info takes an INFO within a call: a key of the peer's, or what flows may hear of.
func (u *UA) info(l *leg, f Flow, m *Message) {
	u.answer(f, m, 200)
	if key, ms, ok := digitOf(m); ok {
		u.do(Pressed{Leg: l.ID, Key: key, Ms: ms})
		return
	}
	u.do(Asked{Leg: l.ID, Flow: f, Msg: m})
}

// digitOf reads application/dtmf-relay ("Signal=5", "Duration=160") and
// application/dtmf ("5"), which no RFC describes and all gateways send.
func digitOf(m *Message) (key string, ms int, ok bool) {
	kind, _, _ := strings.Cut(m.Type, ";")
	text := strings.TrimSpace(string(m.Body))
	ms = 100
	switch strings.ToLower(strings.TrimSpace(kind)) {
	case "application/dtmf":
		key = text
	case "application/dtmf-relay":
		for line := range strings.Lines(text) {
			name, value, _ := strings.Cut(line, "=")
			value = strings.TrimSpace(value)
			switch strings.ToLower(strings.TrimSpace(name)) {
			case "signal":
				key = value
			case "duration":
				if n, err := strconv.Atoi(value); err == nil && n > 0 && n <= 10_000 {
					ms = n
				}
			}
		}
	}
	switch key = strings.ToUpper(key); key {
	case "10":
		key = "*"
	case "11":
		key = "#"
	}
	return key, ms, len(key) == 1 && strings.Contains("0123456789*#ABCD", key)
}
