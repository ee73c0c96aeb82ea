package call

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/callwright/callwright/media/sdp"
)

func header(name, value string) func(*Message) {
	return func(m *Message) { m.Headers = append(m.Headers, Header{name, value}) }
}

func TestRefusedRequests(t *testing.T) {
	body := func(kind, text string) func(*Message) {
		return func(m *Message) { m.Type, m.Body = kind, []byte(text) }
	}
	inDialog := func(m *Message) { m.To.Tag = "unknown" }
	cases := []struct {
		name   string
		method string
		change []func(*Message)
		status int
		header string // "Name: value" that must be there
	}{
		{"REGISTER", "REGISTER", nil, 405, "Allow: " + allow},
		{"unknown method", "NEWMETHOD", nil, 405, "Allow: " + allow},
		{"MESSAGE", "MESSAGE", nil, 405, "Allow: " + allow},
		{"BYE without tag", "BYE", nil, 481, ""},
		{"BYE of an unknown dialog", "BYE", []func(*Message){inDialog}, 481, ""},
		{"re-INVITE of an unknown dialog", "INVITE", []func(*Message){inDialog, offers}, 481, ""},
		{"INFO of an unknown dialog", "INFO", []func(*Message){inDialog}, 481, ""},
		{"OPTIONS", "OPTIONS", nil, 200, "Accept: application/sdp"},
		{"scheme", "OPTIONS", []func(*Message){func(m *Message) { m.URI = "weird:x" }}, 416, ""},
		{"Require", "INVITE", []func(*Message){offers, header("Require", "100rel, foo"), header("require", "bar")}, 420, "Unsupported: 100rel, foo, bar"},
		{"Max-Forwards 0", "INVITE", []func(*Message){offers, header("Max-Forwards", "0")}, 483, ""},
		{"Max-Forwards 0 of OPTIONS", "OPTIONS", []func(*Message){header("Max-Forwards", "0")}, 200, ""},
		{"no Contact", "INVITE", []func(*Message){offers, func(m *Message) { m.Contact = "" }}, 400, ""},
		{"Content-Type", "INVITE", []func(*Message){body("text/plain", "hi")}, 415, "Accept: application/sdp"},
		{"Content-Encoding", "INVITE", []func(*Message){offers, header("Content-Encoding", "gzip")}, 415, "Accept-Encoding: identity"},
		{"Accept without SDP", "INVITE", []func(*Message){offers, header("Accept", "text/plain, x/y;q=1")}, 406, "Accept: application/sdp"},
		{"malformed SDP", "INVITE", []func(*Message){body("application/sdp", "hello")}, 400, ""},
		{"no common codec", "INVITE", []func(*Message){body("application/sdp", "c=IN IP4 192.0.2.1\r\nm=audio 9 RTP/AVP 18\r\n")}, 488, ""},
		{"host name in SDP", "INVITE", []func(*Message){body("Application/SDP; x=y", "c=IN IP4 host.example\r\nm=audio 9 RTP/AVP 0\r\n")}, 488, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			b := w.agent("10.0.0.2:5060")
			for range 2 { // the answer to a retransmission is the same
				b.gets(c.method, "z9hG4bK1", c.change...)
			}
			m, first := b.last(), b.sent[0].msg
			if m.Status != c.status || len(b.sent) != 2 || m.To.Tag == "" || m.To.Tag != first.To.Tag {
				t.Fatalf("answered %d (%d times) tag %q after %q", m.Status, len(b.sent), m.To.Tag, first.To.Tag)
			}
			if name, value, ok := strings.Cut(c.header, ": "); ok && m.Get(name) != value {
				t.Fatalf("%s: %q", name, m.Get(name))
			}
			if len(told[Invited](b)) != 0 {
				t.Fatal("the flow was told")
			}
			b.gets("ACK", "z9hG4bK1", func(x *Message) { x.To.Tag = m.To.Tag })
			b.empty() // and nothing is kept
		})
	}
}

func TestOverload(t *testing.T) {
	w := newWorld(t)
	b := w.agent("10.0.0.2:5060")
	b.ua.SetOverload(1500 * time.Millisecond)
	b.gets("INVITE", "z9hG4bK1", offers)
	if m := b.last(); m.Status != 503 || m.Get("Retry-After") != "2" {
		t.Fatalf("%+v", m)
	}
	b.ua.SetOverload(0)
	b.gets("INVITE", "z9hG4bK2", offers)
	if len(told[Invited](b)) != 1 {
		t.Fatal("still overloaded")
	}
}

func TestBounds(t *testing.T) {
	w := newWorld(t)
	b := w.agent("10.0.0.2:5060")
	b.cfg.MaxLegs = 10
	b.ua = NewUA(b.cfg)
	for i := range 20 {
		b.gets("INVITE", fmt.Sprint("z9hG4bK", i), offers, func(m *Message) { m.CallID = fmt.Sprint(i) })
	}
	if b.ua.Legs() != 10 || len(b.times("INVITE", 503)) != 10 {
		t.Fatalf("%d legs, %d refused", b.ua.Legs(), len(b.times("INVITE", 503)))
	}
}

func TestMergedRequest(t *testing.T) {
	w := newWorld(t)
	b := w.agent("10.0.0.2:5060")
	b.gets("INVITE", "z9hG4bK1", offers)
	b.gets("INVITE", "z9hG4bK2", offers)
	if b.last().Status != 482 || len(told[Invited](b)) != 1 {
		t.Fatalf("%+v", b.last())
	}
}

