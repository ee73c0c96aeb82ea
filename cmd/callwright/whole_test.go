package main

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callwright/callwright/cmd/callwright/phone"
	"github.com/callwright/callwright/engine/signal/simnet"
	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/media/dsp"
	"github.com/callwright/callwright/media/trunk"
	"github.com/callwright/callwright/mixer"
	"github.com/callwright/callwright/sbc"
	"github.com/callwright/callwright/sbc/link/memory"
)

// world is a whole engine in one process, joined over memory: the brain that `run`
// starts, one SBC, one mixer, and a network on which phones live. It exists within a
// synctest bubble, so that its time costs nothing.
type world struct {
	t       *testing.T
	scripts string
	brain   *brain
	sip     *simnet.Net
	rtp     *memory.Net
	trunks  *trunk.Memory
	workers sync.WaitGroup
	ends    map[string]func() // a worker's end, which waits for it
	host    byte              // of the phone made last
	log     *testLog
}

var sipAddr = netip.MustParseAddrPort("10.0.0.1:5060")

// inWorld runs f in a bubble with a whole engine on these scripts (name to text).
func inWorld(t *testing.T, scripts map[string]string, f func(w *world)) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range scripts {
		writeScript(t, dir, name, text)
	}
	synctest.Test(t, func(t *testing.T) {
		w := &world{
			t: t, scripts: dir, sip: &simnet.Net{}, rtp: memory.NewNet(), trunks: trunk.NewMemory(),
			ends: map[string]func(){}, log: &testLog{},
		}
		w.start(filepath.Join(t.TempDir(), "recordings"))
		defer func() {
			w.stop()
			if t.Failed() {
				t.Logf("the engine's log:\n%s", w.log.text())
			}
		}()
		f(w)
	})
}

