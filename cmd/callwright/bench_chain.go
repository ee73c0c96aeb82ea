package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"os/signal"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/callwright/callwright/engine/script"
)

type benchChainFlags struct {
	members   int
	duration  time.Duration
	printJSON bool
}

// chainScript puts callers into the room whose number they dial.
const chainScript = `import { conference } from 'callwright';
export const routes = ['8*'];
export default async function (call) {
  await call.answer();
  const room = await conference(call.to.user);
  const member = await room.join(call);
  await member.left;
}
`

func benchChainCommand() *cobra.Command {
	var f benchChainFlags
	c := &cobra.Command{
		Use:   "chain",
		Short: "Conference members a core through SBC and mixer, and the delay added",
		Long: `Starts a whole engine of its own on free ports and puts phones into rooms of three,
all talking, each sending one packet every 20 ms. Each is checked by tone to hear the
two others and not itself. The figure per core is the number of members over the
processor time that SBC and mixer took for them; the delay runs from a change of tone
at the talker's socket to the listener's.`,
		Args: takes(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(c.Context(), syscall.SIGINT, syscall.SIGTERM)
			defer stop()
			return benchChain(ctx, f, c.OutOrStdout())
		},
	}
	fl := c.Flags()
	fl.IntVar(&f.members, "members", 300, "phones, in rooms of three")
	fl.DurationVar(&f.duration, "duration", 10*time.Second, "how long to measure, once all are in")
	fl.BoolVar(&f.printJSON, "json", false, "print one JSON object a line")
	return c
}

// joinRate is how many phones call in a second before the measurement.
const joinRate = 100

func benchChain(ctx context.Context, f benchChainFlags, w io.Writer) error {
	if f.members < roomOfThree || f.members > benchPorts/2 || f.duration < time.Second || f.duration > time.Hour {
		return refuse("bench chain: --members must lie within %d and %d, --duration within 1s and 1h", roomOfThree, benchPorts/2)
	}
	f.members -= f.members % roomOfThree
	e, clean, err := benchedWith(ctx, chainScript, script.IsolationProcess)
	if err != nil {
		return err
	}
	defer clean()
	figures, err := measureChain(ctx, f, e)
	if err != nil {
		return err
	}
	return printFigures(w, f.printJSON, figures)
}

func measureChain(ctx context.Context, f benchChainFlags, e *benched) ([]figure, error) {
	load, err := newCallLoad(e.sip, joinRate)
	if err != nil {
		return nil, err
	}
	voice := newChainVoice(f.members, time.Now())
	load.calls, load.voice = f.members, voice
	load.user = func(n int) string { return "8" + strconv.Itoa(n/roomOfThree) }
	var roles map[string]float64
	var took float64
	var delays []time.Duration
	var checks, wrong int
	joined := time.Duration(f.members) * time.Second / joinRate
	err = load.during(ctx, joined+2*warmUp, func(ctx context.Context) (err error) {
		voice.begin()
		roles, took, err = e.spent(ctx, f.duration)
		delays, checks, wrong = voice.result()
		return err
	})
	if err != nil {
		return nil, err
	}
	if t := load.tally(); t.failed > 0 || t.ended > 0 {
		return nil, fmt.Errorf("bench chain: %d calls failed and %d ended early", t.failed, t.ended)
	}
	return chainFigures(f, roles, took, delays, checks, wrong), nil
}

func chainFigures(f benchChainFlags, roles map[string]float64, took float64, delays []time.Duration, checks, wrong int) []figure {
	slices.Sort(delays)
	media := (roles["sbc"] + roles["mixer"]) / took
	at := with(machine(), "members", f.members, "seconds", fmt.Sprintf("%.1f", took), "rooms", "three, all talking", "link", "socket", "codec", "PCMU 20 ms")
	figures := []figure{
		{"chain.members_per_core", float64(f.members) / math.Max(media, 0.001), "members", at},
		{"chain.core_percent", 100 * media, "%", at},
		{"chain.sbc.core_percent", 100 * roles["sbc"] / took, "%", at},
		{"chain.mixer.core_percent", 100 * roles["mixer"] / took, "%", at},
		{"chain.mixes_checked", float64(checks), "frames", at},
		{"chain.mixes_wrong", float64(wrong), "frames", at},
	}
	for _, q := range []struct {
		name string
		at   float64
	}{{"p50", 0.5}, {"p99", 0.99}} {
		figures = append(figures, figure{"chain.added_latency." + q.name + "_ms", quantile(delays, q.at), "ms", at})
	}
	return figures
}
