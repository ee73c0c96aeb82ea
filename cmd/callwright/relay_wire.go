package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/callwright/callwright/sbc/link"
)

const (
	relayAddr  = "10.99.0.1"
	phonesAddr = "10.99.0.2"
)

// relayWire is two network namespaces joined by a wire: the link under test in one, a
// process that is the phones in the other. They end with it.
type relayWire struct {
	link   link.Link
	phones string // where they are
	cmd    *exec.Cmd
	lines  *bufio.Scanner
	ask    io.WriteCloser
}

// newRelayWire works on a thread of its own, which ends: a namespace is a thread's.
func newRelayWire(ctx context.Context, kind string, streams int) (*relayWire, error) {
	l := &relayWire{}
	made := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked
		made <- l.make(ctx, kind, streams)
	}()
	if err := <-made; err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

func (l *relayWire) make(ctx context.Context, kind string, streams int) error {
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("making a network namespace: %w (it takes root)", err)
	}
	here, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		return err
	}
	defer here.Close()
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil { // the phones'
		return err
	}
	attrs := netlink.NewLinkAttrs()
	attrs.Name = "phones"
	err = netlink.LinkAdd(&netlink.Veth{LinkAttrs: attrs, PeerName: "sbc", PeerNamespace: netlink.NsFd(here.Fd())})
	if err := errors.Join(err, lift("phones", phonesAddr)); err != nil {
		return err
	}
	if err := l.startPhones(ctx, streams); err != nil {
		return err
	}
	if err := errors.Join(unix.Setns(int(here.Fd()), unix.CLONE_NEWNET), lift("sbc", relayAddr)); err != nil {
		return err
	}
	l.link, err = (&linkFlags{link: kind}).open(slice{netip.MustParseAddr(relayAddr), relayFirstPort, uint16(2 * streams)},
		slog.New(slog.DiscardHandler))
	return err
}

// lift gives an interface its address and starts it.
func lift(name, addr string) error {
	dev, err := netlink.LinkByName(name)
	if err != nil {
		return err
	}
	a, err := netlink.ParseAddr(addr + "/24")
	if err != nil {
		return err
	}
	return errors.Join(netlink.AddrAdd(dev, a), netlink.LinkSetUp(dev))
}

// startPhones starts the process from this thread, so that it is in its namespace.
func (l *relayWire) startPhones(ctx context.Context, streams int) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	l.cmd = exec.CommandContext(ctx, self, "bench", "relay-load", "--streams", strconv.Itoa(streams))
	l.cmd.Stderr = os.Stderr
	out, err := l.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if l.ask, err = l.cmd.StdinPipe(); err != nil {
		return err
	}
	if err := l.cmd.Start(); err != nil {
		return err
	}
	l.lines = bufio.NewScanner(out)
	if !l.lines.Scan() {
		return errors.New("the phones did not start")
	}
	l.phones = l.lines.Text()
	return nil
}

// mark makes the phones begin to count anew.
func (l *relayWire) mark() error {
	_, err := l.report()
	return err
}

// report is what the phones counted since the last one.
func (l *relayWire) report() (r relayReport, err error) {
	if _, err := io.WriteString(l.ask, "\n"); err != nil {
		return r, err
	}
	if !l.lines.Scan() {
		return r, errors.New("the phones ended early")
	}
	return r, json.Unmarshal(l.lines.Bytes(), &r)
}

func (l *relayWire) close() {
	if l.ask != nil {
		l.ask.Close() // the phones end with it
	}
	if l.cmd != nil && l.cmd.Process != nil {
		l.cmd.Process.Signal(syscall.SIGKILL)
		l.cmd.Wait()
	}
	if l.link != nil {
		l.link.Close()
	}
}
