package main

import (
	"strings"
	"testing"
	"time"

	"github.com/callwright/callwright/cmd/callwright/phone"
)

// dialFlow is a flow that dials these targets; the phones of a world are at 10.0.0.11 and
// on, in the order they are made.
func dialFlow(targets, options string) map[string]string {
	return map[string]string{"bridged.js": `
export const routes = ['200'];
export default async function (call) {
  const d = await call.dial(` + targets + `, ` + options + `);
  console.log('dial came to', d.status, d.attempts.map(a => a.code).join(','));
}`}
}

func (w *world) logged(text string) bool { return strings.Contains(w.Log(), text) }

// Two phones talk to each other, a tone each way; the one that hangs up ends both.
func TestTwoPhonesTalk(t *testing.T) {
	for _, who := range []string{"caller", "callee"} {
		inWorld(t, dialFlow(`'sip:b@10.0.0.11'`, `{}`), func(w *world) {
			b := w.waits(700, func(c *phone.Config) { c.Ring, c.Codec = 2*time.Second, "PCMA" })
			a := w.dials("200", 500)
			time.Sleep(3 * time.Second)
			a.hears("the caller", a.listen(2*time.Second), []float64{700}, []float64{500})
			b.hears("the callee", b.listen(2*time.Second), []float64{500}, []float64{700})
			first, second := a, b
			if who == "callee" {
				first, second = b, a
			}
			first.hangup()
			time.Sleep(time.Second)
			<-second.done
			for name, c := range map[string]*caller{"caller": a, "callee": b} {
				if r := c.report; !r.Answered || r.Cause != "normal" || r.EndedBy != who || r.RTP.Lost+r.RTP.Late != 0 {
					t.Errorf("%s of a call that the %s ended: %+v", name, who, r)
				}
			}
			if a.report.Codec != "PCMU" || b.report.Codec != "PCMA" || !w.logged("dial came to answered 200") {
				t.Errorf("codecs %s and %s", a.report.Codec, b.report.Codec)
			}
		})
	}
}

// The first of two that answers gets the call, the other is told so by a CANCEL; one
// that is down is passed over.
func TestForkAndFailover(t *testing.T) {
	inWorld(t, dialFlow(`[['sip:b@10.0.0.11'], ['sip:b@10.0.0.12', 'sip:b@10.0.0.13:5060']]`, `{}`), func(w *world) {
		down := w.waits(0, func(c *phone.Config) { c.Refuse = 503 })
		slow := w.waits(0, func(c *phone.Config) { c.Ring = 20 * time.Second })
		quick := w.waits(700, func(c *phone.Config) { c.Ring = 2 * time.Second })
		a := w.dials("200", 500)
		time.Sleep(4 * time.Second)
		a.hears("the caller", a.listen(time.Second), []float64{700}, nil)
		<-down.done
		<-slow.done
		if r := slow.report; r.Answered || r.Cause != "answered-elsewhere" {
			t.Errorf("the slow one: %+v", r)
		}
		a.hangup()
		<-quick.done
		time.Sleep(time.Second)
		if !w.logged("dial came to answered 503,487,200") {
			t.Errorf("the flow came to something else")
		}
	})
}

// A caller who gives up is no longer called for; what rings early is heard before the
// answer, and not paid for.
func TestEarlyAudioAndGivingUp(t *testing.T) {
	inWorld(t, dialFlow(`'sip:b@10.0.0.11'`, `{}`), func(w *world) {
		b := w.waits(700, func(c *phone.Config) { c.Ring, c.Early = 20*time.Second, true })
		a := w.dials("200", 500)
		time.Sleep(2 * time.Second)
		a.hears("the caller", a.listen(time.Second), []float64{700}, nil)
		a.hangup()
		<-b.done
		if a.report.Answered || a.report.Status != 487 || b.report.Answered || b.report.Cause != "canceled" {
			t.Errorf("the caller %+v, the callee %+v", a.report, b.report)
		}
	})
}

// A caller who hears a country's ringback, and a callee who does not answer.
func TestRingbackAndNoAnswer(t *testing.T) {
	inWorld(t, dialFlow(`'sip:b@10.0.0.11'`, `{ringback: 'de', timeout: '5s'}`), func(w *world) {
		b := w.waits(0, func(c *phone.Config) { c.Ring = time.Minute })
		a := w.dials("200", 500)
		time.Sleep(100 * time.Millisecond)
		if ms := toneTime(a.listen(4*time.Second), 425); ms < 900 || ms > 1100 {
			t.Errorf("the ringback of the first 4 s is there for %d ms, want 1 s", ms)
		}
		<-a.done
		<-b.done
		if a.report.Answered || b.report.Cause != "no-answer" || !w.logged("dial came to no-answer 480") {
			t.Errorf("the caller %+v, the callee %+v", a.report, b.report)
		}
	})
}
