package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/callwright/callwright/media/dsp"
	"github.com/callwright/callwright/media/g711"
	"github.com/callwright/callwright/media/trunk"
)

// loadToken is every stream's token in a bench.
const loadToken = 0x6361_6c6c_7772_6967

// trunkLoadCommand is the process that plays SBC for `bench mixer`.
func trunkLoadCommand() *cobra.Command {
	var to string
	var members, room, talkers int
	c := &cobra.Command{
		Use: "trunk-load", Hidden: true, Args: takes(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			peer, err := netip.ParseAddrPort(to)
			if err != nil {
				return refuse("--to: %w", err)
			}
			ctx, stop := signal.NotifyContext(c.Context(), syscall.SIGINT, syscall.SIGTERM)
			defer stop()
			return runTrunkLoad(ctx, loadFrames(peer, members, room, talkers), c.OutOrStdout())
		},
	}
	c.Flags().StringVar(&to, "to", "", "the mixer's end of the trunk")
	c.Flags().IntVar(&members, "members", 3, "streams to send")
	c.Flags().IntVar(&room, "room", 3, "members of a room")
	c.Flags().IntVar(&talkers, "talkers", 3, "how many of a room talk; the others send silence")
	return c
}

// runTrunkLoad sends a frame for each member every 20 ms, in quarters of the frame so
// that the receiver's queue is not met by one burst, and counts what comes back.
func runTrunkLoad(ctx context.Context, voices []trunk.Frame, w io.Writer) error {
	conn, err := trunk.Listen(netip.MustParseAddrPort("127.0.0.1:0"))
	if err != nil {
		return err
	}
	fmt.Fprintln(w, conn.LocalAddr())
	var received, silent atomic.Uint64
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		countFrames(conn, &received, &silent)
	}()
	defer func() {
		conn.Close()
		<-ended
	}()
	members := len(voices)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	var sent uint64
	for n := 0; ; n++ {
		quarter := voices[n%4*members/4 : (n%4+1)*members/4]
		for i := range quarter {
			quarter[i].Seq++
			quarter[i].Timestamp += 160
		}
		if err := conn.Send(quarter); err != nil {
			return err
		}
		sent += uint64(len(quarter))
		if n%100 == 99 {
			json.NewEncoder(w).Encode(loadReport{Sent: sent, Received: received.Load(), Silent: silent.Load()})
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// loadFrames are the members' streams. 500 Hz fits ten times into a frame, so the
// same payload goes on without a click.
func loadFrames(to netip.AddrPort, members, room, talkers int) []trunk.Frame {
	payload, silence := make([]byte, 160), bytes.Repeat([]byte{g711.ULaw(0)}, 160)
	for i, x := range dsp.Sine(8000, 160, 500, 4000) {
		payload[i] = g711.ULaw(x)
	}
	frames := make([]trunk.Frame, members)
	for i := range frames {
		frames[i] = trunk.Frame{Peer: to, SSRC: uint32(i + 1), Token: loadToken, Type: trunk.TypePCMU, Payload: payload}
		if i%room >= talkers {
			frames[i].Payload = silence
		}
	}
	return frames
}

func countFrames(conn trunk.Conn, received, silent *atomic.Uint64) {
	frames := make([]trunk.Frame, 256)
	for {
		n, err := conn.Recv(frames)
		if err != nil {
			return
		}
		received.Add(uint64(n))
		for i := range frames[:n] {
			if p := frames[i].Payload; len(p) > 4 && g711.FromULaw(p[4]) == 0 { // the tone's peak
				silent.Add(1)
			}
		}
	}
}
