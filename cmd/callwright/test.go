package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/callwright/callwright/cmd/callwright/scripttest"
)

// testFlags are those of `callwright test`.
type testFlags struct {
	run      string
	junit    string
	parallel int
	timeout  time.Duration
	json     bool
	watch    bool
	coverage bool
	lcov     string
}

func testCommand() *cobra.Command {
	var f testFlags
	c := &cobra.Command{
		Use:   "test [DIR|FILES...]",
		Short: "Run the scripts' tests (*.test.js, *.test.ts) against the whole engine in virtual time",
		RunE: func(c *cobra.Command, args []string) error {
			return f.test(c, args)
		},
	}
	fl := c.Flags()
	fl.StringVar(&f.run, "run", "", "regular expression: only tests whose names match")
	fl.StringVar(&f.junit, "junit", "", "file for a JUnit report")
	fl.IntVar(&f.parallel, "parallel", runtime.GOMAXPROCS(0), "files at a time")
	fl.DurationVar(&f.timeout, "timeout", time.Minute, "of real time for a file's tests")
	fl.BoolVar(&f.json, "json", false, "print one JSON object a test")
	fl.BoolVar(&f.coverage, "coverage", false, "print how much of each script ran, and which lines did not")
	fl.StringVar(&f.lcov, "lcov", "", "file for the lines that ran, as lcov and editors read it")
	fl.BoolVar(&f.watch, "watch", false, "run again what a saved file concerns")
	return c
}

func (f *testFlags) test(c *cobra.Command, args []string) error {
	if _, err := regexp.Compile(f.run); err != nil {
		return refuse("--run: %w", err)
	}
	if f.parallel < 1 || f.timeout <= 0 {
		return refuse("--parallel and --timeout must be more than 0")
	}
	files, err := testFiles(args)
	if err != nil {
		return refusal{err}
	}
	if f.watch {
		return f.watchTests(c, args)
	}
	return f.testOnce(c.Context(), c, files)
}

// testOnce runs files and reports. Failed tests are an error.
func (f *testFlags) testOnce(ctx context.Context, c *cobra.Command, files []testFile) error {
	show := &testReport{out: c.OutOrStdout(), json: f.json}
	covered := coverage{}
	f.runFiles(ctx, files, func(file testFile, outcomes []scripttest.Outcome, lines lineCounts) {
		show.file(file, outcomes)
		covered.add(file.dir, lines)
	})
	if f.junit != "" {
		if err := writeJUnit(f.junit, show.all); err != nil {
			return fmt.Errorf("--junit: %w", err)
		}
	}
	if f.lcov != "" {
		if err := os.WriteFile(f.lcov, covered.lcov(), 0o644); err != nil {
			return fmt.Errorf("--lcov: %w", err)
		}
	}
	if f.coverage {
		covered.print(c.OutOrStdout(), f.json)
	}
	return show.end()
}

// covers says whether lines are to be counted.
func (f *testFlags) covers() bool { return f.coverage || f.lcov != "" }

// testFile is a file of tests: a path below its scripts directory.
type testFile struct{ dir, name string }

// testFiles finds the test files of a directory of scripts (the default: scripts), or
// takes those named, each with its own directory as the scripts'.
func testFiles(args []string) (files []testFile, err error) {
	if len(args) == 0 {
		args = []string{"scripts"}
	}
	for _, arg := range args {
		path, err := filepath.Abs(arg)
		if err != nil {
			return nil, err
		}
		st, err := os.Stat(path)
		switch {
		case err != nil:
			return nil, err
		case st.IsDir():
			found, err := testFilesIn(path)
			if err != nil {
				return nil, err
			}
			files = append(files, found...)
		case scripttest.Is(path):
			files = append(files, testFile{filepath.Dir(path), filepath.Base(path)})
		default:
			return nil, fmt.Errorf("%s is no test: their names end in .test.js or .test.ts", arg)
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no tests (*.test.js, *.test.ts) in %v", args)
	}
	return files, nil
}

func testFilesIn(dir string) (files []testFile, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := d.Name(); d.IsDir() && path != dir && (name == "node_modules" || name[0] == '.') {
			return fs.SkipDir
		}
		if !d.IsDir() && scripttest.Is(d.Name()) {
			rel, err := filepath.Rel(dir, path)
			files = append(files, testFile{dir, filepath.ToSlash(rel)})
			return err
		}
		return nil
	})
	slices.SortFunc(files, func(a, b testFile) int { return len(a.name) - len(b.name) })
	return files, err
}
