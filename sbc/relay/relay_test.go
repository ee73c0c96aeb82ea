package relay

import (
	"errors"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callwright/callwright/media/rtp"
	"github.com/callwright/callwright/media/trunk"
)

func TestAudioBothWays(t *testing.T) {
	onDesk(t, func(d *desk) {
		d.phone.talk(50)
		fs := d.heard()
		if len(fs) != 50 {
			t.Fatalf("the mixer heard %d of 50", len(fs))
		}
		for i, f := range fs {
			if f.SSRC != 5 || f.Token != 99 || f.Type != trunk.TypePCMU || f.Seq != fs[0].Seq+uint16(i) ||
				f.Timestamp != fs[0].Timestamp+uint32(i)*160 || f.Marker != (i == 0) || f.Payload[0] != byte(100+i) {
				t.Fatalf("frame %d: %+v", i, f)
			}
		}
		d.wantTold("first")
		d.talk(0, 50)
		ps := d.phone.got()
		if len(ps) != 50 {
			t.Fatalf("the phone heard %d of 50", len(ps))
		}
		d.unbroken(ps)
		for i, p := range ps {
			if p.Timestamp != ps[0].Timestamp+uint32(i)*160 || p.Marker != (i == 0) || p.Payload[0] != byte(i) || p.Type != 0 {
				t.Fatalf("packet %d: %+v", i, p)
			}
		}
	})
}

func TestGarbageIsCountedAndHarmless(t *testing.T) {
	onDesk(t, func(d *desk) {
		d.phone.talk(5)
		for _, g := range []struct {
			b   []byte
			why reason
		}{
			{nil, dropEmpty},
			{[]byte{0, 1, 0, 0}, dropSTUN},
			{[]byte{22, 0xfe, 0xfd}, dropDTLS},
			{[]byte("GET / HTTP/1.1"), dropUnknown},
			{[]byte{0x80, 0, 0}, dropMalformed},
			{append([]byte{0xbf, 0}, make([]byte, 20)...), dropMalformed},
			{append([]byte{0x80, 0x60}, make([]byte, 160)...), dropPayloadType},
			{append([]byte{0x80, 0xc8}, make([]byte, 30)...), dropRTCP},
			{make([]byte, 1501), dropSize},
			{append([]byte{0x80, 0}, make([]byte, 4000)...), dropSize},
		} {
			before := d.dropped(g.why)
			d.phone.WriteTo(g.b, sbcPort)
			if d.dropped(g.why) != before+1 {
				t.Errorf("% .8x (%d bytes) is not counted as %v", g.b, len(g.b), g.why)
			}
		}
		before := d.dropped(dropStream)
		d.phone.WriteTo([]byte{0x80, 0}, netip.AddrPortFrom(media, 20002))
		if d.dropped(dropStream) != before+1 {
			t.Error("a port without a stream is not counted")
		}
		// Packets with sequence numbers and sources out of nowhere, from the right address.
		for i := range uint32(50) {
			d.phone.packet(rtp.Packet{Seq: uint16(i * 7919), SSRC: i * 31, Timestamp: i << 24, Payload: make([]byte, 160)})
		}
		d.phone.talk(10)
		fs := d.heard()
		if len(fs) < 15 || fs[len(fs)-1].Payload[0] != byte(d.phone.next.Seq-1) {
			t.Errorf("the caller's own audio did not survive its garbage: %d frames", len(fs))
		}
	})
}

func TestChangeOfSSRC(t *testing.T) {
	onDesk(t, func(d *desk) {
		d.phone.talk(10)
		d.phone.next = rtp.Packet{SSRC: 4711, Seq: 65000, Timestamp: 1 << 31}
		d.phone.talk(10)
		fs := d.heard()
		if len(fs) != 19 {
			t.Fatalf("%d heard, want 10 and, after one to prove it, 9", len(fs))
		}
		for i := 1; i < len(fs); i++ {
			step := fs[i].Timestamp - fs[i-1].Timestamp
			if fs[i].Seq != fs[i-1].Seq+1 || (step != 160 && !(i == 10 && step == 320 && fs[i].Marker)) {
				t.Errorf("frame %d: %+d in sequence, %d in time", i, fs[i].Seq-fs[i-1].Seq, step)
			}
		}
	})
}

