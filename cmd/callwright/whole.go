package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/callwright/callwright/cmd/callwright/scripttest"
	"github.com/callwright/callwright/engine/parcel"
	"github.com/callwright/callwright/engine/signal/simnet"
	"github.com/callwright/callwright/engine/ws"
	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/media/trunk"
	"github.com/callwright/callwright/mixer"
	"github.com/callwright/callwright/sandbox"
	"github.com/callwright/callwright/sbc"
	"github.com/callwright/callwright/sbc/link/memory"
)

// wholeEngine is a whole engine in one process, joined over memory: the brain that `run`
// starts, one SBC, one mixer, and a network on which phones live. Within a synctest
// bubble its time costs nothing. `callwright test` and the tests of this package use it.
type wholeEngine struct {
	scripts    string
	recordings string
	rests      bool
	web        *scripttest.Web
	transport  http.RoundTripper               // what scripts ask the web by; nil: web
	tap        func(control.Conn) control.Conn // sees the workers' links; nil: nobody; under mu
	names      *scripttest.Names
	brain      *brain
	sip        *simnet.Net
	rtp        *memory.Net
	trunks     *trunk.Memory
	workers    sync.WaitGroup
	ends       map[string]func() // ends a worker and waits for it
	log        *keptLog
	steps      *stepLog

	coverage *sandbox.Coverage
	sealer   *parcel.Sealer
	epoch    uint64
	dialled  atomic.Pointer[control.Hub] // of the brain that is up

	mu   sync.Mutex
	host uint16 // of the phone made last
}

var sipAddr = netip.MustParseAddrPort("10.0.0.1:5060")

// wholePorts are for a thousand calls.
const wholePorts = 2000

// successorTime is what a supervisor takes to start a worker's successor, and the
// successor until it is welcome.
const successorTime = 50 * time.Millisecond

const wholeSecret = "of this engine"

// Workers of one process that are ended are known to be: heartbeats prove nothing.
const (
	restingHeartbeat = time.Second
	restingPatience  = 5 * time.Second
)

// startWhole makes an engine on a directory of scripts and waits until its workers
// are up. With rests, clocks rest and heartbeats are seldom while nobody speaks: an hour
// of waiting costs nothing, and phones hear no frames then. With coverage, lines of scripts
// are counted.
func startWhole(scripts, recordings string, rests bool, coverage *sandbox.Coverage) (*wholeEngine, error) {
	w := &wholeEngine{
		scripts: scripts, recordings: recordings, rests: rests, sip: &simnet.Net{}, rtp: memory.NewNet(), trunks: trunk.NewMemory(),
		ends: map[string]func(){}, log: &keptLog{}, steps: newStepLog(), web: scripttest.NewWeb(), names: scripttest.NewNames(), coverage: coverage,
	}
	var err error
	if w.sealer, err = parcel.NewSealer([32]byte{1}); err != nil {
		return nil, err
	}
	if err := w.startBrain(); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	if err := errors.Join(w.startSBC("sbc-1"), w.startMixer("mixer-1")); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	<-w.brain.staffed
	return w, nil
}

// startBrain joins a brain, and opens the SIP address for it.
func (w *wholeEngine) startBrain() error {
	heartbeat := time.Duration(0) // the hub's
	if w.rests {
		heartbeat = restingHeartbeat
	}
	w.epoch++
	var tree *sandbox.State
	if w.brain != nil {
		tree = w.brain.tree
	}
	web := http.RoundTripper(w.web)
	if w.transport != nil {
		web = w.transport
	}
	b, err := joinBrain(brainParts{
		Scripts: w.scripts, Secret: wholeSecret, Log: slog.New(slog.NewTextHandler(w.log, nil)),
		Allow: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/16")}, Heartbeat: heartbeat, Observe: w.steps.observe,
		Web: web, Dial: noNetwork, Resolve: w.names.Find, Coverage: w.coverage, Sealer: w.sealer, Workers: []string{"sbc-1", "mixer-1"}, Epoch: w.epoch, Tree: tree,
	})
	if err != nil {
		return err
	}
	w.brain = b
	w.dialled.Store(b.hub)
	pc, err := w.sip.ListenPacket(sipAddr)
	if err == nil {
		b.runs.Go(func() { b.edge.ServeUDP(pc) })
	}
	return err
}

// noNetwork keeps scripts' WebSockets in: nothing of such an engine reaches a network.
func noNetwork(_ context.Context, r ws.Request) (ws.Conn, error) {
	return nil, fmt.Errorf("a test reaches no network: nothing answers %s", r.URL)
}

// crashBrain ends the brain where it stands, as a kill does to a process: nobody is
// told, and what it had not sent is lost.
func (w *wholeEngine) crashBrain() {
	b := w.brain
	b.mu.Lock()
	b.closing = true
	b.mu.Unlock()
	b.end()
	b.edge.Close()
	b.hub.Close()
	b.runs.Wait()
	b.fetch.Close()
	b.sockets.Shut()
	b.scripts.Close()
	b.closePool()
	b.state.Close()
}

// restartBrain joins a successor, which finds the state that the dead one has left, as the
// log would have it.
func (w *wholeEngine) restartBrain() error {
	return w.startBrain()
}

