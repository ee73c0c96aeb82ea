package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReadmeFlow does what "Write your first call flow" says, word for word: it saves
// each script, and runs each command that ends by itself.
func TestReadmeFlow(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(b), "\n## Write your first call flow\n")
	if !ok {
		t.Fatal("the README has no such section")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	e := startEngineOn(t, func(dir string) {
		if err := os.Mkdir(filepath.Join(dir, "scripts"), 0o755); err != nil {
			t.Fatal(err)
		}
	})
	at, scripts, commands := 0, 0, 0
	for lines := strings.Split(section, "\n"); len(lines) > 0; lines = lines[1:] {
		if lines[0] == "```js" {
			text, rest, _ := strings.Cut(strings.Join(lines[1:], "\n"), "```\n")
			e.save(t, "hello.js", text)
			at = e.heard(t, at, "script loaded", "app=hello")
			scripts++
			lines = strings.Split(rest, "\n")
		}
		if command, ok := strings.CutPrefix(lines[0], "    bin/callwright "); ok && e.readmeCommand(t, command) {
			commands++
		}
	}
	if scripts != 2 || commands != 6 {
		t.Errorf("%d scripts and %d commands were tried: has the section been rewritten?", scripts, commands)
	}
	e.wants(t, []string{"1\n"}, "state", "get", "visits")
	e.wants(t, []string{"ann is in, visits so far: 1"}, "logs", "--app", "hello")
}

// readmeCommand runs a command of the README against this engine; false: it is one that
// needs a live call, or is the engine itself.
func (e *liveEngine) readmeCommand(t *testing.T, command string) bool {
	t.Helper()
	var words []string
	for w := range strings.FieldsSeq(strings.ReplaceAll(command, "127.0.0.1:5060", e.address(t, "udp"))) {
		words = append(words, strings.Trim(w, "'"))
	}
	if words[0] == "run" || strings.Contains(command, "ID") || strings.Contains(command, "--duration") {
		return false
	}
	var o outcome
	if words[0] == "call" {
		o = runProgram(t, program(words...))
	} else {
		o = e.client(t, words...)
	}
	if o.code != 0 {
		t.Errorf("%s: exit code %d\n%s%s", command, o.code, o.stdout, o.stderr)
	}
	return true
}
