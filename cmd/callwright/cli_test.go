package main

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/callwright/callwright/cmd/callwright/supervise"
)

// Every error is one line that begins with "callwright: ", and wrong usage is 2.
func TestRefusals(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("sips: x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	used, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer used.Close()
	inUse := used.LocalAddr().String()
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"command":        {[]string{"rnu"}, `did you mean "run"?`},
		"flag":           {[]string{"run", "--spi", "x"}, "did you mean --sip?"},
		"flag, far":      {[]string{"run", "--zzzzzzzzz"}, "see callwright run --help"},
		"value":          {[]string{"run", "--sbcs", "many"}, "--sbcs"},
		"arguments":      {[]string{"run", "a", "b"}, "run: accepts at most 1 arg"},
		"no directory":   {[]string{"run", filepath.Join(dir, "nowhere")}, "scripts directory: "},
		"a file":         {[]string{"run", file}, "is not a directory"},
		"port in use":    {[]string{"run", dir, "--data", filepath.Join(dir, "d"), "--sip", inUse}, "cannot listen: listen udp " + inUse},
		"tls":            {[]string{"run", dir, "--sip", "tls:127.0.0.1:5061", "--data", filepath.Join(dir, "data")}, "put NAME.crt (PEM) and NAME.key there"},
		"no address":     {[]string{"run", dir, "--sip", "localhost"}, "--sip localhost"},
		"odd ports":      {[]string{"run", dir, "--rtp-ports", "20001-20010"}, "even port"},
		"few ports":      {[]string{"run", dir, "--rtp-ports", "20000-20001", "--sbcs", "2"}, "too few for 2 SBCs"},
		"link":           {[]string{"run", dir, "--link", "rign"}, "--link rign: did you mean ring?"},
		"link, far":      {[]string{"run", dir, "--link", "carrier"}, "it is socket, ring or auto"},
		"doctor":         {[]string{"sbc", "doctor", "--media", "here"}, "--media"},
		"no workers":     {[]string{"run", dir, "--mixers", "0"}, "--mixers must be between"},
		"network":        {[]string{"run", dir, "--allow", "everybody"}, "--allow everybody"},
		"long path":      {[]string{"run", dir, "--data", filepath.Join(dir, strings.Repeat("long/", 40))}, "sockets take 107"},
		"config key":     {[]string{"run", dir, "--config", file}, `no key "sips", did you mean "sip"?`},
		"no config":      {[]string{"run", dir, "--config", filepath.Join(dir, "none.yaml")}, "config: open"},
		"brain's port":   {[]string{"brain", dir, "--data", filepath.Join(dir, "b"), "--sip", inUse}, "listen udp " + inUse},
		"call, no URI":   {[]string{"call", "5000"}, "not a sip: URI"},
		"call, tls":      {[]string{"call", "sip:a@127.0.0.1;transport=tls"}, `transport "tls" is not built yet`},
		"call, digits":   {[]string{"call", "sip:a@127.0.0.1:9", "--digits", "1x"}, "is no key of a phone"},
		"call, codec":    {[]string{"call", "sip:a@127.0.0.1:9", "--codec", "opus"}, `codec "opus"`},
		"call, no WAV":   {[]string{"call", "sip:a@127.0.0.1:9", "--play", file}, "--play " + file},
		"hangup nothing": {[]string{"hangup"}, "hangup: accepts 1 arg"},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			code := execute(c.args, &stdout, &stderr)
			line, ok := strings.CutSuffix(stderr.String(), "\n")
			if code != exitUsage || !ok || strings.Contains(line, "\n") || !strings.HasPrefix(line, "callwright: ") || !strings.Contains(line, c.want) {
				t.Errorf("exit code %d, said %q, want 2 and %q", code, stderr.String(), c.want)
			}
		})
	}
}

func TestClientsWithoutEngine(t *testing.T) {
	for _, args := range [][]string{{"status"}, {"calls"}, {"hangup", "x"}, {"scripts"}, {"reload"}} {
		var stdout, stderr bytes.Buffer
		code := execute(append(args, "--data", t.TempDir()), &stdout, &stderr)
		if code != exitFailed || !strings.Contains(stderr.String(), "no engine has run") {
			t.Errorf("%v: exit code %d, said %q", args, code, stderr.String())
		}
	}
}

