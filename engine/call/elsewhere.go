package call

import (
	"slices"
	"strconv"
	"strings"
)

// elsewhere sends a leg's INVITE to the next of its addresses when the one before did
// not answer, or only to say that it cannot (RFC 3263 §4.3). It says whether it did.
func (u *UA) elsewhere(c *client, l *leg, m *Message) bool {
	if len(l.Others) == 0 || l.Canceling || l.Silent || m != nil && m.Status != 503 {
		return false
	}
	l.Flow, l.Others = l.Others[0], l.Others[1:]
	var headers []Header
	for _, h := range l.asked(c) {
		if own := h.Name; !strings.EqualFold(own, "Authorization") && !strings.EqualFold(own, "Proxy-Authorization") {
			headers = append(headers, h)
		}
	}
	u.sendInvite(l, headers)
	return true
}

// asked are the headers of a leg's INVITE that sendInvite does not write itself.
func (l *leg) asked(c *client) []Header {
	return slices.DeleteFunc(slices.Clone(c.Request.Headers), func(h Header) bool {
		return h.Name == "Allow" || h.Name == "Supported" || h.Name == "User-Agent"
	})
}

// contactsOf lists the URIs of a 3xx (RFC 3261 §8.1.3.4), by preference.
func contactsOf(m *Message) []string {
	if m == nil || m.Status < 300 || m.Status > 399 || m.Contact == "" {
		return nil
	}
	type contact struct {
		uri string
		q   float64
	}
	list := []contact{{m.Contact, quality(m.ContactParams)}}
	for _, v := range m.All("Contact") {
		uri := bareURI(v)
		params := ""
		if i := strings.IndexByte(v, '>'); i >= 0 {
			params = v[i+1:]
		}
		list = append(list, contact{uri, quality(params)})
	}
	slices.SortStableFunc(list, func(a, b contact) int {
		switch {
		case a.q > b.q:
			return -1
		case a.q < b.q:
			return 1
		}
		return 0
	})
	uris := make([]string, 0, len(list))
	for _, c := range list[:min(len(list), maxContacts)] {
		uris = append(uris, c.uri)
	}
	return uris
}

const maxContacts = 10

// quality reads q of a Contact's parameters; 1 if there is none.
func quality(params string) float64 {
	for p := range strings.SplitSeq(params, ";") {
		k, v, _ := strings.Cut(strings.TrimSpace(p), "=")
		if q, err := strconv.ParseFloat(strings.TrimSpace(v), 64); strings.EqualFold(strings.TrimSpace(k), "q") && err == nil {
			return q
		}
	}
	return 1
}
