package registrar

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/icholy/digest"

	"github.com/callwright/callwright/engine/call"
	"github.com/callwright/callwright/engine/keep"
)

var begin = time.UnixMilli(1_700_000_000_000)

// world is a registrar that knows alice and, by a digest, bob.
type world struct {
	*Registrar
	t    *testing.T
	now  time.Time
	kept *keep.Keep
	flow call.Flow
	cseq uint32
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, now: begin, kept: keep.New(nil), flow: call.Flow{Transport: "udp", Local: "10.0.0.1:5060", Remote: "192.0.2.7:5060"}}
	w.restart()
	return w
}

func (w *world) restart() {
	w.Registrar = New(w.now, Config{Keep: w.kept, Algorithms: []string{SHA256, MD5}, User: func(name string) (Secret, bool) {
		switch name {
		case "alice":
			return Secret{Password: "wonder"}, true
		case "bob":
			return Secret{HA1: "adb1c01dcb996c40a2af14814097eac5"}, true // see TestHA1
		}
		return Secret{}, false
	}})
}

func (w *world) message(user string, headers ...string) *call.Message {
	w.cseq++
	m := &call.Message{Method: "REGISTER", URI: "sip:x", CallID: "id-" + user, CSeq: w.cseq, To: call.Party{URI: "sip:" + user + "@x"}}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		if name == "Contact" && m.Contact == "" {
			if value == "*" {
				m.Contact = "*"
				continue
			}
			uri, params, _ := strings.Cut(strings.TrimPrefix(value, "<"), ">")
			m.Contact, m.ContactParams = uri, params
			continue
		}
		m.Headers = append(m.Headers, call.Header{Name: name, Value: value})
	}
	return m
}

func (w *world) take(m *call.Message) Verdict {
	q, v := w.Read(w.now, w.flow, m)
	if q == nil {
		return v
	}
	return w.Default(w.now, q)
}

// answered repeats a message with credentials for a challenge.
func (w *world) answered(m *call.Message, v Verdict, user, password, algorithm string, nc int) *call.Message {
	w.t.Helper()
	for _, h := range v.Headers {
		ch, err := digest.ParseChallenge(h.Value)
		if err != nil || ch.Algorithm != algorithm {
			continue
		}
		c, err := digest.Digest(ch, digest.Options{Method: m.Method, URI: m.URI, Count: nc, Cnonce: "c", Username: user, Password: password})
		if err != nil {
			w.t.Fatal(err)
		}
		again := *m
		w.cseq++
		again.CSeq = w.cseq
		again.Headers = append(slices.Clone(m.Headers), call.Header{Name: "Authorization", Value: c.String()})
		return &again
	}
	w.t.Fatalf("no challenge by %s: %+v", algorithm, v)
	return nil
}

// register does the whole exchange.
func (w *world) register(headers ...string) Verdict {
	w.t.Helper()
	m := w.message("alice", headers...)
	return w.take(w.answered(m, w.take(m), "alice", "wonder", "SHA-256", 1))
}

func (w *world) contacts(user string) string {
	var list []string
	for _, b := range w.Lookup(w.now, user) {
		list = append(list, fmt.Sprintf("%s q%d %v", b.URI, b.Q, b.Until.Sub(w.now)))
	}
	return strings.Join(list, ", ")
}

