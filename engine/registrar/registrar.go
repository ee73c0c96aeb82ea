package registrar

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/callwright/callwright/engine/call"
)

// Limits of bindings.
const (
	maxContacts = 10
	minExpires  = 60 * time.Second
	maxExpires  = time.Hour
	maxURI      = 1024
	maxPath     = 4096
)

// Config is what a Registrar is made of. Keep must be set.
type Config struct {
	Keep Store
	// Realm stands in challenges; default "callwright".
	Realm string
	// User brings back how a user proves to be that one; false: there is none. Nil: nobody
	// is known.
	User func(name string) (Secret, bool)
	// Algorithms are those asked for, the preferred first; default MD5 alone: there are
	// phones that give up at an algorithm they do not know, even beside one they do.
	Algorithms []string
	// Seed makes nonces. It must be secret.
	Seed [32]byte
}

// Store keeps bindings by user: *keep.Keep, which writes them to the log.
type Store interface {
	Get(now time.Time, bucket, key string) (json.RawMessage, bool)
	Put(now time.Time, bucket, key string, value json.RawMessage, ttl time.Duration) error
	Delete(now time.Time, bucket, key string) bool
	List(now time.Time, bucket, prefix string, limit int) []string
}

// Algorithms of digests.
const (
	MD5    = "MD5"
	SHA256 = "SHA-256" // RFC 8760
)

// Secret is what a user's credentials are checked against: the password, or the digest
// of user, realm and password by MD5 in hex, as it is often kept.
type Secret struct {
	Password, HA1 string
}

// Registrar is made by New.
type Registrar struct {
	cfg    Config
	nonces nonces
	wrong  failures

	mu      sync.Mutex
	trusted map[flow]time.Time // until when
}

// New takes up what the log has.
func New(now time.Time, c Config) *Registrar {
	if c.Realm == "" {
		c.Realm = "callwright"
	}
	if len(c.Algorithms) == 0 {
		c.Algorithms = []string{MD5}
	}
	if c.User == nil {
		c.User = func(string) (Secret, bool) { return Secret{}, false }
	}
	r := &Registrar{cfg: c, nonces: newNonces(c.Seed), wrong: failures{}, trusted: map[flow]time.Time{}}
	for _, user := range r.Users(now, 1<<30) {
		for _, b := range r.Lookup(now, user) {
			r.trust(b)
		}
	}
	return r
}

// Verdict is what a REGISTER comes to. With Ask an app is to say, by Accept, Challenge or
// Reject; without one that listens, Default is what holds.
type Verdict struct {
	Status  int
	Reason  string
	Headers []call.Header
	Changed bool // bindings
}

// Request is a REGISTER that is sound.
type Request struct {
	User     string    `json:"user"`
	AOR      string    `json:"aor"`
	Contacts []Contact `json:"contacts"` // what is to be bound; none: a question
	All      bool      `json:"all"`      // all bindings are to go
	// Known: the user is one of the configured; Authenticated: and has proved it.
	Known         bool `json:"known"`
	Authenticated bool `json:"authenticated"`

	flow call.Flow
	msg  *call.Message
	from netip.Addr
	// tried: there were credentials, of nobody that is known here
	tried bool
}

// Agent is what the phone calls itself.
func (q *Request) Agent() string { return clipTo(q.msg.Get("User-Agent"), 100) }

// Read checks a REGISTER and its credentials. A verdict with a status is the end of it.
func (r *Registrar) Read(now time.Time, f call.Flow, m *call.Message) (*Request, Verdict) {
	at, err := netip.ParseAddrPort(f.Remote)
	if err == nil && r.wrong.banned(now, at.Addr()) {
		return nil, Verdict{Status: 403, Reason: "Too Many Failures"}
	}
	q := &Request{AOR: m.To.URI, User: userOf(m.To.URI), flow: f, msg: m, from: at.Addr()}
	if q.User == "" || len(q.User) > 128 {
		return nil, Verdict{Status: 404, Reason: "No User In To"}
	}
	if no := q.readContacts(); no.Status != 0 {
		return nil, no
	}
	secret, known := r.cfg.User(q.User)
	q.Known = known
	switch r.check(now, q, secret, known) {
	case right:
		q.Authenticated = true
	case wrong:
		if known {
			return nil, r.refuse(now, q)
		}
		q.tried = true // an app may know better
	case stale:
		if known {
			return nil, r.challenge(now, q, true)
		}
	}
	return q, Verdict{}
}

// Default is what holds where no app says otherwise: who has proved to be a known user is
// accepted, others are challenged.
func (r *Registrar) Default(now time.Time, q *Request) Verdict {
	if q.Authenticated {
		return r.Accept(now, q, 0)
	}
	return r.Challenge(now, q, nil)
}

// refuse counts a guess.
func (r *Registrar) refuse(now time.Time, q *Request) Verdict {
	r.wrong.add(now, q.from)
	return Verdict{Status: 403, Reason: "Wrong Credentials"}
}

// Challenge asks for credentials, or checks those that came against an app's own secret.
func (r *Registrar) Challenge(now time.Time, q *Request, s *Secret) Verdict {
	switch {
	case s == nil && q.Authenticated:
		return r.Accept(now, q, 0)
	case s == nil && q.tried:
		return r.refuse(now, q)
	case s == nil:
		return r.challenge(now, q, false)
	}
	switch r.check(now, q, *s, true) {
	case right:
		return r.Accept(now, q, 0)
	case wrong:
		return r.refuse(now, q)
	case stale:
		return r.challenge(now, q, true)
	}
	return r.challenge(now, q, false)
}

// Accept binds what is asked for, for at most the given time (0: what was asked), and
// answers with all bindings of the user (RFC 3261 §10.3).
func (r *Registrar) Accept(now time.Time, q *Request, most time.Duration) Verdict {
	list, no := q.bind(r.Lookup(now, q.User), now, most)
	if no.Status != 0 {
		return no
	}
	if err := r.store(now, q.User, list); err != nil {
		return Verdict{Status: 500, Reason: "Bindings Cannot Be Kept"}
	}
	v := Verdict{Status: 200, Changed: q.All || len(q.Contacts) > 0}
	for _, b := range list {
		v.Headers = append(v.Headers, call.Header{Name: "Contact", Value: b.header(now)})
	}
	for _, p := range q.msg.All("Path") {
		v.Headers = append(v.Headers, call.Header{Name: "Path", Value: p})
	}
	return v
}

// Reject refuses.
func (r *Registrar) Reject(status int, reason string) Verdict {
	if status < 400 || status > 699 {
		status = 403
	}
	return Verdict{Status: status, Reason: reason}
}

// Kick ends bindings of a user: those of a contact, or all. It says how many went.
func (r *Registrar) Kick(now time.Time, user, contact string) (int, error) {
	list := r.Lookup(now, user)
	left := slices.DeleteFunc(slices.Clone(list), func(b Binding) bool { return contact == "" || b.URI == contact })
	return len(list) - len(left), r.store(now, user, left)
}

func seconds(d time.Duration) string {
	return strconv.FormatInt(int64((d+time.Second-1)/time.Second), 10)
}
