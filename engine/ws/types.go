package ws

import (
	"context"
	"time"

	"github.com/coder/websocket"

	"github.com/callwright/callwright/engine/fetch"
)

// Limits of connections.
const (
	MaxMessage = 48_000 // bytes, which base64 makes 64,000 of
	MaxTimeout = 60 * time.Second
	MaxReason  = 123 // bytes of a reason (RFC 6455 §5.5)

	maxOfApp  = 64
	maxInAll  = 1024
	maxQueued = 64 // to send
	maxUntold = 16 // read and not taken
	patience  = 10 * time.Second
)

// Codes that no peer sends (RFC 6455 §7.4.1), and that of a service that starts anew.
const (
	Abnormal = 1006
	Restart  = 1012
)

// Request asks for a connection of an app.
type Request struct {
	App, URL  string
	Protocols []string
	Headers   map[string]string
	Timeout   time.Duration // to open, 0: 10 s
}

// Message is one message, whole.
type Message struct {
	Text bool
	Data []byte
}

// Kinds of events.
const (
	Opened   = iota + 1
	Received // Message
	Done     // Ask N, with Error when nothing came of it
	Closed
)

// Event is what a connection tells.
type Event struct {
	Kind     int
	Protocol string // of Opened
	Message  Message
	N        uint32
	Code     int // of Closed
	Reason   string
	Clean    bool // both sides said so
	Error    *Error
}

// Error is why something failed, by the name that a script sees: Denied, BadOption, Busy,
// Timeout, TypeError (the network).
type Error = fetch.Error

// What a connection can be asked.
const (
	Send = iota + 1
	Ping
	Took // one message received has been taken
	Close
)

// Ask is one thing asked of a connection. N names it in its Done; Took and Close have none.
type Ask struct {
	Do      int
	N       uint32
	Message Message
	Code    int
	Reason  string
}

// Conn is a connection beneath; *websocket.Conn is one.
type Conn interface {
	Read(ctx context.Context) (websocket.MessageType, []byte, error)
	Write(ctx context.Context, kind websocket.MessageType, data []byte) error
	Ping(ctx context.Context) error
	Close(code websocket.StatusCode, reason string) error
	CloseNow() error
	Subprotocol() string
}
