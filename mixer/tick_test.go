package mixer

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/media/trunk"
)

// nowhere is a trunk that takes everything and brings nothing.
type nowhere struct {
	sent   int
	closed chan struct{}
}

func (n *nowhere) Recv([]trunk.Frame) (int, error) { <-n.closed; return 0, net.ErrClosed }
func (n *nowhere) Poll([]trunk.Frame) (int, error) { return 0, nil }
func (n *nowhere) Send(fs []trunk.Frame) error {
	n.sent += len(fs)
	return nil
}
func (n *nowhere) SendRuns(runs []trunk.Run) error {
	for _, r := range runs {
		n.sent += len(r.Records) / r.Size
	}
	return nil
}
func (n *nowhere) LocalAddr() netip.AddrPort { return netip.MustParseAddrPort("127.0.0.1:1") }
func (n *nowhere) Counters() trunk.Counters  { return trunk.Counters{} }
func (n *nowhere) Close() error              { close(n.closed); return nil }

type deaf struct{}

func (deaf) Report(*control.Event) {}

// crowd is a mixer whose tick the test runs by itself.
type crowd struct {
	*Mixer
	conn *nowhere
	seq  uint16
}

func newCrowd(t testing.TB, members, perRoom int, codecs ...control.Codec) *crowd {
	t.Helper()
	c := &crowd{conn: &nowhere{closed: make(chan struct{})}}
	m, err := New(Config{Name: "m", Trunk: c.conn, Recordings: filepath.Join(t.TempDir(), "rec"),
		Report: deaf{}, Capacity: members})
	if err != nil {
		t.Fatal(err)
	}
	c.Mixer = m
	turn := &control.Turn{}
	for i := range members {
		room := fmt.Sprint("room ", i/perRoom)
		if i%perRoom == 0 {
			turn.Commands = append(turn.Commands, &control.Command{Body: &control.Command_Room{Room: &control.Room{Id: room, Rate: 8000}}})
		}
		turn.Commands = append(turn.Commands, &control.Command{Body: &control.Command_Member{Member: &control.Member{
			Id: fmt.Sprint("member ", i), Room: room, Codec: codecs[i%len(codecs)],
			Trunk: &control.Trunk{Peer: "127.0.0.1:2", Ssrc: uint32(i), Token: 7}}}})
	}
	m.Obey(1, turn)
	return c
}

// enter takes up what control has shown.
func (c *crowd) enter() *scene {
	s := c.tick.scene.Load()
	c.tick.enter(s)
	return s
}

func (c *crowd) take(f *trunk.Frame) { c.tick.receive.take(f, c.tick.receive.find(f.SSRC)) }

// feed brings a packet of each member, as the receiver would.
func (c *crowd) feed() {
	payload := make([]byte, 320)
	for i, m := range c.desk.order {
		r := m.route.Load()
		for k := range payload {
			payload[k] = byte(i*7 + k*13)
		}
		n := r.codec.payload()
		c.take(&trunk.Frame{SSRC: r.ssrc, Token: 7, Type: r.codec.kind, Seq: c.seq,
			Timestamp: uint32(c.seq) * uint32(m.rate/50), Payload: payload[:n]})
	}
	c.seq++
}

func TestTickAllocatesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, 30, 3, control.Codec_PCMU, control.Codec_PCMA, control.Codec_L16_8000)
		tone := []*control.Source{{Body: &control.Source_Tone{Tone: &control.Tone{Segments: []*control.Tone_Segment{{Hz: []float64{440}}}}}}}
		turn := &control.Turn{Commands: []*control.Command{
			{Body: &control.Command_Play{Play: &control.Play{Op: "1", Sources: tone, Target: &control.Play_Member{Member: "member 0"}}}},
			{Body: &control.Command_Play{Play: &control.Play{Op: "2", Sources: tone, Target: &control.Play_Room{Room: "room 1"}}}},
			{Body: &control.Command_Record{Record: &control.Record{Op: "3", Path: "a.wav", Leg: control.Record_BOTH, Stereo: true,
				Target: &control.Record_Member{Member: "member 0"}}}},
			{Body: &control.Command_Record{Record: &control.Record{Op: "4", Path: "b.wav", Target: &control.Record_Room{Room: "room 1"}}}},
		}}
		c.Obey(1, turn)
		synctest.Wait()
		s := c.enter()
		if n := testing.AllocsPerRun(100, func() { c.tick.step(s) }); n != 0 {
			t.Errorf("%v allocations a tick of silence", n)
		}
		payload := make([]byte, 320)
		take := func() {
			for _, m := range s.members {
				r := m.route.Load()
				f := trunk.Frame{SSRC: r.ssrc, Token: 7, Type: r.codec.kind, Seq: c.seq, Timestamp: uint32(c.seq) * 160, Payload: payload[:r.codec.payload()]}
				c.take(&f)
			}
			c.seq++
			c.tick.step(s)
		}
		if n := testing.AllocsPerRun(100, take); n != 0 {
			t.Errorf("%v allocations a tick", n)
		}
		if c.conn.sent == 0 || c.count.overflow.Load() != 0 {
			t.Errorf("%d frames sent, %d lost", c.conn.sent, c.count.overflow.Load())
		}
		c.desk.close()
	})
}

