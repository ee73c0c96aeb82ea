package main

import (
	"fmt"
	"net/netip"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/callwright/callwright/cmd/callwright/supervise"
	"github.com/callwright/callwright/media/control"
)

// brainFlags are what `run` hands to its brain, parsed.
type brainFlags struct {
	Scripts string         // absolute directory
	SIP     []listener     // to bind, none twice
	HTTP    netip.AddrPort // of the control API
	Data    string         // absolute; locked by the supervisor
	Control string         // path of the unix socket to listen on for workers, mode 0600
	Allow   []netip.Prefix // sources beside loopback whose calls are taken
	Missed  int            // heartbeats a worker may miss
	Workers []string       // that keep calls of a brain before
	Member  membership     // of a cluster; zero: alone
	VIP     netip.Prefix   // virtual IP that the active brain has; invalid: none
	VIPDev  string         // device beneath it
	Secure  secureFlags
	Users   string // file
	Digest  []string
	// Life has the secret that workers' Hello must bear, brings exited workers, and
	// takes Report{Ready} once calls are taken, Report{Kill} for a frozen worker.
	Life *supervise.Lifeline
}

func brainCommand() *cobra.Command {
	var sip, allow []string
	var http, data, control string
	var missed int
	var workers []string
	var group groupFlags
	var vip, vipDev string
	var secure secureFlags
	var users, digest string
	c := &cobra.Command{
		Use:   "brain DIR",
		Short: "The logic alone: SIP, scripts, placement; in a cluster, or started by run",
		Args:  takes(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			cfg, err := parseBrain(args[0], sip, allow, http, data, control)
			if err != nil {
				return refusal{err}
			}
			cfg.Secure, cfg.Users = secure, users
			if cfg.Digest, err = algorithms(digest); err != nil {
				return refusal{err}
			}
			if cfg.Member, err = group.parse(false); err != nil {
				return refusal{err}
			}
			if err := cfg.setVIP(vip, vipDev); err != nil {
				return refusal{err}
			}
			ctx, cancel, life, err := childContext(c.Context())
			if alone(err) {
				return keepBrain(c, cfg)
			}
			if err != nil {
				return err
			}
			defer cancel()
			cfg.Life, cfg.Missed, cfg.Workers = life, missed, workers
			return runBrain(ctx, cfg)
		},
	}
	fl := c.Flags()
	fl.String(configFlag, "", "YAML file; a key for each of these flags")
	fl.StringSliceVar(&sip, "sip", []string{"127.0.0.1:5060"}, "SIP address to bind, repeatable")
	fl.StringSliceVar(&allow, "allow", nil, "network whose calls are taken, repeatable")
	fl.StringVar(&http, "http", "127.0.0.1:8080", "address of the control API")
	fl.StringVar(&data, "data", "data", "data directory")
	fl.IntVar(&missed, "missed-heartbeats", 3, "heartbeats a worker may miss before it counts as frozen")
	fl.StringSliceVar(&workers, "worker", nil, "name of a worker that may keep calls of a brain before, repeatable")
	fl.StringVar(&control, "control", "127.0.0.1:7100", "IP:PORT for the workers, or a unix socket")
	fl.StringVar(&vip, "vip", "", "virtual IP that the active brain has, as IP/BITS; --sip and --http may be on it")
	fl.StringVar(&vipDev, "vip-dev", "", "network device of the virtual IP")
	group.register(fl)
	secure.register(fl)
	fl.StringVar(&users, "users", "", usersHelp)
	fl.StringVar(&digest, "digest", "md5", digestHelp)
	return c
}

func parseBrain(dir string, sip, allow []string, http, data, control string) (cfg brainFlags, err error) {
	if cfg.Scripts, err = directory(dir); err != nil {
		return cfg, err
	}
	if cfg.SIP, err = parseListeners(sip); err != nil {
		return cfg, err
	}
	if cfg.Allow, err = parseNetworks(allow); err != nil {
		return cfg, err
	}
	if cfg.HTTP, err = netip.ParseAddrPort(http); err != nil {
		return cfg, err
	}
	if cfg.Data, err = filepath.Abs(data); err != nil {
		return cfg, err
	}
	cfg.Control = control
	return cfg, nil
}

func (cfg *brainFlags) setVIP(vip, dev string) (err error) {
	if vip == "" && dev == "" {
		return nil
	}
	if cfg.VIP, err = netip.ParsePrefix(vip); err != nil || dev == "" {
		return fmt.Errorf("--vip %q --vip-dev %q: both are needed, such as --vip 10.0.0.100/24 --vip-dev eth0", vip, dev)
	}
	if len(cfg.Member.members) == 0 {
		return fmt.Errorf("--vip: a virtual IP moves among the brains of a cluster; --cluster says who they are")
	}
	cfg.VIPDev = dev
	return nil
}

// vipText is what others are told of it.
func (cfg brainFlags) vipText() string {
	if !cfg.VIP.IsValid() {
		return ""
	}
	return cfg.VIP.String()
}

// excuse looks a silent worker's process up, which only works on this machine.
func (cfg brainFlags) excuse() func(*control.Hello) bool {
	if cfg.Member.identity != nil {
		return nil
	}
	return alive
}
