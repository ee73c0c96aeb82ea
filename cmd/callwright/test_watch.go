package main

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/spf13/cobra"

	"github.com/callwright/callwright/cmd/callwright/scripttest"
)

// settleTime is how long files must be at rest before tests run again.
const settleTime = 100 * time.Millisecond

// watchTests runs the tests, and again whenever a file is saved, until interrupted: a
// test file alone when only it has changed, else all.
func (f *testFlags) watchTests(c *cobra.Command, args []string) error {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return err
	}
	defer w.Close()
	only := map[string]bool{}
	for all := true; ; all = false {
		files, err := testFiles(args)
		if err != nil {
			return err
		}
		if err := watchFolders(w, files); err != nil {
			return err
		}
		var chosen []testFile
		for _, file := range files {
			if all || len(only) == 0 || only[filepath.Join(file.dir, file.name)] {
				chosen = append(chosen, file)
			}
		}
		if err := f.testOnce(c.Context(), c, chosen); err != nil {
			fmt.Fprintln(c.OutOrStdout(), err)
		}
		fmt.Fprintln(c.OutOrStdout(), "waiting for a change …")
		if only, err = awaitChange(c, w); err != nil {
			return nil // interrupted
		}
	}
}

func watchFolders(w *fsnotify.Watcher, files []testFile) error {
	for _, f := range files {
		err := filepath.WalkDir(f.dir, func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case !d.IsDir():
				return nil
			case d.Name() == "node_modules":
				return fs.SkipDir
			}
			return w.Add(path)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// awaitChange gathers what changed until all is quiet. Empty: more than test files.
func awaitChange(c *cobra.Command, w *fsnotify.Watcher) (tests map[string]bool, err error) {
	tests = map[string]bool{}
	var quiet <-chan time.Time
	others := false
	for {
		select {
		case e := <-w.Events:
			if e.Op == fsnotify.Chmod {
				continue
			}
			if scripttest.Is(e.Name) {
				tests[e.Name] = true
			} else {
				others = true
			}
			quiet = time.After(settleTime)
		case err := <-w.Errors:
			return nil, err
		case <-quiet:
			if others {
				clear(tests)
			}
			return tests, nil
		case <-c.Context().Done():
			return nil, c.Context().Err()
		}
	}
}
