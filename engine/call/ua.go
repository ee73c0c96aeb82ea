package call

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/callwright/callwright/engine/parcel"
	"github.com/callwright/callwright/media/sdp"
)

// ErrState is about a state that cannot be gone on from.
var ErrState = errors.New("call: state cannot be read")

// Config is what a UA is told at its start; it is not part of its state. Zero fields
// have the defaults named.
type Config struct {
	// Seed makes tags, branches and Call-IDs. It must be secret and new for each
	// deployment, and the same when a state is resumed.
	Seed [32]byte
	// Contact is our URI as peers on a flow reach it; default "sip:" and Flow.Local.
	// Its host and port also stand in our Via.
	Contact func(local Flow) string
	Timers  Timers
	// UserAgent is the product name in Server and User-Agent headers; "": none.
	UserAgent string
	// Codecs are those a call may be answered with; default PCMU, PCMA. An INVITE
	// with none of them is refused at once.
	Codecs []sdp.Codec
	// Asks are the methods that flows answer (Asked, Reply), in calls and outside:
	// "MESSAGE", "REFER", "REGISTER" …; all others but the core's own get 405.
	Asks []string
	// MaxLegs (default 20000) and MaxTransactions (default 200000) bound memory.
	MaxLegs, MaxTransactions int
}

// UA is the core of one shard. See the package's comment.
type UA struct {
	cfg        Config
	s          state
	retryAfter time.Duration // of SetOverload; 0: no overload

	owned   map[string]map[string]bool // owners of timers by leg: its transactions
	touched []string                   // legs that the step may have changed

	now time.Time // of the step
	out []Action  // of the step

	scheme  *parcel.Scheme
	extract extract // the last one, for its list
}

// state is what must survive.
type state struct {
	Version int                `json:"v"`
	Count   uint64             `json:"count"` // ids drawn
	Servers map[string]*server `json:"servers"`
	Clients map[string]*client `json:"clients"`
	Legs    map[string]*leg    `json:"legs"`
	Tags    map[string]string  `json:"tags"`    // local tag -> leg
	Closing map[string]string  `json:"closing"` // local tag -> key of its BYE
	Merge   map[string]string  `json:"merge"`   // Call-ID, From tag, CSeq -> server transaction
	// Requests of flows that have no final response: id -> client transaction.
	Requests map[string]string `json:"requests,omitempty"`

	Timers map[string]map[string]time.Time `json:"timers"` // armed: by owner and name
}

const stateVersion = 1

// NewUA makes an empty core.
func NewUA(cfg Config) *UA {
	if cfg.Contact == nil {
		cfg.Contact = defaultContact
	}
	if cfg.MaxLegs <= 0 {
		cfg.MaxLegs = 20000
	}
	if cfg.MaxTransactions <= 0 {
		cfg.MaxTransactions = 200000
	}
	cfg.Timers = cfg.Timers.filled()
	u := &UA{cfg: cfg, s: state{Version: stateVersion}, owned: map[string]map[string]bool{}, scheme: parcel.NewScheme()}
	u.s.fill()
	return u
}

// fill makes the maps that are not there.
func (s *state) fill() {
	makeIfNil(&s.Servers)
	makeIfNil(&s.Clients)
	makeIfNil(&s.Legs)
	makeIfNil(&s.Tags)
	makeIfNil(&s.Closing)
	makeIfNil(&s.Merge)
	makeIfNil(&s.Requests)
	makeIfNil(&s.Timers)
}

func makeIfNil[V any](m *map[string]V) {
	if *m == nil {
		*m = make(map[string]V)
	}
}

// Resume makes a core that goes on where the marshalled one stood. Armed tells which
// timers must be armed again.
func Resume(cfg Config, data []byte) (*UA, error) {
	u := NewUA(cfg)
	u.s = state{}
	if err := json.Unmarshal(data, &u.s); err != nil {
		return nil, fmt.Errorf("%w: %v", ErrState, err)
	}
	if u.s.Version != stateVersion {
		return nil, fmt.Errorf("%w: version %d", ErrState, u.s.Version)
	}
	u.s.fill()
	for _, s := range u.s.Servers {
		u.own(s.Leg, s.owner())
	}
	for _, c := range u.s.Clients {
		u.own(c.Leg, c.owner())
	}
	return u, nil
}

// MarshalJSON writes the whole state, with the credentials of calls being placed:
// whoever stores it must seal it.
func (u *UA) MarshalJSON() ([]byte, error) { return json.Marshal(&u.s) }

// SetOverload makes every new INVITE get 503 with that Retry-After; zero ends it.
func (u *UA) SetOverload(retryAfter time.Duration) { u.retryAfter = retryAfter }

// Legs counts the legs whose Ended has not been told.
func (u *UA) Legs() int {
	n := 0
	for _, l := range u.s.Legs {
		if !l.Silent {
			n++
		}
	}
	return n
}

// Pending counts what a peer is still owed: legs, and requests of ours without a
// final response. A program that ends waits until it is zero, or long enough.
func (u *UA) Pending() int {
	n := len(u.s.Legs)
	for _, c := range u.s.Clients {
		if c.State == calling || c.State == proceeding {
			n++
		}
	}
	for _, s := range u.s.Servers {
		if s.State == completed && s.Method == "INVITE" {
			n++
		}
	}
	return n
}

// Step takes one input and brings back what must be done, in order. now is the time
// of the turn.
func (u *UA) Step(now time.Time, in Input) []Action {
	u.now, u.out, u.touched = now, nil, u.touched[:0]
	switch in := in.(type) {
	case Received:
		u.received(in.Flow, in.Msg)
	case Fired:
		u.fired(in.Timer)
	case SendFailed:
		u.sendFailed(in)
	case Dial:
		u.dial(in)
	case Reply:
		u.reply(in)
	case Request:
		u.ordered(in)
	default:
		u.order(in)
	}
	out := u.out
	u.out = nil
	return out
}

func (u *UA) do(a Action) { u.out = append(u.out, a) }

func (u *UA) send(f Flow, m *Message, key string) { u.do(Send{Flow: f, Msg: m, Branch: key}) }

func defaultContact(f Flow) string {
	if f.Transport == "" || f.Transport == "udp" {
		return "sip:" + f.Local
	}
	t := f.Transport
	if t == "wss" {
		t = "ws" // RFC 7118 §5.2: the URI tells no more
	}
	return "sip:" + f.Local + ";transport=" + t
}
