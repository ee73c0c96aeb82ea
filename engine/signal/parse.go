package signal

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/callwright/callwright/engine/call"
)

// ErrMessage is about bytes that are no SIP message; its text says what is wrong.
var ErrMessage = errors.New("signal: malformed message")

const (
	maxVias  = 70  // as many as Max-Forwards allows
	maxValue = 512 // Call-ID, tags, branches
	maxCSeq  = 1<<31 - 1
)

// Parse reads one whole message, by the same checks that the edge applies. It is for
// phones and tools; data is not kept.
func Parse(data []byte) (*call.Message, error) {
	f, wrong := scan(data)
	if wrong == nil {
		wrong = f.fit()
	}
	if wrong != nil {
		return nil, fmt.Errorf("%w: %s", ErrMessage, wrong.reason)
	}
	m, _, wrong := f.message()
	if wrong != nil {
		return nil, fmt.Errorf("%w: %s", ErrMessage, wrong.reason)
	}
	return m, nil
}

// message checks a frame and makes a message of it. The via is the topmost one.
func (f *frame) message() (*call.Message, via, *fault) {
	m := &call.Message{}
	if wrong := f.startLine(m); wrong != nil {
		return nil, via{}, wrong
	}
	v, wrong := f.vias(m)
	if wrong != nil {
		return nil, v, wrong
	}
	for _, part := range []func(*call.Message) *fault{f.parties, f.identity, f.contact, f.numbers} {
		if wrong := part(m); wrong != nil {
			return nil, v, wrong
		}
	}
	f.rest(m)
	return m, v, nil
}

// startLine reads a request or status line (RFC 3261 §7.1, §7.2). White space at the
// end of it is let pass.
func (f *frame) startLine(m *call.Message) *fault {
	line := strings.TrimRight(f.start, " \t")
	if isVersion(line) {
		return statusLine(m, f.start)
	}
	method, rest, ok := strings.Cut(line, " ")
	at := strings.LastIndexByte(rest, ' ')
	if !ok || at < 0 || !isToken(method) {
		return bad("not-sip", "Malformed Request Line")
	}
	uri, version := rest[:at], rest[at+1:]
	switch {
	case !isVersion(version):
		return bad("not-sip", "Malformed Request Line")
	case !strings.EqualFold(version, "SIP/2.0"):
		return &fault{505, call.Phrase(505), "version"}
	case len(method) > 64:
		return bad("bad-method", "Method Too Long")
	case !checkURI(uri) || hasHeaders(uri):
		return bad("bad-request-uri", "Malformed Request-URI")
	}
	m.Method, m.URI = method, uri
	return nil
}

// isVersion knows the beginning of "SIP/2.0".
func isVersion(s string) bool { return len(s) >= 4 && strings.EqualFold(s[:4], "SIP/") }

func statusLine(m *call.Message, line string) *fault {
	version, rest, _ := strings.Cut(line, " ")
	code, reason, _ := strings.Cut(rest, " ")
	n, err := strconv.Atoi(code)
	if !strings.EqualFold(version, "SIP/2.0") || len(code) != 3 || err != nil || n < 100 || n > 699 {
		return bad("bad-status-line", "Malformed Status Line")
	}
	m.Status, m.Reason = n, reason
	return nil
}

// vias reads the topmost Via and keeps all of them.
func (f *frame) vias(m *call.Message) (via, *fault) {
	for _, h := range f.fields {
		if h.name != "Via" {
			continue
		}
		for _, v := range split(h.value, ',') {
			if v = strings.Trim(v, " \t"); v == "" {
				return via{}, bad("bad-via", "Malformed Via")
			}
			m.Vias = append(m.Vias, v)
		}
		if len(m.Vias) > maxVias {
			return via{}, bad("too-many-vias", "Too Many Via Values")
		}
	}
	if len(m.Vias) == 0 {
		return via{}, missing("Via")
	}
	v, ok := parseVia(m.Vias[0])
	if !ok || len(v.branch) > maxValue {
		return v, bad("bad-via", "Malformed Via")
	}
	m.Branch, m.SentBy = v.branch, v.sentBy
	return v, nil
}

func missing(name string) *fault {
	return bad("missing-"+strings.ToLower(name), "Missing "+name+" Header Field")
}

// only brings back the value of a header that must be there once.
func (f *frame) only(name string) (string, *fault) {
	v, n := f.one(name)
	switch {
	case n == 0 || v == "":
		return "", missing(name)
	case n > 1:
		return "", bad("doubled-"+strings.ToLower(name), name+" Header Field More Than Once")
	}
	return v, nil
}

