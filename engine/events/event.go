package events

import "time"

// How much is kept.
const (
	KeptEvents = 10_000
	KeptLines  = 10_000
)

// Event is something that happened to a call, a conference, an app or a worker.
// Fields that do not apply are empty.
type Event struct {
	Seq        uint64    `json:"seq"` // filled in by whoever reads the ring
	Time       time.Time `json:"time"`
	Type       Type      `json:"type"`
	Call       string    `json:"call,omitempty"`
	App        string    `json:"app,omitempty"`
	Version    string    `json:"version,omitempty"`
	From       string    `json:"from,omitempty"` // URI
	To         string    `json:"to,omitempty"`   // URI
	Conference string    `json:"conference,omitempty"`
	Worker     string    `json:"worker,omitempty"`
	Cause      string    `json:"cause,omitempty"` // a name of the script API's list
	By         string    `json:"by,omitempty"`    // who ended the call
	Text       string    `json:"text,omitempty"`  // of an error
}

// Type names what happened.
type Type string

// The events there are.
const (
	CallStarted     Type = "call.started"
	CallAnswered    Type = "call.answered"
	CallEnded       Type = "call.ended"
	CallRefused     Type = "call.refused" // no route, or no place: no script saw it
	ConferenceJoin  Type = "conference.join"
	ConferenceLeave Type = "conference.leave"
	ScriptLoaded    Type = "script.loaded"
	ScriptRefused   Type = "script.refused"
	ScriptMoved     Type = "script.moved" // live calls were tried on a new version
	WorkerUp        Type = "worker.up"
	WorkerDown      Type = "worker.down"
	Recovered       Type = "recovered" // a brain has taken up the calls of the one before
)

// Line is one line of the brain's log.
type Line struct {
	Seq   uint64    `json:"seq"` // filled in by whoever reads the ring
	Time  time.Time `json:"time"`
	Level string    `json:"level"` // debug info warn error
	Text  string    `json:"text"`
	Call  string    `json:"call,omitempty"` // call or unit that it is about
	App   string    `json:"app,omitempty"`
	Attrs []Attr    `json:"attrs,omitempty"` // all others, in order
}

// Attr is a further fact of a line.
type Attr struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}
