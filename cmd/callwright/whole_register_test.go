package main

import (
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/icholy/digest"

	"github.com/callwright/callwright/cmd/callwright/phone"
	"github.com/callwright/callwright/engine/call"
	"github.com/callwright/callwright/engine/signal"
)

const office = `import { app, registrar } from 'callwright';
export const routes = ['200'];
const users = { bob: 'builder', eve: '' };
app.on('register', r => {
  if (r.user === 'open') return r.accept({ expires: '90s' });
  r.user in users ? r.challenge({ password: users[r.user] }) : r.reject(404, { reason: 'Nobody Of That Name' });
});
export default async function (call) {
  const d = await call.dial({ user: 'bob' });
  const phones = await registrar.lookup('bob');
  console.log('dial came to', d.status, d.attempts.map(a => a.code + ' ' + a.target).join(','), 'of', phones.map(p => p.uri).join());
}`

// exchange sends a request from a socket of its own and reads the answer to it.
func (w *world) exchange(pc net.PacketConn, m *call.Message) *call.Message {
	w.t.Helper()
	from := pc.LocalAddr().String()
	m.Vias = []string{"SIP/2.0/UDP " + from + ";branch=z9hG4bK" + m.CallID + string(rune('a'+m.CSeq))}
	if _, err := pc.WriteTo(signal.Write(m), net.UDPAddrFromAddrPort(sipAddr)); err != nil {
		w.t.Fatal(err)
	}
	b := make([]byte, 4096)
	pc.SetReadDeadline(time.Now().Add(5 * time.Second))
	n, _, err := pc.ReadFrom(b)
	if err != nil {
		w.t.Fatalf("%s: %v", m.Method, err)
	}
	got, err := signal.Parse(b[:n])
	if err != nil || got.CallID != m.CallID || got.CSeq != m.CSeq {
		w.t.Fatalf("%v %+v", err, got)
	}
	return got
}

// registers sends a REGISTER with what it takes, and brings back the last answer.
func (w *world) registers(user, password string, contact string, expires string) *call.Message {
	w.t.Helper()
	pc, err := w.sip.ListenPacket(netip.MustParseAddrPort("10.0.0.90:5060"))
	if err != nil {
		w.t.Fatal(err)
	}
	defer pc.Close()
	m := &call.Message{Method: "REGISTER", URI: "sip:10.0.0.1", CallID: user + password + expires, CSeq: 1, Contact: contact,
		From: call.Party{URI: "sip:" + user + "@10.0.0.1", Tag: "1"}, To: call.Party{URI: "sip:" + user + "@10.0.0.1"},
		Headers: []call.Header{{Name: "Expires", Value: expires}}}
	got := w.exchange(pc, m)
	if got.Status != 401 {
		return got
	}
	ch, err := digest.ParseChallenge(got.Get("WWW-Authenticate"))
	if err != nil {
		w.t.Fatal(err)
	}
	c, err := digest.Digest(ch, digest.Options{Method: m.Method, URI: m.URI, Count: 1, Username: user, Password: password})
	if err != nil {
		w.t.Fatal(err)
	}
	m.CSeq, m.Headers = 2, append(m.Headers, call.Header{Name: "Authorization", Value: c.String()})
	return w.exchange(pc, m)
}

// An app's users register by their passwords; a call to one rings where it is, and
// nowhere once it has gone.
func TestUsersRegister(t *testing.T) {
	inWorld(t, map[string]string{"office.js": office}, func(w *world) {
		time.Sleep(time.Second) // the app listens
		for _, c := range []struct {
			user, password, expires string
			status                  int
			contact                 string
		}{
			{"bob", "wrong", "600", 403, ""},
			{"carol", "builder", "600", 404, ""},
			{"eve", "", "600", 403, ""},
			{"open", "", "600", 200, ";expires=90"},
			{"bob", "builder", "30", 423, ""},
			{"bob", "builder", "600", 200, ";expires=600"},
		} {
			got := w.registers(c.user, c.password, "sip:bob@10.0.0.11", c.expires)
			if got.Status != c.status || got.ContactParams != c.contact {
				t.Errorf("%+v: %d %s, %q", c, got.Status, got.Reason, got.ContactParams)
			}
		}
		b := w.waits(700, func(c *phone.Config) { c.Ring = time.Second })
		a := w.dials("200", 500)
		time.Sleep(2 * time.Second)
		a.hears("the caller", a.listen(time.Second), []float64{700}, nil)
		a.hangup()
		b.hangup()
		if got := w.registers("bob", "builder", "sip:bob@10.0.0.11", "0"); got.Status != 200 || got.Contact != "" {
			t.Errorf("%d %s", got.Status, got.Contact)
		}
		a = w.dials("200", 500)
		time.Sleep(time.Second)
		if a.hangup(); a.report.Answered {
			t.Errorf("%+v", a.report)
		}
		time.Sleep(time.Second)
		for _, want := range []string{"dial came to answered 200 sip:bob@10.0.0.11 of sip:bob@10.0.0.11", "dial came to failed 480 user:bob of"} {
			if !strings.Contains(w.Log(), want) {
				t.Errorf("no line %q", want)
			}
		}
	})
}