// Senders older than RFC 3261 have no branch worth the name.
func TestMatchingWithoutMagicCookie(t *testing.T) {
	for _, branch := range []string{"", "z9hG4bK", "1"} {
		w := newWorld(t)
		b := w.agent("10.0.0.2:5060")
		b.gets("INVITE", branch, offers)
		b.gets("INVITE", branch, offers)
		if len(told[Invited](b)) != 1 || len(b.times("INVITE", 100)) != 1 {
			t.Fatalf("%q: %s", branch, w.log())
		}
		b.gets("CANCEL", branch)
		if len(b.ended) != 1 || len(b.times("INVITE", 487)) != 1 {
			t.Fatalf("%q: not cancelled", branch)
		}
		b.gets("ACK", branch)
		w.run(time.Minute)
		if len(b.times("INVITE", 487)) != 1 {
			t.Fatalf("%q: ACK not seen", branch)
		}
		b.empty()
	}
}

func TestRequestsInADialog(t *testing.T) {
	w, a, b := pair(t)
	_ = a
	req := func(method string, cseq uint32, change ...func(*Message)) *Message {
		var in *Message
		for _, s := range a.sent {
			if s.msg.Method == "ACK" {
				in = s.msg
			}
		}
		m := *in
		m.Method, m.CSeq, m.Branch, m.Headers = method, cseq, fmt.Sprint("z9hG4bK", method, cseq), nil
		for _, c := range change {
			c(&m)
		}
		b.step(Received{Flow: Flow{Transport: "udp", Local: b.addr, Remote: stranger}, Msg: &m})
		return b.last()
	}
	if m := req("OPTIONS", 10); m.Status != 200 || m.Get("Allow") != allow || !m.Has("Supported") {
		t.Fatalf("OPTIONS: %+v", m)
	}
	for _, method := range []string{"MESSAGE", "REFER", "PRACK", "WHATEVER"} {
		if m := req(method, 11); m.Status != 405 || m.Get("Allow") != allow {
			t.Fatalf("%s: %+v", method, m)
		}
	}
	if m := req("OPTIONS", 5); m.Status != 500 {
		t.Fatalf("old CSeq: %+v", m)
	}
	if m := req("OPTIONS", 12, header("Require", "x")); m.Status != 420 {
		t.Fatalf("Require: %+v", m)
	}
	if m := req("BYE", 13, func(m *Message) { m.From.Tag = "forged" }); m.Status != 481 || len(b.ended) != 0 {
		t.Fatalf("forged: %+v", m)
	}
	if m := req("BYE", 14, header("Reason", `Q.850 ; cause=17 ;text="busy"`)); m.Status != 200 {
		t.Fatalf("BYE: %+v", m)
	}
	for _, c := range b.ended {
		if c.Name != "busy" || c.By != "caller" {
			t.Fatalf("ended %+v", c)
		}
	}
	w.run(time.Minute)
}

func TestOrdersThatDoNotFit(t *testing.T) {
	w, a, b := pair(t)
	_ = w
	id := b.leg()
	for _, in := range []Input{Ring{Leg: id}, Progress{Leg: id}, Accept{Leg: id}, Reject{Leg: id, Status: 486}, Ring{Leg: "none"}, Hangup{Leg: "none"}} {
		b.news, b.sent = nil, nil
		b.step(in)
		if r := told[Refused](b); len(r) != 1 || r[0].Why == "" || len(b.sent) != 0 {
			t.Errorf("%T: %+v", in, b.news)
		}
	}
	a.news = nil
	a.step(Dial{Leg: "call", URI: "sip:x@y"})
	a.step(Dial{Leg: "other", URI: "http://x"})
	a.step(Ring{Leg: "call"})
	if len(told[Refused](a)) != 3 {
		t.Errorf("%+v", a.news)
	}
	b.gets("INVITE", "z9hG4bK9", offers, func(m *Message) { b.on = nil })
	for leg := range b.alive {
		if leg != id {
			b.step(Reject{Leg: leg, Status: 200})
			b.step(Reject{Leg: leg, Status: 302, Contacts: []string{"sip:else@10.0.0.7"}})
		}
	}
	if m := b.last(); m.Status != 302 || m.Get("Contact") != "<sip:else@10.0.0.7>" {
		t.Errorf("redirect: %+v", m)
	}
}

func TestCodecsOfTheConfig(t *testing.T) {
	w := newWorld(t)
	b := w.agent("10.0.0.2:5060")
	b.cfg.Codecs = []sdp.Codec{{Name: "PCMA", Type: 8, Rate: 8000}}
	b.ua = NewUA(b.cfg)
	b.gets("INVITE", "z9hG4bK1", offers)
	b.step(Accept{Leg: b.leg(), Media: sdp.Local{Addr: b.media().Addr, Codecs: b.cfg.Codecs}})
	if a := told[Agreed](b); len(a) != 1 || a[0].Media.Codec.Name != "PCMA" {
		t.Fatalf("%+v", a)
	}
	// The order's codecs may be fewer still: 488 then, and the end.
	b.gets("INVITE", "z9hG4bK2", func(m *Message) {
		m.CallID = "2"
		m.Type, m.Body = accept, []byte("c=IN IP4 10.0.0.9\r\nm=audio 9 RTP/AVP 8\r\n")
	})
	for leg := range b.alive {
		b.step(Accept{Leg: leg, Media: sdp.Local{Addr: b.media().Addr, Codecs: []sdp.Codec{{Name: "PCMU", Rate: 8000}}}})
	}
	if b.last().Status != 488 || len(b.ended) != 1 {
		t.Fatalf("%s", w.log())
	}
}