func TestSecondRunOnTheSameData(t *testing.T) {
	dir := t.TempDir()
	lock, err := lockData(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lockData(dir); err == nil || !strings.Contains(err.Error(), "in use by another callwright run (pid ") {
		t.Errorf("got %v", err)
	}
	lock.Close()
	if lock, err = lockData(dir); err != nil {
		t.Errorf("after the first has ended: %v", err)
	} else {
		lock.Close()
	}
}

func TestSettingsPrecedence(t *testing.T) {
	file := filepath.Join(t.TempDir(), "c.yaml")
	text := "sip: [udp:127.0.0.1:1, tcp:127.0.0.1:2]\nhttp: 127.0.0.1:3\nsbcs: 4\nmixers: 5\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"CALLWRIGHT_HTTP": "127.0.0.1:30", "CALLWRIGHT_SBCS": "40", "CALLWRIGHT_RTP_PORTS": "30000-30001"}
	c := runCommand()
	if err := c.ParseFlags([]string{"--config", file, "--sbcs", "6"}); err != nil {
		t.Fatal(err)
	}
	err := applySettings(c, func(name string) (string, bool) { v, ok := env[name]; return v, ok })
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"sip":       "[udp:127.0.0.1:1,tcp:127.0.0.1:2]", // the file
		"http":      "127.0.0.1:30",                      // the environment, not the file
		"sbcs":      "6",                                 // the flag, not the environment
		"mixers":    "5",
		"rtp-ports": "30000-30001",
		"data":      "data", // nobody
	} {
		if got := c.Flags().Lookup(name).Value.String(); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}

func TestConfigErrors(t *testing.T) {
	for text, want := range map[string]string{
		"sbcs: [1, 2]":  "takes one value",
		"http: {a: 1}":  "takes text or a number",
		"sip: [1, {}]":  "takes text or a number",
		"sbcs: x":       "invalid syntax",
		"config: other": `no key "config"`,
		"a: b: c: [":    "config ",
	} {
		file := filepath.Join(t.TempDir(), "c.yaml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c := runCommand()
		if err := c.ParseFlags([]string{"--config", file}); err != nil {
			t.Fatal(err)
		}
		err := applySettings(c, func(string) (string, bool) { return "", false })
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestPortsAreShared(t *testing.T) {
	p, err := parsePorts("20000-20009")
	if err != nil {
		t.Fatal(err)
	}
	shares, err := p.split(2)
	if err != nil || shares[0].String() != "20000-20003" || shares[1].String() != "20004-20007" {
		t.Errorf("got %v, %v", shares, err)
	}
}

func TestListenersAndTargets(t *testing.T) {
	ls, err := parseListeners([]string{"127.0.0.1:5060", "udp:[::1]:5070", "[::1]:5080"})
	if err != nil || len(ls) != 5 || ls[0].String() != "udp:127.0.0.1:5060" || ls[1].String() != "tcp:127.0.0.1:5060" || ls[2].String() != "udp:[::1]:5070" {
		t.Errorf("got %v, %v", ls, err)
	}
	for uri, want := range map[string]string{
		"sip:5000@127.0.0.1:5070":                        "udp 127.0.0.1:5070",
		"sip:127.0.0.1":                                  "udp 127.0.0.1:5060",
		"sip:a%40b@[::1];transport=TCP?Subject=x@y":      "tcp [::1]:5060",
		"sip:alice;day=tue@127.0.0.1:5062;transport=udp": "udp 127.0.0.1:5062",
	} {
		got, err := parseTarget(t.Context(), uri)
		if err != nil || got.Transport+" "+got.Addr.String() != want {
			t.Errorf("%s: %v %v, want %s", uri, got, err, want)
		}
	}
}

func TestReadyBanner(t *testing.T) {
	var b bytes.Buffer
	printReady(&b, supervise.Ready{
		SIP: []string{"udp 127.0.0.1:5060", "tcp 127.0.0.1:5060"}, HTTP: "127.0.0.1:8080",
		Scripts: []supervise.Script{
			{App: "main", Version: "ab12"},
			{App: "sales", Routes: []string{"+4420*", "5000"}, Version: "cd34"},
			{App: "broken", Error: "broken.js:3:14: SyntaxError: x"},
		},
	}, "callwright", "data")
	for _, want := range []string{
		"callwright call sip:5000@127.0.0.1:5060 --expect 440\n", "http://127.0.0.1:8080 (token in data/token)",
		"+4420* 5000", "version ab12", "does not load: broken.js:3:14",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	for want, routes := range map[string][]string{"1000": nil, "100": {"/^9/", "+44*", "100", "200"}, "5000": {"100", "5000"}} {
		if got := firstNumber([]supervise.Script{{App: "broken"}, {App: "a", Routes: routes}}); got != want {
			t.Errorf("routes %q: first number %s, want %s", routes, got, want)
		}
	}
	if uri := firstCall([]string{"tcp 0.0.0.0:5070"}, "5000"); uri != "sip:5000@127.0.0.1:5070;transport=tcp" {
		t.Errorf("first call %s", uri)
	}
}
