package call

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/callwright/callwright/media/sdp"
)

// refusal is an answer to a request that goes no further.
type refusal struct {
	status  int
	reason  string
	headers []Header
}

// check looks at a request outside a dialog in the order of RFC 3261 §8.2.
func (u *UA) check(m *Message) *refusal {
	switch m.Method {
	case "INVITE", "OPTIONS":
	case "BYE", "INFO", "UPDATE":
		return &refusal{status: 481}
	default:
		if !u.asks(m.Method) {
			return &refusal{status: 405, headers: []Header{u.allowed()}}
		}
	}
	if !knownScheme(m.URI) {
		return &refusal{status: 416}
	}
	if m.Method == "INVITE" {
		if _, merged := u.s.Merge[mergeKey(m)]; merged {
			return &refusal{status: 482} // §8.2.2.2: the same request by another way
		}
	}
	if no := checkExtensions(m); no != nil {
		return no
	}
	if u.retryAfter > 0 {
		return &refusal{status: 503, headers: []Header{retryAfter(u.retryAfter)}}
	}
	return nil
}

// checkInvite looks at what only an INVITE outside a dialog must have.
func (u *UA) checkInvite(m *Message) *refusal {
	if len(u.s.Legs) >= u.cfg.MaxLegs || len(u.s.Servers) >= u.cfg.MaxTransactions {
		return &refusal{status: 503, headers: []Header{retryAfter(5 * time.Second)}}
	}
	if strings.TrimLeft(m.Get("Max-Forwards"), "0 ") == "" && m.Has("Max-Forwards") {
		// A plain endpoint would take it (RFC 4475 §3.1.1.5); an INVITE that a B2BUA
		// passes on may be a loop (RFC 7332 §4).
		return &refusal{status: 483}
	}
	if m.Contact == "" && strings.HasPrefix(m.Branch, magic) {
		return &refusal{status: 400, reason: "Missing Contact header field"}
	}
	if no := checkTimer(m); no != nil {
		return no
	}
	if no := checkBody(m); no != nil {
		return no
	}
	if !wantsSDP(m) {
		return &refusal{status: 406, headers: []Header{{"Accept", accept}}}
	}
	if len(m.Body) == 0 {
		return nil
	}
	_, err := sdp.ParseOffer(m.Body, sdp.Local{Codecs: u.cfg.Codecs})
	return checkOffer(err)
}

// checkBody refuses what is not plain SDP (§8.2.3).
func checkBody(m *Message) *refusal {
	if len(m.Body) == 0 {
		return nil
	}
	kind, _, _ := strings.Cut(m.Type, ";")
	if !strings.EqualFold(strings.TrimSpace(kind), accept) {
		return &refusal{status: 415, headers: []Header{{"Accept", accept}}}
	}
	for _, e := range m.tokens("Content-Encoding") {
		if !strings.EqualFold(e, "identity") {
			return &refusal{status: 415, headers: []Header{{"Accept", accept}, {"Accept-Encoding", "identity"}}}
		}
	}
	return nil
}

// checkOffer turns what is wrong with an offer into a status.
func checkOffer(err error) *refusal {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sdp.ErrMalformed):
		return &refusal{status: 400, reason: "Malformed SDP"}
	case errors.Is(err, sdp.ErrAddress):
		return &refusal{status: 488, headers: []Header{{"Warning", `301 callwright "SDP needs a literal IP address"`}}}
	}
	return &refusal{status: 488, headers: []Header{{"Warning", `305 callwright "No common codec"`}}}
}

// wantsSDP looks at Accept (§20.1): an INVITE whose sender takes no SDP cannot be
// answered with any.
func wantsSDP(m *Message) bool {
	if !m.Has("Accept") {
		return true
	}
	for _, t := range m.tokens("Accept") {
		t, _, _ = strings.Cut(t, ";")
		switch strings.ToLower(strings.TrimSpace(t)) {
		case accept, "application/*", "*/*":
			return true
		}
	}
	return false
}

// checkExtensions refuses a request that requires what we have not (§8.2.2.3).
func checkExtensions(m *Message) *refusal {
	tags := slices.DeleteFunc(m.tokens("Require"), func(t string) bool {
		return strings.EqualFold(t, supported) || m.Method == "REGISTER" && strings.EqualFold(t, "path")
	})
	if len(tags) > 0 {
		return &refusal{status: 420, headers: []Header{{"Unsupported", strings.Join(tags, ", ")}}}
	}
	return nil
}

func knownScheme(uri string) bool {
	scheme, _, ok := strings.Cut(uri, ":")
	return ok && (strings.EqualFold(scheme, "sip") || strings.EqualFold(scheme, "sips") || strings.EqualFold(scheme, "tel"))
}
