package script

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	debounce = 50 * time.Millisecond // without a change, before reloading
	patience = time.Second           // at most, when changes never end
)

// Watch reloads apps as their files change, until ctx is done. The directory must
// exist; ErrWatch says that the kernel refuses (too many watches, no inotify).
func (c *Catalogue) Watch(ctx context.Context) error {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrWatch, err)
	}
	defer w.Close()
	v := &watcher{c: c, w: w}
	if err := v.add(c.dir); err != nil {
		return err
	}
	// What changed between Open and the first watch would never be told.
	c.reload(func(app string) bool { return !c.ignores(app) }, false)
	return v.run(ctx)
}

// watcher gathers changes on Watch's goroutine.
type watcher struct {
	c       *Catalogue
	w       *fsnotify.Watcher
	changed []string  // relative paths
	all     bool      // changes were lost
	first   time.Time // of the changes gathered
}

func (v *watcher) run(ctx context.Context) error {
	quiet := time.NewTimer(0)
	<-quiet.C
	defer quiet.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case e := <-v.w.Events:
			if v.note(e) {
				quiet.Reset(v.wait(time.Now()))
			}
		case err := <-v.w.Errors:
			v.c.log.Warn("script: watching", "err", err)
			if errors.Is(err, fsnotify.ErrEventOverflow) {
				v.all = true
				v.add(v.c.dir)
				quiet.Reset(v.wait(time.Now()))
			}
		case <-quiet.C:
			if v.unfinished() {
				quiet.Reset(debounce)
				continue
			}
			v.reload()
		}
	}
}

// wait is how long to go on gathering.
func (v *watcher) wait(now time.Time) time.Duration {
	if v.first.IsZero() {
		v.first = now
	}
	return max(0, min(debounce, v.first.Add(patience).Sub(now)))
}

// unfinished says that a changed file is empty, so an editor may be between emptying
// and writing it. Patience is not endless.
func (v *watcher) unfinished() bool {
	if time.Since(v.first) >= patience {
		return false
	}
	for _, rel := range v.changed {
		st, err := os.Stat(filepath.Join(v.c.dir, filepath.FromSlash(rel)))
		if err == nil && st.Mode().IsRegular() && st.Size() == 0 {
			return true
		}
	}
	return false
}

// note takes one event and says whether it is of interest.
func (v *watcher) note(e fsnotify.Event) bool {
	rel := v.c.relative(e.Name)
	if rel == "" || e.Op == fsnotify.Chmod {
		return false
	}
	if path.Base(rel) == "..data" { // a Kubernetes volume swaps all its files at once
		v.all = true
		return true
	}
	if ignored(rel) {
		return false
	}
	if e.Has(fsnotify.Create) {
		if st, err := os.Stat(e.Name); err == nil && st.IsDir() {
			// Files may have been made in it before the watch was: it counts as changed.
			if err := v.add(e.Name); err != nil {
				v.c.log.Warn("script: watching", "err", err)
			}
		}
	}
	if !slices.Contains(v.changed, rel) {
		v.changed = append(v.changed, rel)
	}
	return true
}

// add watches a directory and all below it.
func (v *watcher) add(dir string) error {
	// The separator makes a directory of a symbolic link to one.
	return filepath.WalkDir(dir+string(filepath.Separator), func(name string, d fs.DirEntry, err error) error {
		name = filepath.Clean(name)
		switch {
		case err != nil && name == v.c.dir:
			return fmt.Errorf("%w: %w", ErrWatch, err)
		case err != nil, !d.IsDir():
			return nil // gone again
		case name != v.c.dir && ignored(v.c.relative(name)):
			return fs.SkipDir
		}
		if err := v.w.Add(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%w: %s: %w", ErrWatch, name, err)
		}
		return nil
	})
}

// ignored says which paths are no script's: what editors write beside a file, tests,
// declarations, prompts, and libraries, which are too many to watch.
func ignored(rel string) bool {
	for part := range strings.SplitSeq(rel, "/") {
		switch part {
		case "node_modules", "prompts", "sounds":
			return true
		}
		if strings.HasPrefix(part, ".") {
			return true
		}
	}
	base := path.Base(rel)
	ext := path.Ext(base)
	stem := path.Ext(strings.TrimSuffix(base, ext))
	return strings.HasSuffix(base, "~") || ext == ".swp" || ext == ".tmp" || ext == ".wav" ||
		stem == ".test" || stem == ".d"
}

// reload builds the apps that the gathered changes belong to.
func (v *watcher) reload() {
	changed, all := v.changed, v.all
	v.changed, v.all, v.first = nil, false, time.Time{}
	begun := time.Now()
	n := len(v.c.reload(func(app string) bool {
		return !v.c.ignores(app) && (all || v.c.touched(app, changed))
	}, false))
	v.c.log.Debug("script: files changed", "files", changed, "apps", n, "took", time.Since(begun))
}

// ignores says that an app's manifest wants changes to wait for an operator.
func (c *Catalogue) ignores(name string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := c.apps[name]
	return a != nil && a.serving != nil && a.serving.manifest.Reload.Ignore
}

// touched says whether a change may be about an app: one of the files it was built
// from (or a folder above one), a file in its own folder, or any file for an app
// that could not be built, for what it lacked is not known.
func (c *Catalogue) touched(name string, changed []string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := c.apps[name]
	if a == nil || a.err != nil || a.serving == nil {
		return true
	}
	files := append([]string{a.file, manifestFile(a.file)}, a.files...)
	own := folder(a.file)
	for _, rel := range changed {
		if own != "" && strings.HasPrefix(rel, own+"/") || path.Base(rel) == "package.json" {
			return true
		}
		for _, file := range files {
			if file == rel || strings.HasPrefix(file, rel+"/") {
				return true
			}
		}
	}
	return false
}
