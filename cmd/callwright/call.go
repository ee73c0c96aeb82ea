package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/callwright/callwright/cmd/callwright/phone"
)

type callFlags struct {
	digits, play, record string
	duration             time.Duration
	expect               float64
	codec                string
	user, password, from string
	listen               string
	ring                 time.Duration
	reject               int
	printJSON            bool
}

func callCommand() *cobra.Command {
	var f callFlags
	c := &cobra.Command{
		Use:   "call URI | call --listen ADDRESS",
		Short: "Place a call; the exit code says whether it did as expected",
		Long: `Places a real SIP call with real RTP. Exit code 0: it was answered, all digits were
sent, and the expected tone was heard; 1: it was not so; 2: it could not be tried.

With --listen it waits for a call instead, and takes it: the same flags say how.`,
		Args: takes(cobra.MaximumNArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			ctx, stop := signal.NotifyContext(c.Context(), syscall.SIGINT, syscall.SIGTERM)
			defer stop()
			if f.listen != "" {
				return takeCall(ctx, args, f, c.OutOrStdout())
			}
			if len(args) != 1 {
				return refusal{errors.New("call: a URI to call is needed, or --listen ADDRESS")}
			}
			return placeCall(ctx, args[0], f, c.OutOrStdout())
		},
	}
	fl := c.Flags()
	fl.StringVar(&f.digits, "digits", "", "keys to press after the answer, such as 2,1234# (a comma is a second's pause)")
	fl.StringVar(&f.play, "play", "", "WAV file to say")
	fl.StringVar(&f.record, "record", "", "WAV file for what is heard")
	fl.DurationVar(&f.duration, "duration", 0, "hang up so long after the answer (default: when the other side does, or the tone was heard)")
	fl.Float64Var(&f.expect, "expect", 0, "frequency in Hz of a tone that must be heard")
	fl.StringVar(&f.codec, "codec", "", "PCMU or PCMA (default: offer both)")
	fl.StringVar(&f.user, "user", "", "user name for digest authentication")
	fl.StringVar(&f.password, "password", "", "password for digest authentication; better in CALLWRIGHT_PASSWORD")
	fl.StringVar(&f.listen, "listen", "", "wait for one call at this address, such as 127.0.0.1:5070, and take it")
	fl.DurationVar(&f.ring, "ring", 0, "with --listen: ring so long before the answer")
	fl.IntVar(&f.reject, "reject", 0, "with --listen: refuse with this status")
	fl.StringVar(&f.from, "from", "", "who calls: a user name or a SIP URI")
	fl.BoolVar(&f.printJSON, "json", false, "print the report as a JSON object")
	return c
}

func placeCall(ctx context.Context, uri string, f callFlags, stdout io.Writer) (err error) {
	cfg, files, err := dialConfig(ctx, uri, f)
	switch {
	case errors.Is(err, phone.ErrNotAnswered): // as over UDP
		return err
	case err != nil:
		return refusal{err}
	}
	defer func() {
		if e := files.close(); e != nil && err == nil {
			err = e
		}
	}()
	return told(ctx, phone.Dial, cfg, f, stdout)
}

// told runs a phone and prints its report.
func told(ctx context.Context, run func(context.Context, phone.Config) (*phone.Report, error), cfg phone.Config, f callFlags, stdout io.Writer) error {
	if !f.printJSON {
		cfg.Mark = func(m phone.Milestone) { fmt.Fprintf(stdout, "%9.1f ms  %s\n", m.Ms, m.What) }
	}
	report, err := run(ctx, cfg)
	if report == nil {
		return refusal{err}
	}
	if f.printJSON {
		json.NewEncoder(stdout).Encode(report)
		return err
	}
	r := report.RTP
	fmt.Fprintf(stdout, "packets sent %d, received %d, lost %d, late %d; jitter %.1f ms\n", r.Sent, r.Received, r.Lost, r.Late, r.JitterMs)
	return err
}

// dialConfig opens what a call needs: two sockets, and the files asked for.
func dialConfig(ctx context.Context, uri string, f callFlags) (cfg phone.Config, files *sounds, err error) {
	t, err := parseTarget(ctx, uri)
	if err != nil {
		return cfg, nil, err
	}
	own, err := ownAddress(t.Addr)
	if err != nil {
		return cfg, nil, err
	}
	files, err = openSounds(f.play, f.record)
	if err != nil {
		return cfg, nil, err
	}
	cfg = phone.Config{
		URI: uri, From: f.from, User: f.user, Password: f.password, Codec: f.codec,
		Digits: f.digits, Duration: f.duration, Expect: f.expect,
		Speak: files.speak, Heard: files.hear,
	}
	rand.Read(cfg.Seed[:])
	if cfg.RTP, err = openRTP(own); err != nil {
		files.close()
		return cfg, nil, err
	}
	if err = openSIP(ctx, t, own, &cfg); err != nil {
		cfg.RTP.Close()
		files.close()
		return cfg, nil, err
	}
	return cfg, files, nil
}

func openSIP(ctx context.Context, t target, own netip.Addr, cfg *phone.Config) (err error) {
	if t.Transport == "tcp" {
		dialer := net.Dialer{Timeout: 10 * time.Second}
		if cfg.Stream, err = dialer.DialContext(ctx, "tcp", t.Addr.String()); err != nil {
			err = fmt.Errorf("%w: nobody there at %s: %w", phone.ErrNotAnswered, t.Addr, err)
		}
		return err
	}
	cfg.Hop = t.Addr
	cfg.SIP, err = phone.Listen(own)
	return err
}

// openRTP finds an even port (RFC 3550 §11).
func openRTP(own netip.Addr) (net.PacketConn, error) {
	for {
		pc, err := net.ListenPacket("udp", netip.AddrPortFrom(own, 0).String())
		if err != nil {
			return nil, err
		}
		if pc.LocalAddr().(*net.UDPAddr).Port%2 == 0 {
			return pc, nil
		}
		pc.Close()
	}
}

// closeAll closes files and returns the first error: a recording whose end could
// not be written is none.
func closeAll(files ...*os.File) (err error) {
	for _, f := range files {
		if f != nil {
			if e := f.Close(); e != nil && err == nil {
				err = e
			}
		}
	}
	return err
}
