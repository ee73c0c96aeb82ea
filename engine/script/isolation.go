package script

import "github.com/callwright/callwright/sandbox"

// Host runs units: a sandbox.Generation, or one in a process of its own. Its methods
// never wait for a script.
type Host interface {
	Open(unit string, kind sandbox.UnitKind, seed uint64, history []sandbox.Input, ops uint32)
	Activate(sandbox.Activation)
	Close(unit string)
	API() []string // functions that the app exports for others
}

// Isolated is a generation in a process of its own, with all that the catalogue and
// the shard need of one.
type Isolated interface {
	Host
	loaded
}

// place opens a program where its manifest wants it: in a process of its own when
// there is a way to make one and the app does not opt out.
func (cfg *Config) place(isolation string, p *sandbox.Program, opts sandbox.Options) (loaded, error) {
	if cfg.Process != nil && isolation != IsolationShared {
		return cfg.Process(p, opts)
	}
	g, err := sandbox.Open(p, opts)
	if err != nil {
		return nil, err
	}
	return g, nil
}
