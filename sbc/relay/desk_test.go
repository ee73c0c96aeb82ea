package relay

import (
	"bytes"
	"context"
	"fmt"
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
)

const ms = time.Millisecond

var (
	media   = netip.MustParseAddr("10.0.0.1")
	sbcPort = netip.AddrPortFrom(media, 20000)
)

// desk is a relay with a phone on one side and a mixer's end of the trunk on the
// other, in a synctest bubble.
type desk struct {
	t     *testing.T
	net   *memory.Net
	relay *Relay
	mixer trunk.Conn
	set   Settings // of stream "s"
	phone *phone

	mu     sync.Mutex
	frames []trunk.Frame // what reached the mixer
	events []*control.Event
}

func (d *desk) Report(e *control.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.events = append(d.events, e)
}

// onDesk runs a test with stream "s" up.
func onDesk(t *testing.T, test func(d *desk)) {
	synctest.Test(t, func(t *testing.T) {
		d := &desk{t: t, net: memory.NewNet()}
		l, err := d.net.Link(media, 20000, 100)
		if err != nil {
			t.Fatal(err)
		}
		trunks := trunk.NewMemory()
		ours, _ := trunks.Listen(netip.MustParseAddrPort("10.0.0.1:0"))
		d.mixer, _ = trunks.Listen(netip.MustParseAddrPort("10.0.0.2:0"))
		d.relay, err = New(Config{Link: l, Trunk: ours, FirstPort: 20000, Ports: 100, Reporter: d})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := d.relay.Run(ctx); err != nil {
				t.Errorf("Run: %v", err)
			}
		})
		wg.Go(d.listen)
		d.phone = d.newPhone("10.0.1.1:4000", 77)
		d.set = Settings{ID: "s", Port: 20000, Remote: d.phone.Addr(), TrunkType: trunk.TypePCMU, Type: 0, EventType: 101,
			Send: true, Receive: true, Peer: d.mixer.LocalAddr(), TrunkSSRC: 5, Token: 99, SSRC: 1234, Generation: 1, CNAME: "s@x"}
		d.put()
		time.Sleep(5 * ms) // so that nothing of a test coincides with a tick of the relay
		defer func() {
			d.mixer.Close()
			cancel()
			wg.Wait()
		}()
		test(d)
	})
}

func (d *desk) put() {
	d.t.Helper()
	if err := d.relay.Put(d.set); err != nil {
		d.t.Fatal(err)
	}
	synctest.Wait()
}

func (d *desk) listen() {
	in := make([]trunk.Frame, 16)
	for {
		n, err := d.mixer.Recv(in)
		if err != nil {
			return
		}
		d.mu.Lock()
		for _, f := range in[:n] {
			f.Payload = bytes.Clone(f.Payload)
			d.frames = append(d.frames, f)
		}
		d.mu.Unlock()
	}
}

// heard takes what the mixer has got since the last call.
func (d *desk) heard() []trunk.Frame {
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	fs := d.frames
	d.frames = nil
	return fs
}

// told takes the events since the last call, but those of quality.
func (d *desk) told() string {
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []string
	for _, e := range d.events {
		switch b := e.Body.(type) {
		case *control.Event_Digit:
			out = append(out, fmt.Sprintf("digit %s/%d", b.Digit.Digit, b.Digit.Ms))
		case *control.Event_Media:
			line := strings.ToLower(b.Media.State.String())
			if b.Media.State == control.Media_LATCHED {
				line += " " + b.Media.Remote
			}
			out = append(out, line)
		case *control.Event_Done:
			out = append(out, fmt.Sprintf("done %s %s %d/%d", b.Done.Op, b.Done.Reason, b.Done.Ms, b.Done.HeardMs))
		}
	}
	d.events = nil
	return strings.Join(out, ", ")
}

func (d *desk) wantTold(want string) {
	d.t.Helper()
	if got := d.told(); got != want {
		d.t.Errorf("told %q, want %q", got, want)
	}
}

// dropped is the count of one reason.
func (d *desk) dropped(r reason) uint64 {
	synctest.Wait()
	return d.relay.tally.dropped[r].Load()
}

// say sends one trunk frame from the mixer.
func (d *desk) say(f trunk.Frame) {
	f.Peer = d.relay.trunk.LocalAddr()
	if err := d.mixer.Send([]trunk.Frame{f}); err != nil {
		d.t.Fatal(err)
	}
}

// talk sends n frames of 20 ms from the mixer, in time, beginning with number from.
func (d *desk) talk(from, n int) {
	for i := from; i < from+n; i++ {
		d.say(trunk.Frame{SSRC: 5, Token: 99, Type: d.set.TrunkType, Seq: uint16(i), Timestamp: uint32(i) * 160,
			Payload: bytes.Repeat([]byte{byte(i)}, 160)})
		time.Sleep(20 * ms)
	}
}

// phone sends and collects RTP.
type phone struct {
	*memory.Phone
	d    *desk
	to   netip.AddrPort
	next rtp.Packet
}

func (d *desk) newPhone(at string, ssrc uint32) *phone {
	p, err := d.net.Phone(netip.MustParseAddrPort(at))
	if err != nil {
		d.t.Fatal(err)
	}
	return &phone{Phone: p, d: d, to: sbcPort, next: rtp.Packet{Seq: 100, Timestamp: 16000, SSRC: ssrc}}
}

func (p *phone) packet(q rtp.Packet) {
	b := make([]byte, rtp.HeaderSize+len(q.Payload))
	p.WriteTo(b[:q.Put(b)], p.to)
}

// talk sends n packets of 20 ms in time; each payload byte is its packet's number.
func (p *phone) talk(n int) {
	for range n {
		p.next.Payload = bytes.Repeat([]byte{byte(p.next.Seq)}, 160)
		p.packet(p.next)
		p.next.Seq++
		p.next.Timestamp += 160
		time.Sleep(20 * ms)
	}
}

// got takes what has come to the phone; RTCP is left out.
func (p *phone) got() []rtp.Packet {
	synctest.Wait()
	p.SetReadDeadline(time.Now().Add(time.Nanosecond))
	var out []rtp.Packet
	for {
		b := make([]byte, 2000)
		n, from, err := p.ReadFrom(b)
		if err != nil {
			return out
		}
		var q rtp.Packet
		if rtp.KindOf(b[:n]) != rtp.RTP {
			continue
		}
		if err := q.Parse(b[:n]); err != nil || from != p.to {
			p.d.t.Errorf("phone got %x from %v: %v", b[:n], from, err)
			continue
		}
		out = append(out, q)
	}
}

// unbroken checks a phone's stream: one SSRC, numbers without a gap.
func (d *desk) unbroken(ps []rtp.Packet) {
	d.t.Helper()
	for i, p := range ps {
		if p.SSRC != d.set.SSRC {
			d.t.Errorf("packet %d: ssrc %d", i, p.SSRC)
		}
		if i > 0 && p.Seq != ps[i-1].Seq+1 {
			d.t.Errorf("packet %d: sequence %d after %d", i, p.Seq, ps[i-1].Seq)
		}
	}
}
