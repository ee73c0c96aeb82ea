package fetch

import "time"

// Limits of one request.
const (
	MaxBody     = 64 << 10
	MaxTimeout  = 60 * time.Second
	MaxRetries  = 5
	maxRedirect = 5
	maxOfApp    = 64
	maxInAll    = 512
)

// Request is one HTTP request of an app. Key names it: it is sent as Idempotency-Key,
// the same at each retry.
type Request struct {
	App, Key    string
	Method, URL string
	Headers     map[string]string
	Body        []byte
	Timeout     time.Duration // of each attempt, 0: 10 s
	Retries     int           // after a network error or 502, 503, 504
}

// Result is what came of a Request: an answer of whatever status, or an error.
type Result struct {
	Status     int
	StatusText string
	URL        string // of the answer, after redirects
	Redirected bool
	Headers    map[string]string // names in lower case, several values joined by ", "
	Body       []byte

	Error *Error
}

// Error says why there is no answer. Name is that of the error a script sees: Denied,
// Timeout, TypeError (the network), RangeError (too large), BadOption, Busy.
type Error struct{ Name, Message string }

func (e *Error) Error() string { return "fetch: " + e.Name + ": " + e.Message }