func TestCredentials(t *testing.T) {
	for _, algorithm := range []string{"SHA-256", "MD5"} {
		w := newWorld(t)
		m := w.message("alice", "Contact: <sip:alice@192.0.2.7>", "Expires: 600")
		asked := w.take(m)
		if asked.Status != 401 || len(asked.Headers) != 2 {
			t.Fatalf("%+v", asked)
		}
		right := w.answered(m, asked, "alice", "wonder", algorithm, 1)
		for _, c := range []struct {
			what string
			m    *call.Message
			want int
		}{
			{"a wrong password", w.answered(m, asked, "alice", "wunder", algorithm, 1), 403},
			{"another's name", w.answered(m, asked, "mallory", "wonder", algorithm, 1), 403},
			{"right", right, 200},
			{"the same count again", right, 401},
			{"the next count", w.answered(m, asked, "alice", "wonder", algorithm, 2), 200},
		} {
			v := w.take(c.m)
			if v.Status != c.want {
				t.Errorf("%s, %s: %+v, want %d", algorithm, c.what, v, c.want)
			}
			if v.Status == 401 && !strings.Contains(v.Headers[0].Value, "stale=true") {
				t.Errorf("%s: right but used: %+v", c.what, v.Headers)
			}
		}
		w.now = w.now.Add(nonceLife)
		if v := w.take(w.answered(m, asked, "alice", "wonder", algorithm, 3)); v.Status != 401 {
			t.Errorf("an old nonce: %+v", v)
		}
		forged := asked
		forged.Headers = slices.Clone(asked.Headers)
		for i := range forged.Headers {
			forged.Headers[i].Value = strings.Replace(forged.Headers[i].Value, `nonce="0`, `nonce="1`, 1)
		}
		if v := w.take(w.answered(m, forged, "alice", "wonder", algorithm, 9)); v.Status != 401 {
			t.Errorf("a nonce of nobody's: %+v", v)
		}
	}
}

// A secret that is kept as a digest answers by MD5, and only that is asked for.
func TestHA1(t *testing.T) {
	w := newWorld(t)
	m := w.message("bob", "Contact: <sip:bob@192.0.2.7>")
	asked := w.take(m)
	if len(asked.Headers) != 1 {
		t.Errorf("%+v", asked)
	}
	if v := w.take(w.answered(m, asked, "bob", "builder", "MD5", 1)); v.Status != 200 {
		t.Errorf("%+v", v)
	}
}

// Who guesses is refused for a minute, and tells a known user from no user by nothing.
func TestGuessing(t *testing.T) {
	w := newWorld(t)
	for _, user := range []string{"alice", "nobody"} {
		m := w.message(user, "Contact: <sip:a@192.0.2.7>")
		if v := w.take(w.answered(m, w.take(m), user, "guess", "SHA-256", 1)); v.Status != 403 || v.Reason != "Wrong Credentials" {
			t.Errorf("%s: %+v", user, v)
		}
	}
	for range maxTries {
		m := w.message("alice", "Contact: <sip:a@192.0.2.7>")
		if v := w.take(m); v.Status == 401 {
			w.take(w.answered(m, v, "alice", "guess", "MD5", 1))
		}
	}
	m := w.message("alice", "Contact: <sip:a@192.0.2.7>")
	if v := w.take(m); v.Status != 403 {
		t.Errorf("after %d guesses: %+v", maxTries, v)
	}
	w.flow.Remote = "192.0.2.8:5060"
	if v := w.take(m); v.Status != 401 {
		t.Errorf("another source: %+v", v)
	}
	w.flow.Remote = "192.0.2.7:5060"
	w.now = w.now.Add(triesIn)
	if v := w.take(m); v.Status != 401 {
		t.Errorf("a minute later: %+v", v)
	}
	for i := range maxSources + 100 {
		w.wrong.add(w.now, netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}))
	}
	if len(w.wrong) > maxSources {
		t.Errorf("%d sources are remembered", len(w.wrong))
	}
}

