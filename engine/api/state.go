package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// State is scripts' `state` as an operator reaches it. Methods may be called from many
// goroutines. Writes answer when they are on disk on a majority.
type State interface {
	// Get returns what is at a path as JSON; the empty path is all of it. ErrNoPath.
	Get(path []string) (json.RawMessage, error)
	// Set, Remove and Load are batches of the unit "operator:" and who, like those of
	// scripts. Set makes no objects on the way. ErrNoPath, ErrBadPath, ErrBadValue,
	// ErrFull; ErrNotStored: it is done, but the disk has not taken it.
	Set(ctx context.Context, who string, path []string, value json.RawMessage) (StateChange, error)
	Remove(ctx context.Context, who string, path []string) (StateChange, error)
	// Load replaces the whole by an object.
	Load(ctx context.Context, who string, root json.RawMessage) (StateChange, error)
	// History returns the last batches that wrote at, above or below a path, oldest
	// first, and how many are kept in all.
	History(path []string) (changes []StateChange, kept int)
}

// Errors of a State.
var (
	ErrNotHere   = errors.New("api: not in this engine")
	ErrNoPath    = errors.New("api: nothing there")
	ErrBadPath   = errors.New("api: bad path")
	ErrBadValue  = errors.New("api: bad value")
	ErrFull      = errors.New("api: state is full")
	ErrNotStored = errors.New("api: written, but not on disk")
)

// StateChange is one batch: all that one activation, or one request, wrote.
type StateChange struct {
	Unit   string    `json:"unit"` // a call's id, "app:NAME@…", "operator:ADDRESS#…"
	Turn   uint64    `json:"turn"`
	Time   time.Time `json:"time"`
	Writes int       `json:"writes"`
	Paths  []string  `json:"paths"` // the first of them, as state get takes them; removed ones begin with "-"
}

// maxState is the longest JSON that load takes: one batch of the log has room for it.
const maxState = 31 << 20

func statePath(s *Server, r *http.Request) ([]string, error) {
	if s.state == nil {
		return nil, fmt.Errorf("%w: state", ErrNotHere)
	}
	return ParsePath(r.URL.Query().Get("path"))
}

func getState(s *Server, r *http.Request) (any, error) {
	path, err := statePath(s, r)
	if err != nil {
		return nil, err
	}
	v, err := s.state.Get(path)
	if err != nil {
		return nil, err
	}
	return struct {
		Path  string          `json:"path"`
		Value json.RawMessage `json:"value"`
	}{PathText(path), v}, nil
}

func putState(s *Server, r *http.Request) (any, error) {
	path, err := statePath(s, r)
	if err != nil {
		return nil, err
	}
	if len(path) == 0 {
		return nil, fmt.Errorf("%w: the whole of state is replaced by /v1/state/load only", ErrBadPath)
	}
	value, err := readState(r)
	if err != nil {
		return nil, err
	}
	return s.state.Set(r.Context(), who(r), path, value)
}

func deleteState(s *Server, r *http.Request) (any, error) {
	path, err := statePath(s, r)
	if err != nil {
		return nil, err
	}
	if len(path) == 0 {
		return nil, fmt.Errorf("%w: name what to remove; all of state is emptied by loading {}", ErrBadPath)
	}
	return s.state.Remove(r.Context(), who(r), path)
}

func loadState(s *Server, r *http.Request) (any, error) {
	if _, err := statePath(s, r); err != nil {
		return nil, err
	}
	root, err := readState(r)
	if err != nil {
		return nil, err
	}
	change, err := s.state.Load(r.Context(), who(r), root)
	if err == nil {
		s.log.Info("state loaded by the API", "bytes", len(root), "from", r.RemoteAddr)
	}
	return change, err
}

func stateHistory(s *Server, r *http.Request) (any, error) {
	path, err := statePath(s, r)
	if err != nil {
		return nil, err
	}
	changes, kept := s.state.History(path)
	return struct {
		Changes []StateChange `json:"changes"`
		Kept    int           `json:"kept"` // so many batches of this run of the brain, no more
	}{some(changes), kept}, nil
}

// readState reads a JSON value.
func readState(r *http.Request) (json.RawMessage, error) {
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxState))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, fmt.Errorf("%w: more than %d bytes at once; write it in parts", ErrFull, maxState)
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrBadBody, err)
	case !json.Valid(body):
		var v any
		return nil, fmt.Errorf("%w: not JSON: %w (texts need quotes: '\"text\"')", ErrBadValue, json.Unmarshal(body, &v))
	}
	return body, nil
}

// who names the caller in a batch's unit.
func who(r *http.Request) string {
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		return host
	}
	return r.RemoteAddr
}
