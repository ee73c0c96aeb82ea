package process_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/callwright/callwright/sandbox"
	"github.com/callwright/callwright/sandbox/process"
	"github.com/callwright/callwright/sandbox/sandboxtest"
)

const looping = `export default async call => { for (;;) await call.gather() }`

type units interface {
	Open(unit string, kind sandbox.UnitKind, seed uint64, history []sandbox.Input, ops uint32)
	Activate(sandbox.Activation)
	Stop()
}

// BenchmarkActivation is one answer to one operation and the next operation begun: in
// this process and in a child, one at a time and 64 under way.
func BenchmarkActivation(b *testing.B) {
	for _, way := range []string{"shared", "process"} {
		for _, width := range []int{1, 64} {
			b.Run(fmt.Sprintf("%s/%d", way, width), func(b *testing.B) { benchActivation(b, way, width) })
		}
	}
}

func benchActivation(b *testing.B, way string, width int) {
	results := make(chan sandbox.Result, width)
	opts := sandbox.Options{Faces: faces(), Isolates: 1, Budget: time.Minute, Deliver: func(r sandbox.Result) { results <- r }}
	src := sandboxtest.Source(b, map[string]string{"main.js": looping})
	var g units
	var err error
	if way == "shared" {
		g, err = sandbox.Load(src, opts)
	} else {
		g, err = newPool(b, nil).Load(src, opts)
	}
	if err != nil {
		b.Fatal(err)
	}
	defer g.Stop()
	for i := range width {
		name := fmt.Sprint("unit ", i)
		g.Open(name, sandbox.CallUnit, 1, nil, 0)
		g.Activate(sandbox.Activation{Unit: name, Turn: 1, Inputs: []sandbox.Input{start()}})
	}
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		r := <-results
		g.Activate(sandbox.Activation{Unit: r.Unit, Turn: r.Turn + 1, Inputs: []sandbox.Input{answered(r, `{"digits":"12","reason":"digits"}`)}})
	}
	for range width {
		<-results
	}
}

// BenchmarkStart is a child from nothing to an app that serves.
func BenchmarkStart(b *testing.B) {
	src := sandboxtest.Source(b, map[string]string{"main.js": looping})
	for b.Loop() {
		p, err := process.NewPool(process.Config{Faces: faces()})
		if err != nil {
			b.Fatal(err)
		}
		g, err := p.Load(src, sandbox.Options{})
		if err != nil {
			b.Fatal(err)
		}
		g.Stop()
		p.Close()
	}
}

// BenchmarkState is an activation that counts in state, with the tree in the parent.
func BenchmarkState(b *testing.B) {
	e := newEngine(b, newPool(b, nil), sandbox.Options{Budget: time.Minute},
		`import { state } from 'callwright'; export default async call => { for (;;) { await call.gather(); state.n = (state.n ?? 0) + 1 } }`)
	r := e.send("a", start())
	for b.Loop() {
		r = e.send("a", answered(r, `{}`))
		if len(e.units["a"].history) > 1000 {
			e.units["a"].history = nil
		}
	}
}