func TestBindings(t *testing.T) {
	w := newWorld(t)
	steps := []struct {
		headers []string
		status  int
		want    string
	}{
		{[]string{"Contact: <sip:a@1.1.1.1>", "Expires: 600"}, 200, "sip:a@1.1.1.1 q1000 10m0s"},
		{[]string{"Contact: <sip:b@1.1.1.1>;q=0.5;expires=120", "Contact: <sip:c@1.1.1.1>;q=0.7"}, 200,
			"sip:a@1.1.1.1 q1000 10m0s, sip:c@1.1.1.1 q700 1h0m0s, sip:b@1.1.1.1 q500 2m0s"},
		{nil, 200, "sip:a@1.1.1.1 q1000 10m0s, sip:c@1.1.1.1 q700 1h0m0s, sip:b@1.1.1.1 q500 2m0s"},
		{[]string{"Contact: <sip:d@1.1.1.1>;expires=59"}, 423, "sip:a@1.1.1.1 q1000 10m0s, sip:c@1.1.1.1 q700 1h0m0s, sip:b@1.1.1.1 q500 2m0s"},
		{[]string{"Contact: <sip:a@1.1.1.1>;expires=0"}, 200, "sip:c@1.1.1.1 q700 1h0m0s, sip:b@1.1.1.1 q500 2m0s"},
		{[]string{"Contact: *", "Expires: 60"}, 400, "sip:c@1.1.1.1 q700 1h0m0s, sip:b@1.1.1.1 q500 2m0s"},
		{[]string{"Contact: <sip:x@1.1.1.1>;q=2"}, 400, "sip:c@1.1.1.1 q700 1h0m0s, sip:b@1.1.1.1 q500 2m0s"},
		{[]string{"Contact: <tel:+44>"}, 400, "sip:c@1.1.1.1 q700 1h0m0s, sip:b@1.1.1.1 q500 2m0s"},
		{[]string{"Contact: *", "Expires: 0"}, 200, ""},
		{[]string{`Contact: <sip:a@1.1.1.1:9>;+sip.instance="<urn:uuid:1>";reg-id=1`}, 200, "sip:a@1.1.1.1:9 q1000 1h0m0s"},
		{[]string{`Contact: <sip:a@1.1.1.1:10>;+sip.instance="<urn:uuid:1>";reg-id=1`}, 200, "sip:a@1.1.1.1:10 q1000 1h0m0s"},
	}
	for i, s := range steps {
		m := w.message("alice", s.headers...)
		v := w.take(m)
		if v.Status == 401 {
			v = w.take(w.answered(m, v, "alice", "wonder", "SHA-256", 1))
		}
		if got := w.contacts("alice"); v.Status != s.status || got != s.want {
			t.Errorf("step %d: %+v, bound %s; want %d, %s", i, v, got, s.status, s.want)
		}
	}
	late := w.message("alice", "Contact: <sip:a@1.1.1.1:10>;expires=0")
	late.CSeq = 1
	q, _ := w.Read(w.now, w.flow, late)
	if v := w.Accept(w.now, q, 0); v.Status != 200 { // another contact's order is another's
		if v.Status != 500 {
			t.Errorf("%+v", v)
		}
	} else {
		t.Error("an older REGISTER has undone a newer one")
	}
}

// What is bound is known to a successor, for as long as it is bound, and so is the flow.
func TestBindingsOutlive(t *testing.T) {
	w := newWorld(t)
	if w.Trusts(w.now, w.flow) {
		t.Error("a stranger is trusted")
	}
	v := w.register("Contact: <sip:a@1.1.1.1>;expires=100", "Path: <sip:edge;lr>")
	if v.Status != 200 || len(v.Headers) != 2 || v.Headers[0].Value != "<sip:a@1.1.1.1>;expires=100" || v.Headers[1].Value != "<sip:edge;lr>" {
		t.Errorf("%+v", v)
	}
	w.restart()
	if l := w.Lookup(w.now, "alice"); len(l) != 1 || l[0].Path[0] != "<sip:edge;lr>" || !w.Trusts(w.now, w.flow) {
		t.Errorf("%+v", l)
	}
	w.now = w.now.Add(100 * time.Second)
	if w.contacts("alice") != "" || w.Trusts(w.now, w.flow) {
		t.Error("bound for ever")
	}
	w.register("Contact: <sip:a@1.1.1.1>")
	if n, err := w.Kick(w.now, "alice", ""); n != 1 || err != nil || w.contacts("alice") != "" || w.Trusts(w.now, w.flow) {
		t.Errorf("kicked %d, %v", n, err)
	}
}

