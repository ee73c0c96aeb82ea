package script

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"

	"github.com/callwright/callwright/sandbox"
)

// maxBlob bounds what is read back: a bundle and its map are smaller by far.
const maxBlob = 256 << 20

// blob is a bundle on disk, VERSION.json.
type blob struct {
	V        int      `json:"v"`
	App      string   `json:"app"`
	Version  string   `json:"version"`
	File     string   `json:"file"`
	Files    []string `json:"files"`
	Code     string   `json:"code"`
	Map      string   `json:"map"`
	Manifest *string  `json:"manifest,omitempty"` // text of app.yaml
	Extra    []byte   `json:"extra,omitempty"`    // that the version's name is made of too
}

const blobVersion = 1

// size is what a bundle takes, about.
func (b *bundle) size() int {
	if b.program == nil {
		return 0
	}
	return len(b.program.Code) + len(b.program.Map) + len(b.text)
}

// get finds a kept bundle, in memory or on disk.
func (s *store) get(app, version string) (*bundle, error) {
	s.mu.Lock()
	x := s.apps[app]
	known := x != nil && x.find(version) != nil
	b := s.bundles[target{app, version}]
	s.mu.Unlock()
	if !known {
		return nil, fmt.Errorf("%w: %s of %s", ErrNoVersion, version, app)
	}
	if b != nil {
		return b, nil
	}
	b, err := readBlob(s.blob(target{app, version}))
	if err != nil {
		return nil, fmt.Errorf("script: version %s of %s: %w", version, app, err)
	}
	return b, nil
}

func (s *store) blob(of target) string { return filepath.Join(s.dir, of.app, of.version+".json") }

// flush brings to disk what has changed: bundles, then the index that names them,
// then it removes what the index names no more. One at a time.
func (s *store) flush() {
	if s.dir == "" {
		return
	}
	s.mu.Lock()
	bundles, dropped := maps.Clone(s.bundles), s.dropped
	s.dropped = nil
	indexes := map[string][]byte{}
	for app := range s.dirty {
		indexes[app], _ = json.Marshal(s.apps[app]) // plain data
	}
	clear(s.dirty)
	s.mu.Unlock()
	for of, b := range bundles {
		if err := s.write(b); err != nil {
			s.log.Error("script: a version cannot be kept on disk", "app", of.app, "version", of.version, "err", err)
			delete(bundles, of)
		}
	}
	for app, text := range indexes {
		if err := writeWhole(filepath.Join(s.dir, app), "index.json", text); err != nil {
			s.log.Error("script: the index of versions cannot be written", "app", app, "err", err)
		}
	}
	for _, of := range dropped {
		if err := os.Remove(s.blob(of)); err != nil && !errors.Is(err, os.ErrNotExist) {
			s.log.Warn("script: an old version stays on disk", "app", of.app, "version", of.version, "err", err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for of, b := range bundles {
		if s.bundles[of] == b {
			delete(s.bundles, of)
		}
	}
}

func (s *store) write(b *bundle) error {
	text, err := b.blob()
	if err != nil {
		return err
	}
	return writeWhole(filepath.Join(s.dir, b.app), b.version+".json", text)
}

// blob is the text of a bundle, as openBlob reads it.
func (b *bundle) blob() ([]byte, error) {
	out := blob{V: blobVersion, App: b.app, Version: b.version, File: b.file, Files: b.files,
		Code: string(b.program.Code), Map: string(b.program.Map), Extra: b.extra}
	if b.text != nil {
		text := string(b.text)
		out.Manifest = &text
	}
	return json.Marshal(out)
}

func readBlob(name string) (*bundle, error) {
	st, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if st.Size() > maxBlob {
		return nil, fmt.Errorf("it has %d bytes", st.Size())
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return openBlob(text)
}

// openBlob checks that a bundle is what its name says.
func openBlob(text []byte) (*bundle, error) {
	var in blob
	if err := json.Unmarshal(text, &in); err != nil {
		return nil, err
	}
	if in.V != blobVersion {
		return nil, fmt.Errorf("format %d, this release reads %d", in.V, blobVersion)
	}
	if is := sandbox.VersionOf([]byte(in.Code), in.Extra); is != in.Version {
		return nil, fmt.Errorf("it is damaged: its content is %s", is)
	}
	return in.bundle()
}

func (in *blob) bundle() (*bundle, error) {
	b := &bundle{app: in.App, version: in.Version, file: in.File, files: in.Files, extra: in.Extra,
		manifest: &Manifest{file: manifestFile(in.File)}}
	if in.Manifest != nil {
		var err error
		b.text = []byte(*in.Manifest)
		if b.manifest, err = ParseManifest(b.app, b.manifest.file, b.text); err != nil {
			return nil, err
		}
	}
	b.program = sandbox.Stored(sandbox.Program{App: in.App, Version: in.Version,
		Code: []byte(in.Code), Map: []byte(in.Map), Files: in.Files})
	return b, nil
}

// writeWhole puts a file in place at once: a crash leaves the old one or the new.
func writeWhole(dir, name string, text []byte) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, "."+name+"-*")
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, name))
	}
	if err != nil {
		os.Remove(f.Name())
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
