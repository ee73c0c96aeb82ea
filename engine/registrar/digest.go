package registrar

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"strings"
	"time"

	"github.com/icholy/digest"

	"github.com/callwright/callwright/engine/call"
)

// result is what credentials come to.
type result int

const (
	none result = iota // there are none for our realm
	right
	wrong
	stale // right or not, their nonce has aged, or is counted already
)

// check verifies the credentials of a request (RFC 3261 §22, RFC 8760). A user that is
// not known costs the same work.
func (r *Registrar) check(now time.Time, q *Request, s Secret, known bool) result {
	for _, v := range q.msg.All("Authorization") {
		c, err := digest.ParseCredentials(v)
		if err != nil || c.Realm != r.cfg.Realm || c.Userhash {
			continue
		}
		if c.QOP != "auth" || c.Nc <= 0 || c.Cnonce == "" || len(v) > 2048 {
			return none // we ask for qop: without a count it could be played again
		}
		o := digest.Options{Method: q.msg.Method, URI: c.URI, Count: c.Nc, Cnonce: c.Cnonce, Username: c.Username, Password: s.Password}
		if s.HA1 != "" && (c.Algorithm == "" || strings.EqualFold(c.Algorithm, "MD5")) {
			o.A1 = strings.ToLower(s.HA1)
		}
		want, err := digest.Digest(&digest.Challenge{Realm: c.Realm, Nonce: c.Nonce, Algorithm: c.Algorithm, QOP: []string{"auth"}}, o)
		if err != nil {
			return none
		}
		same := subtle.ConstantTimeCompare([]byte(want.Response), []byte(strings.ToLower(c.Response))) == 1
		ok := same && known && c.Username == q.User && (s.Password != "" || o.A1 != "")
		if !r.nonces.fresh(now, c.Nonce, c.Nc, ok) {
			return stale
		}
		if ok {
			return right
		}
		return wrong
	}
	return none
}

// challenge asks for credentials (RFC 8760 §2.4). A user whose secret is kept as a digest
// can answer by MD5 alone.
func (r *Registrar) challenge(now time.Time, q *Request, old bool) Verdict {
	v := Verdict{Status: 401}
	algorithms := r.cfg.Algorithms
	if s, _ := r.cfg.User(q.User); s.Password == "" && s.HA1 != "" {
		algorithms = []string{MD5}
	}
	nonce := r.nonces.make(now)
	for _, a := range algorithms {
		text := `Digest realm="` + r.cfg.Realm + `", nonce="` + nonce + `", algorithm=` + a + `, qop="auth"`
		if old {
			text += ", stale=true"
		}
		v.Headers = append(v.Headers, call.Header{Name: "WWW-Authenticate", Value: text})
	}
	return v
}

// nonces are made of their time and a seal, so that asking for them leaves nothing here.
// Those that were used are counted while they are good.
type nonces struct {
	seed  [32]byte
	made  uint32 // so that no two of one instant are the same
	used  map[string]count
	swept time.Time
}

type count struct {
	nc    int
	until time.Time
}

const (
	nonceLife = 5 * time.Minute
	maxUsed   = 50_000
	nonceSize = 28 // time, number, seal
)

func newNonces(seed [32]byte) nonces { return nonces{seed: seed, used: map[string]count{}} }

func (n *nonces) make(now time.Time) string {
	var b [nonceSize]byte
	n.made++
	binary.BigEndian.PutUint64(b[:], uint64(now.UnixMicro()))
	binary.BigEndian.PutUint32(b[8:], n.made)
	copy(b[12:], n.seal(b[:12]))
	return hex.EncodeToString(b[:])
}

func (n *nonces) seal(b []byte) []byte {
	h := hmac.New(sha256.New, n.seed[:])
	h.Write([]byte("nonce"))
	h.Write(b)
	return h.Sum(nil)[:nonceSize-12]
}

// fresh says whether a nonce is ours, young, and counted higher than before. Only right
// credentials are counted: a stranger cannot use up a count.
func (n *nonces) fresh(now time.Time, nonce string, nc int, ok bool) bool {
	b, err := hex.DecodeString(nonce)
	if err != nil || len(b) != nonceSize || !hmac.Equal(b[12:], n.seal(b[:12])) {
		return false
	}
	made := time.UnixMicro(int64(binary.BigEndian.Uint64(b)))
	until := made.Add(nonceLife)
	if !until.After(now) || nc <= n.used[nonce].nc {
		return false
	}
	if ok {
		n.sweep(now)
		if len(n.used) >= maxUsed {
			return false // it will be asked again, by when some have aged
		}
		n.used[nonce] = count{nc, until}
	}
	return true
}

func (n *nonces) sweep(now time.Time) {
	if now.Sub(n.swept) < time.Minute && len(n.used) < maxUsed {
		return
	}
	n.swept = now
	for k, c := range n.used {
		if !c.until.After(now) {
			delete(n.used, k)
		}
	}
}

// failures are the sources whose credentials were wrong, lately.
type failures map[netip.Addr]tries

type tries struct {
	n     int
	until time.Time
}

const (
	maxTries    = 10
	triesIn     = time.Minute
	maxSources  = 10_000
	maxIPv6Bits = 64 // a host has as many addresses as it likes
)

func source(a netip.Addr) netip.Addr {
	if a = a.Unmap(); a.Is6() {
		if p, err := a.Prefix(maxIPv6Bits); err == nil {
			return p.Addr()
		}
	}
	return a
}

func (f failures) banned(now time.Time, a netip.Addr) bool {
	t := f[source(a)]
	return t.n >= maxTries && t.until.After(now)
}

func (f failures) add(now time.Time, a netip.Addr) {
	a = source(a)
	t, had := f[a]
	if !had && len(f) >= maxSources {
		for k, t := range f {
			if !t.until.After(now) {
				delete(f, k)
			}
		}
		if len(f) >= maxSources {
			clear(f)
		}
	}
	if !t.until.After(now) {
		t = tries{}
	}
	t.n, t.until = t.n+1, now.Add(triesIn)
	f[a] = t
}
