package script

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/callwright/callwright/sandbox"
)

// ErrUpload: what came by the API cannot be an app.
var ErrUpload = errors.New("script: cannot be uploaded")

// Upload limits.
const (
	maxUploadFiles = 1000
	maxUploadBytes = 8 << 20
)

// Upload is an app that comes by the API: one file, or a folder's. It is whole in
// itself: imports find nothing in the scripts directory, packages come bundled.
type Upload struct {
	App   string
	Ext   string            // of the one file: ".js", ".ts"; "" for a folder
	Files map[string]string // by path in the app's folder; the one file has the name ""
}

// Put builds an upload and lets it serve, or be tried, as a saved file does. Nothing is
// written to the scripts directory: the version serves until the app's file there
// changes, or the app is reloaded by name. Errors of the author's are
// *sandbox.ScriptError; ErrUpload.
func (c *Catalogue) Put(u Upload) (Outcome, error) {
	if err := u.check(); err != nil {
		return Outcome{}, err
	}
	dir, err := os.MkdirTemp("", "callwright-upload-")
	if err != nil {
		return Outcome{}, fmt.Errorf("script: %w", err)
	}
	defer os.RemoveAll(dir)
	if err := u.write(dir); err != nil {
		return Outcome{}, err
	}
	sources, err := sandbox.Apps(dir)
	if err != nil {
		return Outcome{}, fmt.Errorf("%w: %w", ErrUpload, err)
	}
	if len(sources) != 1 {
		return Outcome{}, fmt.Errorf("%w: no main.ts, main.js, index.ts or index.js among the files of %s", ErrUpload, u.App)
	}
	c.reloading.Lock()
	defer c.reloading.Unlock()
	return c.put(sources[0])
}

func (c *Catalogue) put(src sandbox.AppSource) (Outcome, error) {
	b := &build{c: c, app: src.Name, by: byAPI, source: src}
	each([]*build{b}, (*build).attempt)
	defer b.drop()
	if b.err != nil {
		return Outcome{}, b.err
	}
	o, err := c.place(b)
	if err == nil {
		c.tell([]Outcome{o})
	}
	return o, err
}

// place is swap for a build that no file on disk made.
func (c *Catalogue) place(b *build) (Outcome, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.clash(b); err != nil {
		return Outcome{}, err
	}
	a := c.apps[b.app]
	if a == nil {
		a = &app{file: b.bundle.file}
		c.apps[b.app] = a
	}
	o := Outcome{App: b.app, File: b.bundle.file, Took: b.took}
	if a.serving != nil {
		o.From, o.To = a.serving.version, a.serving.version
	}
	c.offer(a, b, &o)
	return o, nil
}

func (u Upload) check() error {
	name := u.App
	if name == "" || len(name) > 100 || name[0] == '.' || name[0] == '_' || strings.ContainsAny(name, "/\\\x00") ||
		name == "prompts" || name == "sounds" || name == "node_modules" {
		return fmt.Errorf("%w: %q cannot be an app's name", ErrUpload, name)
	}
	total := 0
	for file, text := range u.Files {
		total += len(text)
		if u.Ext == "" && (!filepath.IsLocal(file) || path.Clean(file) != file || strings.ContainsAny(file, "\\\x00")) {
			return fmt.Errorf("%w: %q is no path in the app's folder", ErrUpload, file)
		}
	}
	if len(u.Files) > maxUploadFiles || total > maxUploadBytes {
		return fmt.Errorf("%w: %d files with %d bytes, at most %d with %d are taken", ErrUpload, len(u.Files), total, maxUploadFiles, maxUploadBytes)
	}
	return nil
}

func (u Upload) write(dir string) error {
	for file, text := range u.Files {
		name := filepath.Join(dir, u.App, filepath.FromSlash(file))
		if u.Ext != "" {
			name = filepath.Join(dir, u.App+u.Ext)
		}
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			return fmt.Errorf("%w: %w", ErrUpload, err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			return fmt.Errorf("%w: %w", ErrUpload, err)
		}
	}
	return nil
}

// Ext is the kind of file an app is, for an upload that does not say: ".ts" or ".js".
func (c *Catalogue) Ext(name string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if a := c.apps[name]; a != nil {
		if ext := path.Ext(a.file); ext != "" {
			return ext
		}
	}
	return ".js"
}
