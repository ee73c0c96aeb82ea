package signal

import (
	"bytes"
	"net"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callwright/callwright/engine/call"
	"github.com/callwright/callwright/engine/signal/simnet"
	"github.com/callwright/callwright/media/sdp"
)

// party is a core behind an edge, with a goroutine as its shard.
type party struct {
	*Edge
	ua    *call.UA
	inbox chan call.Input
	news  chan call.Action // all but Send, Arm and Disarm
	gone  chan struct{}
	once  sync.Once
}

func newParty(c Config, seed byte) *party {
	p := &party{inbox: make(chan call.Input, 1000), news: make(chan call.Action, 100), gone: make(chan struct{})}
	p.ua = call.NewUA(call.Config{Seed: [32]byte{seed}, UserAgent: "test"})
	c.Sink = p.put
	p.Edge = New(c)
	go p.shard()
	return p
}

func (p *party) put(in call.Input) {
	select {
	case p.inbox <- in:
	case <-p.gone:
	}
}

func (p *party) shard() {
	timers := map[call.TimerID]*time.Timer{}
	for {
		select {
		case in := <-p.inbox:
			for _, a := range p.ua.Step(time.Now(), in) {
				switch a := a.(type) {
				case call.Send:
					p.Send(a)
				case call.Arm:
					if t := timers[a.Timer]; t != nil {
						t.Stop()
					}
					timers[a.Timer] = time.AfterFunc(a.After, func() { p.put(call.Fired{Timer: a.Timer}) })
				case call.Disarm:
					if t := timers[a.Timer]; t != nil {
						t.Stop()
						delete(timers, a.Timer)
					}
				default:
					p.news <- a
				}
			}
		case <-p.gone:
			for _, t := range timers {
				t.Stop()
			}
			return
		}
	}
}

func (p *party) stop() {
	p.once.Do(func() {
		p.Close()
		close(p.gone)
	})
}

// await brings back the next news of one kind.
func await[T call.Action](t *testing.T, p *party) T {
	t.Helper()
	for {
		select {
		case a := <-p.news:
			if a, ok := a.(T); ok {
				return a
			}
		case <-time.After(30 * time.Second):
			var want T
			t.Fatalf("no %T", want)
		}
	}
}

// talk places a call from a to b, puts it on hold and hangs it up.
func talk(t *testing.T, a, b *party, flow call.Flow) {
	t.Helper()
	media := func(port uint16) sdp.Local { return sdp.Local{Addr: netip.AddrPortFrom(client, port)} }
	a.put(call.Dial{Leg: "x", Flow: flow, URI: "sip:5000@" + flow.Remote, From: call.Party{Name: "A", URI: "sip:a@" + flow.Local}, Media: media(4000)})
	in := await[call.Invited](t, b)
	if in.Msg.From.Name != "A" || in.Flow.Transport != flow.Transport {
		t.Fatalf("invited %+v by %+v", in.Msg, in.Flow)
	}
	b.put(call.Ring{Leg: in.Leg})
	await[call.Ringing](t, a)
	b.put(call.Accept{Leg: in.Leg, Media: media(5000)})
	await[call.Answered](t, a)
	if g := await[call.Agreed](t, a).Media; g.Remote.Port() != 5000 || g.Codec.Name != "PCMU" || g.EventType != 101 {
		t.Fatalf("agreed %+v", g)
	}
	await[call.Confirmed](t, b)
	held := media(4000)
	held.Hold = true
	a.put(call.Reinvite{Leg: "x", Media: held})
	if g := await[call.Agreed](t, b).Media; !g.Held() || g.Generation != 2 {
		t.Fatalf("not held: %+v", g)
	}
	await[call.Agreed](t, a)
	b.put(call.Hangup{Leg: in.Leg, Cause: call.Cause{Name: "time-limit"}})
	if c := await[call.Ended](t, a).Cause; c.Name != "time-limit" || c.By != "callee" {
		t.Fatalf("ended %+v", c)
	}
	await[call.Ended](t, b)
}

func TestCallsInMemory(t *testing.T) {
	for _, transport := range []string{"udp", "tcp"} {
		t.Run(transport, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := &simnet.Net{}
				lost := 0
				n.Loss = func(_, _ netip.AddrPort, data []byte) bool {
					lost++
					return lost%3 == 0 && !bytes.HasPrefix(data, []byte("SIP/2.0 180")) // which nobody repeats
				}
				at := [2]netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:5060"), netip.MustParseAddrPort("127.0.0.1:5070")}
				var p [2]*party
				for i := range p {
					p[i] = newParty(Config{Dial: n.Dialer(client)}, byte(i))
					defer p[i].stop()
					pc, err := n.ListenPacket(at[i])
					if err != nil {
						t.Fatal(err)
					}
					ln, err := n.Listen(at[i])
					if err != nil {
						t.Fatal(err)
					}
					go p[i].ServeUDP(pc)
					go p[i].ServeTCP(ln)
				}
				synctest.Wait()
				talk(t, p[0], p[1], call.Flow{Transport: transport, Local: at[0].String(), Remote: at[1].String()})
				time.Sleep(40 * time.Second)
				for _, p := range p {
					p.stop()
					synctest.Wait()
					if n := p.ua.Pending(); n != 0 {
						t.Errorf("%d pending", n)
					}
				}
			})
		})
	}
}

func TestCallsOverSockets(t *testing.T) {
	for _, transport := range []string{"udp", "tcp"} {
		t.Run(transport, func(t *testing.T) {
			var p [2]*party
			var at [2]string
			for i := range p {
				p[i] = newParty(Config{}, byte(i))
				defer p[i].stop()
				if transport == "udp" {
					pc, err := net.ListenPacket("udp", "127.0.0.1:0")
					if err != nil {
						t.Fatal(err)
					}
					at[i] = pc.LocalAddr().String()
					if err := p[i].AddUDP(pc); err != nil {
						t.Fatal(err)
					}
					go p[i].ServeUDP(pc)
					continue
				}
				ln, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				at[i] = ln.Addr().String()
				go p[i].ServeTCP(ln)
			}
			talk(t, p[0], p[1], call.Flow{Transport: transport, Local: at[0], Remote: at[1]})
		})
	}
}
