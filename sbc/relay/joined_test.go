package relay

import (
	"net/netip"
	"testing"

	"github.com/callwright/callwright/media/g711"
	"github.com/callwright/callwright/media/trunk"
)

// joinedDesk adds a phone with A-law to the desk's own and joins the two.
func (d *desk) joinedDesk() *phone {
	other := d.newPhone("10.0.1.2:4000", 88)
	set := d.set
	set.ID, set.Port, set.Remote, set.TrunkSSRC, set.SSRC = "o", 20002, other.Addr(), 6, d.set.SSRC
	set.TrunkType, set.Type, set.Joined = trunk.TypePCMA, 8, "s"
	other.to = netip.AddrPortFrom(media, 20002)
	other.next.Type = 8
	d.set.Joined = "o"
	d.put()
	if err := d.relay.Put(set); err != nil {
		d.t.Fatal(err)
	}
	return other
}

func TestJoinedStreamsHearEachOther(t *testing.T) {
	onDesk(t, func(d *desk) {
		other := d.joinedDesk()
		go d.phone.talk(50)
		other.talk(50)
		a, b := d.phone.got(), other.got()
		if len(a) != 50 || len(b) != 50 || len(d.heard()) != 0 {
			t.Fatalf("heard %d and %d of 50; the mixer must hear none", len(a), len(b))
		}
		d.unbroken(a)
		d.unbroken(b)
		for i := range b {
			ulaw := byte(100 + i) // what the phone said
			want := g711.LinearToALaw[uint16(g711.ULawToLinear[ulaw])>>4]
			if b[i].Type != 8 || b[i].Payload[0] != want || b[i].Payload[159] != want {
				t.Fatalf("packet %d: type %d, payload %d, want %d of A-law", i, b[i].Type, b[i].Payload[0], want)
			}
			if a[i].Type != 0 || a[i].Payload[0] != g711.LinearToULaw[uint16(g711.ALawToLinear[ulaw])>>2] {
				t.Fatalf("packet %d: type %d, payload %d", i, a[i].Type, a[i].Payload[0])
			}
		}
		d.talk(0, 5) // the trunk is not heard meanwhile
		if n := len(d.phone.got()); n != 0 {
			t.Errorf("%d packets of the trunk came through", n)
		}
	})
}

// Parting either side, or dropping it, brings the trunk back; numbers go on.
func TestPartedStreamsHearTheTrunkAgain(t *testing.T) {
	for _, how := range []string{"put", "drop"} {
		onDesk(t, func(d *desk) {
			other := d.joinedDesk()
			other.talk(10)
			if how == "drop" {
				d.relay.Drop("o")
			} else {
				d.set.Joined = ""
				d.put()
			}
			d.talk(0, 10)
			ps := d.phone.got()
			if len(ps) != 20 {
				t.Fatalf("%s: the phone heard %d of 20", how, len(ps))
			}
			d.unbroken(ps)
			if ps[10].Timestamp-ps[9].Timestamp > 320 {
				t.Errorf("%s: a jump of %d", how, ps[10].Timestamp-ps[9].Timestamp)
			}
			d.phone.talk(10)
			if n := len(d.heard()); n != 10 {
				t.Errorf("%s: the mixer heard %d of 10", how, n)
			}
			if how == "put" {
				other.talk(3) // its own trunk hears it: it is not joined one-sidedly
				if n := len(d.phone.got()); n != 0 {
					t.Errorf("a one-sided join let %d packets through", n)
				}
			}
		})
	}
}
