package flow

import (
	"encoding/json"
	"time"

	"github.com/callwright/callwright/engine/call"
	"github.com/callwright/callwright/engine/fetch"
	"github.com/callwright/callwright/engine/file"
	"github.com/callwright/callwright/engine/ws"
	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/sandbox"
)

// Action is what must be done after a Step, in order.
type Action interface{ action() }

type (
	// Activate sends an activation to the isolate of a unit. The next one of that
	// unit comes only after its Did.
	Activate struct {
		App, Version string
		Activation   sandbox.Activation
	}
	// Open makes a unit's instance, empty or (after Lost) by replay of a history.
	Open struct {
		App, Version string
		Unit         string
		Kind         sandbox.UnitKind
		Seed         uint64
		History      *History // nil: a new unit
	}
	// Close forgets a unit's instance.
	Close struct{ App, Version, Unit string }

	// Order goes to call.UA: Ring, Progress, Accept, Reject, Hangup. The Media of
	// Progress and Accept is filled in by whoever knows the call's place.
	Order struct{ Input call.Input }

	// ToSBC and ToMixer command the worker that carries the call, or the room.
	// Trunk, port and other facts of place are filled in on the way: here a Stream
	// or Member carries what the flow decides alone.
	ToSBC struct {
		Call    string
		Command *control.Command
	}
	ToMixer struct {
		Call    string // one of the two, or neither: any mixer will do
		Room    string
		Command *control.Command
	}
	// PlaceRoom brings a room to a state, finding a mixer for it if it has none (that of
	// the room Near, if any), FreeRoom gives it back. JoinRoom puts a
	// call's member into a room (on the room's mixer, wherever the call's member
	// was before) with the state given; LeaveRoom takes it out.
	PlaceRoom struct {
		Room  string
		Rate  int
		Near  string
		State *control.Room
	}
	FreeRoom struct{ Room string }
	JoinRoom struct {
		Call, Room string
		Member     *control.Member // Muted, Deaf, gains; the rest is filled in
	}
	LeaveRoom struct{ Call string }

	// Dial places a call of the unit. Whoever knows them fills in its media, where its
	// URI leads, and our host in From. A call that cannot be placed is told as Ended.
	// Near is the call it is for, "" none: the two are best on the same workers.
	Dial struct {
		Unit, App, Version string
		Near               string
		Order              call.Dial
	}
	// Pair lets the phones of two calls hear each other past the mixer, until Part.
	Pair struct{ A, B string }
	Part struct{ Call string }

	Arm struct {
		Timer TimerID
		After time.Duration
	}
	Disarm struct{ Timer TimerID }

	// Commit asks that what this unit and all others wrote to state so far be on
	// disk on a majority; Committed answers (operation "state.commit").
	Commit struct {
		Unit string
		Op   uint32
	}

	// Watch asks that changes of state at or below a path be told by StateChanged, or,
	// with On false, no longer.
	Watch struct {
		Path []string
		On   bool
	}

	// Fetch is an HTTP request of a script, for the edge; Fetched answers it.
	Fetch struct {
		Unit    string
		Op      uint32
		Request fetch.Request
	}

	// Connect opens a WebSocket connection for a script, by the edge; it tells its news by
	// Connected. ToSocket asks something of it.
	Connect struct {
		Unit    string
		Op      uint32
		Request ws.Request
	}
	ToSocket struct {
		Unit string
		Op   uint32
		Ask  ws.Ask
	}

	// Reach is a file, a secret or a name of the environment, for the edge; Reached
	// answers it.
	Reach struct {
		Unit    string
		Op      uint32
		Request file.Request
	}

	// Rollback lets an older version of an app serve; RolledBack answers.
	Rollback struct {
		Unit         string
		Op           uint32
		App, Version string
	}

	// Reply answers a Request. An Error of ours has a "code" among its Props: no-app,
	// no-function, too-large, busy, gone, timeout; one of the script's has none.
	Reply struct {
		ID    string
		Value json.RawMessage
		Error *sandbox.HostError
	}

	// Note is a line for the operator's log about a unit: script console, errors.
	Note struct {
		Unit, App, Version, Level, Text, Line string
		Fields                                json.RawMessage // an object; nil: none
	}
	// Over: the unit is done: call ended and flow settled. Told once, last.
	Over struct {
		Unit string
	}
)

func (Activate) action()  {}
func (Open) action()      {}
func (Close) action()     {}
func (Order) action()     {}
func (ToSBC) action()     {}
func (ToMixer) action()   {}
func (PlaceRoom) action() {}
func (FreeRoom) action()  {}
func (JoinRoom) action()  {}
func (LeaveRoom) action() {}
func (Dial) action()      {}
func (Pair) action()      {}
func (Part) action()      {}
func (Arm) action()       {}
func (Disarm) action()    {}
func (Commit) action()    {}
func (Note) action()      {}
func (Over) action()      {}
func (Fetch) action()     {}
func (Connect) action()   {}
func (ToSocket) action()  {}
func (Watch) action()     {}
func (Reply) action()     {}
func (Reach) action()     {}
func (Rollback) action()  {}

// HistoryVersion is the version of the format that History writes.
const HistoryVersion = 1

// History is the journal of one unit: what must be fed to a new instance so that
// it stands where this one does. See FORMAT.md in engine/parcel.
type History struct {
	Version int             `json:"v"` // of this format
	Seed    uint64          `json:"seed"`
	Ops     uint32          `json:"ops"` // operations begun so far: a replay begins none of them again
	Turn    uint64          `json:"turn"`
	Cuts    uint32          `json:"cuts,omitempty"` // how often it was begun anew
	Inputs  []sandbox.Input `json:"in" freeze:"-"`
}
