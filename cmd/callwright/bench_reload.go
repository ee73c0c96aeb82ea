package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/callwright/callwright/cmd/callwright/phone"
	"github.com/callwright/callwright/engine/script"
)

type benchReloadFlags struct {
	calls, files, reloads int
	isolation             string
	printJSON             bool
}

func benchReloadCommand() *cobra.Command {
	var f benchReloadFlags
	c := &cobra.Command{
		Use:   "reload",
		Short: "How soon a saved script takes calls, with many calls up",
		Long: `Starts a whole engine of its own on free ports, puts calls up that wait, with audio both
ways, and saves one file of the script again and again while it calls as fast as it can.
The figure runs from the save to the INVITE whose answer the new version gives, without
the 50 ms for which files must be at rest. No call that is up may end.`,
		Args: takes(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(c.Context(), syscall.SIGINT, syscall.SIGTERM)
			defer stop()
			return benchReload(ctx, f, c.OutOrStdout())
		},
	}
	fl := c.Flags()
	fl.IntVar(&f.calls, "calls", 1000, "calls that are up")
	fl.IntVar(&f.files, "files", 1, "files of the app")
	fl.IntVar(&f.reloads, "reloads", 20, "how often to save")
	fl.StringVar(&f.isolation, "isolation", "process", "of the script: process or shared")
	fl.BoolVar(&f.printJSON, "json", false, "print one JSON object a line")
	return c
}

func benchReload(ctx context.Context, f benchReloadFlags, w io.Writer) error {
	if f.calls < 1 || f.calls > benchPorts/2-10 || f.files < 1 || f.files > 1000 || f.reloads < 1 || f.reloads > 1000 {
		return refuse("bench reload: --calls must lie within 1 and %d, --files and --reloads within 1 and 1000", benchPorts/2-10)
	}
	if f.isolation != script.IsolationProcess && f.isolation != script.IsolationShared {
		return refuse("bench reload: --isolation must be process or shared, not %q", f.isolation)
	}
	files := waitingApp(f.files)
	files["bench/app.yaml"] = "isolation: " + f.isolation + "\n"
	e, clean, err := benchedOn(ctx, files)
	if err != nil {
		return err
	}
	defer clean()
	figures, err := measureReload(ctx, f, e)
	if err != nil {
		return err
	}
	return printFigures(w, f.printJSON, figures)
}

// waitingApp is an app of so many files: calls to 1000 wait, others are told its version.
func waitingApp(files int) map[string]string {
	all := map[string]string{}
	main := "import { version } from './version.js';\n"
	for n := range files - 2 {
		main += fmt.Sprintf("import { step as step%d } from './lib/step%d.js';\n", n, n)
		all[fmt.Sprintf("bench/lib/step%d.js", n)] = fmt.Sprintf(
			"export function step(n) {\n  const parts = [n, %d].map(x => x * 2);\n  return parts.reduce((a, b) => a + b, 0);\n}\n", n)
	}
	main += "const steps = ["
	for n := range files - 2 {
		main += fmt.Sprintf("step%d, ", n)
	}
	all["bench/main.js"] = main + `];
export const routes = ['1000', '1001', '2000'];
export default async function (call) {
  if (call.to.user === '2000') return call.reject('busy', { reason: version + steps.reduce((n, s) => s(n) * 0, '') });
  await call.answer();
  if (call.to.user === '1001') await call.play('tone:440/3600000');
  await call.gather({ max: 1, timeout: '1h' });
}
`
	all["bench/version.js"] = versionText(0)
	if files == 1 { // all in one
		all["bench/main.js"] = oneFile(all["bench/main.js"], 0)
		delete(all, "bench/version.js")
	}
	return all
}

func versionText(n int) string { return fmt.Sprintf("export const version = 'v%d ';\n", n) }

// oneFile is the app's main file with the version in it.
func oneFile(main string, n int) string {
	const line = "import { version } from './version.js';\n"
	return fmt.Sprintf("const version = 'v%d ';\n", n) + main[len(line):]
}

// settled is how long files must be at rest before the engine reads them.
const settled = 50 * time.Millisecond

