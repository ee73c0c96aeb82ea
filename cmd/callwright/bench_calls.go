package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/callwright/callwright/engine/script"
)

type benchCallsFlags struct {
	rate      int
	isolation string
	duration  time.Duration
	printJSON bool
}

// benchScript answers, and hangs up after 100 ms.
const benchScript = `import { sleep } from 'callwright';
export const routes = ['1000'];
export default async function (call) {
  await call.answer();
  await sleep('100ms');
  await call.hangup();
}
`

func benchCallsCommand() *cobra.Command {
	var f benchCallsFlags
	c := &cobra.Command{
		Use:   "calls",
		Short: "Calls per second a core through a script, and how fast they are answered",
		Long: `Starts a whole engine of its own on free ports and places calls on it at a steady
rate: INVITE, a script that answers and hangs up after 100 ms, audio both ways. The
figure per core is the number of calls over the processor time that the engine's
processes took for them.`,
		Args: takes(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(c.Context(), syscall.SIGINT, syscall.SIGTERM)
			defer stop()
			return benchCalls(ctx, f, c.OutOrStdout())
		},
	}
	fl := c.Flags()
	fl.IntVar(&f.rate, "rate", 100, "calls per second")
	fl.StringVar(&f.isolation, "isolation", "process", "of the script: process or shared")
	fl.DurationVar(&f.duration, "duration", 10*time.Second, "how long to measure, after two seconds to warm up")
	fl.BoolVar(&f.printJSON, "json", false, "print one JSON object a line")
	return c
}

const warmUp = 2 * time.Second

func benchCalls(ctx context.Context, f benchCallsFlags, w io.Writer) error {
	if f.rate < 1 || f.rate > 5000 || f.duration < time.Second || f.duration > time.Hour {
		return refuse("bench calls: --rate must lie within 1 and 5000, --duration within 1s and 1h")
	}
	if f.isolation != script.IsolationProcess && f.isolation != script.IsolationShared {
		return refuse("bench calls: --isolation must be process or shared, not %q", f.isolation)
	}
	e, clean, err := benchedWith(ctx, benchScript, f.isolation)
	if err != nil {
		return err
	}
	defer clean()
	figures, err := measureCalls(ctx, f, e)
	if err != nil {
		return err
	}
	return printFigures(w, f.printJSON, figures)
}

// measureCalls warms up, then counts calls and the engine's processor time.
func measureCalls(ctx context.Context, f benchCallsFlags, e *benched) ([]figure, error) {
	caller, err := newCallLoad(e.sip, f.rate)
	if err != nil {
		return nil, err
	}
	var before callTally
	var used map[string]float64
	var took float64
	err = caller.during(ctx, warmUp, func(ctx context.Context) (err error) {
		before = caller.tally()
		used, took, err = e.spent(ctx, f.duration)
		return err
	})
	if err != nil {
		return nil, err
	}
	return callFigures(f, before, caller.tally(), used, took)
}

func callFigures(f benchCallsFlags, before, after callTally, roles map[string]float64, took float64) ([]figure, error) {
	waits := after.waits[len(before.waits):]
	slices.Sort(waits)
	cpu := 0.0
	for _, seconds := range roles {
		cpu += seconds
	}
	calls, failed := float64(after.ended-before.ended), after.failed-before.failed
	at := with(machine(), "rate", f.rate, "seconds", fmt.Sprintf("%.1f", took), "media", "RTP both ways, 20 ms PCMU", "isolation", f.isolation)
	figures := []figure{
		{"calls.engine.per_core", calls / math.Max(cpu, 0.01), "calls/s", at},
		{"calls.engine.core_percent", 100 * cpu / took, "%", at},
		{"calls.engine.rate", calls / took, "calls/s", at},
		{"calls.failed", float64(failed), "calls", at},
	}
	for _, role := range []string{"brain", "script-host", "sbc", "mixer", "run"} {
		figures = append(figures, figure{"calls.engine." + strings.ReplaceAll(role, "-", "_") + ".core_percent", 100 * roles[role] / took, "%", at})
	}
	for _, q := range []struct {
		name string
		at   float64
	}{{"p50", 0.5}, {"p99", 0.99}, {"p999", 0.999}} {
		figures = append(figures, figure{"calls.invite_200." + q.name + "_ms", quantile(waits, q.at), "ms", at})
	}
	if len(waits) == 0 || float64(failed) > calls/100 {
		return nil, fmt.Errorf("bench calls: %d of %.0f calls failed (%s): a lower --rate may do", failed, calls, strings.Join(after.why(), "; "))
	}
	return figures, nil
}

// quantile reads sorted waits, in milliseconds.
func quantile(sorted []time.Duration, q float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	i := min(len(sorted)-1, int(q*float64(len(sorted))))
	return float64(sorted[i].Microseconds()) / 1000
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
