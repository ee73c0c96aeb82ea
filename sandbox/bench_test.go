package sandbox_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/callwright/callwright/sandbox"
	"github.com/callwright/callwright/sandbox/sandboxtest"
)

const nine = prologue + `
  await call.answer();
  for (let i = 0; i < 7; i++) { const r = await call.gather({ max: 4, prompt: play('x.wav') }); if (!r.ok) return }
  await call.hangup();
}`

// loadBench is a generation that answers its own operations.
func loadBench(b *testing.B, text string, over func(sandbox.Result)) *sandbox.Generation {
	src := sandboxtest.Source(b, map[string]string{"main.js": text})
	g, err := sandbox.Load(src, sandbox.Options{Faces: faces(), Isolates: 1, Budget: time.Minute, Deliver: over})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(g.Stop)
	return g
}

// BenchmarkFlow is one flow of nine awaited operations, opened, run and closed: the
// script's share of a call.
func BenchmarkFlow(b *testing.B) {
	var g *sandbox.Generation
	done := make(chan struct{}, 1)
	ok := []byte(`{"ok":true,"digits":"1234","reason":"digits","tries":1}`)
	g = loadBench(b, nine, func(r sandbox.Result) {
		if r.Settled {
			g.Close(r.Unit)
			done <- struct{}{}
			return
		}
		op := r.Ops[0]
		g.Activate(sandbox.Activation{Unit: r.Unit, Turn: r.Turn + 1, Inputs: []sandbox.Input{{Kind: sandbox.Completed, Op: op.N, Hash: op.Hash, Value: ok, At: 1}}})
	})
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		unit := fmt.Sprint(i)
		g.Open(unit, sandbox.CallUnit, 1, nil, 0)
		g.Activate(sandbox.Activation{Unit: unit, Turn: 1, Inputs: []sandbox.Input{{Kind: sandbox.Start, At: 1}}})
		<-done
	}
}

// BenchmarkOpen is a unit opened, run to its first await and closed.
func BenchmarkOpen(b *testing.B) {
	done := make(chan struct{}, 1)
	g := loadBench(b, nine, func(sandbox.Result) { done <- struct{}{} })
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		unit := fmt.Sprint(i)
		g.Open(unit, sandbox.CallUnit, 1, nil, 0)
		g.Activate(sandbox.Activation{Unit: unit, Turn: 1, Inputs: []sandbox.Input{{Kind: sandbox.Start, At: 1}}})
		<-done
		g.Close(unit)
	}
}

// BenchmarkRebuild is a unit brought back from a history of ten inputs.
func BenchmarkRebuild(b *testing.B) {
	h := sandboxtest.With(b, sandbox.Options{Faces: faces(), Isolates: 1, Budget: time.Minute}, map[string]string{"main.js": nine})
	r := h.Start("a")
	for range 7 {
		r = h.Complete("a", r.Ops[0], `{"ok":true,"digits":"1"}`)
	}
	u := h.Unit("a")
	b.ReportAllocs()
	for b.Loop() {
		h.Reopen("a")
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(u.History)), "us/input")
}

// BenchmarkLoad is an app built and examined: what a reload costs before the swap.
func BenchmarkLoad(b *testing.B) {
	src := sandboxtest.Source(b, map[string]string{"main.js": nine})
	for b.Loop() {
		g, err := sandbox.Load(src, sandbox.Options{Faces: faces()})
		if err != nil {
			b.Fatal(err)
		}
		g.Stop()
	}
}

// BenchmarkState is one read and one write of a shared counter, as its own activation.
func BenchmarkState(b *testing.B) {
	var wg sync.WaitGroup
	g := loadBench(b, prologue+`call.on('dtmf', () => { state.n = (state.n ?? 0) + 1 }); await call.ended }`, func(sandbox.Result) { wg.Done() })
	wg.Add(1)
	g.Open("a", sandbox.CallUnit, 1, nil, 0)
	g.Activate(sandbox.Activation{Unit: "a", Turn: 1, Inputs: []sandbox.Input{{Kind: sandbox.Start, At: 1}}})
	wg.Wait()
	b.ReportAllocs()
	turn := uint64(1)
	for b.Loop() {
		turn++
		wg.Add(1)
		g.Activate(sandbox.Activation{Unit: "a", Turn: turn, Inputs: []sandbox.Input{sandboxtest.Event("call", "dtmf", "{}")}})
		wg.Wait()
	}
}
