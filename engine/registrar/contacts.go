package registrar

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/callwright/callwright/engine/call"
)

// Contact is one that a REGISTER is about.
type Contact struct {
	URI     string `json:"uri"`
	Q       int    `json:"-"`
	Expires int64  `json:"expires"` // s; 0: it is to go

	instance, regID string
}

// readContacts reads what a REGISTER is about (RFC 3261 §10.3, steps 6 and 7).
func (q *Request) readContacts() Verdict {
	bad := Verdict{Status: 400, Reason: "Malformed Contact"}
	wanted, ok := number(q.msg.Get("Expires"), int64(maxExpires/time.Second))
	if !ok {
		return Verdict{Status: 400, Reason: "Malformed Expires"}
	}
	others := q.msg.All("Contact")
	if q.msg.Contact == "*" || slices.Contains(others, "*") {
		if q.msg.Contact != "*" || len(others) > 0 || wanted != 0 || !q.msg.Has("Expires") {
			return Verdict{Status: 400, Reason: "Contact * Needs Expires 0 And No Other"}
		}
		q.All = true
		return Verdict{}
	}
	if q.msg.Contact == "" {
		return Verdict{}
	}
	list := append([]string{"<" + q.msg.Contact + ">" + q.msg.ContactParams}, others...)
	if len(list) > maxContacts {
		return Verdict{Status: 400, Reason: "Too Many Contacts"}
	}
	for _, text := range list {
		c, ok := readContact(text, wanted)
		if !ok {
			return bad
		}
		q.Contacts = append(q.Contacts, c)
	}
	if len(strings.Join(q.msg.All("Path"), ",")) > maxPath {
		return Verdict{Status: 400, Reason: "Path Too Long"}
	}
	return Verdict{}
}

// readContact reads "<URI>;params", or a URI whose parameters are the header's (§20.10).
func readContact(text string, expires int64) (c Contact, ok bool) {
	uri, params := text, ""
	if i := strings.IndexByte(text, '<'); i >= 0 {
		j := strings.IndexByte(text[i:], '>')
		if j < 0 {
			return c, false
		}
		uri, params = text[i+1:i+j], text[i+j+1:]
	} else {
		uri, params, _ = strings.Cut(text, ";")
	}
	c = Contact{URI: strings.TrimSpace(uri), Q: 1000, Expires: expires}
	for p := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		value = strings.Trim(strings.TrimSpace(value), `"`)
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "expires":
			if c.Expires, ok = number(value, expires); !ok {
				return c, false
			}
		case "q":
			q, err := strconv.ParseFloat(value, 64)
			if err != nil || !(q >= 0 && q <= 1) {
				return c, false
			}
			c.Q = int(q*1000 + 0.5)
		case "+sip.instance":
			c.instance = clip(value)
		case "reg-id":
			c.regID = clip(value)
		}
	}
	scheme, rest, _ := strings.Cut(c.URI, ":")
	known := strings.EqualFold(scheme, "sip") || strings.EqualFold(scheme, "sips")
	return c, known && rest != "" && len(c.URI) <= maxURI && !strings.ContainsAny(c.URI, " <>\"\r\n\t\x00")
}

// clip keeps what goes back into a header short and whole.
func clip(s string) string {
	if len(s) > 200 || strings.ContainsAny(s, "\"\\\r\n;,") {
		return ""
	}
	return s
}

// number reads delta-seconds; more than can be said is the most (RFC 3261 §25.1: 2**32-1).
func number(s string, without int64) (int64, bool) {
	s = strings.TrimSpace(s)
	if s == "" {
		return without, true
	}
	if strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n > 1<<32-1 {
		n = 1<<32 - 1
	}
	return n, true
}

// bind applies a REGISTER to a user's bindings, all of it or nothing.
func (q *Request) bind(list []Binding, now time.Time, most time.Duration) ([]Binding, Verdict) {
	m := q.msg
	if q.All {
		for _, b := range list {
			if b.CallID == m.CallID && b.CSeq >= m.CSeq {
				return nil, outOfOrder()
			}
		}
		return nil, Verdict{}
	}
	for _, c := range q.Contacts {
		at := slices.IndexFunc(list, func(b Binding) bool { return c.same(&b) })
		if at >= 0 && list[at].CallID == m.CallID && list[at].CSeq >= m.CSeq {
			return nil, outOfOrder()
		}
		if at >= 0 {
			list = slices.Delete(list, at, at+1)
		}
		if c.Expires == 0 {
			continue
		}
		d := min(time.Duration(c.Expires)*time.Second, maxExpires)
		if d < minExpires {
			return nil, Verdict{Status: 423, Headers: []call.Header{{Name: "Min-Expires", Value: seconds(minExpires)}}}
		}
		if most > 0 {
			d = min(d, most)
		}
		list = append(list, Binding{User: q.User, URI: c.URI, Q: c.Q, Until: now.Add(d).Round(0), CallID: m.CallID, CSeq: m.CSeq,
			Flow: q.flow, Path: m.All("Path"), Agent: q.Agent(), Instance: c.instance, RegID: c.regID, Back: wayBack(q.flow, m)})
	}
	if len(list) > maxContacts {
		return nil, Verdict{Status: 403, Reason: "Too Many Contacts"}
	}
	return list, Verdict{}
}

// outOfOrder is the answer to a REGISTER older than what is bound (§10.3 step 7).
func outOfOrder() Verdict { return Verdict{Status: 500, Reason: "Out Of Order"} }

// same says whether a binding is what a contact is to replace.
func (c *Contact) same(b *Binding) bool {
	if c.instance != "" && c.regID != "" {
		return c.instance == b.Instance && c.regID == b.RegID
	}
	return c.URI == b.URI
}

func clipTo(s string, n int) string { return s[:min(len(s), n)] }

// userOf is the user part of an address of record, its escapes undone (§10.3 step 5).
func userOf(uri string) string {
	_, rest, ok := strings.Cut(uri, ":")
	user, _, at := strings.Cut(rest, "@")
	if !ok || !at {
		return ""
	}
	user, _, _ = strings.Cut(user, ";")
	user, _, _ = strings.Cut(user, ":")
	if plain, err := url.PathUnescape(user); err == nil {
		user = plain
	}
	return user
}
