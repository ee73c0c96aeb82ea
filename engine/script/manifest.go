package script

import (
	"encoding/json"
	"path"
	"time"

	"github.com/callwright/callwright/sandbox"
)

// Manifest is what an app's app.yaml says: what calls it gets, what it may reach, and
// how it is reloaded. The zero Manifest is an app without one: nothing is granted. It
// is never changed after it was read, so any goroutine may read it.
type Manifest struct {
	// Routes replace those the app exports; nil: there are none in the file.
	Routes []sandbox.Route

	Fetch     []string // hosts
	WebSocket []string // hosts
	Uses      []string // apps whose api it may call
	Read      []string // folders whose files it may read; those it may write too
	Write     []string
	Env       []string // names of the environment
	Secrets   []string
	Trunks    []string // it may dial by
	Untrusted bool     // it has state.apps.NAME alone, and names of its own

	HTTP   string // HTTPOpen: its http listeners answer without the token, too
	NoREPL bool   // `repl: false`: operators may not run code in it

	MaxCalls  int // 0: as many as the engine takes
	Budgets   Budgets
	Isolation string // IsolationProcess, IsolationShared, "": the engine's default
	Reload    Reload

	file  string // below the scripts directory, with slashes; where the file would be
	found bool
}

// What Isolation may be.
const (
	IsolationProcess = "process"
	IsolationShared  = "shared"
)

// HTTPOpen and HTTPToken are what HTTP may be; "" is HTTPToken.
const (
	HTTPOpen  = "open"
	HTTPToken = "token"
)

// Budgets bound what an app's scripts use; 0 means the engine's default.
type Budgets struct {
	Activation    time.Duration // run time of one activation
	Timers        int           // pending, of one unit
	Promises      int           // operations under way, of one unit
	LogsPerSecond int           // of one unit
	Heap          int64         // bytes, of the app; not with IsolationShared, where nothing counts them

	// Of one unit as well. They are left out of a version's name where a file does not say
	// them, so that it is named as before there was such a line.
	OperationsPerSecond int `json:",omitzero"`
	Fetches             int `json:",omitzero"` // under way
	Callbacks           int `json:",omitzero"` // functions given to operations
	Listeners           int `json:",omitzero"`
	Events              int `json:",omitzero"` // that wait until a busy unit can take them

	App AppBudgets `json:",omitzero"`
}

// AppBudgets bound what all units of an app use together; 0 means the engine's default.
type AppBudgets struct {
	Timers              int `json:",omitzero"`
	Promises            int `json:",omitzero"`
	OperationsPerSecond int `json:",omitzero"`
	Fetches             int `json:",omitzero"`
	LogsPerSecond       int `json:",omitzero"`
}

// Reload says how a new version takes over.
type Reload struct {
	Canary   float64 // per cent of new calls that try it first; 0: all calls get it at once
	Ignore   bool    // `watch: false`: a changed file waits for `callwright reload`
	Rollback Rollback
	// Replay: live calls move where their history fits the new code.
	Replay bool `json:",omitzero"`
}

// Rollback returns to the version before when Errors calls failed Within a while.
type Rollback struct {
	Errors int // 0: never
	Within time.Duration
}

// canonical is what the manifest adds to the version's name: comments and order of
// keys do not count. Nil without a file.
func (m *Manifest) canonical() []byte {
	if !m.found {
		return nil
	}
	text, err := json.Marshal(m)
	if err != nil {
		panic(err) // plain data
	}
	return text
}

// File is where the manifest is, or would be, below the scripts directory.
func (m *Manifest) File() string { return m.file }

// manifestFile is where the manifest of an app with this entry file belongs: app.yaml
// in the app's folder, NAME.yaml beside an app that is one file.
func manifestFile(entry string) string {
	if dir := folder(entry); dir != "" {
		return dir + "/app.yaml"
	}
	return entry[:len(entry)-len(path.Ext(entry))] + ".yaml"
}

// options are what a generation of the app lives with.
func (m *Manifest) options(app string, o sandbox.Options) sandbox.Options {
	o.Manifest = m.file
	if m.Budgets.Activation > 0 {
		o.Budget = m.Budgets.Activation
	}
	if m.Untrusted {
		o.StateOnly = []string{"apps", app}
	}
	if m.Budgets.Heap > 0 {
		o.Heap = m.Budgets.Heap
	}
	for _, b := range []struct {
		to   *int
		says int
	}{
		{&o.Budgets.Timers, m.Budgets.Timers},
		{&o.Budgets.Operations, m.Budgets.Promises},
		{&o.Budgets.LogRate, m.Budgets.LogsPerSecond},
		{&o.Budgets.Rate, m.Budgets.OperationsPerSecond},
		{&o.Budgets.Fetches, m.Budgets.Fetches},
		{&o.Budgets.Callbacks, m.Budgets.Callbacks},
		{&o.Budgets.Listeners, m.Budgets.Listeners},
	} {
		if b.says > 0 {
			*b.to = b.says
		}
	}
	return o
}