func (f *frame) parties(m *call.Message) (wrong *fault) {
	if m.From, wrong = f.party("From"); wrong != nil {
		return wrong
	}
	m.To, wrong = f.party("To")
	return wrong
}

func (f *frame) party(name string) (call.Party, *fault) {
	malformed := bad("bad-"+strings.ToLower(name), "Malformed "+name+" Header Field")
	v, wrong := f.only(name)
	if wrong != nil {
		return call.Party{}, wrong
	}
	a, ok := parseAddress(v)
	if !ok {
		return call.Party{}, malformed
	}
	tag, n := a.param("tag")
	if n > 1 || n == 1 && (!isToken(tag) || len(tag) > maxValue) {
		return call.Party{}, malformed
	}
	return call.Party{Name: a.name, URI: a.uri, Tag: tag, Params: a.without("tag")}, nil
}

// identity reads Call-ID and CSeq.
func (f *frame) identity(m *call.Message) *fault {
	id, wrong := f.only("Call-ID")
	if wrong != nil {
		return wrong
	}
	if len(id) > maxValue || strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return bad("bad-call-id", "Malformed Call-ID Header Field")
	}
	m.CallID = id
	cseq, wrong := f.only("CSeq")
	if wrong != nil {
		return wrong
	}
	parts := strings.Fields(cseq)
	malformed := bad("bad-cseq", "Malformed CSeq Header Field")
	if len(parts) != 2 || !isToken(parts[1]) || len(parts[1]) > 64 {
		return malformed
	}
	n, err := strconv.ParseUint(parts[0], 10, 32)
	if err != nil || n > maxCSeq {
		return malformed
	}
	if m.Status == 0 && parts[1] != m.Method {
		return bad("cseq-method", "CSeq Method Is Not That of the Request")
	}
	m.CSeq, m.Method = uint32(n), parts[1]
	return nil
}

// contact takes the first Contact's URI. One with header fields outside brackets is
// ambiguous (§20.10, RFC 4475 §3.1.2.12).
func (f *frame) contact(m *call.Message) *fault {
	for _, h := range f.fields {
		if h.name != "Contact" {
			continue
		}
		if h.value == "*" { // §10.2.2: of a REGISTER alone
			if m.Method == "REGISTER" && m.Contact == "" {
				m.Contact = "*"
			} else if m.Method == "REGISTER" {
				m.Headers = append(m.Headers, call.Header{Name: "Contact", Value: "*"})
			}
			continue
		}
		for _, v := range split(h.value, ',') {
			a, ok := parseAddress(v)
			if !ok || !a.angled && strings.IndexByte(a.uri, '?') >= 0 {
				return bad("bad-contact", "Malformed Contact Header Field")
			}
			if m.Contact == "" {
				m.Contact, m.ContactParams = a.uri, a.without("")
				continue
			}
			m.Headers = append(m.Headers, call.Header{Name: "Contact", Value: strings.Trim(v, " \t")})
		}
	}
	return nil
}

// numbers checks what else the core counts on: Max-Forwards, if it is there.
func (f *frame) numbers(m *call.Message) *fault {
	v, n := f.one("Max-Forwards")
	switch hops, err := strconv.ParseUint(v, 10, 32); {
	case n > 1:
		return bad("doubled-max-forwards", "Max-Forwards Header Field More Than Once")
	case n == 1 && (err != nil || hops > 255):
		return bad("bad-max-forwards", "Malformed Max-Forwards Header Field")
	}
	if _, n := f.one("Content-Type"); n > 1 {
		return bad("doubled-content-type", "Content-Type Header Field More Than Once")
	}
	return nil
}

// rest copies what needs no checks.
func (f *frame) rest(m *call.Message) {
	for _, h := range f.fields {
		switch h.name {
		case "Via", "From", "To", "Call-ID", "CSeq", "Contact", "Content-Length":
		case "Content-Type":
			m.Type = h.value
		case "Record-Route":
			for _, r := range split(h.value, ',') {
				if r = strings.Trim(r, " \t"); r != "" {
					m.Routes = append(m.Routes, r)
				}
			}
		default:
			m.Headers = append(m.Headers, call.Header{Name: h.name, Value: h.value})
		}
	}
	if len(f.body) > 0 {
		m.Body = bytes.Clone(f.body)
	}
}
