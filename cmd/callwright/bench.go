package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"
)

// figure is one measured number. Names are stable: a later release is compared by
// them.
type figure struct {
	Name       string            `json:"name"`
	Value      float64           `json:"value"`
	Unit       string            `json:"unit"`
	Conditions map[string]string `json:"conditions"`
}

func benchCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "bench",
		Short: "What this machine carries, as figures per core",
		Args:  knownCommand,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(benchMixerCommand(), benchCallsCommand(), benchChainCommand(), benchReloadCommand(), benchRebuildCommand(), benchRelayCommand(), trunkLoadCommand(), relayLoadCommand())
	return c
}

// machine says what the figures were measured on.
func machine() map[string]string {
	m := map[string]string{
		"cpu": "unknown", "cpus": fmt.Sprint(runtime.NumCPU()),
		"gomaxprocs": fmt.Sprint(runtime.GOMAXPROCS(0)), "go": runtime.Version(),
	}
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return m
	}
	defer f.Close()
	for sc := bufio.NewScanner(f); sc.Scan(); {
		if name, ok := strings.CutPrefix(sc.Text(), "model name"); ok {
			m["cpu"] = strings.TrimSpace(strings.TrimLeft(name, "\t :"))
			break
		}
	}
	return m
}

// with adds conditions, given as name and value in turn, to a copy of some.
func with(conditions map[string]string, more ...any) map[string]string {
	all := make(map[string]string, len(conditions)+len(more)/2)
	for k, v := range conditions {
		all[k] = v
	}
	for i := 0; i+1 < len(more); i += 2 {
		all[fmt.Sprint(more[i])] = fmt.Sprint(more[i+1])
	}
	return all
}

func printFigures(w io.Writer, asJSON bool, figures []figure) error {
	if asJSON {
		return printLines(w, figures)
	}
	if len(figures) > 0 {
		b, err := json.Marshal(machine())
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%s\n", b)
	}
	for _, f := range figures {
		fmt.Fprintf(w, "%-40s %12.4g %s\n", f.Name, f.Value, f.Unit)
	}
	return nil
}

// ownCPU is the processor time of this process so far, in seconds.
func ownCPU() (float64, error) {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0, fmt.Errorf("getrusage: %w", err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9, nil
}