func TestNumbersWrap(t *testing.T) {
	onDesk(t, func(d *desk) {
		d.phone.next.Seq, d.phone.next.Timestamp = 65530, 1<<32-800
		d.phone.talk(20)
		fs := d.heard()
		if len(fs) != 20 {
			t.Fatalf("%d heard", len(fs))
		}
		for i := 1; i < len(fs); i++ {
			if fs[i].Seq != fs[i-1].Seq+1 || fs[i].Timestamp != fs[i-1].Timestamp+160 {
				t.Errorf("frame %d does not follow", i)
			}
		}
		for i := range 20 {
			d.say(trunk.Frame{SSRC: 5, Token: 99, Timestamp: uint32(i-10) * 160, Payload: make([]byte, 160)})
			time.Sleep(20 * ms)
		}
		ps := d.phone.got()
		d.unbroken(ps)
		if len(ps) != 20 {
			t.Errorf("the phone got %d of 20", len(ps))
		}
	})
}

func TestTrunkIsChecked(t *testing.T) {
	onDesk(t, func(d *desk) {
		for _, c := range []struct {
			f   trunk.Frame
			why reason
		}{
			{trunk.Frame{SSRC: 6, Token: 99}, dropSSRC},
			{trunk.Frame{SSRC: 5, Token: 98}, dropToken},
			{trunk.Frame{SSRC: 5, Token: 99, Type: trunk.TypeL16}, dropCodec},
		} {
			c.f.Payload = make([]byte, 160)
			d.say(c.f)
			if d.dropped(c.why) != 1 {
				t.Errorf("%v is not counted", c.why)
			}
		}
		d.talk(10, 2)
		d.talk(8, 1)
		if d.dropped(dropLate) != 1 {
			t.Error("a late frame is not counted")
		}
		if n := len(d.phone.got()); n != 2 {
			t.Errorf("the phone got %d packets", n)
		}
		d.set.TrunkSSRC, d.set.Token = 50, 51 // the call moves to another mixer
		d.put()
		d.talk(20, 1)
		d.say(trunk.Frame{SSRC: 50, Token: 51, Timestamp: 1 << 30, Payload: make([]byte, 160)})
		if n := len(d.phone.got()); n != 1 {
			t.Errorf("after the move the phone got %d packets", n)
		}
	})
}

func TestHoldAndMarkers(t *testing.T) {
	onDesk(t, func(d *desk) {
		d.talk(0, 5)
		d.phone.talk(5)
		last := d.heard()[4]
		d.set.Send, d.set.Receive, d.set.Generation = false, false, 2
		d.put()
		d.phone.talk(5)
		if n := len(d.heard()); n != 0 || d.dropped(dropHeld) != 5 {
			t.Errorf("held: %d frames heard", n)
		}
		d.talk(5, 50)
		d.set.Send, d.set.Receive, d.set.Generation = true, true, 3
		d.put()
		d.phone.talk(1)
		if fs := d.heard(); len(fs) != 1 || fs[0].Seq != last.Seq+1 || !fs[0].Marker || fs[0].Timestamp-last.Timestamp < 1000*8 {
			t.Errorf("after the hold: %+v, before: %+v", fs, last)
		}
		d.talk(55, 5)
		d.talk(70, 5) // the mixer was silent
		ps := d.phone.got()
		d.unbroken(ps)
		if len(ps) != 15 {
			t.Fatalf("the phone got %d packets, want 15", len(ps))
		}
		for i, p := range ps {
			if p.Marker != (i == 0 || i == 5 || i == 10) {
				t.Errorf("packet %d: marker %v", i, p.Marker)
			}
		}
		if step := ps[5].Timestamp - ps[4].Timestamp; step != 51*160 {
			t.Errorf("the hold of 50 frames took %d samples", step)
		}
	})
}

