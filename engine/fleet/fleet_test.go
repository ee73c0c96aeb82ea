package fleet

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/callwright/callwright/media/control"
)

func sbc(name string, ports uint32) *control.Hello {
	return &control.Hello{Kind: control.Kind_SBC, Name: name, Media: "127.0.0.1", FirstPort: 20000, Ports: ports, Trunk: name + ":1"}
}

func mixer(name string) *control.Hello {
	return &control.Hello{Kind: control.Kind_MIXER, Name: name, Trunk: name + ":1"}
}

func newFleet(t *testing.T, hellos ...*control.Hello) *Fleet {
	t.Helper()
	f := New([32]byte{1})
	for _, h := range hellos {
		if err := f.Up(h, time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

func place(t *testing.T, f *Fleet, call string) *Place {
	t.Helper()
	p, err := f.PlaceCall(call, "")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAFreedPortGoesToTheEndOfTheLine(t *testing.T) {
	f := newFleet(t, sbc("sbc-1", 6), mixer("mixer-1"))
	first := place(t, f, "a").Local.Port()
	f.FreeCall("a", Out{})
	for i, want := range []uint16{first + 2, first + 4, first} {
		if got := place(t, f, fmt.Sprint(i)).Local.Port(); got != want {
			t.Errorf("call %d got port %d, want %d", i, got, want)
		}
	}
	if _, err := f.PlaceCall("one too many", ""); !errors.Is(err, ErrNoPort) {
		t.Errorf("a full SBC gave %v, want ErrNoPort", err)
	}
}

func TestNoWorkerIsSaid(t *testing.T) {
	f := newFleet(t)
	if _, err := f.PlaceCall("a", ""); !errors.Is(err, ErrNoSBC) {
		t.Errorf("got %v, want ErrNoSBC", err)
	}
	f = newFleet(t, sbc("sbc-1", 6))
	if _, err := f.PlaceCall("a", ""); !errors.Is(err, ErrNoMixer) {
		t.Errorf("got %v, want ErrNoMixer", err)
	}
}

func TestBadSlicesAreRefused(t *testing.T) {
	for _, h := range []*control.Hello{
		{Kind: control.Kind_SBC, Name: "odd", Media: "127.0.0.1", FirstPort: 20001, Ports: 10},
		{Kind: control.Kind_SBC, Name: "past the end", Media: "127.0.0.1", FirstPort: 65534, Ports: 10},
		{Kind: control.Kind_SBC, Name: "wrapping", Media: "127.0.0.1", FirstPort: 2, Ports: 0xffffffff},
		{Kind: control.Kind_SBC, Name: "no address", Media: "nowhere", FirstPort: 20000, Ports: 10},
		{Name: "no kind"},
	} {
		if err := New([32]byte{}).Up(h, time.Time{}); err == nil {
			t.Errorf("%s was taken in", h.Name)
		}
	}
}

func TestMuteKeepsRoomAndFormat(t *testing.T) {
	f := newFleet(t, sbc("sbc-1", 6), mixer("mixer-1"))
	out := Out{}
	place(t, f, "a")
	if err := f.Set("a", &control.Stream{Codec: control.Codec_PCMA, Send: true}, out); err != nil {
		t.Fatal(err)
	}
	if _, err := f.PlaceRoom("r", 16000, out); err != nil {
		t.Fatal(err)
	}
	if err := f.Join("a", "r", &control.Member{}, out); err != nil {
		t.Fatal(err)
	}
	before := proto.Clone(f.Place("a").Member).(*control.Member)
	out = Out{}
	mute := &control.Command{Body: &control.Command_Member{Member: &control.Member{Muted: true}}}
	if err := f.ToMixer("a", mute, out); err != nil {
		t.Fatal(err)
	}
	got := out["mixer-1"].Commands[0].GetMember()
	before.Muted = true
	if !proto.Equal(got, before) {
		t.Errorf("the mute said %v, want %v", got, before)
	}
}

func TestJoinOnAnotherMixerMovesTheMember(t *testing.T) {
	f := newFleet(t, sbc("sbc-1", 8), mixer("mixer-1"), mixer("mixer-2"))
	out := Out{}
	a, b := place(t, f, "a"), place(t, f, "b")
	for _, c := range []string{"a", "b"} {
		if err := f.Set(c, &control.Stream{}, out); err != nil {
			t.Fatal(err)
		}
	}
	if a.Mixer == b.Mixer {
		t.Fatalf("both calls on %s: the least busy was not chosen", a.Mixer)
	}
	r, err := f.PlaceRoom("r", 8000, out)
	if err != nil {
		t.Fatal(err)
	}
	out = Out{}
	for _, c := range []string{"a", "b"} {
		if err := f.Join(c, "r", &control.Member{}, out); err != nil {
			t.Fatal(err)
		}
	}
	if a.Mixer != r.Mixer || b.Mixer != r.Mixer {
		t.Fatalf("members on %s and %s, room on %s", a.Mixer, b.Mixer, r.Mixer)
	}
	streams := out["sbc-1"].Commands
	if len(streams) != 1 || streams[0].GetStream().Trunk.Peer != r.Mixer+":1" {
		t.Errorf("the SBC was told %v, want one stream to %s", streams, r.Mixer)
	}
	other := "mixer-1"
	if r.Mixer == other {
		other = "mixer-2"
	}
	if cs := out[other].Commands; len(cs) != 1 || cs[0].GetDropMember() == nil {
		t.Errorf("the old mixer was told %v, want one DropMember", cs)
	}
}

func TestASuccessorIsNotGivenTheDeadOnesCalls(t *testing.T) {
	f := newFleet(t, sbc("sbc-1", 4), mixer("mixer-1"))
	place(t, f, "a")
	if err := f.Set("a", &control.Stream{}, Out{}); err != nil {
		t.Fatal(err)
	}
	calls, _ := f.Down("sbc-1")
	if !slices.Equal(calls, []string{"a"}) {
		t.Fatalf("calls of the dead SBC: %v", calls)
	}
	if err := f.Up(sbc("sbc-1", 4), time.Time{}); err != nil {
		t.Fatal(err)
	}
	out := Out{}
	f.FreeCall("a", out)
	if out["sbc-1"] != nil {
		t.Errorf("the successor was commanded: %v", out["sbc-1"])
	}
	p, q := place(t, f, "b"), place(t, f, "c")
	if p.Local == q.Local {
		t.Errorf("two calls on %v: the dead SBC's port was given back to its successor", p.Local)
	}
	if _, err := f.PlaceCall("d", ""); !errors.Is(err, ErrNoPort) {
		t.Errorf("a third call on two ports: %v", err)
	}
}

// Random placing, freeing, dying and coming back never puts two calls on one port,
// and gives every place back.
func TestRandomLivesNeverShareAPort(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		f := newFleet(t, sbc("sbc-1", 10), sbc("sbc-2", 10), mixer("mixer-1"))
		live := map[string]bool{}
		for i := range 200 {
			switch n := r.IntN(10); {
			case n < 5:
				id := fmt.Sprint(i)
				if _, err := f.PlaceCall(id, ""); err == nil {
					live[id] = true
				}
			case n < 9:
				for id := range live {
					f.FreeCall(id, Out{})
					delete(live, id)
					break
				}
			default:
				calls, _ := f.Down("sbc-2")
				if err := f.Up(sbc("sbc-2", 10), time.Time{}); err != nil {
					t.Fatal(err)
				}
				for _, id := range calls {
					f.FreeCall(id, Out{})
					delete(live, id)
				}
			}
			used := map[string]string{}
			for id := range live {
				p := f.Place(id)
				key := p.SBC + p.Local.String()
				if used[key] != "" {
					t.Fatalf("seed %d: calls %s and %s share %s", seed, used[key], id, key)
				}
				used[key] = id
			}
		}
		for id := range live {
			f.FreeCall(id, Out{})
		}
		for _, w := range f.Workers() {
			if w.Carried() != 0 || w.Kind == control.Kind_SBC && len(w.ports.free) != 5 {
				t.Fatalf("seed %d: %s still carries %d calls, %d ports free", seed, w.Name, w.Carried(), len(w.ports.free))
			}
		}
	}
}

func TestAReturningConnectionIsToldEverythingAgain(t *testing.T) {
	h, m := sbc("sbc-1", 6), mixer("mixer-1")
	h.Instance, m.Instance = "one", "two"
	f := newFleet(t, h, m)
	place(t, f, "a")
	if err := f.Set("a", &control.Stream{Send: true}, Out{}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.PlaceRoom("r", 8000, Out{}); err != nil {
		t.Fatal(err)
	}
	if err := f.Join("a", "r", &control.Member{Muted: true}, Out{}); err != nil {
		t.Fatal(err)
	}
	if !f.Again(m) || f.Again(&control.Hello{Name: "mixer-1", Instance: "three"}) {
		t.Error("a returning process and a new one of its name are not told apart")
	}
	out := Out{}
	f.Repeat("mixer-1", out)
	f.Repeat("sbc-1", out)
	mixed, relayed := out["mixer-1"].Commands, out["sbc-1"].Commands
	if len(mixed) != 2 || mixed[0].GetRoom().GetId() != "r" || !mixed[1].GetMember().GetMuted() || mixed[1].GetMember().GetRoom() != "r" {
		t.Errorf("the mixer was told %v, want the room and then its muted member", mixed)
	}
	if len(relayed) != 1 || !relayed[0].GetStream().GetSend() {
		t.Errorf("the SBC was told %v, want its stream", relayed)
	}
}

// Joined streams name each other, a new agreement keeps that, and freeing one parts the
// other.
func TestStreamsOfOneSBCAreJoined(t *testing.T) {
	f := newFleet(t, sbc("sbc-1", 8), sbc("sbc-2", 8), mixer("mixer-1"))
	place(t, f, "a")
	b, err := f.PlaceCall("b", "a")
	if err != nil || b.SBC != f.Place("a").SBC {
		t.Fatalf("b is placed on %+v (%v), not beside a", b, err)
	}
	c := place(t, f, "c")
	if err := f.Set("a", &control.Stream{}, Out{}); err != nil {
		t.Fatal(err)
	}
	out := Out{}
	if err := f.Pair("a", "b", out); err != nil {
		t.Fatal(err)
	}
	if cs := out[b.SBC].Commands; len(cs) != 1 || cs[0].GetStream().GetJoined() != "b" {
		t.Errorf("a's SBC was told %v", cs)
	}
	out = Out{}
	if err := f.Set("b", &control.Stream{}, out); err != nil {
		t.Fatal(err)
	}
	if cs := out[b.SBC].Commands; cs[0].GetStream().GetJoined() != "a" {
		t.Errorf("b's agreement said %v", cs)
	}
	if err := f.Pair("a", "c", Out{}); !errors.Is(err, ErrApart) || c.SBC == b.SBC {
		t.Errorf("across SBCs: %v", err)
	}
	out = Out{}
	f.FreeCall("b", out)
	if cs := out[b.SBC].Commands; len(cs) == 0 || f.Place("a").Stream.Joined != "" {
		t.Errorf("after b is gone a is told %v, joined to %q", cs, f.Place("a").Stream.Joined)
	}
}

// A mixer that says that it is full gets nothing new, whatever its capacity; with all of
// them full a call is refused, and told why. What another one gives up it takes all the same.
func TestAFullMixerGetsNothingNew(t *testing.T) {
	f := newFleet(t, sbc("sbc-1", 40), mixer("mixer-1"), mixer("mixer-2"))
	f.Beat("mixer-1", &control.Heartbeat{Seq: 1, Full: true})
	for i := range 4 {
		if p := place(t, f, fmt.Sprint(i)); p.Mixer != "mixer-2" {
			t.Errorf("call %d went to %s, which is full", i, p.Mixer)
		}
	}
	f.Beat("mixer-2", &control.Heartbeat{Seq: 1, Full: true})
	if _, err := f.PlaceCall("one too many", ""); !errors.Is(err, ErrNoMixer) {
		t.Errorf("all are full: got %v, want ErrNoMixer", err)
	}
	if _, err := f.PlaceRoom("r", 8000, Out{}); !errors.Is(err, ErrNoMixer) {
		t.Errorf("a room on full mixers: got %v, want ErrNoMixer", err)
	}
	if r, err := f.Drain("mixer-2", Out{}); err != nil || len(r.Calls) != 4 || len(r.Lost) != 0 {
		t.Errorf("of a mixer that drains %d calls were moved and %d lost: %v", len(r.Calls), len(r.Lost), err)
	}
	f.Beat("mixer-1", &control.Heartbeat{Seq: 2})
	if p := place(t, f, "later"); p.Mixer != "mixer-1" {
		t.Errorf("a mixer that is no longer full gets nothing")
	}
}
