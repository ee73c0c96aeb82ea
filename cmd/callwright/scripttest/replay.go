package scripttest

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/callwright/callwright/engine/flow"
	"github.com/callwright/callwright/sandbox"
)

// replayed is what t.replay gives.
type replayed struct {
	Inputs int    `json:"inputs"`
	Await  string `json:"await"`
}

// replay runs a call's journal on the app of its name in the scripts directory.
func (b *bench) replay(file string) (any, error) {
	if !filepath.IsLocal(file) {
		return nil, fmt.Errorf("replay: %q is not in the scripts directory", file)
	}
	text, err := os.ReadFile(filepath.Join(b.dir, file))
	if err != nil {
		return nil, fmt.Errorf("replay: %w", err)
	}
	j, err := flow.ReadJournal(text)
	if err != nil {
		return nil, fmt.Errorf("replay: %s: %w", file, err)
	}
	app, err := sandbox.AppNamed(b.dir, j.App)
	if err != nil {
		return nil, fmt.Errorf("replay: %s: %w", file, err)
	}
	await, err := j.Try(b.ctx, app)
	if err != nil {
		return nil, fmt.Errorf("replay: %s: %w", file, err)
	}
	return replayed{len(j.Inputs), await}, nil
}