// An app accepts without credentials, for less than was asked; or has a secret of its own.
func TestAppDecides(t *testing.T) {
	w := newWorld(t)
	m := w.message("carol", "Contact: <sip:carol@192.0.2.7>")
	q, v := w.Read(w.now, w.flow, m)
	if q == nil || q.Known || q.Authenticated {
		t.Fatalf("%+v %+v", q, v)
	}
	asked := w.Challenge(w.now, q, &Secret{Password: "p"})
	if asked.Status != 401 {
		t.Fatalf("%+v", asked)
	}
	for i, password := range []string{"q", "p"} {
		want := []int{403, 200}[i]
		// Read does not know the user: what it cannot check is the app's to say.
		again, v := w.Read(w.now, w.flow, w.answered(m, asked, "carol", password, "MD5", i+1))
		if again == nil {
			t.Fatalf("%+v", v)
		}
		if v := w.Challenge(w.now, again, &Secret{Password: "p"}); v.Status != want {
			t.Errorf("%s: %+v", password, v)
		}
	}
	m = w.message("carol", "Contact: <sip:carol@192.0.2.7>")
	q, _ = w.Read(w.now, w.flow, m)
	if v := w.Accept(w.now, q, 90*time.Second); v.Status != 200 || w.contacts("carol") != "sip:carol@192.0.2.7 q1000 1m30s" {
		t.Errorf("%+v %s", v, w.contacts("carol"))
	}
}

func TestWayBack(t *testing.T) {
	for _, c := range []struct {
		transport, remote, sentBy, path string
		want                            bool
	}{
		{"udp", "192.0.2.7:5060", "192.0.2.7", "", false},
		{"udp", "192.0.2.7:5062", "192.0.2.7:5062", "", false},
		{"udp", "192.0.2.7:5062", "192.0.2.7", "", true},
		{"udp", "192.0.2.7:5060", "10.0.0.3:5060", "", true},
		{"udp", "[2001:db8::1]:5060", "[2001:db8::1]", "", false},
		{"udp", "[2001:db8::1]:5060", "[2001:db8::1", "", true},
		{"udp", "192.0.2.7:5060", "phone.example.com", "", true},
		{"udp", "192.0.2.7:5060", "192.0.2.7", "<sip:edge;lr>", true},
		{"tls", "192.0.2.7:5060", "192.0.2.7", "", true},
	} {
		m := &call.Message{SentBy: c.sentBy}
		if c.path != "" {
			m.Headers = []call.Header{{Name: "Path", Value: c.path}}
		}
		if got := wayBack(call.Flow{Transport: c.transport, Remote: c.remote}, m); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

func TestUsersFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users.yaml")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("alice: wonder\nbob: {ha1: 'ab12'}\n\"100\": '0123'\n")
	f, err := OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]Secret{"alice": {Password: "wonder"}, "bob": {HA1: "ab12"}, "100": {Password: "0123"}, "eve": {}} {
		if got, ok := f.User(begin, name); got != want || ok != (name != "eve") {
			t.Errorf("%s: %+v", name, got)
		}
	}
	write("alice: another\n# longer than before, so that its size differs whatever its time ..........................")
	if s, _ := f.User(begin.Add(time.Second), "alice"); s.Password != "another" {
		t.Errorf("%+v", s)
	}
	write("alice: [")
	if s, _ := f.User(begin.Add(time.Hour), "alice"); s.Password != "another" {
		t.Error("a broken file has replaced a good one")
	}
	for text, want := range map[string]string{"alice: 0123": "put it into quotes", "a: {pasword: x}": "no field", "a: {}": "needed", "a: [": "registrar: users"} {
		write(text)
		if _, err := OpenFile(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func FuzzRegister(f *testing.F) {
	f.Add("<sip:a@x>;q=0.5;expires=60", "600", `Digest username="alice", realm="callwright", nonce="00", uri="sip:x", response="0", qop=auth, nc=00000001, cnonce="c"`)
	f.Add("*", "0", "Digest ")
	f.Fuzz(func(t *testing.T, contact, expires, credentials string) {
		w := newWorld(t)
		v := w.take(w.message("alice", "Contact: "+contact, "Expires: "+expires, "Authorization: "+credentials))
		if v.Status < 200 || v.Status > 699 || v.Status == 200 {
			t.Errorf("%+v", v)
		}
		if c, ok := readContact(contact, 60); ok && strings.ContainsAny(c.URI, "\r\n<>") {
			t.Errorf("%+v", c)
		}
	})
}
