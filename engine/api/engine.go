package api

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// Engine is what the API asks of a live engine. Methods are called from many
// goroutines, may block until ctx ends, and return copies that the API may keep.
type Engine interface {
	// Calls lists the live calls, oldest first.
	Calls(ctx context.Context) ([]CallView, error)
	// Hangup ends a call by its id, with a cause of the script API's list ("" is
	// "normal"). ErrNoCall, ErrBadCause.
	Hangup(ctx context.Context, id, cause string) error
	// Scripts lists the apps with the generation that new calls get.
	Scripts(ctx context.Context) ([]ScriptView, error)
	// Reload reads one app anew from disk, or all for "". A script that does not
	// load is a result with an Error, not an error. ErrNoApp.
	Reload(ctx context.Context, app string) ([]ReloadResult, error)
	Workers(ctx context.Context) ([]WorkerView, error)
	// Drain moves all that a worker carries to others of its kind. ErrNoWorker.
	Drain(ctx context.Context, worker string) (DrainView, error)
	Conferences(ctx context.Context) ([]ConferenceView, error)
	// Registrations lists the phones that are registered, by user, the preferred first.
	Registrations(ctx context.Context) ([]RegistrationView, error)
	// Unregister forgets a user's phones and says how many there were.
	Unregister(ctx context.Context, user string) (int, error)
	// CallApp calls a function that an app offers; args is a JSON list, and so large at
	// most as MaxBody. *AppError when the app's function threw, or could not be called.
	CallApp(ctx context.Context, app, function string, args json.RawMessage) (json.RawMessage, error)
	// Counters are read at each scrape of /metrics and must not block.
	Counters() []Counter
	// Ready says whether calls are taken: scripts loaded, workers up, SIP bound.
	Ready() bool
}

// Errors an Engine answers with; anything else is an internal error (500).
var (
	ErrNoCall   = errors.New("api: no such call")
	ErrNoApp    = errors.New("api: no such app")
	ErrNoWorker = errors.New("api: no such mixer")
	ErrBadCause = errors.New("api: no such cause")
	ErrBadBody  = errors.New("api: bad body")
	ErrNotReady = errors.New("api: the engine is not ready")
)

// DrainView is what draining a worker came to: how many calls and rooms have moved, and
// how many calls stay, because no other worker has room for them, or, of an SBC, because
// their peers refused its address or have not taken it yet.
type DrainView struct {
	Worker string `json:"worker"`
	Calls  int    `json:"calls"`
	Rooms  int    `json:"rooms"`
	Left   int    `json:"left"`
}

// CallView is one live call.
type CallView struct {
	ID        string     `json:"id"`
	SIPCallID string     `json:"sipCallId"`
	Direction string     `json:"direction"` // "inbound"
	State     string     `json:"state"`     // new ringing early answered held ended
	From      string     `json:"from"`      // URI
	To        string     `json:"to"`        // URI
	Source    string     `json:"source"`    // "udp 127.0.0.1:5062"
	App       string     `json:"app"`
	Version   string     `json:"version"`
	Await     string     `json:"await,omitempty"` // "main.js:12:9", where its script waits
	Codec     string     `json:"codec,omitempty"`
	Room      string     `json:"room,omitempty"`
	SBC       string     `json:"sbc,omitempty"`
	Mixer     string     `json:"mixer,omitempty"`
	Started   time.Time  `json:"started"`
	Answered  *time.Time `json:"answered,omitempty"`
}

// RegistrationView is one phone of a user.
type RegistrationView struct {
	User    string    `json:"user"`
	Contact string    `json:"contact"` // URI
	Q       float64   `json:"q"`
	Until   time.Time `json:"until"`
	Source  string    `json:"source"` // "udp 192.0.2.7:5060"
	Agent   string    `json:"agent,omitempty"`
	Path    []string  `json:"path,omitempty"`
}

// ScriptView is one app and its serving generation.
type ScriptView struct {
	App     string    `json:"app"`
	File    string    `json:"file"` // below the scripts directory
	Routes  []string  `json:"routes"`
	Version string    `json:"version"`
	Loaded  time.Time `json:"loaded"`
	Calls   int       `json:"calls"` // on this and older generations
	// Error is why the newest file on disk does not serve: "main.js:3:14: …".
	Error string `json:"error,omitempty"`
	// Held is why another version than the file's serves.
	Held string `json:"held,omitempty"`
	// Trial is a version that a share of new calls tries, nil for none.
	Trial *TrialView `json:"trial,omitempty"`
}

// TrialView is a canary.
type TrialView struct {
	Version string    `json:"version"`
	Percent float64   `json:"percent"`
	Since   time.Time `json:"since"`
	Calls   int       `json:"calls"`
	Failed  int       `json:"failed"`
}

// ReloadResult is what became of one app. From equals To when nothing changed.
type ReloadResult struct {
	App    string  `json:"app"`
	From   string  `json:"from,omitempty"`
	To     string  `json:"to,omitempty"`
	Ms     float64 `json:"ms"`
	Error  string  `json:"error,omitempty"`  // one line: file:line:column: name: message
	Source string  `json:"source,omitempty"` // the source line the error is in
	Trial  string  `json:"trial,omitempty"`  // version that a share of new calls tries
}

// WorkerView is one SBC or mixer as the engine sees it.
type WorkerView struct {
	Name     string    `json:"name"`
	Kind     string    `json:"kind"` // "sbc", "mixer"
	Up       bool      `json:"up"`
	PID      int       `json:"pid,omitempty"`
	Load     int       `json:"load"` // streams or members carried
	Capacity int       `json:"capacity"`
	Full     bool      `json:"full,omitempty"`    // it says that it can carry no more
	Address  string    `json:"address,omitempty"` // of its media or trunk
	Since    time.Time `json:"since"`
	Restarts int       `json:"restarts"`
}

// ConferenceView is one conference.
type ConferenceView struct {
	Name    string       `json:"name"`
	App     string       `json:"app,omitempty"`
	Mixer   string       `json:"mixer"`
	Rate    int          `json:"rate"` // Hz
	Started time.Time    `json:"started"`
	Members []MemberView `json:"members"`
}

// MemberView is one call in a conference.
type MemberView struct {
	Call    string `json:"call"`
	Label   string `json:"label,omitempty"`
	Muted   bool   `json:"muted"`
	Deaf    bool   `json:"deaf"`
	Talking bool   `json:"talking"`
}

// Counter is one figure of /metrics. Name is snake case with its unit, without
// "callwright_"; a name always has the same label names and the same Gauge.
type Counter struct {
	Name   string
	Help   string
	Labels []Label
	Value  float64
	Gauge  bool // may fall; else it only grows
	// Of a histogram, whose sum is Value: upper bounds, and how many values each bucket
	// got, one more than there are bounds.
	Bounds []float64
	Counts []uint64
}

// Label tells counters of one name apart.
type Label struct{ Name, Value string }
