package relay

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/media/rtp"
	"github.com/callwright/callwright/media/trunk"
	"github.com/callwright/callwright/sbc/link"
)

// sink is a link and a trunk that swallow; the tests below feed the path by hand.
type sink struct{ packets, frames int }

func (k *sink) Recv([]link.Packet, time.Duration) (int, error) { return 0, nil }
func (k *sink) Send(ps []link.Packet) (int, error)             { k.packets += len(ps); return len(ps), nil }
func (k *sink) Wake()                                          {}
func (k *sink) Close() error                                   { return nil }

type trunkSink struct{ *sink }

func (k trunkSink) Recv([]trunk.Frame) (int, error) { return 0, nil }
func (k trunkSink) Send(fs []trunk.Frame) error     { k.frames += len(fs); return nil }
func (k trunkSink) SendRuns([]trunk.Run) error      { return nil }
func (k trunkSink) Poll([]trunk.Frame) (int, error) { return 0, nil }
func (k trunkSink) LocalAddr() netip.AddrPort       { return netip.AddrPort{} }
func (k trunkSink) Counters() trunk.Counters        { return trunk.Counters{} }

type deaf struct{}

func (deaf) Report(*control.Event) {}

// loaded is a relay with n streams and a packet and a frame for each.
func loaded(t testing.TB, n int) (*Relay, *sink, []link.Packet, []trunk.Frame) {
	k := &sink{}
	r, err := New(Config{Link: k, Trunk: trunkSink{k}, FirstPort: 20000, Ports: uint16(2 * n), Reporter: deaf{}})
	if err != nil {
		t.Fatal(err)
	}
	ps, fs := make([]link.Packet, n), make([]trunk.Frame, n)
	for i := range n {
		remote := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}), 4000)
		if err := r.Put(Settings{ID: fmt.Sprint(i), Port: uint16(20000 + 2*i), Remote: remote, EventType: 101, Send: true, Receive: true,
			Peer: remote, TrunkSSRC: uint32(i) * 77777, Token: uint64(i), SSRC: uint32(i), CNAME: "x"}); err != nil {
			t.Fatal(err)
		}
		p := rtp.Packet{SSRC: uint32(i), Payload: make([]byte, 160)}
		ps[i] = link.Packet{Data: make([]byte, 172), Port: uint16(20000 + 2*i), Remote: remote}
		p.Put(ps[i].Data)
		fs[i] = trunk.Frame{SSRC: uint32(i) * 77777, Token: uint64(i), Payload: make([]byte, 160)}
	}
	r.answer(time.Now())
	return r, k, ps, fs
}

// advance makes the next packet of a stream out of its last.
func advance(b []byte) {
	if b[3]++; b[3] == 0 {
		b[2]++
	}
	ts := uint32(b[4])<<24 | uint32(b[5])<<16 | uint32(b[6])<<8 | uint32(b[7])
	ts += 160
	b[4], b[5], b[6], b[7] = byte(ts>>24), byte(ts>>16), byte(ts>>8), byte(ts)
}

// TestNoAllocationOnThePath feeds a mixed batch: audio at several packet times, echo,
// a telephone-event under way, strangers and garbage.
func TestNoAllocationOnThePath(t *testing.T) {
	r, k, ps, fs := loaded(t, 40)
	for id, ptime := range map[string]int{"3": 40, "4": 10, "5": 60} {
		set := *r.streams[id].set.Load()
		set.Ptime = ptime
		r.Put(set)
	}
	r.Echo("a", "6", 0)
	r.Echo("b", "7", 100*time.Millisecond)
	held := *r.streams["8"].set.Load()
	held.Send, held.Receive = false, false
	r.Put(held)
	for id, other := range map[string]string{"20": "21", "21": "20"} {
		set := *r.streams[id].set.Load()
		set.Joined = other
		if id == "21" {
			set.TrunkType, set.Type = trunk.TypePCMA, 8
		}
		r.Put(set)
	}
	r.answer(time.Now())
	ps[21].Data[1] = 8
	ps[10].Data = append([]byte{0x80, 101}, ps[10].Data[2:16]...) // an event that goes on
	ps[11].Data = ps[11].Data[:7]
	ps[12].Data = nil
	ps[13].Remote = ps[14].Remote
	ps[15].Data = make([]byte, 1501)
	ps[16].Port = 65000
	fs[17].Token++
	fs[18].SSRC++
	now := time.Now()
	for _, s := range r.streams { // reports are rare, and not free
		s.in.reports.nextRTCP, s.in.reports.nextQuality = now.Add(time.Hour), now.Add(time.Hour)
	}
	round := func() {
		now = now.Add(20 * time.Millisecond)
		for i := range ps {
			if len(ps[i].Data) == 172 {
				advance(ps[i].Data)
			}
			r.take(&ps[i], now)
		}
		r.flushTrunk()
		r.incoming.flush()
		for i := range fs {
			fs[i].Timestamp += 160
			r.give(&fs[i], now)
		}
		r.outgoing.flush()
	}
	round()
	if n := testing.AllocsPerRun(200, round); n != 0 {
		t.Errorf("%v allocations a round of 40 packets each way", n)
	}
	if k.frames < 30*200 || k.packets < 30*200 {
		t.Errorf("%d frames and %d packets came through: the test tests nothing", k.frames, k.packets)
	}
	if n := testing.AllocsPerRun(20, func() { now = now.Add(time.Millisecond); r.tick(now) }); n != 0 {
		t.Errorf("%v allocations a tick", n)
	}
}

// BenchmarkRelay is one frame each way through the tables and the path, without the
// network: an operation is two packets.
func BenchmarkRelay(b *testing.B) {
	r, _, ps, fs := loaded(b, 1000)
	now := time.Now()
	b.ReportAllocs()
	for b.Loop() {
		for i := range ps {
			advance(ps[i].Data)
			r.take(&ps[i], now)
			fs[i].Timestamp += 160
			r.give(&fs[i], now)
		}
		r.flushTrunk()
		r.outgoing.flush()
		now = now.Add(20 * time.Millisecond)
	}
	b.ReportMetric(float64(b.N)*2000/b.Elapsed().Seconds(), "packets/s")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/2000, "ns/packet")
}

func FuzzTake(f *testing.F) {
	_, _, ps, _ := loaded(f, 1)
	f.Add(ps[0].Data, uint16(0), byte(0))
	f.Add([]byte{0x80, 101, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x8a, 0, 160}, uint16(0), byte(1))
	f.Add([]byte{0x80, 0xc8, 0, 1, 0, 0, 0, 1}, uint16(1), byte(0))
	f.Fuzz(func(t *testing.T, data []byte, port uint16, from byte) {
		r, _, _, _ := loaded(t, 2)
		now := time.Now()
		for i := range byte(8) { // often enough to latch
			p := link.Packet{Data: data, Port: 20000 + port%6, Remote: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, 0, from}), 4000)}
			if len(data) > 4 {
				data[3] = data[3] + i&1
			}
			now = now.Add(time.Second)
			r.take(&p, now)
			r.tick(now)
			r.flushTrunk()
			r.incoming.flush()
		}
		r.Drop("0")
		r.answer(now)
	})
}
