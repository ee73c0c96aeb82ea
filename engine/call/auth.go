package call

import (
	"strings"

	"github.com/icholy/digest"
)

// authenticate sends a request again with credentials after 401 or 407 (RFC 3261
// §22, RFC 8760), once. It says whether it did.
func (u *UA) authenticate(c *client, m *Message) bool {
	if c.User == "" || m.Status != 401 && m.Status != 407 || c.Use == toCancel {
		return false
	}
	challenge, answer := "WWW-Authenticate", "Authorization"
	if m.Status == 407 {
		challenge, answer = "Proxy-Authenticate", "Proxy-Authorization"
	}
	if c.Request.Has(answer) {
		return false // they were wrong
	}
	l := u.s.Legs[c.Leg]
	if (c.Use == toInvite || c.Use == toReinvite) && (l == nil || l.Silent) {
		return false
	}
	value, ok := u.credential(c, m.All(challenge))
	if !ok {
		return false
	}
	u.again(c, l, Header{answer, value})
	return true
}

// credential answers the first challenge that we can answer.
func (u *UA) credential(c *client, challenges []string) (string, bool) {
	for _, v := range challenges {
		ch, err := digest.ParseChallenge(v)
		if err != nil || !digest.CanDigest(ch) || len(ch.QOP) > 0 && !ch.SupportsQOP("auth") {
			continue
		}
		cred, err := digest.Digest(ch, digest.Options{
			Method: c.Method, URI: c.Request.URI, Count: 1, Username: c.User, Password: c.Password, Cnonce: u.id(),
		})
		if err == nil {
			return cred.String(), true
		}
	}
	return "", false
}

// again sends a copy of a request with one header more, as a new transaction with
// the next CSeq.
func (u *UA) again(c *client, l *leg, h Header) {
	m := *c.Request
	m.CSeq++
	m.Headers = append(append([]Header(nil), m.Headers...), h)
	u.stamp(&m, c.Flow)
	n := u.request(c.Flow, &m, c.Use, c.Leg)
	n.User, n.Password, n.ID = c.User, c.Password, c.ID
	switch {
	case c.Use == toFlow:
		u.s.Requests[c.ID] = n.Key
		if l != nil {
			l.LocalSeq = max(l.LocalSeq, m.CSeq)
		}
	case c.Use == toBye:
		u.s.Closing[m.From.Tag] = n.Key
	case l == nil:
	case c.Use == toInvite:
		l.LocalSeq, l.Transaction = max(l.LocalSeq, m.CSeq), n.Key
	case c.Use == toUpdate:
		l.LocalSeq, l.Updating = max(l.LocalSeq, m.CSeq), n.Key
	case c.Use == toReinvite:
		l.LocalSeq, l.Changing = max(l.LocalSeq, m.CSeq), n.Key
	}
}

// credentials are the headers of a request that its ACK must repeat (§22.1).
func credentials(m *Message) []Header {
	var hs []Header
	for _, h := range m.Headers {
		if strings.EqualFold(h.Name, "Authorization") || strings.EqualFold(h.Name, "Proxy-Authorization") {
			hs = append(hs, h)
		}
	}
	return hs
}