// All that a room can do, at once, allocates nothing either.
func TestARichRoomsTickAllocatesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, 12, 12, control.Codec_PCMU, control.Codec_L16_16000)
		rich := &control.Room{Id: "room 0", Rate: 48000, Loudest: 4, ComfortNoise: true, HistoryMs: 2000, LevelsMs: 100}
		turn := &control.Turn{Commands: []*control.Command{{Body: &control.Command_Room{Room: rich}}}}
		for i, m := range c.desk.order {
			rich.Pairs = append(rich.Pairs, &control.Pair{Listener: m.id, Speaker: "member 1", Gain: float64(i%3) / 2})
			turn.Commands = append(turn.Commands, &control.Command{Body: &control.Command_Member{Member: &control.Member{
				Id: m.id, Room: "room 0", Codec: control.Codec_PCMU, Agc: true, Apart: m.id == "member 1",
				Trunk: &control.Trunk{Peer: "127.0.0.1:2", Ssrc: m.route.Load().ssrc, Token: 7}}}})
		}
		c.Obey(1, turn)
		synctest.Wait()
		s := c.enter()
		take := func() {
			c.feed()
			c.tick.step(s)
			for len(c.tick.notices) > 0 {
				<-c.tick.notices
			}
			for len(c.tick.talks) > 0 {
				<-c.tick.talks
			}
		}
		take()
		want := testing.AllocsPerRun(100, c.feed) // the test's own
		if n := testing.AllocsPerRun(100, take); n > want {
			t.Errorf("%v allocations a tick", n-want)
		}
		c.desk.close()
	})
}

// Sends are grouped: all of one peer and size stand together, whatever the order of
// their joining.
func TestFramesStandByPeerAndSize(t *testing.T) {
	c := newCrowd(t, 9, 3, control.Codec_PCMU, control.Codec_L16_8000, control.Codec_PCMA)
	turn := &control.Turn{}
	for i := range 9 {
		turn.Commands = append(turn.Commands, &control.Command{Body: &control.Command_Member{Member: &control.Member{
			Id: fmt.Sprint("member ", i), Codec: []control.Codec{control.Codec_PCMU, control.Codec_L16_8000}[i/2%2],
			Trunk: &control.Trunk{Peer: fmt.Sprint("127.0.0.1:", 2+i%3), Ssrc: uint32(100 + i), Token: 7}}}})
	}
	c.Obey(1, turn)
	s := c.enter()
	c.tick.step(s)
	records := 0
	for _, r := range s.runs {
		for at := 0; at < len(r.Records); at += r.Size {
			records++
			ssrc := binary.BigEndian.Uint32(r.Records[at+8:])
			if c.tick.receive.table.find(ssrc) == nil || c.tick.receive.table.find(ssrc-100) != nil {
				t.Errorf("SSRC %d is not the one that is known", ssrc)
			}
		}
	}
	if len(s.runs) != 6 || records != 9 {
		t.Errorf("%d runs of peer and size with %d records, want 6 with 9", len(s.runs), records)
	}
	c.desk.close()
}

func TestClock(t *testing.T) {
	start := time.Unix(0, 0)
	for _, c := range []struct {
		began, ended, wait time.Duration
		off                lapse
		due                time.Duration
	}{
		{0, 1, 20*time.Millisecond - 1, lapse{}, 20},
		{4 * time.Millisecond, 6 * time.Millisecond, 14 * time.Millisecond, lapse{}, 20},
		{6 * time.Millisecond, 8 * time.Millisecond, 12 * time.Millisecond, lapse{late: true}, 20},
		{0, 25 * time.Millisecond, 0, lapse{doubled: true}, 20},
		{119 * time.Millisecond, 119 * time.Millisecond, 0, lapse{late: true, doubled: true}, 20},
		{time.Second, time.Second, 0, lapse{late: true, skipped: 49, doubled: true}, 1000},
		{1005 * time.Millisecond, 1005 * time.Millisecond, 0, lapse{late: true, skipped: 49, doubled: true}, 1000},
	} {
		k := clock{due: start}
		wait, off := k.next(start.Add(c.began), start.Add(c.ended))
		if wait != c.wait || off != c.off || k.due != start.Add(c.due*time.Millisecond) {
			t.Errorf("a tick from %v to %v: wait %v, %+v, due %v", c.began, c.ended, wait, off, k.due.Sub(start))
		}
	}
}

func TestTableFindsAllAndOnly(t *testing.T) {
	tab, known := newTable(), map[uint32]*member{}
	for i := range uint32(5000) {
		ssrc := i * 65536 // all collide in a table that takes low bits
		known[ssrc] = &member{}
		tab.add(ssrc, known[ssrc])
		if i%3 == 0 {
			gone := i / 2 * 65536
			tab.remove(gone)
			delete(known, gone)
		}
	}
	for i := range uint32(6000) {
		if got := tab.find(i * 65536); got != known[i*65536] {
			t.Fatalf("SSRC %d found wrongly", i*65536)
		}
	}
	if tab.live != len(known) || len(*tab.slots.Load()) > 65536 {
		t.Errorf("%d live of %d in %d slots", tab.live, len(known), len(*tab.slots.Load()))
	}
}

// One op is 20 ms of 700 members in rooms of three, all talking, without the kernel's
// share of the trunk.
func BenchmarkTick(b *testing.B) {
	const members = 700
	c := newCrowd(b, members, 3, control.Codec_PCMU, control.Codec_PCMA)
	s := c.enter()
	b.ReportAllocs()
	for b.Loop() {
		c.feed()
		c.tick.step(s)
	}
	ns := float64(b.Elapsed().Nanoseconds()) / float64(b.N)
	b.ReportMetric(ns/members, "ns/member-frame")
	b.ReportMetric(members*float64(period)/ns, "members/core")
	c.desk.close()
}
