package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/callwright/callwright/engine/api"
	"github.com/callwright/callwright/engine/events"
	"github.com/callwright/callwright/sandbox"
)

const (
	keptBatches = 1000 // of state, for its history
	keptPaths   = 20   // of one batch
)

// states lets the control API at scripts' `state`: the same tree, batches and log. Its
// methods may be called from any goroutine.
type states struct {
	tree  sandbox.Store
	store interface {
		Commit(context.Context) error
		Epoch() uint64
	}
	past  *events.Ring[written]
	turns atomic.Uint64
}

// written is what is remembered of a batch: where it wrote, not what.
type written struct {
	unit   string
	turn   uint64
	at     time.Time
	writes int
	places []written1
}

type written1 struct {
	path    []string
	removed bool
}

// wrote is called under the tree's lock.
func wrote(b sandbox.Batch) written {
	w := written{unit: b.Unit, turn: b.Turn, at: time.Now(), writes: len(b.Writes)}
	w.places = make([]written1, min(len(b.Writes), keptPaths))
	for i := range w.places {
		w.places[i] = written1{b.Writes[i].Path, b.Writes[i].Delete}
	}
	return w
}

// do runs one change, or reading, as an activation does: nothing else has the tree
// meanwhile, and what fails leaves no trace.
func (s *states) do(unit string, f func(sandbox.Txn) error) (turn uint64, err error) {
	t := s.tree.Begin(func() {}, func() {})
	turn = s.turns.Add(1)
	defer func() { t.End(unit, turn, err == nil) }()
	return turn, f(t)
}

func (s *states) Get(path []string) (v json.RawMessage, err error) {
	_, err = s.do("", func(t sandbox.Txn) error {
		v, err = subtree(t, path)
		return err
	})
	return v, err
}

// subtree reads what is at a path, or says where the path ends.
func subtree(t sandbox.Txn, path []string) (json.RawMessage, error) {
	if len(path) == 0 {
		f, err := t.Do(sandbox.Access{Do: sandbox.ReadAll})
		return f.JSON, err
	}
	for i, key := range path {
		f, err := t.Do(sandbox.Access{Do: sandbox.ReadChild, Path: path[:i], Key: key})
		switch {
		case err != nil:
			return nil, err
		case string(f.JSON) == "[0]":
			return nil, missing(t, path, i)
		case i < len(path)-1 && string(f.JSON) != "{}" && string(f.JSON) != "[]":
			return nil, fmt.Errorf("%w: %s is no object", api.ErrNoPath, api.PathText(path[:i+1]))
		}
	}
	f, err := t.Do(sandbox.Access{Do: sandbox.ReadAll, Path: path})
	return f.JSON, err
}

// missing says that path ends before step i, with the nearest name there.
func missing(t sandbox.Txn, path []string, i int) error {
	var names []string
	if f, err := t.Do(sandbox.Access{Do: sandbox.ReadKeys, Path: path[:i]}); err == nil {
		_ = json.Unmarshal(f.JSON, &names) // a list of strings, always
	}
	near := nearest(path[i], names)
	if near == "" {
		return fmt.Errorf("%w: state has no %s", api.ErrNoPath, api.PathText(path[:i+1]))
	}
	return fmt.Errorf("%w: state has no %s, did you mean %s?", api.ErrNoPath,
		api.PathText(path[:i+1]), api.PathText(append(slices.Clone(path[:i]), near)))
}

func (s *states) Set(ctx context.Context, who string, path []string, value json.RawMessage) (api.StateChange, error) {
	return s.change(ctx, who, func(t sandbox.Txn) error {
		parent, key := path[:len(path)-1], path[len(path)-1]
		if v, err := container(t, parent); err != nil {
			return err
		} else if v == "[]" && !isElement(key) {
			return fmt.Errorf("%w: %s is a list: %q is no element's number", api.ErrBadPath, api.PathText(parent), key)
		}
		_, err := t.Do(sandbox.Access{Do: sandbox.Put, Path: parent, Key: key, Value: value})
		return err
	})
}

// container finds out what an object or list is, "{}" or "[]", and that it is there.
func container(t sandbox.Txn, path []string) (string, error) {
	if len(path) == 0 {
		return "{}", nil
	}
	last := len(path) - 1
	for i, key := range path {
		f, err := t.Do(sandbox.Access{Do: sandbox.ReadChild, Path: path[:i], Key: key})
		switch what := string(f.JSON); {
		case err != nil:
			return "", err
		case what == "[0]":
			return "", fmt.Errorf("%w; set it first: state set %s '{}'", missing(t, path, i), quoteArg(api.PathText(path[:i+1])))
		case what != "{}" && what != "[]":
			return "", fmt.Errorf("%w: %s is no object", api.ErrNoPath, api.PathText(path[:i+1]))
		case i == last:
			return what, nil
		}
	}
	return "", nil
}