func measureReload(ctx context.Context, f benchReloadFlags, e *benched) (figures []figure, err error) {
	load, err := newCallLoad(e.sip, joinRate)
	if err != nil {
		return nil, err
	}
	ears := &gapEars{}
	load.calls, load.voice = f.calls, ears
	load.user = func(n int) string {
		if n < listeners {
			return "1001"
		}
		return "1000"
	}
	var took []time.Duration
	joined := time.Duration(f.calls) * time.Second / joinRate
	err = load.during(ctx, joined+warmUp, func(ctx context.Context) error {
		if err := allUp(ctx, load, f.calls); err != nil {
			return err
		}
		ears.begin()
		for n := 1; n <= f.reloads; n++ {
			d, err := e.reloadOnce(ctx, f, n)
			if err != nil {
				return err
			}
			took = append(took, d)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if t := load.tally(); t.failed+t.ended > 0 {
		return nil, fmt.Errorf("bench reload: %d calls failed and %d ended", t.failed, t.ended)
	}
	slices.Sort(took)
	at := with(machine(), "calls up", f.calls, "files", f.files, "reloads", f.reloads, "isolation", f.isolation, "link", "socket", "debounce", "not counted")
	return []figure{
		{"script.reload.ms", quantile(took, 0.5), "ms", at},
		{"script.reload.max_ms", quantile(took, 1), "ms", at},
		{"script.reload.calls_lost", 0, "calls", at},
		{"script.reload.audio_gap_max_ms", float64(ears.longest().Microseconds()) / 1000, "ms", at},
	}, nil
}

// allUp waits until all calls are.
func allUp(ctx context.Context, load *callLoad, calls int) error {
	for limit := time.Now().Add(benchStart); ; {
		t := load.tally()
		switch up := len(t.waits); {
		case up == calls && t.failed == 0:
			return nil
		case t.failed > 0 || time.Now().After(limit):
			return fmt.Errorf("bench reload: %d of %d calls are up, %d failed (%s)", up, calls, t.failed, strings.Join(t.why(), "; "))
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
}

// listeners are how many of the calls hear a tone all the time.
const listeners = 20

// gapEars measure the longest time between two frames, at those who hear something.
type gapEars struct {
	silence
	mu   sync.Mutex
	on   bool
	last [listeners]time.Time
	gap  time.Duration
}

func (g *gapEars) hears(n int, now time.Time, _ []byte) {
	if n >= listeners {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.on && !g.last[n].IsZero() {
		g.gap = max(g.gap, now.Sub(g.last[n]))
	}
	g.last[n] = now
}

func (g *gapEars) begin() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.on = true
}

func (g *gapEars) longest() time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.gap
}

// reloadOnce saves version n and calls until it answers.
func (e *benched) reloadOnce(ctx context.Context, f benchReloadFlags, n int) (time.Duration, error) {
	name, text := "version.js", versionText(n)
	if f.files == 1 {
		name, text = "main.js", oneFile(waitingApp(2)["bench/main.js"], n)
	}
	path := filepath.Join(e.dir, "scripts", "bench", name)
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		return 0, err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return 0, err
	}
	saved, want := time.Now(), fmt.Sprintf("v%d", n)
	for {
		began := time.Now()
		got, err := askVersion(ctx, e.sip, "2000")
		switch {
		case err != nil:
			return 0, err
		case strings.HasPrefix(got+" ", want+" "):
			return began.Sub(saved) - settled, nil
		case time.Since(saved) > benchStart:
			return 0, fmt.Errorf("bench reload: after %v, %s answers and not %s", benchStart, got, want)
		}
		if err := pause(ctx, time.Millisecond); err != nil {
			return 0, err
		}
	}
}

// askVersion calls a number that is refused, and gives the reason.
func askVersion(ctx context.Context, to netip.AddrPort, user string) (string, error) {
	loopback := netip.MustParseAddr("127.0.0.1")
	cfg := phone.Config{URI: fmt.Sprintf("sip:%s@%s", user, to), Hop: to}
	rand.Read(cfg.Seed[:])
	var err error
	if cfg.SIP, err = phone.Listen(loopback); err != nil {
		return "", err
	}
	if cfg.RTP, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(loopback, 0))); err != nil {
		cfg.SIP.Close()
		return "", err
	}
	report, err := phone.Dial(ctx, cfg)
	if report == nil || report.Status == 0 {
		return "", err
	}
	return report.Reason, nil
}
