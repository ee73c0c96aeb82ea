package file

import (
	"errors"
	"fmt"
	"sync"
)

// What a Request may do.
const (
	Read   = "read"
	Write  = "write"
	Append = "append"
	List   = "list"
	Delete = "delete"
	Secret = "secret"
	Env    = "env"
)

// Limits.
const (
	MaxBytes   = 64 << 10
	maxNames   = 1_000
	maxAtOnce  = 64
	maxPathLen = 1_024
)

// Request is one thing an app wants. Name is a path with slashes, or the name of a
// secret or of the environment.
type Request struct {
	App, Do, Name string
	Data          []byte
	Offset, Limit int64 // of Read; Limit 0: MaxBytes
}

// Result is what came of it: Data of a read, a secret or the environment, None when
// there is no such thing, Entries of a list, or an error.
type Result struct {
	Data    []byte
	None    bool
	Entries []Entry
	Error   *Error
}

// Entry is one name of a folder.
type Entry struct {
	Name     string `json:"name"`
	Folder   bool   `json:"folder"`
	Size     int64  `json:"size"`
	Modified int64  `json:"modified"` // Unix ms
}

// Error says why there is no result. Name is that of the error a script sees: Denied,
// BadOption, RangeError (too large), Busy, Error (the system's).
type Error struct{ Name, Message string }

func (e *Error) Error() string { return "file: " + e.Name + ": " + e.Message }

// Config is what an Edge needs.
type Config struct {
	// Dir holds a directory for each app; "": apps have none of their own.
	Dir string
	// Secrets is the directory of secrets; "": there are none.
	Secrets string
	// Folders gives the folders whose files an app may read, or with write may change.
	Folders func(app string, write bool) ([]string, error)
	// Denied says which line of the manifest is missing.
	Denied func(app, what, name string) error
	// Names says whether an app may have a secret (what is "secrets") or a name of the
	// environment ("env").
	Names func(app, what, name string) error
}

// Edge performs requests. Make it with New, end it with Close.
type Edge struct {
	cfg  Config
	runs sync.WaitGroup

	mu     sync.Mutex
	flying int
	closed bool
}

// New makes an edge.
func New(c Config) *Edge { return &Edge{cfg: c} }

// Do performs a request and tells done what came of it, once, on another goroutine.
func (e *Edge) Do(r Request, done func(Result)) {
	if err := e.begin(); err != nil {
		go done(Result{Error: err})
		return
	}
	go func() {
		res, err := e.perform(r)
		if err != nil {
			res = Result{Error: told(err)}
		}
		e.mu.Lock()
		e.flying--
		e.mu.Unlock()
		defer e.runs.Done()
		done(res)
	}()
}

func (e *Edge) begin() *Error {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.closed:
		return &Error{"Busy", "the engine is stopping"}
	case e.flying >= maxAtOnce:
		return &Error{"Busy", fmt.Sprintf("%d files are being read and written, at most that many", maxAtOnce)}
	}
	e.flying++
	e.runs.Add(1)
	return nil
}

// Close waits for what is under way.
func (e *Edge) Close() {
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()
	e.runs.Wait()
}

// told is an error as a script sees it.
func told(err error) *Error {
	var ours *Error
	if errors.As(err, &ours) {
		return ours
	}
	return &Error{"Error", err.Error()}
}
