package sandbox

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"sync"

	"github.com/dop251/goja"
)

// maxWatched is the largest JSON of a watched value that a Change carries.
const maxWatched = maxArgs

// Change says that a batch changed what stands at a watched path, or below it. Value
// and Old are nil where nothing stands or stood, and where the JSON has more than
// 64 KiB: then TooLarge is set.
type Change struct {
	Path       []string
	Value, Old json.RawMessage
	TooLarge   bool
	By         string // the unit
}

// watches are the paths of a State that are watched. Those wanted wait for the next to
// hold the tree, so that who asks never waits for a script.
type watches struct {
	mu     sync.Mutex
	wanted []wanted
	tell   func(Change)

	on map[string]*watched // under State.mu
}

type wanted struct {
	path []string
	on   bool
}

type watched struct {
	path  []string
	last  []byte
	large bool
}

// OnChange sets who is told of changes at watched paths, in the order of their
// batches, under the tree's lock: it must neither block nor call back.
func (s *State) OnChange(tell func(Change)) {
	s.watches.mu.Lock()
	defer s.watches.mu.Unlock()
	s.watches.tell = tell
}

// Watch has changes at and below a path told from now on, or no longer. It does not
// block. Each batch that touches a watched path costs the writing of what stands there.
func (s *State) Watch(path []string, on bool) {
	s.watches.mu.Lock()
	s.watches.wanted = append(s.watches.wanted, wanted{path, on})
	s.watches.mu.Unlock()
	if s.mu.TryLock() {
		s.rewatch()
		s.mu.Unlock()
	} // else whoever takes the tree next does it first
}

// rewatch takes up what is wanted. It runs under the tree's lock, before a batch.
func (s *State) rewatch() {
	s.watches.mu.Lock()
	list := s.watches.wanted
	s.watches.wanted = nil
	s.watches.mu.Unlock()
	for _, w := range list {
		key := strings.Join(w.path, "\x00")
		if !w.on {
			delete(s.watches.on, key)
			continue
		}
		if s.watches.on == nil {
			s.watches.on = map[string]*watched{}
		}
		if s.watches.on[key] == nil {
			n := &watched{path: w.path}
			n.last, n.large = s.seen(w.path)
			s.watches.on[key] = n
		}
	}
}

// seen is what stands at a path as JSON.
func (s *State) seen(path []string) (text []byte, large bool) {
	n, ok := at(s.root, path)
	if !ok {
		return nil, false
	}
	if text = appendNode(nil, n); len(text) > maxWatched {
		return nil, true
	}
	return text, false
}

// changed tells what a batch has changed. It runs under the tree's lock.
func (s *State) changed(unit string, writes []Write) {
	for _, key := range sortedKeys(s.watches.on) {
		w := s.watches.on[key]
		if !touches(writes, w.path) {
			continue
		}
		text, large := s.seen(w.path)
		if large == w.large && !large && bytes.Equal(text, w.last) {
			continue
		}
		c := Change{Path: w.path, Value: text, Old: w.last, TooLarge: large || w.large, By: unit}
		w.last, w.large = text, large
		s.watches.mu.Lock()
		tell := s.watches.tell
		s.watches.mu.Unlock()
		if tell != nil {
			tell(c)
		}
	}
}

// touches says whether a write is at, below or above a path.
func touches(writes []Write, path []string) bool {
	for _, w := range writes {
		p := w.Path
		if len(p) > 0 && p[len(p)-1] == "length" { // of a list: all that is in it
			p = p[:len(p)-1]
		}
		n := min(len(p), len(path))
		same := true
		for i := range n {
			same = same && p[i] == path[i]
		}
		if same {
			return true
		}
	}
	return false
}

// stateWatch is state.watch(path, fn): operation "state.watch" {path, fn}, which is
// never completed. It returns a function that ends it.
func (r *realm) stateWatch(c goja.FunctionCall) goja.Value {
	u := r.cur
	u.refuseLook("state.watch")
	path := r.watchPath(c.Argument(0))
	fn, ok := c.Argument(1).(*goja.Object)
	if !ok || !callable(fn) {
		r.throw("BadOption", "state.watch needs a function")
	}
	if u.probe || u.top && u.kind == CallUnit {
		return r.native("unwatch", 0, func(goja.FunctionCall) goja.Value { return goja.Undefined() })
	}
	text, _ := json.Marshal(path) // strings always marshal
	args := append(append([]byte(`{"path":`), text...), `,"fn":{"$fn":`...)
	args = append(strconv.AppendUint(args, uint64(u.callbackOf(fn)), 10), "}}"...)
	n := u.note("", "", "state.watch", "state.watch", args).n
	return r.native("unwatch", 0, func(goja.FunctionCall) goja.Value {
		r.cur.unwatch(n)
		return goja.Undefined()
	})
}

func (r *realm) watchPath(v goja.Value) (path []string) {
	if s, ok := v.(goja.String); ok {
		path = strings.Split(s.String(), ".")
	} else if o, ok := v.(*goja.Object); ok && o.ClassName() == "Array" {
		for i, n := int64(0), o.Get("length").ToInteger(); i < min(n, maxDepth); i++ {
			path = append(path, o.Get(strconv.FormatInt(i, 10)).String())
		}
	}
	for _, step := range path {
		if step == "" {
			path = nil
		}
	}
	if len(path) == 0 {
		r.throw("BadOption", "state.watch: the path must be a text such as 'agents.bob', or a list of names, not %s", r.short1(v))
	}
	return path
}

// unwatch forgets a watch and says so, once.
func (u *unit) unwatch(n uint32) {
	u.refuseLook("unwatch")
	i := u.find(n)
	if i < 0 {
		return
	}
	u.take(i)
	u.ops++
	args := append(strconv.AppendUint([]byte(`{"op":`), uint64(n), 10), '}')
	u.report(Op{N: u.ops, Hash: hashOf("", "state.unwatch", args), Method: "state.unwatch", Args: args, Line: u.r.place()})
}
