package relay

import (
	"bytes"
	"net/netip"
	"testing"
	"time"

	"github.com/callwright/callwright/media/rtp"
)

func TestNothingOfAStrangerNothingToAStranger(t *testing.T) {
	onDesk(t, func(d *desk) {
		stranger := d.newPhone("10.6.6.6:6666", 666)
		nothing := func(when string) {
			t.Helper()
			for _, f := range d.heard() {
				if f.Payload[0] == 0xee {
					t.Errorf("%s: the stranger is heard", when)
				}
			}
			if n := len(stranger.got()); n != 0 {
				t.Errorf("%s: the stranger gets %d packets", when, n)
			}
		}
		inject := func(n int) {
			for range n {
				stranger.next.Payload = bytes.Repeat([]byte{0xee}, 160)
				stranger.packet(stranger.next)
				stranger.next.Seq++
				stranger.next.Timestamp += 160
				d.phone.talk(1)
				d.talk(int(stranger.next.Seq), 1)
			}
		}
		// Before: a few packets and junk, too few to be learnt.
		for i := range 4 {
			stranger.packet(rtp.Packet{Seq: uint16(i), Payload: make([]byte, 160), SSRC: 1})
		}
		for i := range uint16(20) { // never two in sequence, and other payload types
			stranger.packet(rtp.Packet{Seq: i * 7, Payload: make([]byte, 160), SSRC: 1})
			stranger.packet(rtp.Packet{Seq: i, Type: 99, Payload: make([]byte, 160), SSRC: 2})
		}
		for i := range uint16(20) { // in sequence, but of no payload type of the stream
			stranger.packet(rtp.Packet{Seq: i, Type: 99, Payload: make([]byte, 160), SSRC: 3})
		}
		if d.dropped(dropPayloadType) != 0 {
			t.Error("a source is learnt by packets that are not the stream's")
		}
		nothing("before")
		// During: the owner talks too, within the time of learning.
		inject(100)
		nothing("during")
		// After: learning is over, and then the owner falls silent.
		time.Sleep(15 * time.Second)
		for range 100 {
			stranger.talk(1)
			d.talk(int(stranger.next.Seq), 1)
		}
		if n := len(d.heard()); n != 0 {
			t.Errorf("after: the stranger is heard %d times", n)
		}
		nothing("after")
		if n := d.dropped(dropSource); n < 240 {
			t.Errorf("%d packets of the stranger counted", n)
		}
		stranger.to = netip.AddrPortFrom(media, 20001)
		rep := rtp.Report{SSRC: 666, CNAME: "evil", Sending: true, Now: time.Now()}
		b, _ := rep.Marshal(true)
		before := d.dropped(dropSource)
		stranger.WriteTo(b, stranger.to)
		if d.dropped(dropSource) != before+1 {
			t.Error("the stranger's RTCP is taken")
		}
	})
}

func TestLatchingToTheRealSource(t *testing.T) {
	onDesk(t, func(d *desk) {
		nat := d.newPhone("192.0.2.7:31000", 88) // the phone as it looks behind its NAT
		nat.talk(20)
		if n := len(d.heard()); n != 16 {
			t.Errorf("%d of 20 packets heard, want all from the fifth", n)
		}
		d.wantTold("latched 192.0.2.7:31000, first")
		d.talk(0, 10)
		if n := len(nat.got()); n != 10 {
			t.Errorf("the real source got %d of 10", n)
		}
		d.phone.talk(3) // the signalled address speaks after all: it comes first
		d.wantTold("latched 10.0.1.1:4000")
		if n := len(d.heard()); n != 3 {
			t.Errorf("signalled source: %d of 3 heard", n)
		}
		nat.talk(30) // the other one is not heard again: the signalled is not quiet
		d.phone.talk(1)
		if n := len(d.heard()); n != 1 {
			t.Errorf("%d heard, want the signalled one's only", n)
		}
	})
}

// Who is quicker than the owner gets none of his audio, unless the owner stays quiet.
func TestTheOwnerIsWaitedFor(t *testing.T) {
	onDesk(t, func(d *desk) {
		thief := d.newPhone("10.0.1.66:4000", 88)
		thief.talk(12)
		d.talk(0, 5)
		if heard, got := len(d.heard()), len(thief.got()); heard != 0 || got != 0 {
			t.Errorf("of the thief %d are heard, and he gets %d", heard, got)
		}
		if n := len(d.phone.got()); n != 5 {
			t.Errorf("the owner got %d of 5", n)
		}
		thief.talk(10) // half a second: nobody else is there
		if n := len(d.heard()); n < 5 {
			t.Errorf("%d heard of an address nobody disputes", n)
		}
	})
}

func TestAddressChangeMakesNoGap(t *testing.T) {
	onDesk(t, func(d *desk) {
		d.phone.talk(10)
		d.talk(0, 5)
		moved := d.newPhone("10.0.1.2:5000", 900)
		moved.next.Seq, moved.next.Timestamp = 40000, 5
		d.set.Remote, d.set.Generation = moved.Addr(), 2
		d.put()
		d.phone.talk(5) // still under way, or the phone has not moved yet
		d.talk(5, 5)
		moved.talk(10)
		d.phone.talk(3) // too late now
		moved.talk(5)
		fs := d.heard()
		if len(fs) != 30 {
			t.Fatalf("%d heard, want 10, 5, 10 and 5", len(fs))
		}
		last := fs[0]
		for i, f := range fs[1:] {
			if f.Seq != last.Seq+1 || f.Timestamp-last.Timestamp < 160 || f.Timestamp-last.Timestamp > 1600 {
				t.Errorf("frame %d: sequence %d, timestamp %d after %d, %d", i+1, f.Seq, f.Timestamp, last.Seq, last.Timestamp)
			}
			last = f
		}
		if a, b := d.phone.got(), moved.got(); len(a) != 5 || len(b) != 5 || b[0].Seq != a[4].Seq+1 {
			t.Errorf("old address got %d, new one %d", len(a), len(b))
		}
		d.wantTold("first")
	})
}
