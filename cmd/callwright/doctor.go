package main

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/callwright/callwright/sbc/link"
	"github.com/callwright/callwright/sbc/link/ring"
	"github.com/callwright/callwright/sbc/link/socket"
)

// finding is what the doctor says of one link.
type finding struct {
	Link  string `json:"link"`
	Works bool   `json:"works"`
	Why   string `json:"why"`
	Do    string `json:"do,omitempty"` // what allows it
}

func doctorCommand() *cobra.Command {
	var media, device string
	var asJSON bool
	c := &cobra.Command{
		Use:   "doctor",
		Short: "What this machine offers the SBC, and how to allow it",
		Long: `Tries each link on the address of --media as --link would use it, for a moment and on
a port that carries no RTP, and says what works, what does not, why, and what to do.`,
		Args: takes(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			ip, err := netip.ParseAddr(media)
			if err != nil {
				return refuse("--media: %w", err)
			}
			found := []finding{examineRing(device, ip), examineSockets(ip)}
			if asJSON {
				return printLines(c.OutOrStdout(), found)
			}
			printFindings(c.OutOrStdout(), found)
			return nil
		},
	}
	fl := c.Flags()
	fl.StringVar(&media, "media", "127.0.0.1", "IP address of RTP")
	fl.StringVar(&device, "media-device", "", "network interface (default: the one that --media is on, or in the network of)")
	fl.BoolVar(&asJSON, "json", false, "print one JSON object a line")
	return c
}

// examined is a port that carries no RTP: discard.
const examined = 9

func examineRing(device string, media netip.Addr) finding {
	f := finding{Link: linkRing}
	l, err := ring.Open(ring.Config{Device: device, Addr: media, FirstPort: examined, Ports: 1})
	if err == nil {
		f.Works, f.Why = true, l.Describe()
		l.Close()
		return f
	}
	f.Why = err.Error()
	switch {
	case errors.Is(err, ring.ErrPermission):
		f.Do = fmt.Sprintf("setcap %s+ep %s, or AmbientCapabilities=%s in its systemd unit, or root",
			ring.Capabilities, executable(), strings.ToUpper(strings.ReplaceAll(ring.Capabilities, ",", " ")))
	case errors.Is(err, ring.ErrDevice):
		f.Do = "--media with an address that phones on other machines reach, or --media-device"
	default:
		f.Do = "Linux 6.6 or newer, with CONFIG_PACKET, CONFIG_BPF_SYSCALL and CONFIG_NET_XGRESS"
	}
	return f
}

func executable() string {
	path, err := os.Executable()
	if err != nil {
		return "callwright"
	}
	return path
}

func examineSockets(media netip.Addr) finding {
	f := finding{Link: linkSocket}
	var lim unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &lim); err != nil {
		f.Why = err.Error()
		return f
	}
	free, err := freePort(media)
	if err == nil {
		var l link.Link
		if l, err = socket.Open(socket.Config{Addr: media, FirstPort: free.Port(), Ports: 1}); err == nil {
			l.Close()
		}
	}
	if err != nil {
		f.Why, f.Do = err.Error(), "--media with an address of this machine"
		return f
	}
	f.Works, f.Why = true, fmt.Sprintf("a file a port: up to %d of them (ulimit -Hn)", lim.Max)
	return f
}

func printFindings(w io.Writer, found []finding) {
	auto := ""
	for _, f := range found {
		verdict := "does not work"
		if f.Works {
			verdict = "works"
			if auto == "" {
				auto = f.Link
			}
		}
		fmt.Fprintf(w, "%-7s %-14s %s\n", f.Link, verdict, f.Why)
		if f.Do != "" {
			fmt.Fprintf(w, "%-7s %-14s %s\n", "", "to allow it:", f.Do)
		}
	}
	if auto != "" {
		fmt.Fprintf(w, "--link auto takes %s\n", auto)
	}
}
