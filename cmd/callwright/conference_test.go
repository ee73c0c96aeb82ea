package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/callwright/callwright/cmd/callwright/phone"
	"github.com/callwright/callwright/media/dsp"
)

// Three phones go through the menu that ships into one conference. Each hears the
// two others' tones and not its own, and the menu is saved anew meanwhile without a
// frame being missed.
func TestConferenceOfPhones(t *testing.T) {
	t.Parallel()
	e := startEngineOn(t, func(dir string) {
		if err := os.CopyFS(filepath.Join(dir, "scripts"), os.DirFS(filepath.Join("..", "..", "scripts"))); err != nil {
			t.Fatal(err)
		}
	})
	dir := t.TempDir()
	tones := []float64{500, 700, 900}
	var phones sync.WaitGroup
	for i, hz := range tones {
		say := filepath.Join(dir, fmt.Sprintf("say%d.wav", i))
		writeWAV(t, say, dsp.Sine(8000, 8000*20, hz, 6000))
		phones.Go(func() {
			o := runProgram(t, program("call", "sip:100@"+e.address(t, "udp"), "--from", fmt.Sprintf("phone%d", i),
				"--digits", "2,1234#", "--play", say, "--record", heardFile(dir, i), "--duration", "9s", "--json"))
			var r phone.Report
			if err := json.Unmarshal([]byte(o.stdout), &r); err != nil || o.code != 0 || r.RTP.Lost+r.RTP.Late != 0 {
				t.Errorf("phone %d: exit code %d\n%s%s", i, o.code, o.stdout, o.stderr)
			}
		})
	}
	at := 0
	for range tones {
		at = e.heard(t, at, "brain", "level=INFO msg=call ")
	}
	menu, err := os.ReadFile(filepath.Join("..", "..", "scripts", "main.js"))
	if err != nil {
		t.Fatal(err)
	}
	e.save(t, "main.js", strings.Replace(string(menu), "tries: 2", "tries: 1", 1))
	e.heard(t, at, "script loaded", "app=main")
	phones.Wait()
	for i := range tones {
		s := readWAV(t, heardFile(dir, i))
		if len(s) < 8*8000 {
			t.Errorf("phone %d heard only %d samples", i, len(s))
			continue
		}
		// All are in the room by then, and none has left yet.
		s = s[len(s)-2*8000 : len(s)-8000]
		for j, hz := range tones {
			level := dsp.Goertzel(s, 8000, hz)
			if i == j && level > 100 || i != j && level < 3000 {
				t.Errorf("phone %d hears the tone of phone %d at %.0f", i, j, level)
			}
		}
	}
}

func heardFile(dir string, i int) string { return filepath.Join(dir, fmt.Sprintf("heard%d.wav", i)) }
