package signal

import (
	"reflect"
	"strings"
	"testing"

	"github.com/callwright/callwright/engine/call"
)

func TestParse(t *testing.T) {
	m, err := Parse([]byte(strings.ReplaceAll(`INVITE sip:+4420%207946@[2001:db8::1]:5070;user=phone SIP/2.0
v: SIP / 2.0 / TCP  [2001:db8::9] : 5071 ; branch = z9hG4bKa ,
 SIP/2.0/UDP proxy.example.com;branch=z9hG4bKb;received=192.0.2.1
Via: SIP/2.0/UDP 192.0.2.7
f: "O'Neil, \"Jo\"" <sip:jo;x=1@example.com;transport=tcp> ; tag = abc ;p="a;b,c"
t: sip:5000@example.com;tag=def
i: id@host
CSeq:   0042
  INVITE
m: <sip:jo@192.0.2.9;lr>;q=0.3, <sip:other@192.0.2.9>
Record-Route: <sip:p1;lr>, <sip:p2;lr>
Record-Route: "p, three" <sip:p3;lr>
k: timer,
 100rel
X-Own:  keeps   its  spaces
Route: <sip:me;lr>
c: application/sdp
l: 3

v=0rest`, "\n", "\r\n")))
	if err != nil {
		t.Fatal(err)
	}
	want := &call.Message{
		Method: "INVITE", URI: "sip:+4420%207946@[2001:db8::1]:5070;user=phone",
		Branch: "z9hG4bKa", SentBy: "[2001:db8::9]:5071",
		From:   call.Party{Name: `O'Neil, \"Jo\"`, URI: "sip:jo;x=1@example.com;transport=tcp", Tag: "abc", Params: `;p="a;b,c"`},
		To:     call.Party{URI: "sip:5000@example.com", Tag: "def"},
		CallID: "id@host", CSeq: 42, Contact: "sip:jo@192.0.2.9;lr", ContactParams: ";q=0.3",
		Routes: []string{"<sip:p1;lr>", "<sip:p2;lr>", `"p, three" <sip:p3;lr>`},
		Vias: []string{"SIP / 2.0 / TCP  [2001:db8::9] : 5071 ; branch = z9hG4bKa",
			"SIP/2.0/UDP proxy.example.com;branch=z9hG4bKb;received=192.0.2.1", "SIP/2.0/UDP 192.0.2.7"},
		Headers: []call.Header{{Name: "Contact", Value: "<sip:other@192.0.2.9>"}, {Name: "Supported", Value: "timer, 100rel"},
			{Name: "X-Own", Value: "keeps   its  spaces"}, {Name: "Route", Value: "<sip:me;lr>"}},
		Type: "application/sdp", Body: []byte("v=0"),
	}
	if !reflect.DeepEqual(m, want) {
		t.Fatalf("got\n%+v\nwant\n%+v", m, want)
	}
}

func TestWriteIsReadBack(t *testing.T) {
	for _, m := range []*call.Message{
		{Method: "INVITE", URI: "sip:a@b", Branch: "z9hG4bK1", SentBy: "h:1", Vias: []string{"SIP/2.0/UDP h:1;branch=z9hG4bK1;rport"},
			From: call.Party{Name: `say \"hi\"`, URI: "sip:x@y", Tag: "t"}, To: call.Party{URI: "tel:+44", Params: ";p=1"},
			CallID: "c", CSeq: 1, Contact: "sip:a@1.2.3.4", Headers: []call.Header{{Name: "X-A", Value: "b;c=d"}}, Type: "application/sdp", Body: []byte("x")},
		{Method: "BYE", Status: 200, Reason: "OK", Branch: "z9hG4bK1", SentBy: "h", Vias: []string{"SIP/2.0/UDP h;branch=z9hG4bK1", "SIP/2.0/TCP g"},
			From: call.Party{URI: "sip:x@y", Tag: "t"}, To: call.Party{URI: "sip:z", Tag: "u"}, CallID: "c", CSeq: 9, Routes: []string{"<sip:p;lr>"}},
	} {
		got, err := Parse(Write(m))
		if err != nil || !reflect.DeepEqual(got, m) {
			t.Errorf("%v\n%s\ngot\n%+v\nwant\n%+v", err, Write(m), got, m)
		}
	}
}