func isElement(key string) bool {
	_, err := strconv.ParseUint(key, 10, 31)
	return err == nil || key == "length"
}

// quoteArg makes a path safe to paste into a shell.
func quoteArg(s string) string {
	if strings.ContainsAny(s, `'[]"\ $`) {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`).Replace(s) + `"`
	}
	return s
}

func (s *states) Remove(ctx context.Context, who string, path []string) (api.StateChange, error) {
	return s.change(ctx, who, func(t sandbox.Txn) error {
		last := len(path) - 1
		if _, err := subtree(t, path); err != nil {
			return err
		}
		_, err := t.Do(sandbox.Access{Do: sandbox.Delete, Path: path[:last], Key: path[last]})
		return err
	})
}

func (s *states) Load(ctx context.Context, who string, root json.RawMessage) (api.StateChange, error) {
	var values map[string]json.RawMessage
	if err := json.Unmarshal(root, &values); err != nil || values == nil {
		return api.StateChange{}, fmt.Errorf("%w: state is an object, {…}", api.ErrBadValue)
	}
	return s.change(ctx, who, func(t sandbox.Txn) error {
		f, err := t.Do(sandbox.Access{Do: sandbox.ReadKeys})
		if err != nil {
			return err
		}
		var old []string
		if err := json.Unmarshal(f.JSON, &old); err != nil {
			return err
		}
		for _, key := range old {
			if _, err := t.Do(sandbox.Access{Do: sandbox.Delete, Key: key}); err != nil {
				return err
			}
		}
		for _, key := range objectKeys(root) {
			if _, err := t.Do(sandbox.Access{Do: sandbox.Put, Key: key, Value: values[key]}); err != nil {
				return fmt.Errorf("%s: %w", api.PathText([]string{key}), err)
			}
		}
		return nil
	})
}

// objectKeys are the names of a JSON object in their order, each once.
func objectKeys(object json.RawMessage) (keys []string) {
	d := json.NewDecoder(strings.NewReader(string(object)))
	_, _ = d.Token() // of {, as the caller knows
	seen := map[string]bool{}
	for d.More() {
		t, err := d.Token()
		key, ok := t.(string)
		var skipped json.RawMessage
		if err != nil || !ok || d.Decode(&skipped) != nil {
			return keys
		}
		if !seen[key] {
			seen[key] = true
			keys = append(keys, key)
		}
	}
	return keys
}

// change runs one batch of an operator's and waits until it is on disk.
func (s *states) change(ctx context.Context, who string, f func(sandbox.Txn) error) (api.StateChange, error) {
	// State knows a batch that came twice by unit and turn: turns begin anew with each
	// start of the brain, so the epoch is part of the unit.
	unit := fmt.Sprintf("operator:%s#%d", who, s.store.Epoch())
	turn, err := s.do(unit, f)
	if err != nil {
		return api.StateChange{}, stateError(err)
	}
	if err := s.store.Commit(ctx); err != nil {
		return api.StateChange{}, fmt.Errorf("%w: %w", api.ErrNotStored, err)
	}
	for _, item := range s.past.Last(1, func(w *written) bool { return w.unit == unit && w.turn == turn }) {
		return changeOf(item.Value), nil
	}
	return api.StateChange{Unit: unit, Turn: turn, Time: time.Now(), Paths: []string{}}, nil
}

// stateError says in the API's words what the tree refused.
func stateError(err error) error {
	for ours, theirs := range map[error]error{
		sandbox.ErrStateFull: api.ErrFull, sandbox.ErrStatePath: api.ErrBadPath, sandbox.ErrJSON: api.ErrBadValue,
	} {
		if errors.Is(err, ours) {
			return fmt.Errorf("%w: %w", theirs, err)
		}
	}
	return err
}

func (s *states) History(path []string) ([]api.StateChange, int) {
	items, _, _ := s.past.After(0, 0, func(w *written) bool {
		return slices.ContainsFunc(w.places, func(p written1) bool { return related(p.path, path) })
	})
	list := make([]api.StateChange, len(items))
	for i := range items {
		list[i] = changeOf(items[i].Value)
	}
	return list, s.past.Cap()
}

// related: one path is the other's, or above it.
func related(a, b []string) bool {
	n := min(len(a), len(b))
	return slices.Equal(a[:n], b[:n])
}

func changeOf(w written) api.StateChange {
	c := api.StateChange{Unit: w.unit, Turn: w.turn, Time: w.at, Writes: w.writes, Paths: []string{}}
	for _, p := range w.places {
		text := api.PathText(p.path)
		if p.removed {
			text = "-" + text
		}
		c.Paths = append(c.Paths, text)
	}
	return c
}
