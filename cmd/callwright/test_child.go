package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/spf13/cobra"

	"github.com/callwright/callwright/cmd/callwright/scripttest"
	"github.com/callwright/callwright/sandbox"
)

// Virtual time needs a *testing.T. So each file of tests is run by a child, which is
// this program within the testing framework: it prints one Outcome a line.

// childLine is what a child prints: an outcome, or at the end which lines ran.
type childLine struct {
	scripttest.Outcome
	Coverage lineCounts `json:"coverage,omitempty"`
}

// testFileCommand is the child's side.
func testFileCommand() *cobra.Command {
	var run string
	var covers bool
	c := &cobra.Command{
		Use: "test-file DIR FILE", Short: "Tests of one file (started by test)",
		Hidden: true, Args: takes(cobra.ExactArgs(2)),
		RunE: func(c *cobra.Command, args []string) error {
			only, err := regexp.Compile(run)
			if err != nil {
				return refusal{err}
			}
			var coverage *sandbox.Coverage
			if covers {
				coverage = sandbox.NewCoverage()
			}
			testUnderFramework(testFile{args[0], args[1]}, only, coverage, os.Stdout)
			return nil
		},
	}
	c.Flags().StringVar(&run, "run", "", "only tests whose names match")
	c.Flags().BoolVar(&covers, "coverage", false, "tell which lines ran")
	return c
}

// testUnderFramework does not return: the framework ends the process. What the
// framework prints is for nobody.
func testUnderFramework(f testFile, only *regexp.Regexp, coverage *sandbox.Coverage, out io.Writer) {
	if null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0); err == nil {
		os.Stdout = null
	}
	os.Args = []string{os.Args[0], "-test.timeout=0"}
	lines := json.NewEncoder(out)
	all := func(string, string) (bool, error) { return true, nil }
	testing.Main(all, []testing.InternalTest{{Name: f.name, F: func(t *testing.T) {
		if err := runTests(t, f, only, coverage, func(o scripttest.Outcome) { lines.Encode(o) }); err != nil {
			lines.Encode(scripttest.Outcome{File: f.name, Failure: err.Error(), Source: sourceLine(err)})
		}
		if coverage != nil {
			lines.Encode(childLine{Coverage: coverage.Lines()})
		}
	}}}, nil, nil)
}

// runTests runs one file's tests, each with a whole engine.
func runTests(t *testing.T, f testFile, only *regexp.Regexp, coverage *sandbox.Coverage, done func(scripttest.Outcome)) error {
	recordings := t.TempDir()
	n := 0
	return scripttest.Run{
		Dir: f.dir, File: f.name, Only: only, Done: done,
		Make: func(dir string) (scripttest.Engine, error) {
			n++
			w, err := startWhole(dir, filepath.Join(recordings, fmt.Sprint(n)), true, coverage)
			if err != nil {
				return nil, err
			}
			return w, nil
		},
	}.All(t)
}

// runFiles runs files in children, some at a time, and hands over each file's outcomes
// when it is done.
func (f *testFlags) runFiles(ctx context.Context, files []testFile, done func(testFile, []scripttest.Outcome, lineCounts)) {
	var mu sync.Mutex
	var runs sync.WaitGroup
	places := make(chan struct{}, f.parallel)
	for _, file := range files {
		places <- struct{}{}
		runs.Go(func() {
			defer func() { <-places }()
			outcomes, lines := f.runFile(ctx, file)
			mu.Lock()
			defer mu.Unlock()
			done(file, outcomes, lines)
		})
	}
	runs.Wait()
}

// runFile runs a child. What it could not tell itself (a panic, its time was up) is
// one more outcome, which failed.
func (f *testFlags) runFile(ctx context.Context, file testFile) (outcomes []scripttest.Outcome, ran lineCounts) {
	fail := func(why string) ([]scripttest.Outcome, lineCounts) {
		return append(outcomes, scripttest.Outcome{File: file.name, Failure: why}), ran
	}
	program, err := os.Executable()
	if err != nil {
		return fail(err.Error())
	}
	within, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	child := exec.CommandContext(within, program, "test-file", "--run", f.run, fmt.Sprintf("--coverage=%t", f.covers()), "--", file.dir, file.name)
	var stdout, stderr bytes.Buffer
	child.Stdout, child.Stderr = &stdout, &stderr
	err = child.Run()
	for lines := json.NewDecoder(&stdout); ; {
		var l childLine
		if lines.Decode(&l) != nil {
			break
		}
		if l.Coverage != nil {
			ran = l.Coverage
			continue
		}
		outcomes = append(outcomes, l.Outcome)
	}
	switch {
	case errors.Is(within.Err(), context.DeadlineExceeded):
		return fail(fmt.Sprintf("not done after %v (--timeout): an endless loop, or much audio", f.timeout))
	case err != nil:
		return fail(fmt.Sprintf("%v: %s", err, firstLines(stderr.String(), 12)))
	}
	return outcomes, ran
}

func firstLines(text string, n int) string {
	lines := strings.SplitN(strings.TrimSpace(text), "\n", n+1)
	return strings.Join(lines[:min(n, len(lines))], "\n")
}
