package sbc

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/media/rtp"
	"github.com/callwright/callwright/media/trunk"
	"github.com/callwright/callwright/sbc/link/memory"
	"github.com/callwright/callwright/sbc/link/socket"
)

// brain is a hub that remembers what its worker told it.
type brain struct {
	*control.Hub
	mu    sync.Mutex
	hello *control.Hello
	beat  *control.Heartbeat
	seen  []string
}

func newBrain(epoch uint64) *brain {
	b := &brain{}
	b.Hub = control.NewHub(control.HubConfig{Epoch: epoch, Sink: b.sink})
	return b
}

func (b *brain) sink(e control.HubEvent) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e.Kind {
	case control.Up:
		b.hello = e.Hello
	case control.Down:
		b.seen = append(b.seen, "down")
	case control.Beaten:
		if len(e.Beat.Counters) > 0 {
			b.beat = e.Beat
		}
	case control.Reported:
		for _, ev := range e.Report.Events {
			switch {
			case ev.GetMedia() != nil:
				b.seen = append(b.seen, ev.GetMedia().State.String())
			case ev.GetDone() != nil:
				b.seen = append(b.seen, "done "+ev.GetDone().Op+" "+ev.GetDone().Reason)
			case ev.GetFault() != nil:
				b.seen = append(b.seen, "fault of "+ev.GetFault().Subject)
			}
		}
	}
}

func (b *brain) want(t *testing.T, want string) {
	t.Helper()
	synctest.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	if got := strings.Join(b.seen, ", "); got != want {
		t.Errorf("brain saw %q, want %q", got, want)
	}
	b.seen = nil
}

func (b *brain) command(t *testing.T, cs ...*control.Command) {
	t.Helper()
	if err := b.Send("sbc-1", &control.Turn{Commands: cs}); err != nil {
		t.Fatal(err)
	}
}

func stream(id string, port uint32, remote, peer netip.AddrPort) *control.Command {
	return &control.Command{Id: 1, Body: &control.Command_Stream{Stream: &control.Stream{Id: id, Port: port, Remote: remote.String(),
		Codec: control.Codec_PCMA, PayloadType: 8, EventType: 101, PtimeMs: 20, Send: true, Receive: true, Ssrc: 1, Generation: 1, Cname: "x",
		Trunk: &control.Trunk{Peer: peer.String(), Ssrc: port, Token: 7}}}}
}

func drop(id string) *control.Command {
	return &control.Command{Id: 2, Body: &control.Command_DropStream{DropStream: &control.DropStream{Id: id}}}
}

func TestWorkerObeysItsBrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network, trunks := memory.NewNet(), trunk.NewMemory()
		ip := netip.MustParseAddr("10.0.0.1")
		l, _ := network.Link(ip, 20000, 20)
		ours, _ := trunks.Listen(netip.MustParseAddrPort("10.0.0.1:7000"))
		mixer, _ := trunks.Listen(netip.MustParseAddrPort("10.0.0.2:7000"))
		defer mixer.Close()
		phone, _ := network.Phone(netip.MustParseAddrPort("10.1.1.1:4000"))
		one := newBrain(1)
		var at sync.Map
		at.Store("brain", one)
		c := control.NewClient(control.ClientConfig{Dial: func(ctx context.Context) (control.Conn, error) {
			b, _ := at.Load("brain")
			return b.(*brain).Attach(ctx)
		}})
		s, err := New(Config{Name: "sbc-1", Link: l, Trunk: ours, Media: ip, FirstPort: 20000, Ports: 20, Reporter: c})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { s.Run(ctx) })
		wg.Go(func() { c.Run(ctx, s) })
		synctest.Wait()
		if h := one.hello; h.Kind != control.Kind_SBC || h.Media != "10.0.0.1" || h.FirstPort != 20000 || h.Capacity != 10 || h.Trunk != "10.0.0.1:7000" {
			t.Errorf("Hello %v", h)
		}
		hears := func() bool {
			p := rtp.Packet{Type: 8, Payload: make([]byte, 160)}
			b := make([]byte, 172)
			phone.WriteTo(b[:p.Put(b)], netip.AddrPortFrom(ip, 20000))
			synctest.Wait()
			for _, c := range s.Counters() {
				if c.Name == "rtp_dropped_total" && c.Reason == "stream" {
					return false
				}
			}
			return true
		}
		bad := stream("bad", 20002, phone.Addr(), mixer.LocalAddr())
		bad.GetStream().Remote = "phone.example.com:4000"
		odd := stream("odd", 20003, phone.Addr(), mixer.LocalAddr())
		wide := stream("wide", 20004+1<<16, phone.Addr(), mixer.LocalAddr())
		slow := stream("slow", 20006, phone.Addr(), mixer.LocalAddr())
		slow.GetStream().PtimeMs = 100 // a wish
		one.command(t, stream("a", 20000, phone.Addr(), mixer.LocalAddr()), bad, odd, wide, slow,
			&control.Command{Body: &control.Command_Room{}}, &control.Command{},
			&control.Command{Body: &control.Command_Echo{Echo: &control.Echo{Op: "e", Stream: "a"}}},
			&control.Command{Body: &control.Command_Echo{Echo: &control.Echo{Op: "f", Stream: "none"}}},
			&control.Command{Body: &control.Command_Digits{Digits: &control.Digits{Op: "d", Stream: "a", Digits: "?"}}})
		one.want(t, "fault of bad, fault of odd, fault of wide, fault of f, fault of d")
		if !hears() {
			t.Error("the stream is not there")
		}
		one.command(t, drop("slow"), &control.Command{Body: &control.Command_Stop{Stop: &control.Stop{Op: "e"}}})
		one.want(t, "FIRST, done e stopped")
		time.Sleep(2 * time.Second)
		one.mu.Lock()
		if one.beat == nil || one.beat.Load != 1 || one.beat.Counters[0].Name != "rtp_received_total" || one.beat.Counters[0].Value != 1 {
			t.Errorf("heartbeat %v", one.beat)
		}
		one.mu.Unlock()

		one.Close() // the brain is lost: audio goes on
		time.Sleep(3 * time.Second)
		if !hears() {
			t.Error("the stream did not survive its brain's absence")
		}
		two := newBrain(2)
		at.Store("brain", two)
		time.Sleep(3 * time.Second)
		if !hears() {
			t.Error("the stream did not survive until its new brain had spoken")
		}
		sweep := &control.Command{Body: &control.Command_Sweep{Sweep: &control.Sweep{}}}
		two.command(t, stream("a", 20000, phone.Addr(), mixer.LocalAddr()), sweep)
		synctest.Wait()
		if !hears() {
			t.Error("the sweep took a stream that the new brain wants")
		}
		two.Close()
		three := newBrain(3)
		at.Store("brain", three)
		time.Sleep(3 * time.Second)
		three.command(t, sweep)
		synctest.Wait()
		if hears() {
			t.Error("a stream that the new brain does not know outlived the sweep")
		}
		cancel()
		wg.Wait()
		three.Close()
	})
}

// TestOverSockets runs a call's audio both ways over real sockets, waiting for packets
// only.
func TestOverSockets(t *testing.T) {
	ip := netip.MustParseAddr("127.0.0.1")
	var l *socket.Link
	var first uint16
	for first = 28000; l == nil && first < 32000; first += 20 {
		l, _ = socket.Open(socket.Config{Addr: ip, FirstPort: first, Ports: 4})
	}
	if first -= 20; l == nil {
		t.Fatal("no free ports")
	}
	ours, err := trunk.Listen(netip.AddrPortFrom(ip, 0))
	if err != nil {
		t.Fatal(err)
	}
	mixer, err := trunk.Listen(netip.AddrPortFrom(ip, 0))
	if err != nil {
		t.Fatal(err)
	}
	defer mixer.Close()
	s, err := New(Config{Name: "sbc-1", Link: l, Trunk: ours, Media: ip, FirstPort: first, Ports: 4, Reporter: nobody{}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- s.Run(ctx) }()
	phone, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(ip, first)))
	if err != nil {
		t.Fatal(err)
	}
	defer phone.Close()
	s.Connected(1)
	s.Obey(1, &control.Turn{Commands: []*control.Command{stream("a", uint32(first), phone.LocalAddr().(*net.UDPAddr).AddrPort(), mixer.LocalAddr())}})
	in, b := make([]trunk.Frame, 4), make([]byte, 1500)
	for i := range uint32(20) {
		p := rtp.Packet{Type: 8, Seq: uint16(i), Timestamp: i * 160, SSRC: 3, Payload: make([]byte, 160)}
		phone.Write(b[:p.Put(b)])
		n, err := mixer.Recv(in)
		if err != nil || n != 1 || in[0].Seq != uint16(i) || in[0].Token != 7 {
			t.Fatalf("mixer got %d frames, %+v, %v", n, in[0], err)
		}
		in[0].Peer = ours.LocalAddr()
		if err := mixer.Send(in[:1]); err != nil {
			t.Fatal(err)
		}
		k, err := phone.Read(b)
		if err != nil || p.Parse(b[:k]) != nil || p.SSRC != 1 || p.Type != 8 || len(p.Payload) != 160 {
			t.Fatalf("phone got %d bytes, %+v, %v", k, p, err)
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
	if _, err := l.Recv(nil, 0); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the link is still open: %v", err)
	}
}

type nobody struct{}

func (nobody) Report(*control.Event) {}
