package script

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// ErrNoVersion: the app has no kept version of that name.
var ErrNoVersion = errors.New("script: no such version")

// keepVersions is how many versions of an app are kept beside those in use.
const keepVersions = 20

// record is what the index says of one version.
type record struct {
	Version string    `json:"version"`
	File    string    `json:"file"`
	By      string    `json:"by"` // byFile, byAPI
	First   time.Time `json:"first"`
	Last    time.Time `json:"last"` // when it began to serve, the last time
	Bytes   int       `json:"bytes"`
	Bad     string    `json:"bad,omitempty"` // why it was rolled back by itself
}

// pin holds a version in an app's place until the file on disk is another than Over.
type pin struct {
	Version string    `json:"version"`
	Over    string    `json:"over"` // mark of the file on disk, "" for none
	By      string    `json:"by"`
	Why     string    `json:"why,omitempty"`
	Since   time.Time `json:"since"`
}

// Who put a version where it is.
const (
	byFile     = "file"
	byAPI      = "api"
	byOperator = "operator" // a rollback
	byErrors   = "errors"   // a rollback by itself
	byTakeOver = "takeover" // what the brain before served
	byTrial    = "trial"    // the version before, while a canary is tried
)

// index is all the store knows of one app, on disk as index.json.
type index struct {
	V        int      `json:"v"`
	Versions []record `json:"versions"` // the one that served first, first
	Pin      *pin     `json:"pin,omitempty"`
}

const indexVersion = 1

// store keeps versions: the index in memory, bundles on disk, or all in memory without
// a directory. FORMAT.md draws the files. Its methods wait for no disk but flush and
// get. A disk that fails costs the history only.
type store struct {
	dir string // "": memory
	log *slog.Logger

	mu      sync.Mutex
	apps    map[string]*index
	bundles map[target]*bundle // not on disk, or not yet
	dirty   map[string]bool    // apps whose index is to be written
	dropped []target           // whose file is to be removed
	shelf   *Shelf             // that other brains follow; nil: none does
}

func openStore(dir string, log *slog.Logger) (*store, error) {
	s := &store{dir: dir, log: log, apps: map[string]*index{}, bundles: map[target]*bundle{}, dirty: map[string]bool{}}
	if dir == "" {
		return s, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("script: versions: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("script: versions: %w", err)
	}
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		x, err := readIndex(filepath.Join(dir, e.Name(), "index.json"))
		if err != nil {
			log.Error("script: an app's versions cannot be read; it begins anew", "app", e.Name(), "err", err)
			continue
		}
		s.apps[e.Name()] = x
	}
	return s, nil
}

func readIndex(name string) (*index, error) {
	text, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return &index{V: indexVersion}, nil
	}
	if err != nil {
		return nil, err
	}
	var x index
	if err := json.Unmarshal(text, &x); err != nil {
		return nil, err
	}
	if x.V != indexVersion {
		return nil, fmt.Errorf("index of version %d, this release reads %d", x.V, indexVersion)
	}
	return &x, nil
}

func (s *store) index(app string) *index {
	x := s.apps[app]
	if x == nil {
		x = &index{V: indexVersion}
		s.apps[app] = x
	}
	return x
}

func (x *index) find(version string) *record {
	for i := range x.Versions {
		if x.Versions[i].Version == version {
			return &x.Versions[i]
		}
	}
	return nil
}

// keep notes that a version serves from now on, and prunes all but the newest and
// those inUse tells.
func (s *store) keep(b *bundle, by string, inUse func(version string) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.index(b.app)
	r := record{Version: b.version, File: b.file, By: by, First: time.Now()}
	if old := x.find(b.version); old != nil {
		r = *old
		x.Versions = slices.DeleteFunc(x.Versions, func(o record) bool { return o.Version == b.version })
	} else {
		r.Bytes = b.size()
		s.bundles[target{b.app, b.version}] = b
	}
	r.Last = time.Now()
	x.Versions = append(x.Versions, r)
	s.prune(b.app, x, inUse)
	s.dirty[b.app] = true
}

