package fleet

import (
	"errors"
	"testing"
	"time"

	"github.com/callwright/callwright/media/control"
)

// Rehoming keeps what members are, moves a room whole, and orders it so that a member is
// made on the new mixer before the old one drops it.
func TestDrainMovesAllAndKeepsStates(t *testing.T) {
	f, out := newFleet(t, sbc("sbc-1", 20), mixer("mixer-1")), Out{}
	if _, err := f.SetRoom(&control.Room{Id: "r", Rate: 16000, Loudest: 3}, "", out); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"a", "b", "c"} {
		if _, err := f.PlaceCall(id, ""); err != nil {
			t.Fatal(err)
		}
		if err := f.Set(id, &control.Stream{Codec: control.Codec_PCMU}, out); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(f.Join("a", "r", &control.Member{Muted: true, GainInDb: -3, Agc: true}, out), f.Join("b", "r", &control.Member{Apart: true}, out)); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Drain("mixer-1", Out{}); !errors.Is(err, ErrNoOther) {
		t.Fatalf("with nowhere to go: %v", err)
	}
	second := mixer("mixer-2")
	second.Trunk = "127.0.0.1:2"
	if err := f.Up(second, time.Now()); err != nil {
		t.Fatal(err)
	}
	out = Out{}
	r, err := f.Drain("mixer-1", out)
	if err != nil || len(r.Calls) != 3 || len(r.Rooms) != 1 || len(r.Lost) != 0 || !r.Alive {
		t.Fatalf("%+v %v", r, err)
	}
	var members []*control.Member
	for i, c := range out["mixer-2"].Commands {
		if m := c.GetMember(); m != nil {
			members = append(members, m)
		} else if i > 0 || c.GetRoom().GetLoudest() != 3 {
			t.Errorf("the new mixer is told %v", c)
		}
	}
	if m := members[0]; m.Id != "a" || m.Room != "r" || !m.Muted || m.GainInDb != -3 || !m.Agc || !members[1].Apart || members[2].Room != "" {
		t.Errorf("members %v", members)
	}
	for _, c := range out["sbc-1"].Commands {
		if c.GetStream().GetTrunk().GetPeer() != "127.0.0.1:2" {
			t.Errorf("the SBC is told %v", c)
		}
	}
	if n := len(out["mixer-1"].Commands); n != 4 {
		t.Errorf("the old mixer is told %d things", n)
	}
	if p, err := f.PlaceCall("d", ""); err != nil || p.Mixer != "mixer-2" {
		t.Errorf("a new call goes to %+v", p)
	}
	if _, err := f.Drain("sbc-1", out); !errors.Is(err, ErrNoOther) {
		t.Error(err)
	}
	if _, err := f.Drain("sbc-2", out); !errors.Is(err, ErrNotUp) {
		t.Error(err)
	}
}
