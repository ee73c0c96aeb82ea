package scripttest

import (
	"net"
	"net/netip"
	"time"

	"github.com/callwright/callwright/sandbox"
)

// Engine is a whole engine within the bubble of one test. Its methods are called from
// goroutines of that bubble.
type Engine interface {
	// Sockets opens what a new phone speaks by; hop is where its SIP goes.
	Sockets() (sip, rtp net.PacketConn, hop netip.AddrPort, err error)
	// Reload reads one app anew, "" all of them.
	Reload(app string) error
	// Crash kills a worker ("sbc", "mixer") or the "brain", and starts its successor.
	Crash(role string) error
	State() *sandbox.State
	// Web is what scripts reach by fetch.
	Web() *Web
	// Names are where the URIs lead that scripts dial.
	Names() *Names
	// Recordings is the directory where they are.
	Recordings() string
	// Steps are what the flow of a call has begun so far, by the call's SIP Call-ID.
	Steps(sipCallID string) []Step
	// Log is what scripts and engine have logged.
	Log() string
	Close() error
}

// Step is an operation that a flow began, or anything else that happened to a call.
type Step struct {
	At   time.Time
	What string // "gather"
	Line string // "main.js:12:9"
}

// Outcome is what became of one test.
type Outcome struct {
	File    string   `json:"file"`
	Name    string   `json:"name"`
	Line    int      `json:"line,omitempty"` // of the test, or of its failure
	Passed  bool     `json:"passed"`
	Failure string   `json:"failure,omitempty"`
	Source  string   `json:"source,omitempty"` // text of Line
	Ladders []string `json:"ladders,omitempty"`
	Log     []string `json:"log,omitempty"`
	Ms      float64  `json:"ms"`        // of wall time
	Virtual float64  `json:"virtualMs"` // of the test's own time
}
