package registrar

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/callwright/callwright/engine/call"
)

// bucket is the registrar's in the log. Scripts' kv cannot reach it: theirs are apps'.
const bucket = "registrar"

// Binding is where a phone of a user is.
type Binding struct {
	User     string    `json:"user"`
	URI      string    `json:"uri"` // its Contact
	Q        int       `json:"q"`   // thousandths
	Until    time.Time `json:"until"`
	CallID   string    `json:"callId"`
	CSeq     uint32    `json:"cseq"`
	Flow     call.Flow `json:"flow"` // the REGISTER came by
	Path     []string  `json:"path,omitempty"`
	Agent    string    `json:"agent,omitempty"`
	Instance string    `json:"instance,omitempty"` // RFC 5626 §4.1
	RegID    string    `json:"regId,omitempty"`
	// Back: it is reached by the way its REGISTER came, for its Contact says an address of
	// a network that is not ours, or it was a connection, or a proxy brought it.
	Back bool `json:"back,omitempty"`
}

// wayBack says whether a phone is reached only where its REGISTER came from (RFC 5626
// §5.3, RFC 3327 §5.3).
func wayBack(f call.Flow, m *call.Message) bool {
	if f.Transport != "" && f.Transport != "udp" || m.Has("Path") {
		return true
	}
	from, err := netip.ParseAddrPort(f.Remote)
	host, port, _ := strings.Cut(m.SentBy, ":")
	if strings.HasPrefix(m.SentBy, "[") {
		end := strings.IndexByte(m.SentBy, ']')
		host, port = m.SentBy[1:max(end, 1)], strings.TrimPrefix(m.SentBy[end+1:], ":")
	}
	said, bad := netip.ParseAddr(host)
	if port == "" {
		port = "5060"
	}
	return err != nil || bad != nil || said.Unmap() != from.Addr().Unmap() || port != strconv.Itoa(int(from.Port()))
}

// flow is what a phone's messages have in common with its REGISTER.
type flow struct{ transport, remote string }

// Lookup lists a user's bindings, the preferred first.
func (r *Registrar) Lookup(now time.Time, user string) []Binding {
	raw, ok := r.cfg.Keep.Get(now, bucket, user)
	if !ok {
		return nil
	}
	var list []Binding
	if json.Unmarshal(raw, &list) != nil {
		return nil // of a release to come
	}
	return slices.DeleteFunc(list, func(b Binding) bool { return !b.Until.After(now) })
}

// Users lists who has bindings, by name.
func (r *Registrar) Users(now time.Time, limit int) []string {
	return r.cfg.Keep.List(now, bucket, "", limit)
}

// store keeps a user's bindings, the preferred first, until the last one ends.
func (r *Registrar) store(now time.Time, user string, list []Binding) error {
	for _, b := range r.Lookup(now, user) {
		r.distrust(b)
	}
	if len(list) == 0 {
		r.cfg.Keep.Delete(now, bucket, user)
		return nil
	}
	slices.SortStableFunc(list, func(a, b Binding) int { return b.Q - a.Q })
	var last time.Time
	for _, b := range list {
		if b.Until.After(last) {
			last = b.Until
		}
	}
	raw, err := json.Marshal(list)
	if err == nil {
		err = r.cfg.Keep.Put(now, bucket, user, raw, last.Sub(now))
	}
	if err != nil {
		return fmt.Errorf("registrar: %w", err)
	}
	for _, b := range list {
		r.trust(b)
	}
	return nil
}

// maxTrusted bounds the flows that are remembered; Keep has as many keys.
const maxTrusted = 100_000

func (r *Registrar) trust(b Binding) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := flow{b.Flow.Transport, b.Flow.Remote}
	if _, had := r.trusted[at]; !had && len(r.trusted) >= maxTrusted {
		return
	}
	if b.Until.After(r.trusted[at]) {
		r.trusted[at] = b.Until
	}
}

func (r *Registrar) distrust(b Binding) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.trusted, flow{b.Flow.Transport, b.Flow.Remote})
}

// Trusts says whether a message comes from a phone that is registered: by its own flow.
func (r *Registrar) Trusts(now time.Time, f call.Flow) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := flow{f.Transport, f.Remote}
	until, ok := r.trusted[at]
	if ok && !until.After(now) {
		delete(r.trusted, at)
		ok = false
	}
	return ok
}

// header is a binding as a Contact of the answer.
func (b *Binding) header(now time.Time) string {
	var w strings.Builder
	w.WriteString("<" + b.URI + ">;expires=" + seconds(b.Until.Sub(now)))
	if b.Q != 1000 {
		fmt.Fprintf(&w, ";q=%d.%03d", b.Q/1000, b.Q%1000)
	}
	if b.Instance != "" {
		w.WriteString(`;+sip.instance="` + b.Instance + `"`)
		if b.RegID != "" {
			w.WriteString(";reg-id=" + b.RegID)
		}
	}
	return w.String()
}
