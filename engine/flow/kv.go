package flow

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/callwright/callwright/engine/keep"
	"github.com/callwright/callwright/sandbox"
)

// Buckets of what is kept.
const (
	bucketKV       = "kv"       // scripts' own
	bucketLimit    = "limit"    // rates that are being used
	bucketSchedule = "schedule" // when schedules ran
)

const maxResult = 64 << 10 // bytes of one operation's result

// kvGet is kv.get(): null for a key that is not there.
type kvGet struct {
	Key string `json:"key"`
}

func (v *kvGet) begin(o *operation) {
	if e := o.ownName(v.Key); e != nil {
		o.fail(e)
		return
	}
	value, ok := o.f.cfg.Keep.Get(o.f.now, bucketKV, v.Key)
	if !ok {
		value = json.RawMessage("null")
	}
	o.complete(value)
}

func (*kvGet) step(*operation, event) {}

// kvWrite is put, incr and delete: done at once in memory, and told to the script when
// it is on disk.
type kvWrite struct {
	Key   string          `json:"key"`
	Value json.RawMessage `json:"value"`
	By    *float64        `json:"by"`
	TTL   millis          `json:"ttl"`

	result any
}

func (v *kvWrite) begin(o *operation) {
	if e := o.ownName(v.Key); e != nil {
		o.fail(e)
		return
	}
	if err := v.write(o); err != nil {
		o.fail(kvError(o.name(), err))
		return
	}
	o.f.emit(Commit{Unit: o.u.id, Op: o.n})
}

func (v *kvWrite) write(o *operation) (err error) {
	k, now, ttl := o.f.cfg.Keep, o.f.now, lifetime(v.TTL)
	switch o.method {
	case "put":
		if bytes.Contains(v.Value, []byte(`{"$`)) {
			return fmt.Errorf("%w: only JSON can be kept, no functions and no objects of Callwright", errNotJSON)
		}
		return k.Put(now, bucketKV, v.Key, v.Value, ttl)
	case "incr":
		by := 1.0
		if v.By != nil {
			by = *v.By
		}
		v.result, err = k.Incr(now, bucketKV, v.Key, by, ttl)
		return err
	}
	v.result = k.Delete(now, bucketKV, v.Key)
	return nil
}

func (v *kvWrite) step(o *operation, e event) {
	c, ok := e.(committed)
	switch {
	case !ok:
	case c.why != "":
		o.fail(plainError(o.name() + ": it is not known to be on disk: " + c.why))
	default:
		o.complete(v.result)
	}
}

// lifetime is a ttl without the bound of other times: at most a hundred years.
func lifetime(ttl millis) time.Duration {
	const most = 100 * 365 * 24 * time.Hour
	return time.Duration(min(float64(ttl), float64(most.Milliseconds()))) * time.Millisecond
}

var errNotJSON = errors.New("flow: not JSON")

func kvError(name string, err error) *sandbox.HostError {
	_, why, _ := strings.Cut(err.Error(), ": ") // an author does not know our rooms
	text := name + ": " + why
	switch {
	case errors.Is(err, keep.ErrValue):
		return &sandbox.HostError{Name: "RangeError", Message: text}
	case errors.Is(err, keep.ErrFull):
		return busyError(text)
	case errors.Is(err, keep.ErrNumber), errors.Is(err, errNotJSON):
		return &sandbox.HostError{Name: "TypeError", Message: text}
	}
	return badOption(text)
}

// kvList is kv.list(): keys in their order.
type kvList struct {
	Prefix string `json:"prefix"`
	Limit  int    `json:"limit"`
}

func (v *kvList) begin(o *operation) {
	if e := o.ownName(v.Prefix); e != nil {
		o.fail(e)
		return
	}
	if v.Limit < 1 {
		o.fail(badOption("kv.list: limit must be at least 1"))
		return
	}
	list := encode(o.f.cfg.Keep.List(o.f.now, bucketKV, v.Prefix, v.Limit))
	if len(list) > maxResult {
		o.fail(&sandbox.HostError{Name: "RangeError", Message: fmt.Sprintf(
			"kv.list: %d bytes of keys, at most %d: give a longer prefix or a smaller limit", len(list), maxResult)})
		return
	}
	o.complete(list)
}

func (*kvList) step(*operation, event) {}
