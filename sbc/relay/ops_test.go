package relay

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/media/rtp"
)

// press sends a telephone-event of 80 ms as phones do; lose says which of its seven
// packets are lost.
func (p *phone) press(digit byte, lose func(i int) bool) {
	code, _ := rtp.EventCode(digit)
	e := rtp.NewEventSender(code, 640, 160)
	for i, done := 0, false; !done; i++ {
		var b [4]byte
		var first bool
		first, done = e.Next(&b)
		q := p.next
		q.Type, q.Marker, q.Payload = 101, first, b[:]
		if !lose(i) {
			p.packet(q)
		}
		p.next.Seq++
		time.Sleep(20 * ms)
	}
	p.next.Timestamp += 6 * 160
}

func TestDigitsOfTheRemote(t *testing.T) {
	onDesk(t, func(d *desk) {
		none := func(int) bool { return false }
		d.phone.talk(5)
		d.phone.press('1', none)
		d.phone.press('#', func(i int) bool { return i == 0 })   // begin lost
		d.phone.press('2', func(i int) bool { return i >= 3 })   // end lost, told by the next
		d.phone.press('2', func(i int) bool { return i%2 == 0 }) // half lost
		d.phone.press('D', func(i int) bool { return i < 5 })    // one end is left
		d.wantTold("first, digit 1/80, digit #/80, digit 2/60, digit 2/80, digit D/80")
		d.phone.press('9', func(i int) bool { return i >= 3 })
		time.Sleep(200 * ms)
		d.wantTold("digit 9/60") // end lost, told by silence
		d.phone.talk(5)
		for _, f := range d.heard() {
			if len(f.Payload) != 160 {
				t.Errorf("an event went to the trunk: %+v", f)
			}
		}
		d.phone.press('8', func(i int) bool { return i >= 3 })
		d.phone.next = rtp.Packet{SSRC: 78, Seq: 5, Timestamp: 99}
		d.phone.talk(2) // its end can no longer come: told at once
		d.wantTold("digit 8/60")
		// Every packet twice and late.
		code, _ := rtp.EventCode('5')
		e := rtp.NewEventSender(code, 640, 160)
		var ps []rtp.Packet
		for done := false; !done; {
			var b [4]byte
			var first bool
			first, done = e.Next(&b)
			q := d.phone.next
			q.Type, q.Marker, q.Payload = 101, first, append([]byte(nil), b[:]...)
			ps = append(ps, q, q)
			d.phone.next.Seq++
		}
		for i := range ps {
			d.phone.packet(ps[(i*5)%len(ps)])
			time.Sleep(5 * ms)
		}
		d.wantTold("digit 5/80")
		// Held, the caller can still press.
		d.set.Receive = false
		d.put()
		d.phone.press('0', none)
		d.wantTold("digit 0/80")
		d.phone.packet(rtp.Packet{Type: 101, SSRC: d.phone.next.SSRC, Seq: d.phone.next.Seq, Payload: []byte{1}})
		if d.dropped(dropEvent) != 1 {
			t.Error("half an event is not counted")
		}
	})
}

func TestDigitsToTheRemote(t *testing.T) {
	onDesk(t, func(d *desk) {
		d.talk(0, 5)
		if err := d.relay.Digits("op", "s", "1w*", 0, 0); err != nil {
			t.Fatal(err)
		}
		d.relay.Digits("op", "s", "1w*", 0, 0) // again: harmless
		d.talk(5, 60)
		d.wantTold("done op finished 795/0")
		ps := d.phone.got()
		d.unbroken(ps)
		var r rtp.EventReceiver
		var digits string
		audio, events := 0, 0
		for i, p := range ps {
			if int32(p.Timestamp-ps[max(i-1, 0)].Timestamp) < 0 {
				t.Errorf("packet %d goes back in time", i)
			}
			if p.Type != 101 {
				audio++
				continue
			}
			events++
			told, n, _ := r.Packet(&p, time.Now())
			for _, q := range told[:n] {
				digits += string(q.Digit)
				if q.Duration != 800 {
					t.Errorf("%c lasts %d", q.Digit, q.Duration)
				}
			}
		}
		if digits != "1*" || events != 14 || audio < 50 || audio > 56 {
			t.Errorf("digits %q in %d events, %d frames of audio", digits, events, audio)
		}
		d.relay.Digits("op", "s", "1w*", 0, 0) // finished: the result again, no digit
		d.wantTold("done op finished 795/0")
		if n := len(d.phone.got()); n != 0 {
			t.Errorf("%d packets of an operation that was done", n)
		}
	})
}

func TestDigitsStoppedAndDropped(t *testing.T) {
	onDesk(t, func(d *desk) {
		d.relay.Digits("a", "s", "11111", time.Second, 0)
		d.relay.Digits("b", "s", "2", 0, 0)
		time.Sleep(500 * ms)
		d.relay.Stop("a") // the digit under way is ended properly
		time.Sleep(500 * ms)
		ps := d.phone.got()
		var r rtp.EventReceiver
		digits := ""
		for i := range ps {
			told, n, _ := r.Packet(&ps[i], time.Now())
			for _, q := range told[:n] {
				digits += string(q.Digit)
			}
		}
		if digits != "12" {
			t.Errorf("the phone heard %q", digits)
		}
		d.wantTold("done a stopped 555/0, done b finished 695/0")
		d.relay.Digits("c", "s", "3", 0, 0)
		d.relay.Echo("e", "s", 0)
		synctest.Wait()
		d.relay.Drop("s")
		d.wantTold("done e gone 0/0, done c gone 0/0")
		for _, err := range []error{d.relay.Digits("x", "s", "1", 0, 0), d.relay.Echo("x", "s", 0)} {
			if err == nil {
				t.Error("an operation on a stream that is gone")
			}
		}
	})
}

