package scripttest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/callwright/callwright/cmd/callwright/phone"
)

// loaded is what t.load() gives. Times are in ms, from INVITE to answer.
type loaded struct {
	Calls    int            `json:"calls"`
	Answered int            `json:"answered"`
	Failed   int            `json:"failed"`
	P50      float64        `json:"p50"`
	P99      float64        `json:"p99"`
	Max      float64        `json:"max"`
	Causes   map[string]int `json:"causes"` // of the failed, and of how the others ended
}

// longestLoad bounds the calls of one t.load(): each is a phone.
const longestLoad = 10000

// load places calls at a steady rate, each by a phone of its own that says nothing and
// hangs up after hold, unless the engine has. It returns when all are over, and their
// flows have gone on.
func (b *bench) load(a *asked) (any, error) {
	if a.Cps <= 0 || a.Calls < 1 || a.Calls > longestLoad {
		return nil, fmt.Errorf("t.load: cps must be more than 0, calls 1 to %d", longestLoad)
	}
	var (
		mu    sync.Mutex
		out   = loaded{Calls: a.Calls, Causes: map[string]int{}}
		waits []float64
		calls sync.WaitGroup
	)
	began := time.Now()
	for i := range a.Calls {
		if err := b.wait(time.Until(began.Add(time.Duration(float64(i) / a.Cps * float64(time.Second))))); err != nil {
			break
		}
		calls.Go(func() {
			r, err := b.loadCall(i, a)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case r == nil || !r.Answered:
				out.Failed++
				out.Causes[err.Error()]++
			default:
				out.Answered++
				waits = append(waits, r.SetupMs)
				out.Causes[r.Cause]++
			}
		})
	}
	calls.Wait()
	slices.Sort(waits)
	if n := len(waits); n > 0 {
		out.P50, out.P99, out.Max = waits[n/2], waits[n*99/100], waits[n-1]
	}
	return out, errors.Join(b.ctx.Err(), b.settle())
}

func (b *bench) loadCall(n int, a *asked) (*phone.Report, error) {
	sip, rtp, hop, err := b.engine.Sockets()
	if err != nil {
		return nil, err
	}
	uri, name := a.To, fmt.Sprintf("load%d", n)
	if !strings.Contains(uri, ":") {
		uri = "sip:" + uri + "@" + hop.String()
	}
	return phone.Dial(b.ctx, phone.Config{
		URI: uri, SIP: sip, Hop: hop, RTP: rtp, From: name, Seed: sha256.Sum256([]byte(name)),
		Duration: ms(a.Hold), Quiet: func() bool { return true },
	})
}