// startSBC and startMixer also start a successor of one that was ended.
func (w *wholeEngine) startSBC(name string) error {
	number, _ := strconv.Atoi(strings.TrimPrefix(name, "sbc-"))
	ip := netip.AddrFrom4([4]byte{10, 0, 0, byte(1 + number)})
	link, err := w.rtp.Link(ip, 20000, wholePorts)
	if err != nil {
		return err
	}
	conn, err := w.trunks.Listen(netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 2, byte(number)}), 9000))
	if err != nil {
		link.Close()
		return err
	}
	client := w.client()
	s, err := sbc.New(sbc.Config{
		Name: name, Link: link, Trunk: conn, Media: ip, FirstPort: 20000, Ports: wholePorts, Reporter: client, Rests: w.rests,
	})
	if err != nil {
		return err
	}
	w.runWorker(name, s.Run, func(ctx context.Context) error { return client.Run(ctx, s) })
	return nil
}

func (w *wholeEngine) startMixer(name string) error {
	number, _ := strconv.Atoi(strings.TrimPrefix(name, "mixer-"))
	conn, err := w.trunks.Listen(netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 1, byte(2 + number)}), 9000))
	if err != nil {
		return err
	}
	client := w.client()
	m, err := mixer.New(mixer.Config{
		Name: name, Trunk: conn, Prompts: w.scripts, Recordings: w.recordings, Report: client, Rests: w.rests,
	})
	if err != nil {
		conn.Close()
		return err
	}
	w.runWorker(name, m.Run, func(ctx context.Context) error { return client.Run(ctx, m) })
	return nil
}

func (w *wholeEngine) client() *control.Client {
	cfg := control.ClientConfig{Dial: w.attach, Secret: wholeSecret}
	if w.rests {
		cfg.Patience = restingPatience
	}
	return control.NewClient(cfg)
}

func (w *wholeEngine) attach(ctx context.Context) (control.Conn, error) {
	c, err := w.dialled.Load().Attach(ctx)
	w.mu.Lock()
	tap := w.tap
	w.mu.Unlock()
	if err == nil && tap != nil {
		c = tap(c)
	}
	return c, err
}

func (w *wholeEngine) runWorker(name string, work, link func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	w.ends[name] = func() { cancel(); <-done }
	w.workers.Go(func() {
		defer close(done)
		if err := runWorker(ctx, os.DevNull, work, link); err != nil && ctx.Err() == nil {
			w.log.Write([]byte(name + ": " + err.Error() + "\n"))
		}
	})
}

// Sockets implements scripttest.Engine: a new host on the network of phones.
func (w *wholeEngine) Sockets() (sip, rtp net.PacketConn, hop netip.AddrPort, err error) {
	w.mu.Lock()
	w.host++
	n := 10 + w.host
	ip := netip.AddrFrom4([4]byte{10, 0, byte(n >> 8), byte(n)})
	w.mu.Unlock()
	if sip, err = w.sip.ListenPacket(netip.AddrPortFrom(ip, 5060)); err != nil {
		return nil, nil, hop, err
	}
	p, err := w.rtp.Phone(netip.AddrPortFrom(ip, 4000))
	if err != nil {
		sip.Close()
		return nil, nil, hop, err
	}
	return sip, packetConn{p}, sipAddr, nil
}

// Reload implements scripttest.Engine.
func (w *wholeEngine) Reload(app string) error {
	var all error
	for _, o := range w.brain.scripts.Reload(app) {
		all = errors.Join(all, o.Error)
	}
	return all
}

// Crash implements scripttest.Engine: as when a supervisor sees the process end.
func (w *wholeEngine) Crash(role string) error {
	if role == "brain" {
		w.crashBrain()
		time.Sleep(successorTime)
		return w.restartBrain()
	}
	name := role + "-1"
	end := w.ends[name]
	if end == nil {
		return fmt.Errorf("no worker is a %s", role)
	}
	end()
	w.brain.bury(name)
	time.Sleep(successorTime)
	start := w.startMixer
	if role == "sbc" {
		start = w.startSBC
	}
	if err := start(name); err != nil {
		return err
	}
	time.Sleep(successorTime)
	return nil
}

// Web implements scripttest.Engine.
func (w *wholeEngine) Web() *scripttest.Web { return w.web }

// Names implements scripttest.Engine.
func (w *wholeEngine) Names() *scripttest.Names { return w.names }

// Recordings implements scripttest.Engine.
func (w *wholeEngine) Recordings() string { return w.recordings }

// Log implements scripttest.Engine.
func (w *wholeEngine) Log() string { return w.log.text() }

// Close hangs up all calls and ends every part.
func (w *wholeEngine) Close() error {
	if w.brain == nil {
		return nil
	}
	err := w.brain.close(5 * time.Second)
	for _, end := range w.ends {
		end()
	}
	w.workers.Wait()
	return err
}

// packetConn makes a memory phone a net.PacketConn.
type packetConn struct{ *memory.Phone }

func (p packetConn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := p.Phone.ReadFrom(b)
	return n, net.UDPAddrFromAddrPort(from), err
}

func (p packetConn) WriteTo(b []byte, to net.Addr) (int, error) {
	return p.Phone.WriteTo(b, to.(*net.UDPAddr).AddrPort())
}

func (p packetConn) LocalAddr() net.Addr               { return net.UDPAddrFromAddrPort(p.Addr()) }
func (p packetConn) SetDeadline(t time.Time) error     { p.Phone.SetReadDeadline(t); return nil }
func (p packetConn) SetReadDeadline(t time.Time) error { p.Phone.SetReadDeadline(t); return nil }
func (p packetConn) SetWriteDeadline(time.Time) error  { return nil }
