package main

import (
	"fmt"
	"log/slog"
	"net/netip"
	"slices"

	"github.com/spf13/pflag"

	"github.com/callwright/callwright/sbc/link"
	"github.com/callwright/callwright/sbc/link/ring"
	"github.com/callwright/callwright/sbc/link/socket"
	"github.com/callwright/callwright/sbc/stack"
)

const (
	linkSocket = "socket"
	linkRing   = "ring"
	linkAuto   = "auto" // the best that works
)

// linkFlags say how an SBC meets the network.
type linkFlags struct{ link, device string }

func (f *linkFlags) add(fl *pflag.FlagSet) {
	fl.StringVar(&f.link, "link", linkSocket, "how RTP meets the network: socket; ring (packet rings, for phones on other machines; `callwright sbc doctor` says what it takes); auto: ring, or else socket")
	fl.StringVar(&f.device, "media-device", "", "network interface of --link ring (default: the one that --media is on, or in the network of)")
}

func (f *linkFlags) check() error {
	kinds := []string{linkSocket, linkRing, linkAuto}
	if slices.Contains(kinds, f.link) {
		return nil
	}
	if near := nearest(f.link, kinds); near != "" {
		return refuse("--link %s: did you mean %s? It is socket, ring or auto", f.link, near)
	}
	return refuse("--link %s: it is socket, ring or auto", f.link)
}

// slice is the ports of an address that a link serves.
type slice struct {
	media        netip.Addr
	first, count uint16
}

// open makes the link that was asked for. A reason why a better one was not chosen
// goes to the log.
func (f *linkFlags) open(s slice, log *slog.Logger) (link.Link, error) {
	if f.link != linkSocket {
		l, err := openRing(f.device, s, log)
		if err == nil {
			return l, nil
		}
		if f.link == linkRing {
			return nil, refusal{fmt.Errorf("--link ring: %w", err)}
		}
		log.Warn("the ring link was not chosen", "error", err)
	}
	l, err := socket.Open(socket.Config{Addr: s.media, FirstPort: s.first, Ports: s.count, Log: log})
	if err != nil {
		return nil, refusal{err}
	}
	return l, nil
}

// openRing owns an address that the kernel does not have, once nobody else answers for
// it.
func openRing(device string, s slice, log *slog.Logger) (*ring.Link, error) {
	l, err := ring.Open(ring.Config{Device: device, Addr: s.media, FirstPort: s.first, Ports: s.count, Log: log,
		Happened: func(ip netip.Addr, what stack.Happening, by stack.MAC) {
			log.Error("media address", "addr", ip, "happened", what.String(), "by", by.String())
		}})
	if err != nil {
		return nil, err
	}
	if err := l.Own(s.media, [6]byte{}, true); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}
