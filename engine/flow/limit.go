package flow

import (
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/callwright/callwright/engine/keep"
)

// bucket fills with tokens at an even rate and is full at first. It is kept until it is
// full again, also over a restart: who has used a rate up does not gain by a crash.
type bucket struct {
	Tokens float64 `json:"n"`
	At     int64   `json:"at"` // Unix ms
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
	key := o.u.app + "\x00" + v.Key
	b := bucket{Tokens: v.Max, At: o.f.now.UnixMilli()}
	if raw, ok := o.f.cfg.Keep.Get(o.f.now, bucketLimit, key); ok {
		_ = json.Unmarshal(raw, &b) // our own
	}
	r := b.take(o.f.now, v.Max, per)
	if err := o.f.cfg.Keep.Put(o.f.now, bucketLimit, key, encode(b), b.full(v.Max, per)); err != nil {
		o.fail(kvError("app.limit", err))
		return
	}
	o.complete(r)
}

func (*limit) step(*operation, event) {}

// take refills the bucket and takes a token.
func (b *bucket) take(now time.Time, most float64, per time.Duration) limitResult {
	each := float64(per) / most
	since := max(0, now.Sub(time.UnixMilli(b.At)))
	b.Tokens = min(most, b.Tokens+float64(since)/each)
	b.At = now.UnixMilli()
	r := limitResult{OK: b.Tokens > 1-1e-9}
	if r.OK {
		b.Tokens = max(0, b.Tokens-1)
	}
	if b.Tokens < 1 {
		r.RetryAfter = int64(math.Ceil((1 - b.Tokens) * each / float64(time.Millisecond)))
	}
	r.Left = int(b.Tokens + 1e-9)
	return r
}

// full is how long the bucket takes to be full: until then it is kept.
func (b *bucket) full(most float64, per time.Duration) time.Duration {
	return max(time.Millisecond, time.Duration((most-b.Tokens)*float64(per)/most)+time.Millisecond)
}
