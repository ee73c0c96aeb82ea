package keep

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/callwright/callwright/sandbox"
)

// Kind is the kind of our batches in the log.
const Kind = "keep"

// Limits.
const (
	MaxKey   = 512
	MaxValue = 64 << 10
	maxKeys  = 100_000
	maxBytes = 256 << 20
	overhead = 100 // bytes that a pair costs beside its own
)

// Errors.
var (
	ErrKey    = errors.New("keep: bad key")
	ErrValue  = errors.New("keep: value too large")
	ErrNumber = errors.New("keep: not a number")
	ErrFull   = errors.New("keep: full")
)

// Keep is the tree. Make it with New.
type Keep struct {
	mu    sync.Mutex
	pairs map[place]*pair
	ends  ends
	bytes int
	sink  func(sandbox.Batch)
}

type place struct{ bucket, key string }

// pair is a value and the instant it expires at.
type pair struct {
	at    place
	value json.RawMessage
	until int64 // Unix ms; 0: never
	index int   // in ends, -1: it is not there
}

// New makes an empty tree. sink is told each change, under the tree's lock: it must
// neither block nor call back. It may be nil.
func New(sink func(sandbox.Batch)) *Keep {
	return &Keep{pairs: map[place]*pair{}, sink: sink}
}

// Get returns the value of a key, which the caller must not change.
func (k *Keep) Get(now time.Time, bucket, key string) (json.RawMessage, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	p := k.live(now, place{bucket, key})
	if p == nil {
		return nil, false
	}
	return p.value, true
}

// Put sets a key; ttl 0: until it is deleted.
func (k *Keep) Put(now time.Time, bucket, key string, value json.RawMessage, ttl time.Duration) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.put(now, place{bucket, key}, value, until(now, ttl))
}

// Incr adds to a number, which is 0 before, and returns the sum. A positive ttl counts
// anew from now; without one, the number keeps the time it has.
func (k *Keep) Incr(now time.Time, bucket, key string, by float64, ttl time.Duration) (float64, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	at, sum, end := place{bucket, key}, 0.0, until(now, ttl)
	if p := k.live(now, at); p != nil {
		if err := json.Unmarshal(p.value, &sum); err != nil || string(p.value) == "null" {
			return 0, fmt.Errorf("%w: %.40s", ErrNumber, p.value)
		}
		if ttl == 0 {
			end = p.until
		}
	}
	sum += by
	if math.IsInf(sum, 0) || math.IsNaN(sum) {
		return 0, fmt.Errorf("%w: %v", ErrNumber, sum)
	}
	value, err := json.Marshal(sum)
	if err != nil {
		return 0, fmt.Errorf("keep: %w", err)
	}
	return sum, k.put(now, at, value, end)
}

// Delete removes a key and says whether it was there.
func (k *Keep) Delete(now time.Time, bucket, key string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.expire(now)
	at := place{bucket, key}
	p := k.pairs[at]
	if p == nil {
		return false
	}
	k.remove(p)
	k.tell(at, nil)
	return true
}

// List returns the keys that begin with prefix in their order, at most limit. It looks
// at every key: about a millisecond for 100,000.
func (k *Keep) List(now time.Time, bucket, prefix string, limit int) []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.expire(now)
	keys := []string{}
	for at := range k.pairs {
		if at.bucket == bucket && strings.HasPrefix(at.key, prefix) {
			keys = append(keys, at.key)
		}
	}
	slices.Sort(keys)
	return keys[:min(len(keys), limit)]
}

// Size is how many keys there are, and what they weigh in bytes.
func (k *Keep) Size() (keys, bytes int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.pairs), k.bytes
}

func until(now time.Time, ttl time.Duration) int64 {
	if ttl <= 0 {
		return 0
	}
	return now.Add(ttl).UnixMilli()
}

// live is the pair of a place, nil when it has expired.
func (k *Keep) live(now time.Time, at place) *pair {
	p := k.pairs[at]
	if p == nil || p.until != 0 && p.until <= now.UnixMilli() {
		return nil
	}
	return p
}

func (k *Keep) put(now time.Time, at place, value json.RawMessage, end int64) error {
	switch {
	case at.key == "" || len(at.key) > MaxKey:
		return fmt.Errorf("%w: %d bytes, from 1 to %d", ErrKey, len(at.key), MaxKey)
	case len(value) > MaxValue:
		return fmt.Errorf("%w: %d bytes, at most %d", ErrValue, len(value), MaxValue)
	}
	k.expire(now)
	had, grown := 0, len(value)+len(at.key)+overhead
	if old := k.pairs[at]; old != nil {
		had = old.weight()
	} else if len(k.pairs) >= maxKeys {
		return fmt.Errorf("%w: %d keys", ErrFull, len(k.pairs))
	}
	if grown > had && k.bytes+grown-had > maxBytes {
		return fmt.Errorf("%w: %d bytes of %d", ErrFull, k.bytes, maxBytes)
	}
	k.set(at, value, end)
	k.tell(at, k.pairs[at])
	return nil
}

// set and remove change the tree and nothing else.
func (k *Keep) set(at place, value json.RawMessage, end int64) {
	if old := k.pairs[at]; old != nil {
		k.remove(old)
	}
	p := &pair{at: at, value: value, until: end, index: -1}
	k.pairs[at] = p
	k.bytes += p.weight()
	k.ends.add(p)
}

func (k *Keep) remove(p *pair) {
	delete(k.pairs, p.at)
	k.bytes -= p.weight()
	k.ends.drop(p)
}

func (p *pair) weight() int { return len(p.value) + len(p.at.key) + overhead }

// expire lets go of what has come to its end.
func (k *Keep) expire(now time.Time) {
	for p := k.ends.first(); p != nil && p.until <= now.UnixMilli(); p = k.ends.first() {
		k.remove(p)
	}
}
