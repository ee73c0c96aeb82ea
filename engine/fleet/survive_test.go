package fleet

import (
	"testing"
	"time"

	"github.com/callwright/callwright/media/control"
)

// told are the streams that a worker is commanded in a turn.
func told(out Out, worker string) (list []*control.Stream) {
	if out[worker] != nil {
		for _, c := range out[worker].Commands {
			if s := c.GetStream(); s != nil {
				list = append(list, s)
			}
		}
	}
	return list
}

// A dead SBC's call waits for the next process of its name: the same port, the line to the
// phone further on by the time that passed, and the address that packets came from.
func TestAStreamReturnsToItsSBC(t *testing.T) {
	f, out, at := newFleet(t, sbc("sbc-1", 20), mixer("mixer-1")), Out{}, time.UnixMilli(1_000_000)
	f.At(at)
	p := place(t, f, "a")
	if err := f.Set("a", &control.Stream{Remote: "10.0.0.9:4000"}, out); err != nil {
		t.Fatal(err)
	}
	first := told(out, "sbc-1")[0]
	f.At(at.Add(time.Second))
	f.Tell(&control.Event{Body: &control.Event_Quality{Quality: &control.Quality{Stream: "a", PacketsSent: 10, Sequence: first.Sequence + 1}}}) // told again
	at = at.Add(3 * time.Second)
	f.At(at.Add(time.Second))
	f.Tell(&control.Event{Body: &control.Event_Media{Media: &control.Media{Stream: "a", State: control.Media_LATCHED, Remote: "192.0.2.1:4002"}}})
	f.Tell(&control.Event{Body: &control.Event_Quality{Quality: &control.Quality{Stream: "a", PacketsSent: 10, Sequence: first.Sequence + 10, Timestamp: first.Timestamp + 8000}}})
	port := p.Local.Port()
	if r := f.Bury("sbc-1", out); !r.Waiting || len(r.Lost) != 1 || len(r.Streams) != 0 {
		t.Fatalf("buried: %+v", r)
	}
	if _, err := f.PlaceCall("b", ""); err == nil {
		t.Error("a call is placed on a dead SBC")
	}
	f.At(at.Add(1200 * time.Millisecond))
	next := sbc("sbc-1", 20)
	next.Trunk = "sbc-1:2"
	out = Out{}
	if err := f.Up(next, at.Add(1200*time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	r := f.Return("sbc-1", out)
	if len(r.Streams) != 1 || len(r.Addressed) != 0 || p.Local.Port() != port {
		t.Fatalf("returned: %+v, port %d", r, p.Local.Port())
	}
	s := told(out, "sbc-1")[0]
	if s.Sequence != (first.Sequence+10+10+leap)&0xffff || s.Timestamp != first.Timestamp+8000+1600+320 || s.Latched != "192.0.2.1:4002" || s.Ssrc != first.Ssrc {
		t.Errorf("the new process is told %v, the old one was told %v", s, first)
	}
	if m := out["mixer-1"].Commands[0].GetMember(); m.GetTrunk().GetPeer() != "sbc-1:2" {
		t.Errorf("the mixer is told %v", m)
	}
	if q := place(t, f, "c"); q.Local.Port() == port {
		t.Error("the port is given to another call")
	}
}

// Where another SBC is up its streams move there, pairs together, as far as it has room.
func TestStreamsMoveToAnotherSBC(t *testing.T) {
	f, out := newFleet(t, sbc("sbc-1", 6), mixer("mixer-1")), Out{}
	for _, id := range []string{"a", "b", "c"} {
		place(t, f, id)
		if err := f.Set(id, &control.Stream{}, out); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Pair("a", "b", out); err != nil {
		t.Fatal(err)
	}
	other := sbc("sbc-2", 4)
	other.Media = "127.0.0.2"
	if err := f.Up(other, time.Time{}); err != nil {
		t.Fatal(err)
	}
	out = Out{}
	r := f.Bury("sbc-1", out)
	if len(r.Addressed) != 2 || len(r.Lost) != 1 || r.Lost[0] != "c" || len(r.Apart) != 0 || !r.Waiting {
		t.Fatalf("%+v", r)
	}
	if l := told(out, "sbc-2"); len(l) != 2 || l[0].Joined != "b" || l[1].Joined != "a" {
		t.Errorf("the other SBC is told %v", l)
	}
	if f.Place("a").Local.Addr().String() != "127.0.0.2" || out["sbc-1"] != nil {
		t.Errorf("a is at %v; the dead one is told %v", f.Place("a").Local, out["sbc-1"])
	}
	if calls, _ := f.Down("sbc-1"); len(calls) != 1 || calls[0] != "c" {
		t.Errorf("with the wait over %v are lost", calls)
	}
}

// A dead mixer's rooms wait for the next process of its name, with all who are in them.
func TestARoomReturnsToItsMixer(t *testing.T) {
	f, out := newFleet(t, sbc("sbc-1", 20), mixer("mixer-1")), Out{}
	f.SetRoom(&control.Room{Id: "r", Rate: 16000}, "", out)
	place(t, f, "a")
	f.Set("a", &control.Stream{}, out)
	f.Join("a", "r", &control.Member{Muted: true}, out)
	f.Bury("mixer-1", out)
	next := mixer("mixer-1")
	next.Trunk = "mixer-1:2"
	f.Up(next, time.Time{})
	out = Out{}
	if r := f.Return("mixer-1", out); len(r.Calls) != 1 || len(r.Rooms) != 1 {
		t.Fatalf("%+v", r)
	}
	cs := out["mixer-1"].Commands
	if len(cs) != 2 || cs[0].GetRoom().GetId() != "r" || !cs[1].GetMember().GetMuted() || cs[1].GetMember().GetRoom() != "r" {
		t.Errorf("the new process is told %v", cs)
	}
	if l := told(out, "sbc-1"); len(l) != 1 || l[0].Trunk.Peer != "mixer-1:2" {
		t.Errorf("the SBC is told %v", l)
	}
}
