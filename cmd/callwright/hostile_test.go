package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/callwright/callwright/media/dsp"
)

// victim is an app whose calls go wrong in their own ways, and whose other calls must
// not notice: they share its isolate.
const victim = `
export const routes = [/^60/];
export default async call => {
  if (call.to.user === '6001') for (;;);
  await call.answer();
  if (call.to.user === '6002') for (;;);
  if (call.to.user === '6003') {
    const played = await call.play('no-audio.wav');
    console.log('not audio:', played.reason, played.error);
    return;
  }
  if (call.to.user === '6004') await call.play('../secret.wav');
  await call.play('tone:440/60000');
};`

// A call is measured while everything bad we know of is thrown at the
// engine: it loses no packet, the bad is answered or dropped, and the next call works.
func TestBadInputHurtsNobody(t *testing.T) {
	t.Parallel()
	e := startEngine(t, map[string]string{"victim.js": victim, "no-audio.wav": "RIFF, or so it says"})
	record := filepath.Join(t.TempDir(), "heard.wav")
	// The digit is only to know that its own RTP flows.
	measured := inCall(t, "digits sent", "sip:6000@"+e.address(t, "udp"), "--duration", "4s", "--record", record, "--digits", "1")
	halfOpen := dialHalf(t, e.address(t, "tcp"))
	defer halfOpen()
	throwAtSIP(t, e.address(t, "udp"))
	throwAtRTP(t, e)
	for _, c := range []struct {
		number, said string // said: by the phone
		logged       []string
	}{
		{"6001", "500 ", []string{"Budget: ran longer than 50ms", "victim.js:4"}},
		{"6001", "500 ", []string{"call ended", "cause=budget sip=500"}},
		{"6002", "BYE received", []string{"Budget: ran longer than 50ms", "victim.js:6"}},
		{"6003", "BYE received", []string{"not audio: error"}},
		{"6004", "BYE received", []string{"../secret.wav", "victim.js:12"}},
	} {
		o := runProgram(t, program("call", "sip:"+c.number+"@"+e.address(t, "udp"), "--duration", "10s"))
		if !strings.Contains(o.stdout, c.said) {
			t.Errorf("%s: no %q in\n%s%s", c.number, c.said, o.stdout, o.stderr)
		}
		e.heard(t, 0, c.logged...)
	}
	if o := measured(); o.code != 0 {
		t.Errorf("the measured call: exit code %d", o.code)
	} else {
		checkMeasured(t, o.stdout, record)
	}
	if o := runProgram(t, program("call", "sip:6000@"+e.address(t, "tcp")+";transport=tcp", "--expect", "440")); o.code != 0 {
		t.Errorf("the next call: exit code %d\n%s%s", o.code, o.stdout, o.stderr)
	}
	if log := e.text(); strings.Contains(log, "starting again") || strings.Contains(log, "panic") {
		t.Error("a process has died")
	}
}

func checkMeasured(t *testing.T, said, record string) {
	t.Helper()
	s := readWAV(t, record)
	if !strings.Contains(said, ", lost 0, late 0;") || len(s) < 3*8000 {
		t.Errorf("the measured call heard %d samples:\n%s", len(s), said)
		return
	}
	s = s[4000:]
	// Raced processes on two busy cores may stand still that long by themselves.
	if gap := longestGap(s); gap > 200*time.Millisecond {
		t.Errorf("a gap of %v", gap)
	}
	if !dsp.Hears(s[len(s)-1600:], 8000, 440) {
		t.Error("no tone at the end")
	}
}

// dialHalf opens connections whose message never ends, and returns what closes them.
func dialHalf(t *testing.T, addr string) (closeAll func()) {
	t.Helper()
	var conns []net.Conn
	for i := range 20 {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, c)
		fmt.Fprint(c, []string{"", "INVITE sip:6000@127.0.0.1 SIP/2.0\r\nVia: ",
			"INVITE sip:6000@127.0.0.1 SIP/2.0\r\nContent-Length: 99999999\r\n\r\n", "\x00\xff\x00\xff"}[i%4])
	}
	return func() {
		for _, c := range conns {
			c.Close()
		}
	}
}

// throwAtSIP sends datagrams that are no requests, or bad ones.
func throwAtSIP(t *testing.T, addr string) {
	t.Helper()
	c, err := net.Dial("udp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	good := "INVITE sip:6000@127.0.0.1 SIP/2.0\r\n" +
		"Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKbad\r\nMax-Forwards: 70\r\n" +
		"From: <sip:a@127.0.0.1>;tag=1\r\nTo: <sip:6000@127.0.0.1>\r\nCall-ID: bad\r\nCSeq: 1 INVITE\r\n" +
		"Contact: <sip:a@127.0.0.1:9>\r\nContent-Length: 0\r\n\r\n"
	lines := strings.SplitAfter(good, "\r\n")
	for i := range lines { // each mandatory header missing, then doubled, then oversized
		for _, with := range []string{"", lines[i] + lines[i], strings.TrimSuffix(lines[i], "\r\n") + strings.Repeat("x", 20000) + "\r\n"} {
			c.Write([]byte(strings.Join(lines[:i], "") + with + strings.Join(lines[i+1:], "")))
		}
	}
	c.Write(bytes.Repeat([]byte("a"), 65000))
	c.Write([]byte(strings.Replace(good, "Via:", strings.Repeat("Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKx\r\n", 1000)+"Via:", 1)))
	r := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		b := []byte(good)
		for range 1 + r.IntN(20) {
			b[r.IntN(len(b))] = byte(r.Uint32())
		}
		c.Write(b[:r.IntN(len(b))])
	}
}

// throwAtRTP sends garbage, and RTP of a third party, to all media ports.
func throwAtRTP(t *testing.T, e *liveEngine) {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	packet := append([]byte{0x80, 0, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4}, make([]byte, 160)...)
	for i := range 50 {
		packet[3] = byte(i)
		for port := range mediaPorts {
			to := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: e.media + port}
			c.WriteTo(packet, to)
			c.WriteTo(packet[:i%20], to)
			c.WriteTo([]byte("garbage of the third kind"), to)
		}
	}
}
