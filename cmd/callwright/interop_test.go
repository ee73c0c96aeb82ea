package main

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/callwright/callwright/media/dsp"
	"github.com/callwright/callwright/media/wav"
)

// scriptsForOthers are what sipp and baresip call.
func scriptsForOthers() map[string]string {
	return map[string]string{
		"tone.js": `
export const routes = ['5000'];
export default async call => {
  await call.answer();
  await call.play('tone:440/20000');
};`,
		"ringing.js": `
import { sleep } from 'callwright';
export const routes = ['5001'];
export default async call => {
  await call.ring();
  await sleep('60s');
};`,
		"digits.js": `
export const routes = ['5002'];
export default async call => {
  await call.answer();
  const r = await call.gather({ max: 5, terminators: '#', timeout: '10s' });
  await call.play(r.digits === '2134' ? 'tone:600/5000' : 'tone:900/5000');
};`,
	}
}

// found is the path of a program the tests need; make test installs them.
func found(t *testing.T, name, debian string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed (Debian: %s); make test installs it", name, debian)
	}
	return path
}

// freeUDP is an address that a program may bind a moment later.
func freeUDP(t *testing.T) string {
	t.Helper()
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer pc.Close()
	return pc.LocalAddr().String()
}

// awaitBound waits until a program has a UDP port open, by the kernel's own list
// (proc(5), /proc/net/udp).
func awaitBound(t *testing.T, addr string) {
	t.Helper()
	at := netip.MustParseAddrPort(addr)
	every := time.NewTicker(5 * time.Millisecond)
	defer every.Stop()
	limit := time.After(patience)
	for {
		list, err := os.ReadFile("/proc/net/udp")
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(list), fmt.Sprintf(":%04X 00000000:0000", at.Port())) {
			return
		}
		select {
		case <-every.C:
		case <-limit:
			t.Fatalf("nobody listens at %s", addr)
		}
	}
}

