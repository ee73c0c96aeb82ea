package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/callwright/callwright/cmd/callwright/supervise"
	"github.com/callwright/callwright/mixer/prompt"
)

const (
	brainGrace  = 8 * time.Second // calls get BYE, and the peers time to answer
	workerGrace = 2 * time.Second
	maxWorkers  = 64 // of a kind: a machine has no more cores for them
)

// runFlags are the flags of run as typed.
type runFlags struct {
	sip, allow    []string
	http, data    string
	config        string
	media, ports  string
	say           string
	sbcs, mixers  int
	secure        secureFlags
	users, digest string
	missed        int
	printJSON     bool
	scriptsFolder string
	linkFlags
}

func runCommand() *cobra.Command {
	var f runFlags
	c := &cobra.Command{
		Use:   "run [DIR]",
		Short: "The whole engine on this machine; DIR holds the scripts (default scripts)",
		Args:  takes(cobra.MaximumNArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			f.scriptsFolder = "scripts"
			if len(args) == 1 {
				f.scriptsFolder = args[0]
			}
			ctx, stop := signal.NotifyContext(c.Context(), syscall.SIGINT, syscall.SIGTERM)
			defer stop()
			return run(ctx, f, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	fl := c.Flags()
	fl.StringSliceVar(&f.sip, "sip", []string{"127.0.0.1:5060"}, "SIP address, repeatable; UDP and TCP, or one of udp: tcp: tls: ws: wss: before it")
	fl.StringVar(&f.http, "http", "127.0.0.1:8080", "address of the control API and the metrics")
	fl.StringVar(&f.data, "data", "data", "directory of state, recordings and the API's token")
	fl.StringSliceVar(&f.allow, "allow", nil, "network (CIDR) whose calls are taken beside loopback's, repeatable")
	fl.StringVar(&f.media, "media", "", "IP address of RTP (default: that of the first --sip)")
	fl.StringVar(&f.ports, "rtp-ports", "20000-23999", "UDP ports of RTP, shared evenly among the SBCs")
	f.linkFlags.add(fl)
	fl.StringVar(&f.say, "say", "", "what speaks for say(): a command that writes a WAVE file, such as 'espeak-ng --stdout -v {lang}', or the URL of an engine")
	fl.IntVar(&f.sbcs, "sbcs", 1, "number of SBC processes")
	fl.IntVar(&f.mixers, "mixers", 1, "number of mixer processes")
	fl.IntVar(&f.missed, "missed-heartbeats", 3, "heartbeats of 20 ms a worker may miss before it counts as frozen (ten times as many while its process is seen to run)")
	fl.BoolVar(&f.printJSON, "json", false, "print the ready line as a JSON object")
	f.secure.register(fl)
	fl.StringVar(&f.users, "users", "", usersHelp)
	fl.StringVar(&f.digest, "digest", "md5", digestHelp)
	fl.StringVar(&f.config, configFlag, "", "YAML file; a key for each of these flags")
	return c
}

// plan is what run has made of its flags: everything resolved and tried.
type plan struct {
	runFlags
	listeners []listener
	httpAddr  netip.AddrPort
	mediaIP   netip.Addr
	shares    []portRange
	allowed   []netip.Prefix
	control   string // unix socket
	sockets   []supervise.Socket
}

// prepare checks all that can be checked before a process is started. The lock is
// held until it is closed.
func prepare(f runFlags) (p plan, lock io.Closer, err error) {
	p = plan{runFlags: f}
	if p.scriptsFolder, err = directory(f.scriptsFolder); err != nil {
		return p, nil, err
	}
	if p.listeners, err = parseListeners(f.sip); err != nil {
		return p, nil, err
	}
	if p.httpAddr, err = netip.ParseAddrPort(f.http); err != nil {
		return p, nil, fmt.Errorf("--http %s: not an IP address with a port, such as 127.0.0.1:8080", f.http)
	}
	if p.allowed, err = parseNetworks(f.allow); err != nil {
		return p, nil, err
	}
	if f.sbcs < 1 || f.sbcs > maxWorkers || f.mixers < 1 || f.mixers > maxWorkers {
		return p, nil, fmt.Errorf("--sbcs and --mixers must be between 1 and %d", maxWorkers)
	}
	if err := f.linkFlags.check(); err != nil {
		return p, nil, err
	}
	if f.missed < 1 {
		return p, nil, fmt.Errorf("--missed-heartbeats must be at least 1")
	}
	if _, err := prompt.NewSpeaker(f.say); err != nil {
		return p, nil, fmt.Errorf("--say: %w", err)
	}
	ports, err := parsePorts(f.ports)
	if err != nil {
		return p, nil, fmt.Errorf("--rtp-ports: %w", err)
	}
	if p.shares, err = ports.split(f.sbcs); err != nil {
		return p, nil, fmt.Errorf("--rtp-ports: %w", err)
	}
	if p.mediaIP, err = p.chooseMedia(); err != nil {
		return p, nil, err
	}
	if _, err = algorithms(f.digest); err != nil {
		return p, nil, err
	}
	if p.users, err = absolute(p.users); err != nil {
		return p, nil, fmt.Errorf("--users: %w", err)
	}
	if _, err := openUsers(p.users); err != nil {
		return p, nil, err
	}
	if lock, err = p.openData(); err != nil {
		return p, nil, err
	}
	if _, err = p.secure.open(p.data, p.listeners, slog.New(slog.DiscardHandler)); err != nil {
		lock.Close()
		return p, nil, err
	}
	if p.sockets, err = openSockets(p.listeners, &p.httpAddr, false); err != nil {
		lock.Close()
		return p, nil, err
	}
	return p, lock, nil
}

func (p *plan) chooseMedia() (netip.Addr, error) {
	if p.media == "" {
		return mediaAddress(p.listeners[0].Addr.Addr())
	}
	ip, err := netip.ParseAddr(p.media)
	if err != nil || ip.IsUnspecified() {
		return ip, fmt.Errorf("--media %s: not an IP address that phones can send to", p.media)
	}
	return ip, nil
}

// openData makes and locks the data directory.
func (p *plan) openData() (io.Closer, error) {
	var err error
	if p.data, err = filepath.Abs(p.data); err != nil {
		return nil, fmt.Errorf("--data: %w", err)
	}
	if err := os.MkdirAll(filepath.Join(p.data, "recordings"), 0o700); err != nil {
		return nil, fmt.Errorf("--data: %w", err)
	}
	p.control = filepath.Join(p.data, "control.sock")
	if limit := len(unix.RawSockaddrUnix{}.Path) - 1; len(p.control) > limit {
		return nil, fmt.Errorf("--data %s: the path of control.sock in it has %d bytes, sockets take %d", p.data, len(p.control), limit)
	}
	lock, err := lockData(p.data)
	if err == nil {
		os.Remove(p.control) // of a run that was killed: the workers wait for a new one
	}
	return lock, err
}

// lockData holds data/lock until it is closed or the process ends, and all children
// with it: they inherit the file, so that nobody starts on the data of a brain whose
// supervisor was killed and which still hangs up. The pid in it is for the reader.
func lockData(data string) (io.Closer, error) {
	f, err := os.OpenFile(filepath.Join(data, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("--data: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		defer f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			pid := make([]byte, 20)
			n, _ := f.ReadAt(pid, 0)
			return nil, fmt.Errorf("--data %s is in use by another callwright run (pid %s)", data, pid[:n])
		}
		return nil, fmt.Errorf("--data %s: lock: %w", data, err)
	}
	if _, err := unix.FcntlInt(f.Fd(), unix.F_SETFD, 0); err != nil { // no FD_CLOEXEC
		f.Close()
		return nil, fmt.Errorf("--data %s: lock: %w", data, err)
	}
	if err := f.Truncate(0); err == nil {
		f.WriteAt([]byte(strconv.Itoa(os.Getpid())), 0)
	}
	return f, nil
}

func directory(path string) (string, error) {
	st, err := os.Stat(path)
	switch {
	case err != nil:
		return "", fmt.Errorf("scripts directory: %w", err)
	case !st.IsDir():
		return "", fmt.Errorf("scripts directory: %s is not a directory", path)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("scripts directory: %w", err)
	}
	return abs, nil
}

func parseNetworks(texts []string) ([]netip.Prefix, error) {
	var nets []netip.Prefix
	for _, t := range texts {
		if ip, err := netip.ParseAddr(t); err == nil {
			nets = append(nets, netip.PrefixFrom(ip, ip.BitLen()))
			continue
		}
		n, err := netip.ParsePrefix(t)
		if err != nil {
			return nil, fmt.Errorf("--allow %s: not a network such as 192.168.0.0/16", t)
		}
		nets = append(nets, n)
	}
	return nets, nil
}

// run is the supervisor: it returns when ctx has ended and all children have too.
func run(ctx context.Context, f runFlags, stdout, stderr io.Writer) error {
	p, lock, err := prepare(f)
	if err != nil {
		return refusal{err}
	}
	defer lock.Close()
	defer closeSockets(p.sockets)
	program, err := os.Executable()
	if err != nil {
		return refuse("own program: %w", err)
	}
	line := lineTo(stderr)
	err = supervise.Run(ctx, supervise.Config{
		Program: program,
		Secret:  supervise.NewSecret(),
		Brain:   p.brainSpec(),
		Workers: append(p.mixerSpecs(), p.sbcSpecs()...),
		Line:    line,
		Ready: func(r supervise.Ready, again bool) {
			if again {
				line("brain", "takes calls again")
				return
			}
			p.announce(stdout, r)
		},
	})
	return refuseStart(err)
}

func (p *plan) announce(w io.Writer, r supervise.Ready) {
	if p.printJSON {
		json.NewEncoder(w).Encode(r)
		return
	}
	printReady(w, r, os.Args[0], p.data)
}
