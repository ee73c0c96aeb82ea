package scripttest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/callwright/callwright/sandbox"
)

// bench does what a test's operations ask for. Operations run on goroutines of their
// own; close ends them all.
type bench struct {
	dir    string
	engine Engine
	began  time.Time
	ctx    context.Context
	end    context.CancelFunc
	runs   sync.WaitGroup
	done   chan sandbox.Input

	mu     sync.Mutex
	phones map[string]*handset
	order  []*line // all calls
}

func newBench(dir string, e Engine) *bench {
	ctx, end := context.WithCancel(context.Background())
	return &bench{dir: dir, engine: e, began: time.Now(), ctx: ctx, end: end,
		done: make(chan sandbox.Input, 1024), phones: map[string]*handset{}}
}

// close hangs up all phones and waits for all goroutines.
func (b *bench) close() {
	b.end()
	b.runs.Wait()
}

// asked are the arguments of an operation; durations are in ms.
type asked struct {
	Phone, To, Codec, Keys string
	Time, Timeout, For     float64
	Within, MaxGap         float64
	What                   any
	Call, File, Role, Raw  string
	Text                   *string
	Names                  []string
	A, B                   string
	Ms, Duration           float64 // of timers and sleep
	Cps, Hold              float64
	Calls                  int
	URL                    string
	Latency                string
	Cause                  any
	Name                   string
}

func ms(f float64) time.Duration { return time.Duration(f * float64(time.Millisecond)) }

// begin starts an operation; false: it has no answer.
func (b *bench) begin(op sandbox.Op) bool {
	if op.Method == "test" || op.Method == "clearTimeout" {
		return false
	}
	var a asked
	if op.Class == "Phone" || op.Class == "Bench" || op.Class == "" {
		_ = json.Unmarshal(op.Args, &a) // the sandbox wrote it by the face
	}
	switch op.Method { // whatever the test does next finds these in place
	case "mock":
		err := b.engine.Web().mock(op.Args)
		b.runs.Go(func() { b.complete(op, nil, err) })
		return true
	case "agent":
		err := b.agent(a.Name, a.Codec)
		b.runs.Go(func() { b.complete(op, nil, err) })
		return true
	}
	b.runs.Go(func() {
		v, err := b.do(op, &a)
		b.complete(op, v, err)
	})
	return true
}

// complete hands over what came of an operation.
func (b *bench) complete(op sandbox.Op, v any, err error) {
	in := sandbox.Input{Kind: sandbox.Completed, Op: op.N, Hash: op.Hash, Value: json.RawMessage("null")}
	if err != nil {
		in.Error = &sandbox.HostError{Name: "Expectation", Message: err.Error()}
	} else if v != nil {
		in.Value, _ = json.Marshal(v) // plain structs and strings
	}
	select {
	case b.done <- in:
	case <-b.ctx.Done():
	}
}

var errForeign = errors.New("is for call flows: a test acts by phones")

func (b *bench) do(op sandbox.Op, a *asked) (any, error) {
	switch op.Class {
	case "Phone":
		return b.handset(a.Phone).do(op.Method, a)
	case "Bench":
		return b.act(op.Method, a)
	}
	switch op.Method {
	case "setTimeout":
		return nil, b.wait(ms(a.Ms))
	case "sleep":
		return nil, b.wait(ms(a.Duration))
	case "state.commit", "commit":
		return nil, nil
	}
	return nil, fmt.Errorf("%s %w", op.Method, errForeign)
}

func (b *bench) act(method string, a *asked) (any, error) {
	switch method {
	case "advance":
		err := b.wait(ms(a.Time))
		for _, h := range b.all() {
			h.forget()
		}
		return nil, err
	case "events":
		return nil, errors.Join(b.settle(), b.events(a.Call, a.Names))
	case "ladder":
		return b.line(a.Call).ladder(), nil
	case "reload":
		return nil, b.reload(a.File, a.Text)
	case "replay":
		return b.replay(a.File)
	case "crash":
		return nil, b.engine.Crash(a.Role)
	case "sendSip":
		return b.sendSIP(a.Raw)
	case "talking":
		return nil, b.talking(b.handset(a.A), b.handset(a.B), ms(a.For), ms(a.MaxGap))
	case "requests":
		return b.engine.Web().requests(a.URL), nil
	case "match":
		return b.match(a.URL, a.What)
	case "latency":
		return b.latency(a.Call, a.Latency)
	case "load":
		return b.load(a)
	}
	return nil, fmt.Errorf("scripttest: no act %q", method)
}

// wait lets time pass.
func (b *bench) wait(d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-b.ctx.Done():
		return b.ctx.Err()
	}
}

// settle lets all that happens at this moment happen: what a test sees then does not
// depend on which goroutine was first.
func (b *bench) settle() error { return b.wait(time.Millisecond) }

func (b *bench) handset(name string) *handset {
	b.mu.Lock()
	defer b.mu.Unlock()
	h := b.phones[name]
	if h == nil {
		h = newHandset(b, name, len(b.phones))
		b.phones[name] = h
	}
	return h
}

func (b *bench) all() (hs []*handset) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, h := range b.phones {
		hs = append(hs, h)
	}
	return hs
}

// reload puts text into a file of the private copy, where it is given, and loads it.
func (b *bench) reload(file string, text *string) error {
	if !filepath.IsLocal(file) {
		return fmt.Errorf("reload: %q is not in the scripts directory", file)
	}
	if text != nil {
		if err := os.WriteFile(filepath.Join(b.dir, file), []byte(*text), 0o644); err != nil {
			return err
		}
	}
	return b.engine.Reload("")
}
