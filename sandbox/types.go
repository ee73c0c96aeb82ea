package sandbox

import (
	"encoding/json"
	"time"
)

// This file is the whole language between an isolate and the world: activations
// go in, results come out. Nothing here knows telephony, and nothing here holds a
// goja value, so an isolate may as well live in another process.

// UnitKind tells a call's instance of an app from the app's own.
type UnitKind int

const (
	// CallUnit runs the default export with one host object of class "Call" as "call".
	CallUnit UnitKind = iota + 1
	// AppUnit runs the modules' top level only; app.on, app.every … act there.
	AppUnit
)

// Activation hands inputs to one unit. Inputs are applied in order, microtasks run
// dry after each. There is at most one activation of a unit under way.
type Activation struct {
	Unit   string
	Turn   uint64    // grows per unit; names the batch of state writes
	Now    time.Time // what Date sees
	Inputs []Input
	// Fields are snapshots of host objects by handle ("call", "room:1234"), JSON
	// objects; a handle that is absent keeps its former snapshot.
	Fields map[string]json.RawMessage
}

// InputKind says what an Input is.
type InputKind int

const (
	// Start runs the unit's entry function, for a call with Value as its second
	// argument, if there is one. Op operations were begun before by the same unit: its
	// numbers go on behind them. Standing are those of them that still go on. Event names
	// another export to enter; code that has none diverges.
	Start     InputKind = iota + 1
	Completed           // operation Op ended with Value or Error
	Occurred            // Event happened on Object
	Called              // callback Callback (with Object "api": the exported function Event) is asked with Value (an array of arguments)
	// Evaluate runs an operator's code: Value is its text. The answer to Ask is a text,
	// what it came to. Unless Event is EvaluateWrite the code can change nothing, and
	// the input must not be journalled.
	Evaluate
	// Stands is no event but the end of a history that is tried on other code: a unit
	// whose operations under way are not those of Standing, by number and hash, has
	// diverged.
	Stands
)

// AskEach as the Event of a Called asks the callback many times at once: Value is
// {"of": values, "rows": lists of indexes into them}, a row the arguments of one call.
// The answer is the list of what it gave. The function must not be async.
const AskEach = "each"

// EvaluateWrite as the Event of an Evaluate lets the code write and begin operations.
const EvaluateWrite = "write"

// Input is one thing that happens to a unit. It is also the record of the journal:
// the same inputs in the same order bring a new instance to the same await.
type Input struct {
	Kind     InputKind       `json:"k"`
	Op       uint32          `json:"n,omitempty"`
	Hash     uint16          `json:"h,omitempty"` // of the operation answered
	Value    json.RawMessage `json:"v,omitempty"`
	Error    *HostError      `json:"e,omitempty"`
	Object   string          `json:"o,omitempty"` // handle
	Event    string          `json:"t,omitempty"`
	Callback uint32          `json:"c,omitempty"`
	Ask      uint32          `json:"a,omitempty"` // names the answer to a Called
	At       int64           `json:"ms"`          // turn time, Unix milliseconds
	// Reads are the state leaves that the activation of this input read, as
	// recorded; on replay they are served from here. Opaque outside sandbox.
	Reads json.RawMessage `json:"r,omitempty"`
	// Fields are the snapshots that came with it (see Activation.Fields).
	Fields map[string]json.RawMessage `json:"f,omitempty"`
	// Masked: Value holds digits that only the script may see.
	Masked bool `json:"m,omitempty"`
	// What names the operation answered, "call.gather", for who reads or tries a
	// journal.
	What string `json:"w,omitempty"`
	// Standing are operations that go on: of a Start those that a new instance takes
	// over, of a Stands those that must be under way.
	Standing []Standing `json:"s,omitempty"`
}

// Standing is an operation that is under way. One with a Class is a host object too,
// "op:N".
type Standing struct {
	N     uint32 `json:"n"`
	Hash  uint16 `json:"h"`
	What  string `json:"w,omitempty"`
	Class string `json:"c,omitempty"`
}

// HostError is an error that scripts see: `name` and `message`, and Props as
// further properties (CallEnded has cause).
type HostError struct {
	Name    string          `json:"name"`
	Message string          `json:"message"`
	Props   json.RawMessage `json:"props,omitempty"`
}

// Op is one operation a unit has begun. Numbers count from 1 within the unit and
// are the same on every replay.
type Op struct {
	N      uint32
	Hash   uint16          // of Object, Method and Args
	Object string          // handle it was called on; "" for a global function
	Class  string          // of that object
	Method string          // "gather"; "setTimeout" and "clearTimeout" for timers
	Args   json.RawMessage // an object: positional parameters by name, then options, defaults filled in
	// Functions among the arguments appear in Args as {"$fn": id}; ask them by a
	// Called input with that Callback.
	Line string // "main.js:12:9", where the script called it
}

// Answer is what a callback returned (awaited) to a Called input.
type Answer struct {
	Ask   uint32
	Value json.RawMessage
	Error *HostError
}

// Log is one console line.
type Log struct {
	Level string // debug info warn error
	Text  string
	Line  string
	// Fields is the JSON object that a line of log ended with; nil: none.
	Fields json.RawMessage
}

// Result is all that one activation did. It is delivered exactly once for each
// activation, on the isolate's goroutine; the receiver must not block.
type Result struct {
	Unit    string
	Turn    uint64
	Ops     []Op
	Answers []Answer
	Logs    []Log
	LeftOut int // log lines that were too many
	// Listens are (handle, event) pairs that gained their first or lost their last
	// listener in this activation: only listened events are sent as Occurred. Reading
	// a promise field listens for its event; what has happened already (ended, left)
	// must then be told at once.
	Listens []Listen
	Vars    json.RawMessage   // call.vars, when it changed
	Reads   []json.RawMessage // one for each input of the activation, nil where none
	Settled bool              // the entry function has returned or thrown
	Error   *ScriptError      // what it threw, or why the unit was stopped
	// Lost: the isolate this unit lived in is gone (another unit overran its
	// budget). Open it again with its history. The activation was not applied,
	// or not whole: activate again. With Turn 0 it comes unasked; an activation of
	// that unit which is under way still gets its own result, Lost too: wait for it
	// before opening the unit again.
	Lost bool
	// Interrupted: this unit itself overran its budget and is closed.
	Interrupted bool
	CPU         time.Duration
	Await       string // "main.js:12:9" of the operation begun last and not yet answered
}

// Listen says whether a unit listens for an event of an object.
type Listen struct {
	Object, Event string
	On            bool
}

// ScriptError is an error in an author's file. Error() is one line,
// "main.js:3:14: SyntaxError: …"; Source is the text of that line.
type ScriptError struct {
	App, File    string
	Line, Column int
	Name         string // "SyntaxError", "TypeError", "BadOption", "Diverged", "Budget" …
	Message      string
	Source       string
	Stack        string // in the author's files and lines
	Props        json.RawMessage
}