func TestWriteLetsNoValueBreakOut(t *testing.T) {
	evil := "x\r\nInjected: 1\r\n\r\nbody"
	m := &call.Message{Method: "BYE", Status: 200, Reason: evil, Vias: []string{evil}, From: call.Party{Name: evil + `"`, URI: evil, Tag: evil, Params: evil},
		To: call.Party{URI: evil}, CallID: evil, Contact: evil, Routes: []string{evil}, Headers: []call.Header{{Name: evil, Value: evil}}, Type: evil, Body: []byte("b")}
	b := string(Write(m))
	head, body, _ := strings.Cut(b, "\r\n\r\n")
	if body != "b" || strings.Contains(head, "\r\nInjected") {
		t.Fatalf("%s", b)
	}
}

func TestReceivedAndRport(t *testing.T) {
	cases := map[string]string{ // the source is 127.0.0.1:5070
		"SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK1":                       "SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK1",
		"SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1;rport":                      "SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1;rport=5070;received=127.0.0.1",
		"SIP/2.0/UDP 10.0.0.1:9;rport=1;received=9.9.9.9;branch=z9hG4bK1":  "SIP/2.0/UDP 10.0.0.1:9;rport=5070;branch=z9hG4bK1;received=127.0.0.1",
		"SIP/2.0/UDP phone.example.com;branch=z9hG4bK1;alias":              "SIP/2.0/UDP phone.example.com;branch=z9hG4bK1;alias;received=127.0.0.1",
		"SIP/2.0/UDP [::ffff:127.0.0.1]:5070;branch=z9hG4bK1":              "SIP/2.0/UDP [::ffff:127.0.0.1]:5070;branch=z9hG4bK1",
		"SIP / 2.0/UDP [2001:db8::1] ; received=[::1] ; branch = z9hG4bK1": "SIP/2.0/UDP [2001:db8::1];branch=z9hG4bK1;received=127.0.0.1",
	}
	for in, want := range cases {
		passed, answers, _ := take(t, Config{}, with("Via", "Via: "+in))
		if len(passed) != 1 || passed[0].Vias[0] != want {
			t.Errorf("%s: got %+v %q", in, passed, answers)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(message(good...))
	f.Add([]byte("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP [::1]:5060;branch=z9hG4bK1\r\nf: <sip:a@b>;tag=1\r\nt: \"x\\\"\" <sip:c@d;lr>;tag=2;x\r\ni: 1\r\nCSeq: 1\r\n INVITE\r\nm: *\r\nRecord-Route: <sip:p;lr>,<sip:q>\r\nl: 0\r\n\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Parse(data)
		if err != nil {
			return
		}
		if m.CallID == "" || m.Method == "" || len(m.Vias) == 0 || m.From.URI == "" || m.To.URI == "" {
			t.Fatalf("incomplete: %+v", m)
		}
		again, err := Parse(Write(m))
		if err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, Write(m))
		}
		if again.From.URI != m.From.URI || again.To.Tag != m.To.Tag || again.CallID != m.CallID || again.Branch != m.Branch || string(again.Body) != string(m.Body) {
			t.Fatalf("read back\n%+v\nwas\n%+v", again, m)
		}
	})
}

// FuzzEdge looks for a message that makes the edge panic, pass on what is not sound,
// or answer what it must not.
func FuzzEdge(f *testing.F) {
	f.Add(message(good...))
	f.Add(with("INVITE", "ACK sip:a@b SIP/2.0"))
	f.Add(with("From"))
	f.Fuzz(func(t *testing.T, data []byte) {
		passed, answers, count := take(t, Config{}, data)
		if count["dropped/panic"] != 0 {
			t.Fatal("panic")
		}
		if len(passed)+len(answers) > 1 {
			t.Fatalf("%d passed, %d answers", len(passed), len(answers))
		}
		for _, a := range answers {
			if !strings.HasPrefix(a, "SIP/2.0 ") || strings.Count(a, "\r\n\r\n") != 1 || len(a) > 2*maxMessage {
				t.Fatalf("answer %q", a)
			}
		}
	})
}
