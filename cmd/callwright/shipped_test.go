package main

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/callwright/callwright/media/dsp"
)

// shipped are the scripts and prompts that come with the program.
func shipped(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, dir := range []string{"", "prompts/"} {
		entries, err := os.ReadDir("../../scripts/" + dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if e.IsDir() {
				continue
			}
			b, err := os.ReadFile("../../scripts/" + dir + e.Name())
			if err != nil {
				t.Fatal(err)
			}
			files[dir+e.Name()] = string(b)
		}
	}
	return files
}

// Three callers go through the menu and the PIN into one conference. Each hears the
// two others and not himself; then the script is replaced, and no frame is missed.
func TestMenuPINConferenceAndAReplacedScript(t *testing.T) {
	inWorld(t, shipped(t), func(w *world) {
		tones := []float64{500, 700, 1100}
		var callers []*caller
		for _, hz := range tones {
			c := w.dials("1000", hz)
			time.Sleep(time.Second)
			c.press <- "2"
			time.Sleep(time.Second)
			c.press <- "1234#"
			callers = append(callers, c)
		}
		time.Sleep(10 * time.Second) // "you are in the conference"
		for i, c := range callers {
			var others []float64
			others = append(others, tones[:i]...)
			others = append(others, tones[i+1:]...)
			c.hears(fmt.Sprintf("caller %d", i), c.listen(time.Second), others, tones[i:i+1])
		}
		writeScript(t, w.scripts, "main.js", `export default async call => { await call.answer(); await call.play('tone:1500') }`)
		for _, o := range w.brain.scripts.Reload("main") {
			if o.Error != nil {
				t.Fatalf("the new script was refused: %v", o.Error)
			}
		}
		audio := callers[0].listen(2 * time.Second)
		callers[0].hears("caller 0 after the reload", audio, tones[1:], tones[:1])
		if gap := longestGap(audio); gap > 0 {
			t.Errorf("a gap of %v while the script was replaced", gap)
		}
		newcomer := w.dials("1000", 0)
		time.Sleep(200 * time.Millisecond)
		newcomer.hears("the next caller", newcomer.listen(time.Second), []float64{1500}, tones)
		newcomer.hangup()
		for i, c := range callers {
			if r := c.hangup(); r.RTP.Lost != 0 || r.RTP.Late != 0 || r.Cause != "normal" {
				t.Errorf("caller %d: %d packets lost, %d late, cause %s", i, r.RTP.Lost, r.RTP.Late, r.Cause)
			}
		}
	})
}

// longestGap is the longest run of 20 ms frames without sound, in talk that has none.
func longestGap(audio []int16) time.Duration {
	run, longest := 0, 0
	for ; len(audio) >= 160; audio = audio[160:] {
		if dsp.Level(audio[:160]) < -50 {
			run++
			longest = max(longest, run)
		} else {
			run = 0
		}
	}
	return time.Duration(longest) * 20 * time.Millisecond
}

// A script that does not compile changes nothing: neither calls that are up nor new ones.
func TestBrokenScriptLeavesTheOldOneServing(t *testing.T) {
	good := `export default async call => { await call.answer(); await call.play('tone:600') }`
	inWorld(t, map[string]string{"main.js": good}, func(w *world) {
		before := w.dials("1", 0)
		time.Sleep(500 * time.Millisecond)
		writeScript(t, w.scripts, "main.js", "export default async call => {\n  await call.answer(\n}")
		outcome := w.brain.scripts.Reload("main")[0]
		if outcome.Error == nil || outcome.To != outcome.From {
			t.Fatalf("a script that does not compile was taken: %+v", outcome)
		}
		after := w.dials("1", 0)
		time.Sleep(500 * time.Millisecond)
		before.hears("the call before", before.listen(time.Second), []float64{600}, nil)
		after.hears("the call after", after.listen(time.Second), []float64{600}, nil)
		before.hangup()
		after.hangup()
	})
}
