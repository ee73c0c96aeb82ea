package signal

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/callwright/callwright/engine/call"
)

// good is a sound INVITE, line by line.
var good = []string{
	"INVITE sip:5000@127.0.0.1 SIP/2.0",
	"Via: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK1;rport",
	"Max-Forwards: 70",
	`From: "A. \"B\" C" <sip:a@127.0.0.1>;tag=1;x="y;z"`,
	"To: <sip:5000@127.0.0.1>",
	"Call-ID: abc@127.0.0.1",
	"CSeq: 7 INVITE",
	"Contact: <sip:a@127.0.0.1:5070>",
}

func message(lines ...string) []byte { return []byte(strings.Join(lines, "\r\n") + "\r\n\r\n") }

// with brings back good with one header replaced by others, or by nothing.
func with(header string, instead ...string) []byte {
	var lines []string
	for _, l := range good {
		if !strings.HasPrefix(l, header) {
			lines = append(lines, l)
			continue
		}
		lines = append(lines, instead...)
	}
	return message(lines...)
}

// take hands the edge one datagram and brings back what passed and what was answered.
func take(t *testing.T, c Config, data []byte) (passed []*call.Message, answers []string, count map[string]uint64) {
	t.Helper()
	c.Sink = func(in call.Input) { passed = append(passed, in.(call.Received).Msg) }
	e := New(c)
	defer e.Close()
	from := netip.MustParseAddrPort("127.0.0.1:5070")
	in := inlet{call.Flow{Transport: "udp", Local: "127.0.0.1:5060", Remote: from.String()}, from, func(b []byte) { answers = append(answers, string(b)) }}
	e.datagram(in, data)
	return passed, answers, e.Counters()
}

func TestMandatoryHeaders(t *testing.T) {
	long := strings.Repeat("x", maxLine)
	names := []string{"Via", "From", "To", "Call-ID", "CSeq"}
	for _, name := range names {
		line := ""
		for _, l := range good {
			if strings.HasPrefix(l, name+":") {
				line = l
			}
		}
		for what, data := range map[string][]byte{
			"missing":   with(name + ":"),
			"empty":     with(name+":", name+":"),
			"oversized": with(name+":", line+long),
			"garbage":   with(name+":", name+": \x00\x01;;,,<<\"\x7f"),
		} {
			t.Run(name+" "+what, func(t *testing.T) { refused(t, name, what, data) })
		}
		if name != "Via" {
			t.Run(name+" doubled", func(t *testing.T) { refused(t, name, "doubled", with(name+":", line, line)) })
		}
	}
}

func refused(t *testing.T, name, what string, data []byte) {
	passed, answers, count := take(t, Config{}, data)
	if len(passed) != 0 {
		t.Fatalf("reached the core: %+v", passed[0])
	}
	// Without a Via, or with one that was cut off, there is nobody to answer.
	silent := name == "Via" && (what == "missing" || what == "oversized")
	if silent != (len(answers) == 0) {
		t.Fatalf("answers %q", answers)
	}
	if n := sum(count, "refused/") + sum(count, "dropped/"); n != 1 {
		t.Fatalf("not counted once: %v", count)
	}
	if !silent && (!strings.HasPrefix(answers[0], "SIP/2.0 400 ") || strings.Count(answers[0], "\r\n\r\n") != 1) {
		t.Fatalf("answer\n%s", answers[0])
	}
	if !silent && what != "oversized" && !strings.Contains(strings.SplitN(answers[0], "\r\n", 2)[0], name) {
		t.Fatalf("the reason does not name %s:\n%s", name, answers[0])
	}
}

func sum(count map[string]uint64, prefix string) (n uint64) {
	for k, v := range count {
		if strings.HasPrefix(k, prefix) {
			n += v
		}
	}
	return n
}

