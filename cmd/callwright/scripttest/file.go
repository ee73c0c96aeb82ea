package scripttest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callwright/callwright/sandbox"
	"github.com/callwright/callwright/stdlib"
)

// Is says whether a file is a test: main.test.js, menu.test.ts …
func Is(name string) bool {
	for _, ext := range []string{".js", ".ts", ".mjs", ".cjs", ".mts", ".cts"} {
		if strings.HasSuffix(name, ".test"+ext) {
			return true
		}
	}
	return false
}

// Run is a test file to be run.
type Run struct {
	Dir  string         // the scripts directory
	File string         // below it
	Only *regexp.Regexp // of test names; nil: all
	// Make makes the engine of one test, on a private copy of Dir.
	Make func(dir string) (Engine, error)
	Done func(Outcome)
}

// All runs the tests of the file, one after the other, each as a subtest with a bubble.
// It returns an error when the file cannot be loaded: then there is no test.
func (r Run) All(t *testing.T) error {
	program, err := sandbox.Compile(r.source(), faces())
	if err != nil {
		return err
	}
	tests, err := r.list(program)
	if err != nil {
		return err
	}
	for _, d := range tests {
		if r.Only != nil && !r.Only.MatchString(d.name) {
			continue
		}
		t.Run(d.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(r.Dir)); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			var out Outcome
			synctest.Test(t, func(t *testing.T) { out = r.one(dir, program, d) })
			out.Ms = float64(time.Since(began).Microseconds()) / 1000
			r.Done(out)
		})
	}
	return nil
}

// declared is a test that a file has declared.
type declared struct {
	name     string
	line     int
	callback uint32
}

func (r Run) source() sandbox.AppSource {
	return sandbox.AppSource{Name: r.File, Root: r.Dir, Entry: filepath.Join(r.Dir, r.File),
		Modules: map[string]string{"callwright/test": stdlib.Test}}
}

// list runs the file's top level and reads what tests it declares.
func (r Run) list(program *sandbox.Program) (tests []declared, err error) {
	u, err := open(program, nil)
	if err != nil {
		return nil, err
	}
	defer u.close()
	res := u.begin()
	if res.Error != nil {
		return nil, res.Error
	}
	for _, op := range res.Ops {
		if op.Method == "test" && op.Class == "Bench" {
			tests = append(tests, declaredBy(op))
		}
	}
	if len(tests) == 0 {
		return nil, fmt.Errorf("%s declares no test: t.test('name', async t => { … })", r.File)
	}
	return tests, nil
}

// one runs one test. Whatever happens, all that it began has ended when it returns.
func (r Run) one(dir string, program *sandbox.Program, d declared) (out Outcome) {
	out = Outcome{File: r.File, Name: d.name, Line: d.line}
	began := time.Now()
	engine, err := r.Make(dir)
	if err != nil {
		out.Failure = err.Error()
		return out
	}
	b := newBench(dir, engine)
	defer func() {
		b.close()
		err := engine.Close()
		time.Sleep(time.Second) // the bundler leaves goroutines behind for 250 ms
		if err != nil && out.Passed {
			out.Passed, out.Failure = false, "the engine's end: "+err.Error()
		}
		out.Virtual = float64(time.Since(began).Microseconds()) / 1000
		if !out.Passed {
			out.Log, out.Ladders = append(out.Log, scriptLines(engine.Log())...), b.ladders()
		}
	}()
	u, err := open(program, engine.State())
	if err != nil {
		out.Failure = err.Error()
		return out
	}
	defer u.close()
	if res := u.begin(); res.Error != nil {
		out.Failure = res.Error.Error()
		return out
	}
	f := u.run(b, d.callback)
	out.Log = f.logs
	out.Passed, out.Failure = f.err == nil, errorText(f.err)
	if f.line > 0 {
		out.Line = f.line
		out.Source = lineOf(filepath.Join(dir, f.file), f.line)
	}
	return out
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	var e *sandbox.ScriptError
	if errors.As(err, &e) {
		return e.Name + ": " + e.Message
	}
	return err.Error()
}

// lineOf is a line of a file, without what is around it.
func lineOf(path string, n int) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	for range n - 1 {
		_, rest, ok := strings.Cut(string(b), "\n")
		if !ok {
			return ""
		}
		b = []byte(rest)
	}
	first, _, _ := strings.Cut(string(b), "\n")
	return strings.TrimSpace(first)
}

// scriptLines are the log's lines that speak of a flow or a script, and of calls that
// did not come to be.
func scriptLines(log string) (lines []string) {
	for l := range strings.SplitSeq(log, "\n") {
		if strings.Contains(l, "unit=") || strings.Contains(l, " by=engine") || strings.Contains(l, "level=WARN") || strings.Contains(l, "level=ERROR") {
			lines = append(lines, l)
		}
	}
	return lines
}
