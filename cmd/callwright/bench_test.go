package main

import (
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"
	"time"
)

// The benches run, end by themselves, and print the figures they promise. Not beside other
// tests: a bench's engine takes thousands of ports, and has them only once a call needs them.
func TestBenchesPrintTheirFigures(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want []string
	}{
		"mixer": {
			[]string{"--members", "30", "--duration", "500ms"},
			[]string{"mixer.g711.three_party.ns", "mixer.g711.any_size.ns", "mixer.l16_16k.three_party.ns", "mixer.trunk.members_per_core"},
		},
		"calls": {
			[]string{"--rate", "5", "--duration", "3s"},
			[]string{"calls.engine.per_core", "calls.failed", "calls.invite_200.p50_ms", "calls.invite_200.p99_ms", "calls.invite_200.p999_ms"},
		},
		"reload": {
			[]string{"--calls", "5", "--files", "3", "--reloads", "2"},
			[]string{"script.reload.ms", "script.reload.audio_gap_max_ms"},
		},
		"relay": {
			[]string{"--streams", "40", "--duration", "1s"},
			[]string{"relay.socket.pps_per_core", "relay.ring.pps_per_core", "relay.ring.added_latency.p50_ms"},
		},
		"chain": {
			[]string{"--members", "6", "--duration", "2s"},
			[]string{"chain.members_per_core", "chain.mixes_checked", "chain.mixes_wrong", "chain.added_latency.p50_ms", "chain.added_latency.p99_ms"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "relay" && os.Geteuid() != 0 {
				t.Skip("bench relay needs root: it makes network namespaces")
			}
			o := runProgram(t, program(append([]string{"bench", name, "--json"}, c.args...)...))
			if o.code != 0 {
				t.Fatalf("exit code %d\n%s%s", o.code, o.stdout, o.stderr)
			}
			got := map[string]figure{}
			for line := range strings.Lines(o.stdout) {
				var f figure
				if err := json.Unmarshal([]byte(line), &f); err != nil {
					t.Fatalf("%v in %s", err, line)
				}
				got[f.Name] = f
			}
			for _, want := range c.want {
				f, ok := got[want]
				if !ok || f.Unit == "" || f.Conditions["cpu"] == "" || f.Value == 0 && want != "calls.failed" && want != "chain.mixes_wrong" {
					t.Errorf("%s: %+v", want, f)
				}
			}
		})
	}
}

func TestQuantile(t *testing.T) {
	var waits []time.Duration
	for i := range 1000 {
		waits = append(waits, time.Duration(i)*time.Millisecond)
	}
	for q, want := range map[float64]float64{0: 0, 0.5: 500, 0.99: 990, 0.999: 999, 1: 999} {
		if got := quantile(waits, q); got != want {
			t.Errorf("quantile %g is %g, want %g", q, got, want)
		}
	}
	if !math.IsNaN(quantile(nil, 0.5)) {
		t.Error("a quantile of nothing")
	}
}
