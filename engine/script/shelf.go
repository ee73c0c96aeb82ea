package script

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/callwright/callwright/sandbox"
)

// ShelfKind is the kind of a Shelf's batches in the log.
const ShelfKind = "versions"

// servingKey stands where versions do, and says which of them serves; no version has a
// name like it.
const servingKey = "serving"

const whyTakeOver = "the brain before served it"

var errShelf = errors.New("script: not in the format of this release")

// Shelf is what the brains of a cluster share of scripts: each kept version, and which
// one serves. A standby's is filled by the log; the active brain's catalogue writes it
// (Follow). Its methods may be called from any goroutine.
type Shelf struct {
	sink func(sandbox.Batch)

	mu   sync.Mutex
	apps map[string]map[string]json.RawMessage // by app and version, or servingKey
}

// NewShelf makes an empty one. sink is told each change, under its lock.
func NewShelf(sink func(sandbox.Batch)) *Shelf {
	return &Shelf{sink: sink, apps: map[string]map[string]json.RawMessage{}}
}

// put sets a value, nil removes it.
func (s *Shelf) put(app, key string, value json.RawMessage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.set(app, key, value)
	s.sink(sandbox.Batch{Kind: ShelfKind, Writes: []sandbox.Write{{Path: []string{app, key}, Value: value, Delete: value == nil}}})
}

func (s *Shelf) set(app, key string, value json.RawMessage) {
	if value == nil {
		delete(s.apps[app], key)
		return
	}
	if s.apps[app] == nil {
		s.apps[app] = map[string]json.RawMessage{}
	}
	s.apps[app][key] = value
}

// Apply brings in a batch of the log; twice is as good as once.
func (s *Shelf) Apply(b sandbox.Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range b.Writes {
		if len(w.Path) != 2 {
			return fmt.Errorf("%w: path %q", errShelf, w.Path)
		}
		value := w.Value
		if w.Delete {
			value = nil
		}
		s.set(w.Path[0], w.Path[1], value)
	}
	return nil
}

// Snapshot and Restore are those of the log's tree.
func (s *Shelf) Snapshot() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return json.Marshal(s.apps)
}

// Restore replaces everything; on an error nothing changes.
func (s *Shelf) Restore(b []byte) error {
	apps := map[string]map[string]json.RawMessage{}
	if err := json.Unmarshal(b, &apps); err != nil {
		return fmt.Errorf("%w: %w", errShelf, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.apps = apps
	return nil
}

// contents is a copy of what is there, and what serves by app.
func (s *Shelf) contents() (blobs map[target]json.RawMessage, serving map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	blobs, serving = map[target]json.RawMessage{}, map[string]string{}
	for app, values := range s.apps {
		for key, value := range values {
			if key != servingKey {
				blobs[target{app, key}] = value
				continue
			}
			var version string
			if json.Unmarshal(value, &version) == nil && version != "" {
				serving[app] = version
			}
		}
	}
	return blobs, serving
}

// Follow makes this catalogue the successor of the one that filled the shelf: versions
// it has not are taken in, so that calls can go on with theirs, and with over set each app
// serves what it served there, whatever the file here says, until that changes. From
// then on the shelf is this catalogue's to write. Errors are logged: the file's version
// serves then.
func (c *Catalogue) Follow(s *Shelf, over bool) {
	blobs, serving := s.contents()
	for of, text := range blobs {
		b, err := openBlob(text)
		if err == nil && (b.app != of.app || b.version != of.version) {
			err = fmt.Errorf("%w: it is %s of %s", errShelf, b.version, b.app)
		}
		if err != nil {
			c.log.Error("script: a version of the brain before cannot be taken over", "app", of.app, "version", of.version, "err", err)
			continue
		}
		c.store.adopt(b)
	}
	for _, app := range slices.Sorted(maps.Keys(serving)) {
		if now, _ := c.standing(app); !over || now == serving[app] {
			continue
		}
		if !c.filed(app) {
			c.store.setPin(app, &pin{Version: serving[app], By: byTakeOver, Why: whyTakeOver, Since: time.Now()})
			c.reload(func(name string) bool { return name == app }, false)
			continue
		}
		if _, err := c.restore(app, serving[app], byTakeOver, whyTakeOver); err != nil {
			c.log.Error("script: the version of the brain before cannot serve", "app", app, "version", serving[app], "err", err)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.store.share(s)
	for name, a := range c.apps {
		if a.serving != nil && serving[name] != a.serving.version {
			c.store.serves(name, a.serving.bundle)
		}
	}
}

// filed says whether an app has a file here.
func (c *Catalogue) filed(app string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.apps[app] != nil
}