func TestMalformed(t *testing.T) {
	many := append([]string{}, good...)
	for i := range maxHeaders {
		many = append(many, fmt.Sprintf("X-%d: y", i))
	}
	vias := append([]string{}, good...)
	for range maxVias {
		vias = append(vias, "Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKx")
	}
	cases := []struct {
		name   string
		data   []byte
		status int // 0: silence
		slug   string
	}{
		{"too many headers", message(many...), 400, "too-many-headers"},
		{"too many Vias", message(vias...), 400, "too-many-vias"},
		{"other method in CSeq", with("CSeq", "CSeq: 7 BYE"), 400, "cseq-method"},
		{"CSeq beyond 31 bits", with("CSeq", "CSeq: 4294967296 INVITE"), 400, "bad-cseq"},
		{"long Call-ID", with("Call-ID", "Call-ID: "+strings.Repeat("x", maxValue+1)), 400, "bad-call-id"},
		{"long tag", with("From", "From: <sip:a@b>;tag="+strings.Repeat("x", maxValue+1)), 400, "bad-from"},
		{"two tags", with("From", "From: <sip:a@b>;tag=1;tag=2"), 400, "bad-from"},
		{"long branch", with("Via", "Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK"+strings.Repeat("x", maxValue)), 400, "bad-via"},
		{"Max-Forwards twice", with("Max-Forwards", "Max-Forwards: 1", "Max-Forwards: 2"), 400, "doubled-max-forwards"},
		{"Max-Forwards no number", with("Max-Forwards", "Max-Forwards: -1"), 400, "bad-max-forwards"},
		{"Content-Length twice", with("Max-Forwards", "l: 0", "Content-Length: 0"), 400, "doubled-content-length"},
		{"Content-Length beyond", with("Max-Forwards", "Content-Length: 1"), 400, "body-too-short"},
		{"Content-Length huge", with("Max-Forwards", "Content-Length: 99999999999999999999"), 400, "bad-content-length"},
		{"no colon", with("Max-Forwards", "Max-Forwards 70"), 400, "no-header"},
		{"bare carriage return", with("Max-Forwards", "Subject: a\rb"), 400, "bare-cr"},
		{"no end of headers", []byte(strings.Join(good, "\r\n")), 400, "truncated"},
		{"other version", with("INVITE", "INVITE sip:5000@127.0.0.1 SIP/3.0"), 505, "version"},
		{"no version", with("INVITE", "INVITE sip:5000@127.0.0.1"), 400, "not-sip"},
		{"HTTP", with("INVITE", "GET / HTTP/1.1"), 400, "not-sip"},
		{"Request-URI with headers", with("INVITE", "INVITE sip:a@b?Route=x SIP/2.0"), 400, "bad-request-uri"},
		{"Request-URI in brackets", with("INVITE", "INVITE <sip:a@b> SIP/2.0"), 400, "bad-request-uri"},
		{"Contact without URI", with("Contact", "Contact: <>"), 400, "bad-contact"},
		{"ACK is never answered", with("INVITE", "ACK sip:a@b SIP/2.0"), 0, "cseq-method"},
		{"response is never answered", with("INVITE", "SIP/2.0 99 No"), 0, "bad-status-line"},
		{"noise", []byte{0, 1, 2, 255, 254, '\r', '\n', '\r', '\n', 3}, 0, "not-sip"},
		{"noise without lines", []byte("STUN or so"), 0, "truncated"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			passed, answers, count := take(t, Config{}, c.data)
			if len(passed) != 0 {
				t.Fatalf("reached the core: %+v", passed[0])
			}
			if c.status == 0 {
				if len(answers) != 0 || count["dropped/"+c.slug] != 1 {
					t.Fatalf("answers %q, counted %v", answers, count)
				}
				return
			}
			if len(answers) != 1 || !strings.HasPrefix(answers[0], fmt.Sprintf("SIP/2.0 %d ", c.status)) || count["refused/"+c.slug] != 1 {
				t.Fatalf("answers %q, counted %v", answers, count)
			}
		})
	}
}

func TestAnswerByHand(t *testing.T) {
	_, answers, _ := take(t, Config{UserAgent: "cw"}, with("CSeq", "CSeq: x"))
	want := "SIP/2.0 400 Malformed CSeq Header Field\r\n" +
		"Via: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK1;rport=5070;received=127.0.0.1\r\n" +
		good[3] + "\r\n" + good[4] + ";tag=edge"
	if len(answers) != 1 || !strings.HasPrefix(answers[0], want) || !strings.HasSuffix(answers[0], "CSeq: x\r\nServer: cw\r\nContent-Length: 0\r\n\r\n") {
		t.Fatalf("got\n%s", answers)
	}
}

func TestUnknownSource(t *testing.T) {
	deny := Config{Allow: func(netip.Addr) bool { return false }}
	passed, answers, count := take(t, deny, message(good...))
	if len(passed) != 0 || len(answers) != 1 || !strings.HasPrefix(answers[0], "SIP/2.0 403 ") || count["refused/source"] != 1 {
		t.Fatalf("%v %q %v", passed, answers, count)
	}
	_, answers, count = take(t, deny, with("INVITE", "ACK sip:a@b SIP/2.0"))
	if len(answers) != 0 || count["dropped/source"] != 1 {
		t.Fatalf("%q %v", answers, count)
	}
}

func TestKeepAliveDatagrams(t *testing.T) {
	for _, b := range []string{"", "\r\n", "\r\n\r\n", "\x00\x00\x00\x00"} {
		passed, answers, count := take(t, Config{}, []byte(b))
		if len(passed)+len(answers) != 0 || count["udp/keepalive"] != 1 {
			t.Fatalf("%q: %v %q %v", b, passed, answers, count)
		}
	}
}

// A panic behind the checks costs one message and is counted.
func TestPanic(t *testing.T) {
	e := New(Config{Sink: func(call.Input) { panic("boom") }})
	e.datagram(inlet{from: netip.MustParseAddrPort("127.0.0.1:1")}, message(good...))
	if e.Counters()["dropped/panic"] != 1 {
		t.Fatal(e.Counters())
	}
}
