package flow

import (
	"fmt"
	"math"
	"time"

	"github.com/callwright/callwright/engine/keep"
)

const maxBuckets = 100_000

// bucket fills with tokens at an even rate and is full at first. It lives in the
// memory of the brain: after a restart all are full.
type bucket struct {
	tokens float64
	at     time.Time
	full   time.Time // when it will be
}

// limit is app.limit(): takes one token of a key's bucket, if there is one.
type limit struct {
	Key string  `json:"key"`
	Max float64 `json:"max"`
	Per millis  `json:"per"`
}

type limitResult struct {
	OK         bool  `json:"ok"`
	Left       int   `json:"left"`
	RetryAfter int64 `json:"retryAfter"` // ms until there is a token again
}

func (v *limit) begin(o *operation) {
	per := v.Per.duration()
	switch {
	case v.Key == "" || len(v.Key) > keep.MaxKey:
		o.fail(badOption(fmt.Sprintf("app.limit: a key has 1 to %d bytes", keep.MaxKey)))
		return
	case v.Max < 1 || per < time.Millisecond:
		o.fail(badOption("app.limit: give how many in which time, such as { max: 5, per: '1m' }"))
		return
	}
	b, ok := o.f.bucket(o.u.app+"\x00"+v.Key, v.Max)
	if !ok {
		o.fail(busyError(fmt.Sprintf("app.limit: %d keys are counted", maxBuckets)))
		return
	}
	o.complete(b.take(o.f.now, v.Max, per))
}

func (*limit) step(*operation, event) {}

// take refills the bucket and takes a token.
func (b *bucket) take(now time.Time, most float64, per time.Duration) limitResult {
	each := float64(per) / most
	b.tokens = min(most, b.tokens+float64(now.Sub(b.at))/each)
	b.at = now
	r := limitResult{OK: b.tokens > 1-1e-9}
	if r.OK {
		b.tokens = max(0, b.tokens-1)
	}
	if b.tokens < 1 {
		r.RetryAfter = int64(math.Ceil((1 - b.tokens) * each / float64(time.Millisecond)))
	}
	r.Left = int(b.tokens + 1e-9)
	b.full = now.Add(time.Duration((most - b.tokens) * each))
	return r
}

// bucket finds or makes one; when there are too many, those that are full go.
func (f *Flows) bucket(name string, most float64) (*bucket, bool) {
	if b := f.buckets[name]; b != nil {
		return b, true
	}
	if len(f.buckets) >= maxBuckets {
		for n, b := range f.buckets {
			if !b.full.After(f.now) {
				delete(f.buckets, n)
			}
		}
		if len(f.buckets) >= maxBuckets {
			return nil, false
		}
	}
	b := &bucket{tokens: most, at: f.now}
	f.buckets[name] = b
	return b, true
}
