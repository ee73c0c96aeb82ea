package keep

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/callwright/callwright/sandbox"
)

var start = time.UnixMilli(1_800_000_000_000)

func raw(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

func TestValuesExpire(t *testing.T) {
	k := New(nil)
	for key, ttl := range map[string]time.Duration{"for-ever": 0, "second": time.Second, "minute": time.Minute} {
		if err := k.Put(start, "kv", key, raw(key), ttl); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		after time.Duration
		want  []string
	}{
		{0, []string{"for-ever", "minute", "second"}},
		{999 * time.Millisecond, []string{"for-ever", "minute", "second"}},
		{time.Second, []string{"for-ever", "minute"}},
		{time.Hour, []string{"for-ever"}},
	} {
		now := start.Add(c.after)
		if _, ok := k.Get(now, "kv", "second"); ok != (c.after < time.Second) {
			t.Errorf("after %v: second is there: %v", c.after, ok)
		}
		if got := k.List(now, "kv", "", 10); !reflect.DeepEqual(got, c.want) {
			t.Errorf("after %v: %v, want %v", c.after, got, c.want)
		}
	}
	if n, bytes := k.Size(); n != 1 || bytes != len("for-ever")*2+2+overhead {
		t.Errorf("left %d keys of %d bytes", n, bytes)
	}
}

func TestNumbers(t *testing.T) {
	k := New(nil)
	for i, want := range []float64{1, 2, 3} {
		if got, err := k.Incr(start.Add(time.Duration(i)*time.Second), "kv", "n", 1, map[int]time.Duration{0: time.Minute}[i]); got != want || err != nil {
			t.Fatalf("%v %v, want %v", got, err, want)
		}
	}
	if _, ok := k.Get(start.Add(time.Minute), "kv", "n"); ok {
		t.Error("a number without a new ttl outlived its first")
	}
	_ = k.Put(start, "kv", "text", raw("a"), 0)
	if _, err := k.Incr(start, "kv", "text", 1, 0); !errors.Is(err, ErrNumber) {
		t.Errorf("a text: %v", err)
	}
}

func TestLimits(t *testing.T) {
	k := New(nil)
	for _, c := range []struct {
		key   string
		value int
		want  error
	}{
		{"", 1, ErrKey}, {strings.Repeat("k", MaxKey+1), 1, ErrKey}, {"k", MaxValue + 1, ErrValue}, {strings.Repeat("k", MaxKey), MaxValue, nil},
	} {
		if err := k.Put(start, "kv", c.key, make([]byte, c.value), 0); !errors.Is(err, c.want) {
			t.Errorf("key of %d, value of %d bytes: %v, want %v", len(c.key), c.value, err, c.want)
		}
	}
	full := New(nil)
	big := make([]byte, MaxValue)
	var err error
	n := 0
	for ; err == nil; n++ {
		err = full.Put(start, "kv", fmt.Sprint(n), big, time.Second)
	}
	if _, bytes := full.Size(); !errors.Is(err, ErrFull) || bytes > maxBytes || n < maxBytes/(MaxValue+200) {
		t.Errorf("after %d values: %v, %d bytes", n, err, bytes)
	}
	if err := full.Put(start, "kv", "0", raw(1), 0); err != nil {
		t.Errorf("a smaller value in the place of a large one: %v", err)
	}
	if err := full.Put(start.Add(time.Second), "kv", "again", big, 0); err != nil {
		t.Errorf("after the others expired: %v", err)
	}
}

// TestLogAndSnapshot writes at random and rebuilds the tree from a snapshot taken at any
// time and all batches, as a start does.
func TestLogAndSnapshot(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		var log []sandbox.Batch
		k := New(func(b sandbox.Batch) { log = append(log, b) })
		var filed []byte
		now := start
		for i := range 200 {
			now = now.Add(time.Duration(r.IntN(1000)) * time.Millisecond)
			bucket, key := []string{"kv", "at"}[r.IntN(2)], fmt.Sprint(r.IntN(12))
			switch r.IntN(4) {
			case 0:
				k.Delete(now, bucket, key)
			case 1:
				_, _ = k.Incr(now, bucket, key, 1, 0)
			default:
				_ = k.Put(now, bucket, key, raw(i), time.Duration(r.IntN(3))*10*time.Second)
			}
			if i == 90 {
				filed, _ = k.Snapshot()
			}
		}
		again := New(nil)
		if err := again.Restore(filed); err != nil {
			t.Fatal(err)
		}
		for _, b := range log[r.IntN(60):] { // some come again
			if b.Kind != Kind {
				t.Fatalf("kind %q", b.Kind)
			}
			if err := again.Apply(b); err != nil {
				t.Fatal(err)
			}
		}
		for _, bucket := range []string{"kv", "at"} {
			got, want := again.List(now, bucket, "", 100), k.List(now, bucket, "", 100)
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("seed %d: %s: %v, want %v", seed, bucket, got, want)
			}
			for _, key := range want {
				a, _ := again.Get(now, bucket, key)
				b, _ := k.Get(now, bucket, key)
				if string(a) != string(b) {
					t.Fatalf("seed %d: %s: %s, want %s", seed, key, a, b)
				}
			}
		}
	}
}

func TestStrangeRecordsAreRefused(t *testing.T) {
	k := New(nil)
	for _, w := range []sandbox.Write{{Path: []string{"kv"}}, {Path: []string{"kv", "a"}, Value: raw(1)}, {Path: []string{"kv", "a"}, Value: raw(map[string]int{"y": 1})}} {
		if k.Apply(sandbox.Batch{Kind: Kind, Writes: []sandbox.Write{w}}) == nil {
			t.Errorf("%v was applied", w)
		}
	}
	for _, s := range []string{"", "{}", `{"v":2}`, "[]"} {
		if k.Restore([]byte(s)) == nil {
			t.Errorf("snapshot %q was restored", s)
		}
	}
}

func FuzzRestore(f *testing.F) {
	f.Add([]byte(`{"v":1,"pairs":[{"b":"kv","k":"a","v":1,"x":5}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		k := New(nil)
		if k.Restore(b) == nil {
			if _, err := k.Snapshot(); err != nil {
				t.Fatal(err)
			}
		}
	})
}