func writeScript(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (w *world) start(recordings string) {
	w.t.Helper()
	b, err := joinBrain(brainParts{
		Scripts: w.scripts, Secret: "of this world", Log: slog.New(slog.NewTextHandler(w.log, nil)),
		Allow: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/24")},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.brain = b
	pc, err := w.sip.ListenPacket(sipAddr)
	if err != nil {
		w.t.Fatal(err)
	}
	b.runs.Go(func() { b.edge.ServeUDP(pc) })
	w.startSBC("sbc-1")
	w.startMixer("mixer-1", recordings)
	<-b.staffed
}

// startSBC and startMixer also start a successor of one that was ended.
func (w *world) startSBC(name string) {
	w.t.Helper()
	ip := netip.MustParseAddr("10.0.0.2")
	link, err := w.rtp.Link(ip, 20000, 200)
	if err != nil {
		w.t.Fatal(err)
	}
	client := w.client()
	s, err := sbc.New(sbc.Config{
		Name: name, Link: link, Trunk: w.trunk("10.0.1.2:9000"), Media: ip, FirstPort: 20000, Ports: 200, Reporter: client,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.runWorker(name, s.Run, func(ctx context.Context) error { return client.Run(ctx, s) })
}

func (w *world) startMixer(name, recordings string) {
	w.t.Helper()
	client := w.client()
	m, err := mixer.New(mixer.Config{
		Name: name, Trunk: w.trunk("10.0.1.3:9000"), Prompts: w.scripts, Recordings: recordings, Report: client,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.runWorker(name, m.Run, func(ctx context.Context) error { return client.Run(ctx, m) })
}

func (w *world) client() *control.Client {
	return control.NewClient(control.ClientConfig{Dial: w.brain.hub.Attach, Secret: "of this world"})
}

func (w *world) trunk(at string) trunk.Conn {
	w.t.Helper()
	c, err := w.trunks.Listen(netip.MustParseAddrPort(at))
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

func (w *world) runWorker(name string, work, link func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	w.ends[name] = func() {
		cancel()
		<-ended
	}
	w.workers.Go(func() {
		defer close(ended)
		if err := runWorker(ctx, os.DevNull, work, link); err != nil && ctx.Err() == nil {
			w.log.Write([]byte(name + ": " + err.Error() + "\n"))
		}
	})
}

func (w *world) stop() {
	if err := w.brain.close(5 * time.Second); err != nil {
		w.t.Errorf("the brain ended with %v", err)
	}
	for _, end := range w.ends {
		end()
	}
	w.workers.Wait()
}

// caller is a phone in a call: what it heard, and its report once the call is over.
type caller struct {
	t     *testing.T
	press chan string
	hold  chan bool
	end   context.CancelFunc
	done  chan struct{}

	report *phone.Report
	err    error

	mu    sync.Mutex
	heard []int16
	also  func([]int16) // sees each frame as it comes; nil: nobody
}

// dials places a call that speaks a tone of hz (0: silence), and returns at once.
func (w *world) dials(user string, hz float64) *caller {
	w.t.Helper()
	var speak func([]int16)
	if hz > 0 {
		speak = dsp.NewOscillator(8000, 8000, hz).Fill
	}
	return w.dialsAs(user, speak)
}

// dialsAs places a call that speaks what speak fills.
func (w *world) dialsAs(user string, speak func([]int16)) *caller {
	w.t.Helper()
	w.host++
	ip := netip.AddrFrom4([4]byte{10, 0, 0, 100 + w.host})
	sip, err := w.sip.ListenPacket(netip.AddrPortFrom(ip, 5060))
	if err != nil {
		w.t.Fatal(err)
	}
	rtp, err := w.rtp.Phone(netip.AddrPortFrom(ip, 4000))
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, end := context.WithCancel(context.Background())
	c := &caller{t: w.t, press: make(chan string), hold: make(chan bool), end: end, done: make(chan struct{})}
	cfg := phone.Config{
		URI: "sip:" + user + "@" + sipAddr.String(), SIP: sip, Hop: sipAddr, RTP: packetConn{rtp},
		Seed: [32]byte{w.host}, Speak: speak, Press: c.press, Hold: c.hold, Heard: c.hear,
	}
	w.workers.Go(func() {
		defer close(c.done)
		c.report, c.err = phone.Dial(ctx, cfg)
	})
	return c
}

func (c *caller) hear(frame []int16) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.heard = append(c.heard, frame...)
	if c.also != nil {
		c.also(frame)
	}
}

// listen returns what the phone hears in the next while.
func (c *caller) listen(d time.Duration) []int16 {
	c.mu.Lock()
	from := len(c.heard)
	c.mu.Unlock()
	time.Sleep(d)
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]int16(nil), c.heard[from:]...)
}

// hangup ends the call and waits for its report.
func (c *caller) hangup() *phone.Report {
	c.end()
	<-c.done
	return c.report
}

// hears checks the tones of what was heard: want must be in it, others must not.
func (c *caller) hears(who string, audio []int16, want, not []float64) {
	c.t.Helper()
	for _, hz := range want {
		if a := dsp.Goertzel(audio, 8000, hz); a < 2000 {
			c.t.Errorf("%s hears %g Hz at an amplitude of %.0f, want it as loud as spoken", who, hz, a)
		}
	}
	for _, hz := range not {
		if a := dsp.Goertzel(audio, 8000, hz); a > 100 {
			c.t.Errorf("%s hears %g Hz at an amplitude of %.0f, want none", who, hz, a)
		}
	}
}

// packetConn makes a memory phone a net.PacketConn.
type packetConn struct{ *memory.Phone }

func (p packetConn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := p.Phone.ReadFrom(b)
	return n, net.UDPAddrFromAddrPort(from), err
}

func (p packetConn) WriteTo(b []byte, to net.Addr) (int, error) {
	return p.Phone.WriteTo(b, to.(*net.UDPAddr).AddrPort())
}

func (p packetConn) LocalAddr() net.Addr               { return net.UDPAddrFromAddrPort(p.Addr()) }
func (p packetConn) SetDeadline(t time.Time) error     { p.Phone.SetReadDeadline(t); return nil }
func (p packetConn) SetReadDeadline(t time.Time) error { p.Phone.SetReadDeadline(t); return nil }
func (p packetConn) SetWriteDeadline(time.Time) error  { return nil }

// testLog keeps the engine's lines for a test that fails.
type testLog struct {
	mu    sync.Mutex
	lines []byte
}

func (l *testLog) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, b...)
	return len(b), nil
}

func (l *testLog) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.lines)
}
