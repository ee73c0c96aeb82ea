package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/callwright/callwright/engine/call"
	"github.com/callwright/callwright/engine/flow"
	"github.com/callwright/callwright/engine/parcel"
	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/media/sdp"
	"github.com/callwright/callwright/sandbox"
)

const parkedFlow = `export default async function (call) {
  await call.answer();
  const lang = await call.gather({ max: 1, timeout: '10s' });
  call.vars.lang = lang.digits;
  await call.gather({ max: 4, timeout: '10m' });
}
`

func benchRebuildCommand() *cobra.Command {
	var calls int
	var printJSON bool
	c := &cobra.Command{
		Use:   "rebuild",
		Short: "How soon calls go on from their parcels when a brain has died",
		Long: `Parks calls in a menu, seals and packs what workers would keep of each, and takes them
up again with nothing else: parcels opened, runs and calls made, timers armed; then each
script's instance by a replay of its history, which a live brain does for a call when its
first input comes, and for the rest behind. Dialogs, media places and the wire are not in
it: the log line "recovered" of a brain has those.`,
		Args: takes(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			if calls < 1 || calls > 1_000_000 {
				return refuse("bench rebuild: --calls must lie within 1 and 1000000, not %d", calls)
			}
			return benchRebuild(calls, printJSON, c.OutOrStdout())
		},
	}
	c.Flags().IntVar(&calls, "calls", 10_000, "calls that are up")
	c.Flags().BoolVar(&printJSON, "json", false, "print one JSON object a line")
	return c
}

// rebuilding is a shard's flows with isolates, and nothing around them.
type rebuilding struct {
	flows   *flow.Flows
	gen     *sandbox.Generation
	results chan sandbox.Result
	owed    int
	now     time.Time
	media   []string // calls that wait for their audio
}

func newRebuilding(app sandbox.AppSource) (*rebuilding, error) {
	b := &rebuilding{flows: flow.NewFlows(flow.Config{}), results: make(chan sandbox.Result, 1<<16), now: time.Now()}
	var err error
	b.gen, err = sandbox.Load(app, sandbox.Options{Faces: flow.Faces(), Isolates: runtime.GOMAXPROCS(0), Budget: time.Second,
		Deliver: func(r sandbox.Result) { b.results <- r }})
	return b, err
}

func (b *rebuilding) step(in flow.Input) { b.do(b.flows.Step(b.now, in)) }

func (b *rebuilding) do(actions []flow.Action) {
	for _, a := range actions {
		switch a := a.(type) {
		case flow.Open:
			if a.History == nil {
				b.gen.Open(a.Unit, a.Kind, a.Seed, nil, 0)
				continue
			}
			b.owed++
			b.gen.Open(a.Unit, a.Kind, a.Seed, a.History.Inputs, a.History.Ops)
		case flow.Activate:
			b.owed++
			b.gen.Activate(a.Activation)
		case flow.Order:
			if in, ok := a.Input.(call.Accept); ok {
				b.media = append(b.media, in.Leg)
			}
		}
	}
}

// settle waits until every script waits.
func (b *rebuilding) settle() {
	for b.owed > 0 {
		r := <-b.results
		b.owed--
		b.step(flow.Did{Result: r})
		for _, id := range b.media {
			b.step(flow.Agreed{Call: id, Media: sdp.Agreement{Codec: sdp.Codec{Name: "PCMU", Rate: 8000}, Send: true, Receive: true}})
			b.step(flow.MediaUp{Call: id, SBC: "sbc-1"})
		}
		b.media = b.media[:0]
	}
}

func (b *rebuilding) digit(id, key string) {
	b.step(flow.Worked{Event: &control.Event{Body: &control.Event_Digit{Digit: &control.Digit{Stream: id, Digit: key, Ms: 80}}}})
}

// park lets calls come as far as their second gather.
func (b *rebuilding) park(n int) (ids []string) {
	for i := range n {
		id := fmt.Sprintf("call-%06d", i)
		ids = append(ids, id)
		b.step(flow.NewCall{Call: id, App: "bench", Version: b.gen.Version(), Seed: uint64(i), Flow: call.Flow{Transport: "udp", Remote: "192.0.2.7:5060"},
			Msg: &call.Message{CallID: id + "@192.0.2.7", URI: "sip:1000@192.0.2.1", From: call.Party{URI: "sip:ann@192.0.2.7"},
				To: call.Party{URI: "sip:1000@192.0.2.1"}, Body: []byte("v=0")}})
		b.settle()
		b.digit(id, "1")
		b.settle()
	}
	return ids
}

