package call

import (
	"slices"
	"strings"
)

// Get brings back the first header of a name (any case), "" if there is none. Via,
// From, To, Call-ID, CSeq, Contact, Record-Route and Content-Type have fields.
func (m *Message) Get(name string) string {
	for _, h := range m.Headers {
		if strings.EqualFold(h.Name, name) {
			return h.Value
		}
	}
	return ""
}

// All brings back the values of a name in order, one for each header line.
func (m *Message) All(name string) []string {
	var all []string
	for _, h := range m.Headers {
		if strings.EqualFold(h.Name, name) {
			all = append(all, h.Value)
		}
	}
	return all
}

// Has says whether there is a header of that name.
func (m *Message) Has(name string) bool {
	return slices.ContainsFunc(m.Headers, func(h Header) bool { return strings.EqualFold(h.Name, name) })
}

// tokens brings back the comma separated tokens of all headers of a name.
func (m *Message) tokens(name string) []string {
	var all []string
	for _, v := range m.All(name) {
		for t := range strings.SplitSeq(v, ",") {
			if t = strings.TrimSpace(t); t != "" {
				all = append(all, t)
			}
		}
	}
	return all
}

// own are the headers that the core writes itself; an order cannot set them. It is
// read only.
var own = [...]string{"Via", "From", "To", "Call-ID", "CSeq", "Contact", "Route", "Record-Route", "Max-Forwards",
	"Content-Length", "Content-Type", "Allow", "Require", "Supported", "Session-Expires", "Min-SE", "Authorization", "Proxy-Authorization",
	"v", "f", "t", "i", "m", "l", "c"}

// extra brings back those headers of an order that it may set.
func extra(hs []Header) []Header {
	var ok []Header
	for _, h := range hs {
		if h.Name == "" || strings.ContainsAny(h.Name, " \t\r\n:") {
			continue
		}
		if !slices.ContainsFunc(own[:], func(o string) bool { return strings.EqualFold(o, h.Name) }) {
			ok = append(ok, h)
		}
	}
	return ok
}

// phrases are the reason phrases of RFC 3261 §21 that the core uses. Read only.
var phrases = map[int]string{
	100: "Trying", 180: "Ringing", 183: "Session Progress", 200: "OK",
	300: "Multiple Choices", 301: "Moved Permanently", 302: "Moved Temporarily",
	400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
	406: "Not Acceptable", 407: "Proxy Authentication Required", 408: "Request Timeout", 410: "Gone",
	413: "Request Entity Too Large", 415: "Unsupported Media Type", 416: "Unsupported URI Scheme",
	420: "Bad Extension", 480: "Temporarily Unavailable", 481: "Call/Transaction Does Not Exist",
	482: "Loop Detected", 483: "Too Many Hops", 484: "Address Incomplete", 486: "Busy Here",
	487: "Request Terminated", 488: "Not Acceptable Here", 491: "Request Pending",
	500: "Server Internal Error", 501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable",
	504: "Server Time-out", 505: "Version Not Supported", 513: "Message Too Large",
	600: "Busy Everywhere", 603: "Decline", 604: "Does Not Exist Anywhere", 606: "Not Acceptable",
}

// Phrase is the reason phrase of a status.
func Phrase(status int) string {
	if p := phrases[status]; p != "" {
		return p
	}
	return phrases[status/100*100]
}
