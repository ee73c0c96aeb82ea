package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/media/trunk"
	"github.com/callwright/callwright/sbc"
)

type benchRelayFlags struct {
	streams   int
	duration  time.Duration
	printJSON bool
}

const relayFirstPort = 20000

func benchRelayCommand() *cobra.Command {
	var f benchRelayFlags
	c := &cobra.Command{
		Use:   "relay",
		Short: "Packets a second a core through the SBC, by sockets and by packet rings",
		Long: `Makes two network namespaces with a wire (veth) between them, which takes root, and
relays G.711 between pairs of phones, one packet every 20 ms each: first by the socket
link, then by the ring link. The figure per core is packets relayed over the processor
time of the process that is the SBC; the phones are another process. On such a wire
the sender's processor also does the kernel's work of receiving, so each of the two
pays for the other.`,
		Args: takes(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(c.Context(), syscall.SIGINT, syscall.SIGTERM)
			defer stop()
			return benchRelay(ctx, f, c.OutOrStdout())
		},
	}
	fl := c.Flags()
	fl.IntVar(&f.streams, "streams", 400, "phones, in pairs")
	fl.DurationVar(&f.duration, "duration", 5*time.Second, "how long to measure each link")
	fl.BoolVar(&f.printJSON, "json", false, "print one JSON object a line")
	return c
}

func benchRelay(ctx context.Context, f benchRelayFlags, w io.Writer) error {
	if f.streams < 2 || f.streams > 20000 || f.duration < 100*time.Millisecond || f.duration > time.Hour {
		return refuse("bench relay: --streams must lie within 2 and 20000, --duration within 100ms and 1h")
	}
	f.streams -= f.streams % 2
	var figures []figure
	for _, kind := range []string{linkSocket, linkRing} {
		found, err := relayBy(ctx, kind, f)
		if err != nil {
			return fmt.Errorf("bench relay: %s: %w", kind, err)
		}
		figures = append(figures, found...)
	}
	return printFigures(w, f.printJSON, figures)
}

// relayBy is this process as an SBC while another one is the phones.
func relayBy(ctx context.Context, kind string, f benchRelayFlags) ([]figure, error) {
	wire, err := newRelayWire(ctx, kind, f.streams)
	if err != nil {
		return nil, err
	}
	defer wire.close()
	media := netip.MustParseAddr(relayAddr)
	ours, err := trunk.NewMemory().Listen(netip.AddrPortFrom(media, 0))
	if err != nil {
		return nil, err
	}
	s, err := sbc.New(sbc.Config{Name: "bench", Link: wire.link, Trunk: ours, Media: media, FirstPort: relayFirstPort,
		Ports: uint16(2 * f.streams), Reporter: deaf{}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	ran := make(chan error, 1)
	go func() { ran <- s.Run(ctx) }()
	defer func() {
		cancel()
		<-ran
	}()
	s.Connected(1)
	s.Obey(1, pairs(f.streams, wire.phones))
	return wire.measure(ctx, kind, f, s)
}

// pairs joins each two streams; all phones are at one address.
func pairs(streams int, phones string) *control.Turn {
	t := &control.Turn{}
	for i := range streams {
		t.Commands = append(t.Commands, &control.Command{Id: uint64(i + 1), Body: &control.Command_Stream{Stream: &control.Stream{
			Id: strconv.Itoa(i), Joined: strconv.Itoa(i ^ 1), Port: uint32(relayFirstPort + 2*i), Remote: phones,
			Codec: control.Codec_PCMU, Send: true, Receive: true, Ssrc: uint32(i + 1), Generation: 1, Cname: "bench",
		}}})
	}
	return t
}

// counted is a counter of the SBC's.
func counted(s *sbc.SBC, name string) (n float64) {
	for _, c := range s.Counters() {
		if c.Name == name {
			n += float64(c.Value)
		}
	}
	return n
}

func (l *relayWire) measure(ctx context.Context, kind string, f benchRelayFlags, s *sbc.SBC) ([]figure, error) {
	if err := pause(ctx, time.Second); err != nil { // until all phones are latched
		return nil, err
	}
	if err := l.mark(); err != nil {
		return nil, err
	}
	began, in, out := time.Now(), counted(s, "rtp_received_total"), counted(s, "rtp_sent_total")
	cpu, err := ownCPU()
	if err != nil {
		return nil, err
	}
	if err := pause(ctx, f.duration); err != nil {
		return nil, err
	}
	used, err := ownCPU()
	if err != nil {
		return nil, err
	}
	in, out = counted(s, "rtp_received_total")-in, counted(s, "rtp_sent_total")-out
	took := time.Since(began).Seconds()
	heard, err := l.report()
	if err != nil {
		return nil, err
	}
	at := with(machine(), "streams", f.streams, "seconds", fmt.Sprintf("%.1f", took), "codec", "PCMU", "wire", "veth",
		"rate", fmt.Sprintf("%.0f packets/s in and out", in/took), "drops", fmt.Sprint(drops(s)))
	name := "relay." + kind
	return []figure{
		{name + ".pps_per_core", out / (used - cpu), "packets/s", at},
		{name + ".packet.us", 1e6 * (used - cpu) / max(1, out), "us", at},
		{name + ".lost_percent", 100 * max(0, 1-float64(heard.Received)/max(1, float64(heard.Sent))), "%", at},
		{name + ".added_latency.p50_ms", heard.P50, "ms", at},
		{name + ".added_latency.p99_ms", heard.P99, "ms", at},
	}, nil
}

// drops are what the SBC dropped, by reason.
func drops(s *sbc.SBC) []string {
	var all []string
	for _, c := range s.Counters() {
		if c.Reason != "" {
			all = append(all, fmt.Sprintf("%s %d", c.Reason, c.Value))
		}
	}
	return all
}
