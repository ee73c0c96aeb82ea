package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// replay says that a journal of an earlier release fits its script, and where another
// script does not fit it.
func TestReplayOfAFile(t *testing.T) {
	dir := filepath.Join("..", "..", "testdata", "journal", "0.1")
	script, err := os.ReadFile(filepath.Join(dir, "asks.js"))
	if err != nil {
		t.Fatal(err)
	}
	other := t.TempDir()
	changed := strings.Replace(string(script), "sleep('2s')", "call.answer()", 1)
	if err := os.WriteFile(filepath.Join(other, "asks.js"), []byte(changed), 0o644); err != nil {
		t.Fatal(err)
	}
	for where, want := range map[string]string{dir: "asks fits: ", other: "asks.js:6:9: Diverged: operation 3 is now call.answer"} {
		c := replayCommand()
		var out strings.Builder
		c.SetOut(&out)
		c.SetErr(&out)
		c.SetArgs([]string{filepath.Join(dir, "asks.json"), where})
		if err := c.Execute(); err != nil {
			out.WriteString(err.Error())
		}
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s: %q, not %q", where, out.String(), want)
		}
	}
}