func TestDigitsThatCannotBe(t *testing.T) {
	onDesk(t, func(d *desk) {
		for _, c := range []struct {
			digits        string
			duration, gap time.Duration
		}{{"12x", 0, 0}, {string(make([]byte, 300)), 0, 0}, {"1", time.Minute, 0}, {"1", 0, time.Hour}} {
			if d.relay.Digits("op", "s", c.digits, c.duration, c.gap) == nil {
				t.Errorf("accepted %+v", c)
			}
		}
		d.set.EventType = 0
		d.put()
		if d.relay.Digits("op", "s", "1", 0, 0) == nil {
			t.Error("digits without telephone-event")
		}
		if d.relay.Echo("op", "s", time.Minute) == nil {
			t.Error("an echo after a minute")
		}
	})
}

func TestEcho(t *testing.T) {
	for _, delay := range []time.Duration{0, 500 * ms} {
		onDesk(t, func(d *desk) {
			d.talk(0, 5)
			before := d.phone.got()
			if err := d.relay.Echo("e", "s", delay); err != nil {
				t.Fatal(err)
			}
			d.relay.Echo("e", "s", delay) // again: harmless
			synctest.Wait()
			go d.talk(5, 90) // the mixer goes on: not for the phone now
			d.phone.talk(100)
			d.relay.Stop("e")
			ps := d.phone.got()
			want := 100 - int(delay/(20*ms))
			if len(ps) < want-1 || len(ps) > want+1 {
				t.Fatalf("delay %v: %d packets, want %d", delay, len(ps), want)
			}
			d.unbroken(append(before, ps...))
			for i, p := range ps {
				if p.Payload[0] != byte(100+i) || (i > 0 && p.Timestamp != ps[i-1].Timestamp+160) {
					t.Fatalf("delay %v: packet %d is %d, timestamp +%d", delay, i, p.Payload[0], p.Timestamp-ps[0].Timestamp)
				}
			}
			if n := len(d.heard()); n != 100 {
				t.Errorf("the mixer heard %d of 100 meanwhile", n)
			}
			if delay == 0 {
				d.wantTold("first, done e stopped 2000/2000")
			}
			d.talk(200, 5)
			if n := len(d.phone.got()); n != 5 {
				t.Errorf("after the echo %d of 5 packets", n)
			}
		})
	}
}

func TestSilenceIsNoticed(t *testing.T) {
	onDesk(t, func(d *desk) {
		time.Sleep(6 * time.Second)
		d.wantTold("lost")
		d.phone.talk(10)
		d.wantTold("first")
		time.Sleep(6 * time.Second)
		d.phone.talk(1)
		d.wantTold("lost, resumed")
		d.set.Receive = false
		d.put()
		time.Sleep(20 * time.Second)
		d.wantTold("")
	})
}

func TestReportsBothWays(t *testing.T) {
	onDesk(t, func(d *desk) {
		at, _ := d.net.Phone(netip.AddrPortFrom(d.phone.Addr().Addr(), d.phone.Addr().Port()+1))
		var senderReports, byes int
		answer := func() { // as a phone would: each report is answered after 10 ms
			at.SetReadDeadline(time.Now().Add(time.Nanosecond))
			for {
				b := make([]byte, 1500)
				n, from, err := at.ReadFrom(b)
				if err != nil {
					return
				}
				h, err := rtp.ParseRTCP(b[:n], 77)
				if err != nil || from != netip.AddrPortFrom(media, 20001) {
					t.Fatalf("RTCP from %v: %v", from, err)
				}
				if h.Bye {
					byes++
				}
				if !h.SenderReport {
					continue
				}
				senderReports++
				if !h.About {
					t.Error("a report without a block about the phone")
				}
				came := time.Now()
				time.Sleep(10 * ms)
				rep := rtp.Report{SSRC: 77, CNAME: "phone", Now: time.Now(), Receiving: true, Source: 1234, FractionLost: 128, LastSR: h.LastSR, LastSRAt: came}
				answer, _ := rep.Marshal(false)
				at.WriteTo(answer, from)
			}
		}
		for i := range 1000 {
			d.phone.next.Payload = make([]byte, 160)
			if i%10 != 0 { // every tenth is lost
				d.phone.packet(d.phone.next)
			}
			d.phone.next.Seq++
			d.phone.next.Timestamp += 160
			d.talk(i, 1)
			answer()
		}
		d.relay.Drop("s")
		synctest.Wait()
		answer()
		if senderReports < 2 || byes != 1 {
			t.Errorf("%d sender reports and %d BYEs in 20 s", senderReports, byes)
		}
		var qs []*control.Quality
		for _, e := range d.events {
			if q := e.GetQuality(); q != nil {
				qs = append(qs, q)
			}
		}
		if len(qs) < 4 || len(qs) > 6 {
			t.Fatalf("%d quality events in 20 s", len(qs))
		}
		q := qs[len(qs)-1]
		if q.PacketsReceived != 900 || q.PacketsLost < 98 || q.PacketsLost > 100 || q.PacketsSent < 990 || q.RemoteLoss != 0.5 || q.RttMs > 50 {
			t.Errorf("quality %+v", q)
		}
	})
}
