package main

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/callwright/callwright/media/rtp"
)

// crash ends a worker as a process ends, with its supervisor's word to the brain.
func (w *world) crash(name string) {
	w.ends[name]()
	w.brain.bury(name)
}

// A worker dies under calls, and no process of its name comes up: they end, with the cause
// in the log, and calls work again as soon as there is one.
func TestAWorkersDeathEndsItsCalls(t *testing.T) {
	for _, name := range []string{"sbc-1", "mixer-1"} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, shipped(t), func(w *world) {
				a, b := w.dials("7001", 500), w.dials("7001", 700)
				time.Sleep(2 * time.Second)
				a.hears("a", a.listen(time.Second), []float64{700}, []float64{500})
				died, absence := time.Now(), 10*time.Second
				w.crash(name)
				for _, c := range []*caller{a, b} {
					<-c.done
					if c.report.EndedBy != "callee" || time.Since(died) > absence+50*time.Millisecond {
						t.Errorf("after %v: ended by %s, %s", time.Since(died), c.report.EndedBy, c.report.Cause)
					}
				}
				if n := strings.Count(w.log.text(), "cause=worker-lost"); n != 2 {
					t.Errorf("%d calls with their cause in the log", n)
				}
				between := w.dials("5000", 0)
				<-between.done
				if between.report.Status != 503 {
					t.Errorf("a call without %s: %d", name, between.report.Status)
				}
				if name == "sbc-1" {
					w.startSBC(name)
				} else {
					w.startMixer(name, t.TempDir())
				}
				time.Sleep(100 * time.Millisecond)
				c, d := w.dials("7001", 500), w.dials("7001", 700)
				time.Sleep(2 * time.Second)
				c.hears("the next caller", c.listen(time.Second), []float64{700}, []float64{500})
				c.hangup()
				d.hangup()
			})
		})
	}
}

// Who sends RTP into a call of others is not heard, takes no audio away, and costs
// nobody a frame: sound RTP, with the caller's own SSRC even, and garbage.
func TestRTPOfAThirdParty(t *testing.T) {
	inWorld(t, shipped(t), func(w *world) {
		a, b := w.dials("7001", 500), w.dials("7001", 700)
		time.Sleep(2 * time.Second)
		stranger, err := w.rtp.Phone(netip.MustParseAddrPort("10.0.0.66:4000"))
		if err != nil {
			t.Fatal(err)
		}
		defer stranger.Close()
		got := make(chan int)
		go func() {
			n := 0
			for b := make([]byte, 2048); ; n++ {
				if _, _, err := stranger.ReadFrom(b); err != nil {
					got <- n
					return
				}
			}
		}()
		loud := rtp.Packet{SSRC: 0x02000000, Payload: make([]byte, 160)}
		for i := range loud.Payload {
			loud.Payload[i] = byte(0x80 * (i / 2 % 2)) // 2 kHz, as loud as can be
		}
		attack := time.NewTicker(5 * time.Millisecond)
		defer attack.Stop()
		w.workers.Go(func() {
			for range 600 {
				<-attack.C
				loud.Seq++
				loud.Timestamp += 160
				var packet [400]byte
				n := loud.Put(packet[:])
				for port := uint16(20000); port < 20008; port++ {
					to := netip.AddrPortFrom(netip.MustParseAddr("10.0.0.2"), port)
					stranger.WriteTo(packet[:n], to)
					stranger.WriteTo([]byte("\x80\x00garbage"), to)
					stranger.WriteTo(packet[:], to)
					stranger.WriteTo(nil, to)
				}
			}
		})
		// Over two seconds: while the agreement is fresh, and when it no longer is.
		heardA := a.listen(2500 * time.Millisecond)
		heardB := b.listen(500 * time.Millisecond)
		a.hears("a", heardA, []float64{700}, []float64{500, 2000})
		b.hears("b", heardB, []float64{500}, []float64{700, 2000})
		if gap := longestGap(heardA); gap > 0 {
			t.Errorf("a gap of %v under attack", gap)
		}
		for _, c := range []*caller{a, b} {
			if r := c.hangup(); r.RTP.Lost+r.RTP.Late+r.RTP.Dropped != 0 {
				t.Errorf("%+v", r.RTP)
			}
		}
		stranger.Close()
		if n := <-got; n != 0 {
			t.Errorf("the stranger got %d packets", n)
		}
	})
}

// A script that a test runs opens no connection of the real network.
func TestSocketsOfATestStayInside(t *testing.T) {
	asks := map[string]string{"main.js": `import { ws } from 'callwright';
export default async call => {
  const { ok, error } = await ws('ws://192.0.2.1/calls').opened;
  console.log('open', ok, error);
  await call.reject('busy');
}`, "main.yaml": "websocket: [192.0.2.1]\n"}
	inWorld(t, asks, func(w *world) {
		w.dials("1", 0)
		time.Sleep(5 * time.Second)
		if log := w.log.text(); !strings.Contains(log, "a test reaches no network: nothing answers ws://192.0.2.1/calls") {
			t.Errorf("the log:\n%s", log)
		}
	})
}

// The engine stops while a flow still works after its call: that call is not hung up
// once more, and nobody is warned of it.
func TestStopLeavesEndedCallsAlone(t *testing.T) {
	lingering := `import { sleep } from 'callwright';
export default async call => { await call.answer(); await call.ended; await sleep('2s'); console.log('all written down') }`
	inWorld(t, map[string]string{"main.js": lingering}, func(w *world) {
		c := w.dials("1", 0)
		time.Sleep(time.Second)
		c.hangup()
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := w.brain.engine.Stop(ctx); err != nil {
			t.Errorf("the flow was not waited for: %v", err)
		}
		log := w.log.text()
		if strings.Contains(log, "level=WARN") || !strings.Contains(log, "all written down") {
			t.Errorf("the log:\n%s", log)
		}
	})
}
