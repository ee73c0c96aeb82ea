package scripttest

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/callwright/callwright/sandbox"
)

// ErrIdle is told for a test that awaits what nothing can bring any more.
var ErrIdle = errors.New("scripttest: the test waits for a promise that nothing settles")

// budget is the run time of one activation of a test: it may compute more than a call.
const budget = 5 * time.Second

// unit is the one instance of a test file. Its methods run on the test's goroutine.
type unit struct {
	gen  *sandbox.Generation
	turn uint64
	wake chan struct{}

	mu      sync.Mutex
	results []sandbox.Result
}

const unitName = "test"

// open makes an instance of a program of the file.
func open(program *sandbox.Program, state *sandbox.State) (*unit, error) {
	u := &unit{wake: make(chan struct{}, 1)}
	gen, err := sandbox.Open(program, sandbox.Options{
		Faces: faces(), State: state, Budget: budget, Isolates: 1, Deliver: u.deliver,
	})
	if err != nil {
		return nil, err
	}
	u.gen = gen
	gen.Open(unitName, sandbox.AppUnit, 1, nil, 0)
	return u, nil
}

func (u *unit) close() { u.gen.Stop() }

// deliver runs on the isolate's goroutine.
func (u *unit) deliver(r sandbox.Result) {
	u.mu.Lock()
	u.results = append(u.results, r)
	u.mu.Unlock()
	select {
	case u.wake <- struct{}{}:
	default:
	}
}

func (u *unit) take() []sandbox.Result {
	u.mu.Lock()
	defer u.mu.Unlock()
	rs := u.results
	u.results = nil
	return rs
}

func (u *unit) activate(in ...sandbox.Input) {
	u.turn++
	now := time.Now()
	for i := range in {
		in[i].At = now.UnixMilli()
	}
	u.gen.Activate(sandbox.Activation{Unit: unitName, Turn: u.turn, Now: now, Inputs: in})
}

// begin runs the file's top level.
func (u *unit) begin() sandbox.Result {
	u.activate(sandbox.Input{Kind: sandbox.Start})
	for {
		if rs := u.take(); len(rs) > 0 {
			return rs[0]
		}
		<-u.wake
	}
}

func declaredBy(op sandbox.Op) declared {
	var args struct {
		Name string
		Fn   struct {
			N uint32 `json:"$fn"`
		}
	}
	_ = json.Unmarshal(op.Args, &args) // the sandbox wrote it by the face
	return declared{name: args.Name, line: lineNumber(op.Line), callback: args.Fn.N}
}

func lineNumber(place string) int {
	if parts := strings.Split(place, ":"); len(parts) == 3 {
		n, _ := strconv.Atoi(parts[1])
		return n
	}
	return 0
}

// finding is how a test's function ended.
type finding struct {
	err  error
	file string
	line int
	logs []string
}

// run asks the test's function and serves its operations until it has answered.
func (u *unit) run(b *bench, callback uint32) (f finding) {
	const ask = 1
	inputs := []sandbox.Input{{Kind: sandbox.Called, Callback: callback, Ask: ask, Value: json.RawMessage("[]")}}
	busy, open := false, 0
	for {
		if !busy && len(inputs) > 0 {
			u.activate(inputs...)
			inputs, busy = nil, true
		}
		if !busy && open == 0 {
			f.err = ErrIdle
			return f
		}
		select {
		case in := <-b.done:
			open--
			inputs = append(inputs, in)
		case <-u.wake:
		}
		for _, r := range u.take() {
			busy = false
			for _, l := range r.Logs {
				f.note(l)
			}
			if r.Error != nil || r.Lost {
				f.blame(r.Error)
				return f
			}
			for _, op := range r.Ops {
				if b.begin(op) {
					open++
				}
			}
			for _, a := range r.Answers {
				if a.Ask == ask {
					f.judge(a)
					return f
				}
			}
		}
	}
}

// note keeps a line; a promise that failed with nobody awaiting it fails the test.
func (f *finding) note(l sandbox.Log) {
	f.logs = append(f.logs, fmt.Sprintf("%s %s %s", l.Line, l.Level, l.Text))
	if rest, ok := strings.CutPrefix(l.Text, "unhandled rejection: "); ok && f.err == nil {
		f.err = errors.New(rest)
		f.place(l.Line)
	}
}

func (f *finding) blame(e *sandbox.ScriptError) {
	if e == nil {
		f.err = errors.New("scripttest: the test's isolate was lost")
		return
	}
	f.err, f.file, f.line = e, e.File, e.Line
}

var placeOfFrame = regexp.MustCompile(`at (?:.*\()?([^()\s]+):(\d+):(\d+)`)

// judge reads what stdlib/test.js answers: null, or the error.
func (f *finding) judge(a sandbox.Answer) {
	var e *struct{ Name, Message, Stack string }
	switch {
	case a.Error != nil:
		f.err = fmt.Errorf("%s: %s", a.Error.Name, a.Error.Message)
		return
	case json.Unmarshal(a.Value, &e) != nil || e == nil:
		return
	}
	f.err = errors.New(e.Message)
	if e.Name != "Expectation" {
		f.err = fmt.Errorf("%s: %s", e.Name, e.Message)
	}
	for l := range strings.SplitSeq(e.Stack, "\n") {
		m := placeOfFrame.FindStringSubmatch(l)
		if m != nil && !strings.Contains(m[1], "callwright-host") && !strings.HasPrefix(m[1], "callwright:") {
			f.place(m[1] + ":" + m[2] + ":" + m[3])
			return
		}
	}
}

func (f *finding) place(at string) {
	if parts := strings.Split(at, ":"); len(parts) == 3 {
		f.file = parts[0]
		f.line, _ = strconv.Atoi(parts[1])
	}
}
