package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/media/kernel"
	"github.com/callwright/callwright/media/trunk"
	"github.com/callwright/callwright/mixer"
)

type benchMixerFlags struct {
	members   int
	room      int
	talkers   int
	duration  time.Duration
	printJSON bool
}

func benchMixerCommand() *cobra.Command {
	var f benchMixerFlags
	c := &cobra.Command{
		Use:   "mixer",
		Short: "Nanoseconds a member-frame, and members a core over the trunk",
		Args:  takes(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(c.Context(), syscall.SIGINT, syscall.SIGTERM)
			defer stop()
			return benchMixer(ctx, f, c.OutOrStdout())
		},
	}
	fl := c.Flags()
	fl.IntVar(&f.members, "members", 6000, "members over the trunk")
	fl.IntVar(&f.room, "room", 3, "members of a room")
	fl.IntVar(&f.talkers, "talkers", 0, "how many of a room talk; 0: all")
	fl.DurationVar(&f.duration, "duration", 5*time.Second, "how long to measure over the trunk")
	fl.BoolVar(&f.printJSON, "json", false, "print one JSON object a line")
	return c
}

func benchMixer(ctx context.Context, f benchMixerFlags, w io.Writer) error {
	if f.members < 3 || f.members > 60000 || f.duration < 100*time.Millisecond || f.duration > time.Hour {
		return refuse("bench mixer: --members must lie within 3 and 60000, --duration within 100ms and 1h")
	}
	if f.talkers == 0 {
		f.talkers = f.room
	}
	if f.room < 2 || f.talkers < 2 || f.talkers > f.room {
		return refuse("bench mixer: --room must be 2 or more, --talkers 2 to as many as a room has")
	}
	figures := arithmetic(kernel.Best())
	overTrunk, err := mixOverTrunk(ctx, f)
	if err != nil {
		return err
	}
	return printFigures(w, f.printJSON, append(figures, overTrunk...))
}

// mixOverTrunk measures this process as a mixer while another one sends and takes
// every member's frames.
func mixOverTrunk(ctx context.Context, f benchMixerFlags) ([]figure, error) {
	conn, err := trunk.Listen(netip.MustParseAddrPort("127.0.0.1:0"))
	if err != nil {
		return nil, err
	}
	m, err := mixer.New(mixer.Config{Name: "bench", Trunk: conn, Report: deaf{}, Capacity: f.members})
	if err != nil {
		conn.Close()
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ran := make(chan error, 1)
	go func() { ran <- m.Run(ctx) }()
	defer func() {
		cancel()
		<-ran
	}()
	m.Connected(1)
	load, err := startTrunkLoad(ctx, conn.LocalAddr(), f)
	if err != nil {
		return nil, err
	}
	defer load.stop()
	m.Obey(1, roomsOf(f.room, f.members, load.peer))
	return load.measure(f)
}

// deaf takes what a worker reports to a brain; there is none.
type deaf struct{}

func (deaf) Report(*control.Event) {}

// roomsOf seats members in rooms of a size.
func roomsOf(size, members int, peer string) *control.Turn {
	t := &control.Turn{}
	add := func(c *control.Command) {
		c.Id = uint64(len(t.Commands) + 1)
		t.Commands = append(t.Commands, c)
	}
	for i := range members {
		room := strconv.Itoa(i / size)
		if i%size == 0 {
			add(&control.Command{Body: &control.Command_Room{Room: &control.Room{Id: room, Rate: 8000}}})
		}
		add(&control.Command{Body: &control.Command_Member{Member: &control.Member{
			Id: "m" + strconv.Itoa(i), Room: room, Codec: control.Codec_PCMU,
			Trunk: &control.Trunk{Peer: peer, Ssrc: uint32(i + 1), Token: loadToken},
		}}})
	}
	return t
}

// trunkLoad is the other process.
type trunkLoad struct {
	cmd   *exec.Cmd
	peer  string
	lines *bufio.Scanner
}

// loadReport is a line of the load's: what it has counted since its start.
type loadReport struct {
	Sent     uint64 `json:"sent"`
	Received uint64 `json:"received"`
	Silent   uint64 `json:"silent"` // frames that should have had sound
}

func startTrunkLoad(ctx context.Context, to netip.AddrPort, f benchMixerFlags) (*trunkLoad, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	l := &trunkLoad{cmd: exec.CommandContext(ctx, self, "bench", "trunk-load", "--to", to.String(), "--members", strconv.Itoa(f.members),
		"--room", strconv.Itoa(f.room), "--talkers", strconv.Itoa(f.talkers))}
	l.cmd.Stderr = os.Stderr
	l.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := l.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := l.cmd.Start(); err != nil {
		return nil, err
	}
	l.lines = bufio.NewScanner(out)
	if !l.lines.Scan() {
		l.stop()
		return nil, fmt.Errorf("bench mixer: the load did not start")
	}
	l.peer = l.lines.Text()
	return l, nil
}

func (l *trunkLoad) stop() {
	l.cmd.Process.Kill()
	l.cmd.Wait()
}

// next is the load's next report; it makes two a second.
func (l *trunkLoad) next() (r loadReport, err error) {
	if !l.lines.Scan() {
		return r, fmt.Errorf("bench mixer: the load ended early")
	}
	return r, json.Unmarshal(l.lines.Bytes(), &r)
}

func (l *trunkLoad) measure(f benchMixerFlags) ([]figure, error) {
	for range 3 { // until all members have been heard for a while
		if _, err := l.next(); err != nil {
			return nil, err
		}
	}
	before, err := l.next()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	cpu, err := ownCPU()
	if err != nil {
		return nil, err
	}
	var after loadReport
	for time.Since(began) < f.duration {
		if after, err = l.next(); err != nil {
			return nil, err
		}
	}
	used, err := ownCPU()
	if err != nil {
		return nil, err
	}
	took := time.Since(began).Seconds()
	share := (used - cpu) / took
	sent, got, silent := float64(after.Sent-before.Sent), float64(after.Received-before.Received), float64(after.Silent-before.Silent)
	at := with(machine(), "members", f.members, "seconds", fmt.Sprintf("%.1f", took), "room", f.room, "talkers", f.talkers, "codec", "PCMU")
	figures := []figure{
		{"mixer.trunk.members_per_core", float64(f.members) / share, "members", at},
		{"mixer.trunk.core_percent", 100 * share, "%", at},
		{"mixer.trunk.frames_missing_percent", 100 * max(0, 1-got/sent), "%", at},
		{"mixer.trunk.frames_silent_percent", 100 * silent / max(1, got), "%", at},
	}
	return figures, nil
}
