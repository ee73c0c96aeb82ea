package flow

import (
	"encoding/json"
	"time"

	"github.com/callwright/callwright/engine/call"
	"github.com/callwright/callwright/engine/fetch"
	"github.com/callwright/callwright/engine/file"
	"github.com/callwright/callwright/engine/ws"
	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/media/sdp"
	"github.com/callwright/callwright/sandbox"
)

// Input is something that happens to the flows of a shard. Flows.Step takes one at
// a time.
type Input interface{ input() }

type (
	// NewCall begins a call: its app's entry function will run for it.
	NewCall struct {
		Call    string // also the leg's id, the stream's and the member's
		App     string
		Version string
		Seed    uint64
		Flow    call.Flow
		Msg     *call.Message // the INVITE
	}
	// NewApp begins an app unit; Unit is "app:NAME@VERSION".
	NewApp struct {
		Unit, App, Version string
		Seed               uint64
		API                []string // functions it offers to others
		From               string   // the version it takes over from; "": none ran
	}
	// EndApp ends an app unit, when its generation is no longer the current one.
	EndApp struct{ Unit string }

	// Did is what an activation came to.
	Did struct{ Result sandbox.Result }

	// What the call's leg tells.
	Agreed struct {
		Call  string
		Media sdp.Agreement
	}
	Confirmed struct{ Call string }
	Ended     struct {
		Call     string
		Cause    call.Cause
		Contacts []string // of a 3xx
	}
	Refused struct {
		Call       string
		Order, Why string
	}

	// What a call that a flow has placed tells before its end.
	Ringing struct {
		Call   string
		Status int
	}
	Answered struct {
		Call   string
		CallID string // SIP's
	}

	// Apart answers a Pair of calls that are on different SBCs.
	Apart struct{ A, B string }

	// MediaUp tells that the call's stream and member stand (or, after a worker was
	// lost and replaced, stand again); MediaFailed that none can be had.
	MediaUp struct {
		Call string
		SBC  string // that carries it
	}
	MediaFailed struct {
		Call string
		Why  string
	}

	// Moved tells that a call's member is on another mixer, and RoomMoved that a room
	// is: what played and was recorded there goes on here. Alive: the old mixer lives,
	// and tells the end of what it did. Gap is how long there was no audio.
	Moved struct {
		Call  string
		Alive bool
	}
	RoomMoved struct {
		Room  string
		Alive bool
		Gap   time.Duration
	}

	// Restreamed tells that a call's stream is at another SBC, or at a new process of it:
	// what the SBC did for the call is to be asked for again.
	Restreamed struct{ Call, SBC string }

	// RoomFailed tells that a room has no mixer (none to be had, or lost): who is in it
	// leaves it.
	RoomFailed struct{ Room, Why string }

	// What workers tell: Digit, Talk, Done, Media, Quality, Fault.
	Worked struct{ Event *control.Event }

	// Committed answers a Commit; Why is empty when the writes are on disk.
	Committed struct {
		Unit string
		Op   uint32
		Why  string
	}

	// Request calls a function that an app offers (export const api), from outside;
	// a Reply with the same ID answers within 10 s.
	Request struct {
		ID, App, Function string
		Args              json.RawMessage // a list
	}

	// Evaluate runs an operator's code in a call's unit, or without Call in the app's
	// own; a Reply with the same ID answers within 10 s, its Value a text. Without Write
	// the code can change nothing, and leaves no trace in the journal.
	Evaluate struct {
		ID, App, Call, Code string
		Write               bool
	}

	// HTTP is a request for an app's own http listeners; a Reply with the same ID answers
	// within 10 s, its Value null when no listener took it, else an HTTPAnswer.
	HTTP struct {
		ID, App string
		Request HTTPRequest
	}

	// Replied answers a call.Request that an operation has ordered; Msg is nil when there
	// was no response.
	Replied struct {
		ID    string
		Msg   *call.Message
		Cause call.Cause
	}
	// Notified is a NOTIFY that came within a call, and has had its 200.
	Notified struct{ Call, Event, Body string }

	// Serve asks the first app that listens for an event which wants an answer; a Reply
	// with the same ID answers within 10 s, its Value null or for ReadVerdict.
	Serve struct {
		ID, Event string
		Value     any
	}

	// WorkerChanged tells that an SBC or a mixer came up or went down.
	WorkerChanged struct{ What, Kind, Name string }

	// RolledBack answers a Rollback.
	RolledBack struct {
		Unit          string
		Op            uint32
		From, To, Why string
	}

	// Stopping tells that the engine ends: apps hear of it, calls are hung up.
	Stopping struct{}

	// StateChanged tells that a batch changed what is at a watched path.
	StateChanged struct{ Change sandbox.Change }

	// Fetched answers a Fetch.
	Fetched struct {
		Unit   string
		Op     uint32
		Result fetch.Result
	}

	// Connected is what a connection of a Connect tells.
	Connected struct {
		Unit  string
		Op    uint32
		Event ws.Event
	}

	// Reached answers a Reach.
	Reached struct {
		Unit   string
		Op     uint32
		Result file.Result
	}

	// FailedOver tells that another process has taken up what a dead one did. Gap is the
	// time that nobody did it: of a brain without inputs taken, of an SBC and a mixer
	// without audio.
	FailedOver struct {
		Role  string // that failed: brain, sbc, mixer
		Gap   time.Duration
		Calls []string // whose; of a brain all
	}

	// Fired is a timer that was armed here and not disarmed.
	Fired struct{ Timer TimerID }
)

func (NewCall) input()       {}
func (NewApp) input()        {}
func (EndApp) input()        {}
func (Did) input()           {}
func (Agreed) input()        {}
func (Confirmed) input()     {}
func (Ended) input()         {}
func (Refused) input()       {}
func (MediaUp) input()       {}
func (MediaFailed) input()   {}
func (RoomFailed) input()    {}
func (Moved) input()         {}
func (Restreamed) input()    {}
func (RoomMoved) input()     {}
func (Worked) input()        {}
func (Committed) input()     {}
func (FailedOver) input()    {}
func (Fired) input()         {}
func (Fetched) input()       {}
func (Connected) input()     {}
func (StateChanged) input()  {}
func (Reached) input()       {}
func (Stopping) input()      {}
func (Replied) input()       {}
func (Notified) input()      {}
func (Serve) input()         {}
func (HTTP) input()          {}
func (WorkerChanged) input() {}
func (RolledBack) input()    {}
func (Request) input()       {}
func (Evaluate) input()      {}
func (Ringing) input()       {}
func (Answered) input()      {}
func (Apart) input()         {}

// TimerID names a timer of an operation: unit, operation number and a name
// ("sleep", "inter-digit" …).
type TimerID struct {
	Unit string
	Op   uint32
	Name string
}
