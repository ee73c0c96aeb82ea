package mixer

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/media/trunk"
)

// Members are found by who came last before them; that guess must never win over the
// truth, whatever order frames come in, who is dropped and whose SSRC another gets.
func TestFindingByOrderIsFindingBySSRC(t *testing.T) {
	c := newCrowd(t, 30, 3, control.Codec_PCMU)
	c.enter()
	r := rand.New(rand.NewPCG(3, 4))
	owner := map[uint32]string{}
	for i := range 30 {
		owner[uint32(i)] = fmt.Sprint("member ", i)
	}
	for round := range 60 {
		for range 200 {
			ssrc := uint32(r.IntN(40))
			if round%2 == 0 {
				ssrc = uint32(r.IntN(4)) // the same few again and again
			}
			got := ""
			if m := c.tick.receive.find(ssrc); m != nil {
				got = m.id
			}
			if got != owner[ssrc] {
				t.Fatalf("round %d: SSRC %d finds %q, want %q", round, ssrc, got, owner[ssrc])
			}
		}
		ssrc := uint32(r.IntN(6))
		turn := &control.Turn{}
		if old := owner[ssrc]; old != "" {
			turn.Commands = append(turn.Commands, &control.Command{Body: &control.Command_DropMember{DropMember: &control.DropMember{Id: old}}})
			delete(owner, ssrc)
		}
		if round%3 > 0 {
			id := fmt.Sprint("heir ", round)
			owner[ssrc] = id
			turn.Commands = append(turn.Commands, &control.Command{Body: &control.Command_Member{Member: &control.Member{
				Id: id, Room: "room 0", Codec: control.Codec_PCMU, Trunk: &control.Trunk{Peer: "127.0.0.1:2", Ssrc: ssrc, Token: 7}}}})
		}
		c.Obey(1, turn)
		c.enter()
	}
	c.desk.close()
}

// Members that have left keep no others that have: a chain of them would grow with each
// call.
func TestWhoHasLeftIsForgotten(t *testing.T) {
	c := newCrowd(t, 3, 3, control.Codec_PCMU)
	drop := func(id string) *control.Turn {
		return &control.Turn{Commands: []*control.Command{{Body: &control.Command_DropMember{DropMember: &control.DropMember{Id: id}}}}}
	}
	c.Obey(1, drop("member 1"))
	c.Obey(1, drop("member 2"))
	c.enter()
	tick := c.tick
	tick.receive.find(0)
	for i := range 100 {
		id, ssrc := fmt.Sprint("caller ", i), uint32(100+i)
		c.Obey(1, &control.Turn{Commands: []*control.Command{{Body: &control.Command_Member{Member: &control.Member{
			Id: id, Room: "room 0", Codec: control.Codec_PCMU, Trunk: &control.Trunk{Peer: "127.0.0.1:2", Ssrc: ssrc, Token: 7}}}}}})
		c.enter()
		if tick.receive.find(ssrc) == nil {
			t.Fatalf("%s is not found", id)
		}
		if i > 0 {
			c.Obey(1, drop(fmt.Sprint("caller ", i-1)))
			c.enter()
		}
	}
	for _, m := range tick.shown.members {
		n := 0
		for ; m != nil && n < 50; m = m.after {
			n++
		}
		if n > 5 {
			t.Errorf("%d members or more hang behind one", n)
		}
	}
	c.desk.close()
}

// torrent is a trunk on which frames never end.
type torrent struct{ nowhere }

func (n *torrent) Poll(fs []trunk.Frame) (int, error) {
	for i := range fs {
		fs[i] = trunk.Frame{SSRC: 1e6, Payload: []byte{0}}
	}
	return len(fs), nil
}

func TestAFloodHoldsUpNoTick(t *testing.T) {
	c := newCrowd(t, 3, 3, control.Codec_PCMU)
	c.enter()
	c.tick.receive.conn = &torrent{}
	if err := c.tick.drain(); err != nil {
		t.Fatal(err)
	}
	if n := c.count.unknown.Load(); n < flood || n > flood+2*batch {
		t.Errorf("%d frames were taken at once, want about %d", n, flood)
	}
	c.desk.close()
}
