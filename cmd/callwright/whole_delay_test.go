package main

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/callwright/callwright/media/dsp"
)

// onset is a phone's side of a measurement of delay: when a tone began to leave it,
// or to reach it. As goals have it, packetisation is excluded: a sample's time is its
// packet's at the socket, plus its place in the packet.
type onset struct {
	mu sync.Mutex
	at time.Time
}

// of notes when sound begins in what passes; the first time counts.
func (o *onset) of(frame []int16) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if i := dsp.Onset(frame, 8000, -30); o.at.IsZero() && i >= 0 {
		o.at = time.Now().Add(time.Duration(i) * time.Second / 8000)
	}
}

func (o *onset) time() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.at
}

// What a conference adds to the way of a voice: 5 ms of depth, and the time to
// the mixer's next tick, whatever the phases of phones and mixer. A phone in need of
// more than that, for jitter, gets it; these have none.
func TestDelayOfAConference(t *testing.T) {
	inWorld(t, map[string]string{"quiet.js": `
import { conference } from 'callwright';
export const routes = [/^7/];
export default async call => {
  await call.answer();
  const member = await (await conference(call.to.user)).join(call);
  await member.left;
};`}, func(w *world) {
		const pairs = 25
		var callers []*caller
		var said, heard [pairs]onset
		voices := make([]*spoken, pairs)
		for i := range pairs {
			v, from, to := &spoken{}, &said[i], &heard[i]
			voices[i] = v
			number := fmt.Sprintf("70%02d", i)
			talker := w.dialsAs(number, func(frame []int16) {
				v.fill(frame)
				from.of(frame)
			})
			listener := w.dials(number, 0)
			listener.mu.Lock()
			listener.also = to.of
			listener.mu.Unlock()
			callers = append(callers, talker, listener)
			time.Sleep(203700 * time.Microsecond) // all phases of the mixer's tick
		}
		time.Sleep(2 * time.Second)
		var delays []time.Duration
		for i, v := range voices {
			v.hz.Store(600)
			time.Sleep(200 * time.Millisecond)
			v.hz.Store(0)
			if heard[i].time().IsZero() {
				t.Fatalf("pair %d: nothing was heard", i)
			}
			delays = append(delays, heard[i].time().Sub(said[i].time()))
		}
		slices.Sort(delays)
		t.Logf("added delay: least %v, median %v, most %v", delays[0], delays[pairs/2], delays[pairs-1])
		if delays[pairs/2] >= 20*time.Millisecond || delays[pairs-1] > 30*time.Millisecond || delays[0] < 0 {
			t.Errorf("added delay: %v", delays)
		}
		for _, c := range callers {
			c.end()
		}
	})
}
