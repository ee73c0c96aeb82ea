package main

import (
	"os"

	"github.com/callwright/callwright/engine/flow"
	"github.com/callwright/callwright/engine/script"
	"github.com/callwright/callwright/sandbox"
	"github.com/callwright/callwright/sandbox/process"
)

// hostScripts makes this process a script host and does not return, if it was started
// as one: before anything else, for a host should come up in milliseconds.
func hostScripts() {
	if len(os.Args) == 2 && os.Args[1] == process.Command {
		os.Exit(process.Main())
	}
}

// openScripts loads the apps: in processes of their own, or here, where time may be
// virtual.
func (b *brain) openScripts(p brainParts, tree *sandbox.State) error {
	cfg := script.Config{Dir: p.Scripts, Versions: p.Versions, Warm: p.Warm, Log: p.Log, Options: sandbox.Options{
		Faces: flow.Faces(), State: tree, Coverage: p.Coverage, Deliver: func(r sandbox.Result) {
			if p.Observe != nil {
				p.Observe(r)
			}
			b.engine.Deliver(r)
		},
	}}
	if p.Isolate {
		pool, err := process.NewPool(process.Config{Faces: cfg.Options.Faces, State: tree, Log: p.Log})
		if err != nil {
			return err
		}
		b.pool = pool
		cfg.Process = func(prog *sandbox.Program, o sandbox.Options) (script.Isolated, error) {
			g, err := pool.Open(prog, o)
			if err != nil {
				return nil, err
			}
			return g, nil
		}
	}
	var err error
	if b.scripts, err = script.OpenWith(cfg); err != nil {
		b.closePool()
	}
	return err
}

func (b *brain) closePool() {
	if b.pool != nil {
		b.pool.Close()
	}
}