// seal makes of each call what a worker keeps.
func (b *rebuilding) seal(s *parcel.Sealer, ids []string) (sealed [][]byte, err error) {
	parts := &parcel.Parts{}
	for _, id := range ids {
		parts.Reset()
		inputs, ok := b.flows.Freeze(parts, id, 0)
		if !ok || len(inputs) < 3 {
			return nil, fmt.Errorf("bench rebuild: %s did not come as far as its menu", id)
		}
		r := parcel.Record{Parts: parts.List(), Inputs: inputs}
		sealed = append(sealed, s.Pack(r.Text(nil), parcel.Place{Key: id, Epoch: 1, Version: 1, Whole: true}))
	}
	return sealed, nil
}

func benchRebuild(calls int, printJSON bool, w io.Writer) error {
	dir, err := os.MkdirTemp("", "callwright-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "bench.js"), []byte(parkedFlow), 0o600); err != nil {
		return err
	}
	app, err := sandbox.AppNamed(dir, "bench")
	if err != nil {
		return err
	}
	sealer, err := parcel.NewSealer([32]byte{1})
	if err != nil {
		return err
	}
	before, err := newRebuilding(app)
	if err != nil {
		return err
	}
	ids := before.park(calls)
	sealed, err := before.seal(sealer, ids)
	before.gen.Stop()
	if err != nil {
		return err
	}
	after, err := newRebuilding(app)
	if err != nil {
		return err
	}
	defer after.gen.Stop()
	figures, err := after.rebuild(sealer, ids, sealed)
	if err != nil {
		return err
	}
	return printFigures(w, printJSON, figures)
}

// rebuild takes the calls up again, measured.
func (b *rebuilding) rebuild(s *parcel.Sealer, ids []string, sealed [][]byte) ([]figure, error) {
	runtime.GC()
	cpu0, err := ownCPU()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	if err := b.thaw(s, ids, sealed); err != nil {
		return nil, err
	}
	taken := time.Since(began)
	for range 4 { // what any call waits for
		b.digit(ids[len(ids)/2], "2")
	}
	b.settle()
	first := time.Since(began) - taken
	for left := true; left; {
		var actions []flow.Action
		actions, left = b.flows.Rouse(1000)
		b.do(actions)
		b.settle()
	}
	all := time.Since(began)
	cpu1, err := ownCPU()
	if err != nil {
		return nil, err
	}
	size := 0
	for _, p := range sealed {
		size += len(p)
	}
	n := float64(len(ids))
	c := with(nil, "calls", len(ids), "cpus", runtime.GOMAXPROCS(0), "without", "dialogs, media places, wire")
	return []figure{
		{"rebuild.calls_per_second", n / (cpu1 - cpu0), "calls/s a core", with(c, "by", "CPU time", "script", "instance and replay")},
		{"rebuild.taken_up.ms", ms(taken), "ms", with(c, "until", "each call takes inputs")},
		{"rebuild.first_input.ms", ms(first), "ms", with(c, "of", "one call, from its digits until its script has gone on")},
		{"rebuild.all.ms", ms(all), "ms", with(c, "until", "each call's script stands")},
		{"rebuild.parcel.bytes", float64(size) / n, "bytes", with(c, "of", "one call, sealed and packed")},
	}, nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// thaw opens the parcels on all cores and makes the runs, which belong to one goroutine.
func (b *rebuilding) thaw(s *parcel.Sealer, ids []string, sealed [][]byte) error {
	wholes, faults := make([]*parcel.Whole, len(ids)), make([]error, len(ids))
	var wait sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for k := range workers {
		wait.Go(func() {
			for i := k; i < len(ids); i += workers {
				wholes[i], faults[i] = s.Join(ids[i], 1, []parcel.Piece{{Version: 1, Sealed: sealed[i]}})
			}
		})
	}
	wait.Wait()
	b.flows.Thaw(b.now)
	for i, id := range ids {
		if faults[i] != nil {
			return faults[i]
		}
		if err := b.flows.ThawUnit(id, wholes[i].Parts, wholes[i].Inputs); err != nil {
			return err
		}
	}
	b.do(b.flows.Thawed())
	return nil
}