func (s *store) prune(app string, x *index, inUse func(string) bool) {
	spare := len(x.Versions) - keepVersions
	x.Versions = slices.DeleteFunc(x.Versions, func(r record) bool {
		if spare <= 0 || inUse(r.Version) || x.Pin != nil && x.Pin.Version == r.Version {
			return false
		}
		spare--
		delete(s.bundles, target{app, r.Version})
		s.dropped = append(s.dropped, target{app, r.Version})
		if s.shelf != nil {
			s.shelf.put(app, r.Version, nil)
		}
		return true
	})
}

// adopt takes in a version that another brain kept, behind all of ours.
func (s *store) adopt(b *bundle) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.index(b.app)
	if x.find(b.version) != nil {
		return
	}
	r := record{Version: b.version, File: b.file, By: byTakeOver, First: time.Now(), Last: time.Now(), Bytes: b.size()}
	x.Versions = append([]record{r}, x.Versions...)
	s.bundles[target{b.app, b.version}] = b
	s.dirty[b.app] = true
}

func (s *store) share(with *Shelf) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shelf = with
}

// serves tells the other brains what an app serves; nil: it is gone.
func (s *store) serves(app string, b *bundle) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shelf == nil {
		return
	}
	if b == nil {
		s.shelf.put(app, servingKey, nil)
		return
	}
	text, err := b.blob()
	if err != nil {
		s.log.Error("script: a version cannot be shared", "app", app, "version", b.version, "err", err)
		return
	}
	s.shelf.put(app, b.version, text)
	name, _ := json.Marshal(b.version) // a string
	s.shelf.put(app, servingKey, name)
}

// condemn marks a version as one that no rollback returns to by itself.
func (s *store) condemn(app, version, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.index(app)
	if r := x.find(version); r != nil {
		r.Bad = why
		s.dirty[app] = true
	}
}

// pin reads, setPin writes what holds an app's place; nil: the file does.
func (s *store) pin(app string) *pin {
	s.mu.Lock()
	defer s.mu.Unlock()
	if x := s.apps[app]; x != nil {
		return x.Pin
	}
	return nil
}

func (s *store) setPin(app string, p *pin) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.apps[app]
	if x == nil && p == nil || x != nil && x.Pin == nil && p == nil {
		return
	}
	x = s.index(app)
	x.Pin = p
	s.dirty[app] = true
}

// unfiled lists the apps whose place is held while there is no file of theirs.
func (s *store) unfiled() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for name, x := range s.apps {
		if x.Pin != nil && x.Pin.Over == "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// list returns an app's versions, that served last first.
func (s *store) list(app string) []record {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.apps[app]
	if x == nil {
		return nil
	}
	out := slices.Clone(x.Versions)
	slices.Reverse(out)
	return out
}

// before is the version that served last before another; a bad one only if asked.
func (s *store) before(app, version string, bad bool) (string, error) {
	list := s.list(app)
	at := slices.IndexFunc(list, func(r record) bool { return r.Version == version })
	for _, r := range list[at+1:] {
		if r.Version != version && (bad || r.Bad == "") {
			return r.Version, nil
		}
	}
	return "", fmt.Errorf("%w: none of %s served before %s", ErrNoVersion, app, version)
}

// resolve finds a version by the beginning of its name.
func (s *store) resolve(app, prefix string) (string, error) {
	var found []string
	for _, r := range s.list(app) {
		if r.Version == prefix {
			return prefix, nil
		}
		if strings.HasPrefix(r.Version, prefix) {
			found = append(found, r.Version)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return "", fmt.Errorf("%w: %s of %s; `callwright versions %s` lists them", ErrNoVersion, prefix, app, app)
	}
	return "", fmt.Errorf("%w: %s of %s may be %s", ErrNoVersion, prefix, app, strings.Join(found, " or "))
}
