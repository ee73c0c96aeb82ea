package call

import (
	"strings"
	"testing"
	"time"

	"github.com/icholy/digest"
)

// challenge makes b ask for credentials as a proxy would, by hand.
func TestDigest(t *testing.T) {
	for _, c := range []struct {
		name, challenge string
		status          int
		ok              bool
	}{
		{"MD5", `Digest realm="r", nonce="n"`, 401, true},
		{"MD5, qop", `Digest realm="r", nonce="n", algorithm=MD5, qop="auth,auth-int", opaque="o"`, 407, true},
		{"SHA-256", `Digest realm="r", nonce="n", algorithm=SHA-256, qop="auth"`, 401, true},
		{"unknown algorithm", `Digest realm="r", nonce="n", algorithm=X-1`, 401, false},
		{"no digest", `Basic realm="r"`, 401, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, a, _ := couple(t)
			a.alive["call"] = true
			flow := Flow{Transport: "udp", Local: a.addr, Remote: stranger}
			a.step(Dial{Leg: "call", Flow: flow, URI: "sip:x@" + stranger, Media: a.media(), User: "me", Password: "secret"})
			name, answer := "WWW-Authenticate", "Authorization"
			if c.status == 407 {
				name, answer = "Proxy-Authenticate", "Proxy-Authorization"
			}
			challenge := func(invite *Message) {
				m := &Message{Method: "INVITE", Status: c.status, Branch: invite.Branch, Vias: invite.Vias, From: invite.From, To: invite.To,
					CallID: invite.CallID, CSeq: invite.CSeq, Headers: []Header{{name, "Nonsense"}, {name, c.challenge}}}
				m.To.Tag = "b"
				a.step(Received{Flow: flow, Msg: m})
			}
			first := a.last()
			challenge(first)
			if !c.ok {
				if a.ended["call"].Name != "auth-failed" {
					t.Fatalf("%s", w.log())
				}
				return
			}
			second := a.last()
			if second.Method != "INVITE" || second.CSeq != first.CSeq+1 || second.Branch == first.Branch || second.CallID != first.CallID ||
				second.From.Tag != first.From.Tag || second.To.Tag != "" || len(second.Body) == 0 {
				t.Fatalf("second INVITE %+v", second)
			}
			checkCredentials(t, second.Get(answer), c.challenge)
			challenge(second) // again: they were wrong
			if e := a.ended["call"]; e.Name != "auth-failed" || e.SIP != c.status || len(a.times("INVITE", 0)) != 2 {
				t.Fatalf("ended %+v\n%s", e, w.log())
			}
			if data, _ := a.ua.MarshalJSON(); strings.Contains(string(data), "secret") {
				t.Error("the password outlived its use")
			}
			w.run(5 * time.Minute)
			a.empty()
		})
	}
}

func checkCredentials(t *testing.T, got, challenge string) {
	t.Helper()
	cred, err := digest.ParseCredentials(got)
	if err != nil {
		t.Fatalf("%v: %q", err, got)
	}
	ch, _ := digest.ParseChallenge(challenge)
	want, err := digest.Digest(ch, digest.Options{Method: "INVITE", URI: "sip:x@" + stranger, Username: "me", Password: "secret", Cnonce: cred.Cnonce, Count: cred.Nc})
	if err != nil || cred.Response != want.Response || cred.Username != "me" {
		t.Fatalf("credentials %q", got)
	}
}
