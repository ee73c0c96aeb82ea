package signal

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/callwright/callwright/engine/call"
	"github.com/callwright/callwright/media/sdp"
)

// verdicts are the final answers to the messages of RFC 4475 and RFC 5118 by an
// endpoint that answers every call: the first is what the RFC prefers, others are
// right too. 0: none, because it is a response.
var verdicts = map[string][]int{
	// RFC 4475 §3.1.1: valid
	"wsinv": {481, 200}, "intmeth": {405, 501}, "esc01": {200}, "escnull": {405, 200}, "esc02": {405, 501},
	"lwsdisp": {200}, "longreq": {200}, "dblreq": {405, 200}, "semiuri": {200}, "transports": {200},
	"mpart01": {405, 415}, "unreason": {0}, "noreason": {0},
	// §3.1.2: invalid
	"badinv01": {400}, "clerr": {400}, "ncl": {400}, "scalar02": {400}, "scalarlg": {0}, "quotbal": {400},
	"ltgtruri": {400}, "lwsruri": {400}, "lwsstart": {400, 200}, "trws": {200, 400}, "escruri": {400, 200},
	"baddate": {200, 400}, "regbadct": {400, 405}, "badaspec": {400, 200}, "baddn": {200, 400}, "badvers": {505},
	"mismatch01": {400}, "mismatch02": {400, 501}, "bigcode": {0},
	// §3.2 transactions, §3.3 application, §3.4
	"badbranch": {200, 400}, "insuf": {400}, "unkscm": {416}, "novelsc": {416}, "unksm2": {405, 416, 400},
	"bext01": {420}, "invut": {415}, "regaut01": {405, 401, 403}, "multi01": {400}, "mcl01": {400}, "bcast": {0},
	"zeromf": {200, 483}, "cparam01": {405, 200}, "cparam02": {405, 200}, "regescrt": {405, 200}, "sdp01": {406, 200},
	"inv2543": {200},
	// RFC 5118. Where the SDP has no codec of ours the answer is 488.
	"ipv6-good": {405}, "ipv6-bad": {400}, "port-ambiguous": {405}, "port-unambiguous": {405},
	"via-received-param-with-delim": {481}, "via-received-param-no-delim": {200},
	"ipv6-bug-abnf-3-colons": {200, 400}, "ipv6-correct-abnf-2-colons": {200},
	"ipv6-in-sdp": {488}, "mult-ip-in-sdp": {200}, "mult-ip-in-header": {481}, "ipv4-mapped-ipv6": {488},
}

func TestTorture(t *testing.T) {
	root := filepath.Join("..", "..", "..", "shared", "testdata", "sip-torture")
	files, _ := filepath.Glob(filepath.Join(root, "*", "*.dat"))
	if len(files) == 0 {
		t.Skipf("SKIPPED: the RFC 4475 and RFC 5118 messages are not at %s", root)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".dat")
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			want, ok := verdicts[name]
			if !ok {
				t.Fatal("no verdict on this message")
			}
			got := answerTo(t, data)
			for _, w := range want {
				if got == w {
					return
				}
			}
			t.Errorf("answered %d, want %v", got, want)
		})
	}
}

// answerTo walks a datagram through the edge and a core that answers every call, and
// brings back the status of the last answer.
func answerTo(t *testing.T, data []byte) int {
	t.Helper()
	status := 0
	answered := func(b []byte) {
		m, err := Parse(b)
		if err != nil {
			// An answer echoes what was wrong. It must still begin as a response does.
			if !strings.HasPrefix(string(b), "SIP/2.0 4") && !strings.HasPrefix(string(b), "SIP/2.0 5") {
				t.Fatalf("%v in\n%s", err, b)
			}
			status = int(b[8]-'0')*100 + int(b[9]-'0')*10 + int(b[10]-'0')
			return
		}
		status = m.Status
	}
	ua := call.NewUA(call.Config{})
	var step func(call.Input)
	step = func(in call.Input) {
		for _, a := range ua.Step(time.Unix(0, 0), in) {
			switch a := a.(type) {
			case call.Send:
				answered(Write(a.Msg))
			case call.Invited:
				step(call.Accept{Leg: a.Leg, Media: sdp.Local{Addr: netip.MustParseAddrPort("127.0.0.1:4000")}})
			}
		}
	}
	e := New(Config{Sink: step})
	from := netip.MustParseAddrPort("127.0.0.1:5070")
	e.datagram(inlet{call.Flow{Transport: "udp", Local: "127.0.0.1:5060", Remote: from.String()}, from, answered}, data)
	if n := e.Counters()["dropped/panic"]; n != 0 {
		t.Fatal("panic")
	}
	return status
}