// sipp makes the command for one call of a scenario in testdata/sip.
func sipp(t *testing.T, scenario string, args ...string) *exec.Cmd {
	t.Helper()
	file, err := filepath.Abs(filepath.Join("..", "..", "testdata", "sip", scenario+".xml"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	// Two seconds of G.711 silence for the scenario that sends audio.
	if err := os.WriteFile(filepath.Join(dir, "audio.ulaw"), bytes.Repeat([]byte{0xff}, 16000), 0o600); err != nil {
		t.Fatal(err)
	}
	_, media, _ := net.SplitHostPort(freeUDP(t))
	cmd := exec.Command(found(t, "sipp", "sip-tester"), append([]string{
		"-sf", file, "-m", "1", "-i", "127.0.0.1", "-mi", "127.0.0.1", "-mp", media,
		"-nostdin", "-timeout", "20", "-timeout_error", "-trace_err", "-trace_msg",
	}, args...)...)
	cmd.Dir = dir
	return cmd
}

// sippLogs are the messages a scenario saw, for a test that failed.
func sippLogs(cmd *exec.Cmd) string {
	var text strings.Builder
	logs, _ := filepath.Glob(filepath.Join(cmd.Dir, "*.log"))
	for _, name := range logs {
		b, _ := os.ReadFile(name)
		fmt.Fprintf(&text, "== %s\n%s\n", filepath.Base(name), b)
	}
	return text.String()
}

func TestSippCallsTheEngine(t *testing.T) {
	t.Parallel()
	found(t, "sipp", "sip-tester")
	e := startEngine(t, scriptsForOthers())
	for _, c := range []struct {
		scenario, number, transport string
	}{
		{"basic", "5000", "udp"},
		{"basic", "5000", "tcp"},
		{"late_offer", "5000", "udp"},
		{"cancel", "5001", "udp"},
		{"cancel", "5001", "tcp"},
		{"hold", "5000", "udp"},
		{"options", "5000", "udp"},
		{"unknown_dialog", "5000", "udp"},
		{"unknown_method", "5000", "udp"},
		{"no_route", "4999", "udp"},
		{"no_codec", "5000", "udp"},
	} {
		t.Run(c.scenario+"/"+c.transport, func(t *testing.T) {
			mode := "u1"
			if c.transport == "tcp" {
				mode = "t1"
			}
			_, port, _ := net.SplitHostPort(freeUDP(t))
			cmd := sipp(t, c.scenario, "-s", c.number, "-t", mode, "-p", port, e.address(t, c.transport))
			if o := runProgram(t, cmd); o.code != 0 {
				t.Errorf("sipp ended with %d\n%s%s", o.code, o.stderr, sippLogs(cmd))
			}
		})
	}
}

// The softphone against sipp, which asks for digest credentials.
func TestPhoneAuthenticates(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		password string
		want     int
	}{{"wonderland", 0}, {"wrong", exitFailed}} {
		t.Run(c.password, func(t *testing.T) {
			addr := freeUDP(t)
			_, port, _ := net.SplitHostPort(addr)
			other := sipp(t, "digest_uas", "-p", port)
			var said bytes.Buffer
			other.Stdout, other.Stderr = &said, &said
			if err := other.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() {
				other.Process.Kill()
				other.Wait()
			}()
			awaitBound(t, addr)
			o := runProgram(t, program("call", "sip:5000@"+addr, "--user", "alice", "--password", c.password, "--duration", "300ms"))
			if o.code != c.want {
				t.Errorf("exit code %d, want %d\n%s%s\n%s", o.code, c.want, o.stdout, o.stderr, sippLogs(other))
			}
		})
	}
}

func TestBaresipHearsTheEngine(t *testing.T) {
	t.Parallel()
	program := found(t, "baresip", "baresip-core")
	e := startEngine(t, scriptsForOthers())
	dir := t.TempDir()
	media := freeMediaPorts(t)
	writeWAV(t, filepath.Join(dir, "say.wav"), dsp.Sine(8000, 8000*5, 600, 8000))
	config := fmt.Sprintf(`sip_listen %s
audio_source aufile,%s/say.wav
audio_player aubridge,ear
rtp_ports %d-%d
module_path %s
snd_path %s
module g711.so
module aufile.so
module aubridge.so
module sndfile.so
module_app account.so
module_app menu.so
`, freeUDP(t), dir, media, media+mediaPorts-1, baresipModules(t), dir)
	for name, text := range map[string]string{"config": config, "accounts": "<sip:test@127.0.0.1>;regint=0;audio_codecs=PCMU\n", "contacts": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o := runProgram(t, exec.Command(program, "-4", "-f", dir, "-e", "/dial sip:5000@"+e.address(t, "udp"), "-t", "4"))
	if o.code != 0 || !strings.Contains(o.stdout+o.stderr, "Call established") {
		t.Fatalf("baresip ended with %d\n%s%s", o.code, o.stdout, o.stderr)
	}
	heard, err := filepath.Glob(filepath.Join(dir, "dump-*-dec.wav"))
	if err != nil || len(heard) != 1 {
		t.Fatalf("what baresip heard: %v, %v", heard, err)
	}
	samples := readWAV(t, heard[0])
	if len(samples) < 8000 || !dsp.Hears(samples[len(samples)/2:len(samples)/2+1600], 8000, 440) {
		t.Errorf("no 440 Hz in the %d samples baresip heard", len(samples))
	}
}

// baresipModules finds the modules of the Debian package, for whatever architecture.
func baresipModules(t *testing.T) string {
	t.Helper()
	for _, pattern := range []string{"/usr/lib/baresip/modules", "/usr/lib/*/baresip/modules", "/usr/local/lib/baresip/modules"} {
		if dirs, _ := filepath.Glob(pattern); len(dirs) > 0 {
			return dirs[0]
		}
	}
	t.Skip("baresip's modules are not where its packages put them")
	return ""
}

func TestPhoneCallsTheEngine(t *testing.T) {
	t.Parallel()
	e := startEngine(t, scriptsForOthers())
	record := filepath.Join(t.TempDir(), "heard.wav")
	for name, c := range map[string]struct {
		args []string
		want int
	}{
		"tone":                  {[]string{"sip:5000@" + e.address(t, "udp"), "--expect", "440", "--record", record}, 0},
		"tone over TCP":         {[]string{"sip:5000@" + e.address(t, "tcp") + ";transport=tcp", "--expect", "440", "--codec", "PCMA"}, 0},
		"other tone":            {[]string{"sip:5000@" + e.address(t, "udp"), "--expect", "700", "--duration", "1s"}, exitFailed},
		"digits":                {[]string{"sip:5002@" + e.address(t, "udp"), "--digits", "2,134#", "--expect", "600"}, 0},
		"no such number":        {[]string{"sip:4999@" + e.address(t, "udp")}, exitFailed},
		"nobody listens":        {[]string{"sip:5000@" + freeUDP(t)}, exitFailed},
		"nobody listens to TCP": {[]string{"sip:5000@" + freeUDP(t) + ";transport=tcp"}, exitFailed},
	} {
		t.Run(name, func(t *testing.T) {
			if o := runProgram(t, program(append([]string{"call"}, c.args...)...)); o.code != c.want {
				t.Errorf("exit code %d, want %d\n%s%s", o.code, c.want, o.stdout, o.stderr)
			}
		})
	}
	if s := readWAV(t, record); len(s) < 1600 || !dsp.Hears(s[len(s)-1600:], 8000, 440) {
		t.Errorf("the recording holds %d samples and no tone at its end", len(s))
	}
}

// A closed port is known at once, not when the INVITE has been repeated for 32 s.
func TestPhoneCallsAClosedPort(t *testing.T) {
	t.Parallel()
	for _, transport := range []string{"udp", "tcp"} {
		o := runProgram(t, program("call", "sip:5000@"+freeUDP(t)+";transport="+transport))
		if o.code != exitFailed || !strings.Contains(o.stderr, "nobody there at 127.0.0.1:") || strings.Contains(o.stdout, "INVITE sent again") {
			t.Errorf("%s: exit code %d\n%s%s", transport, o.code, o.stdout, o.stderr)
		}
	}
}

func TestClientsOfALiveEngine(t *testing.T) {
	t.Parallel()
	e := startEngine(t, scriptsForOthers())
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"status":         {[]string{"status"}, 0, "script tone"},
		"status JSON":    {[]string{"status", "--json"}, 0, `"name":"mixer-1"`},
		"calls":          {[]string{"calls"}, 0, "WAITS AT"},
		"scripts":        {[]string{"scripts"}, 0, "5000"},
		"reload":         {[]string{"reload", "tone"}, 0, "tone: "},
		"reload nothing": {[]string{"reload", "nope"}, exitFailed, "no-app"},
		"hangup nothing": {[]string{"hangup", "nope"}, exitFailed, "no-call"},
	} {
		t.Run(name, func(t *testing.T) {
			o := e.client(t, c.args...)
			if o.code != c.code || !strings.Contains(o.stdout+o.stderr, c.want) {
				t.Errorf("exit code %d, want %d and %q\n%s%s", o.code, c.code, c.want, o.stdout, o.stderr)
			}
		})
	}
	second := runProgram(t, program("run", filepath.Join(e.dir, "scripts"), "--data", filepath.Join(e.dir, "data"), "--sip", "127.0.0.1:0", "--http", "127.0.0.1:0"))
	if second.code != exitUsage || !strings.Contains(second.stderr, "in use by another callwright run") {
		t.Errorf("a second run: %d %s", second.code, second.stderr)
	}
}

func writeWAV(t *testing.T, path string, samples []int16) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := wav.NewWriter(f, 8000, 1)
	if err == nil {
		err = w.Write(samples)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func readWAV(t *testing.T, path string) []int16 {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := wav.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var all []int16
	for {
		b := make([]int16, 4096)
		n, err := r.Read(b)
		all = append(all, b[:n]...)
		if err != nil {
			return all
		}
	}
}