func TestPacketTimes(t *testing.T) {
	for _, ptime := range []int{10, 30, 40, 60} {
		onDesk(t, func(d *desk) {
			d.set.Ptime = ptime
			d.put()
			d.talk(0, 30)
			ps := d.phone.got()
			d.unbroken(ps)
			if len(ps) != 600/ptime {
				t.Fatalf("ptime %d: %d packets of 600 ms", ptime, len(ps))
			}
			at := 0
			for i, p := range ps {
				if len(p.Payload) != ptime*8 || p.Timestamp != ps[0].Timestamp+uint32(i*ptime*8) || p.Marker != (i == 0) {
					t.Errorf("ptime %d, packet %d: %d bytes, timestamp +%d", ptime, i, len(p.Payload), p.Timestamp-ps[0].Timestamp)
				}
				for _, b := range p.Payload {
					if b != byte(at/160) {
						t.Fatalf("ptime %d: sample %d is of frame %d", ptime, at, b)
					}
					at++
				}
			}
		})
	}
}

func TestPutRefusesAndRepeats(t *testing.T) {
	onDesk(t, func(d *desk) {
		d.put() // again: harmless
		for _, c := range []struct {
			name   string
			change func(*Settings)
			want   error
		}{
			{"odd port", func(s *Settings) { s.ID, s.Port = "x", 20003 }, ErrPort},
			{"port below", func(s *Settings) { s.ID, s.Port = "x", 19998 }, ErrPort},
			{"port above", func(s *Settings) { s.ID, s.Port = "x", 20100 }, ErrPort},
			{"port taken", func(s *Settings) { s.ID = "x" }, ErrPort},
			{"port changed", func(s *Settings) { s.Port = 20002 }, ErrPort},
			{"ssrc taken", func(s *Settings) { s.ID, s.Port = "x", 20002 }, ErrSSRC},
			{"codec", func(s *Settings) { s.TrunkType = trunk.TypeL16 }, ErrFormat},
			{"payload types", func(s *Settings) { s.EventType, s.Type = 8, 8 }, ErrFormat},
			{"ptime", func(s *Settings) { s.Ptime = 25 }, ErrFormat},
		} {
			set := d.set
			c.change(&set)
			if err := d.relay.Put(set); !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", c.name, err, c.want)
			}
		}
		d.phone.talk(1)
		if len(d.heard()) != 1 || d.relay.Streams() != 1 {
			t.Error("the stream suffered")
		}
		d.relay.Drop("s")
		d.relay.Drop("s")
		d.relay.Drop("never")
		synctest.Wait()
		d.phone.talk(1)
		d.talk(0, 1)
		if len(d.heard()) != 0 || len(d.phone.got()) != 0 || d.dropped(dropStream) != 1 || d.dropped(dropSSRC) != 1 {
			t.Error("a dropped stream lives on")
		}
		d.put() // the port is free again
		d.phone.talk(1)
		if len(d.heard()) != 1 {
			t.Error("the new stream is deaf")
		}
	})
}

func TestTableWithCollisions(t *testing.T) {
	tb := newTable(20000, 20)
	byHash := map[int][]uint32{}
	for ssrc := range uint32(2000) {
		byHash[tb.hash(ssrc)] = append(byHash[tb.hash(ssrc)], ssrc)
	}
	streams := map[uint32]*stream{}
	for _, ssrcs := range byHash {
		for _, ssrc := range ssrcs[:3] { // three in each bucket
			set := &Settings{TrunkSSRC: ssrc, Peer: sbcPort}
			streams[ssrc] = newStream(set, time.Time{})
			tb.index(set, streams[ssrc])
		}
	}
	check := func() {
		t.Helper()
		for ssrc := range uint32(2000) {
			if got := tb.carrying(ssrc); got != streams[ssrc] {
				t.Errorf("%d: found %p, want %p", ssrc, got, streams[ssrc])
			}
		}
	}
	check()
	for ssrc, s := range streams {
		if ssrc%2 == 0 {
			tb.unindex(s.set.Load(), s)
			delete(streams, ssrc)
		}
	}
	check()
}
