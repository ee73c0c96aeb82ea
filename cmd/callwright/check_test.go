package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestNewProjectChecks(t *testing.T) {
	t.Setenv("PATH", t.TempDir()) // no tsc
	dir := filepath.Join(t.TempDir(), "hello")
	var stdout, stderr bytes.Buffer
	run := func(want int, args ...string) string {
		t.Helper()
		stdout.Reset()
		stderr.Reset()
		if code := execute(args, &stdout, &stderr); code != want {
			t.Fatalf("%v: exit code %d: %s%s", args, code, stdout.String(), stderr.String())
		}
		return stdout.String()
	}
	run(0, "new", dir)
	run(exitUsage, "new", dir) // it is not empty
	out := run(0, "check", dir)
	if !strings.HasPrefix(out, "hello ") || !strings.Contains(out, "routes: 5000\n") || !strings.Contains(out, "there is no tsc") {
		t.Errorf("check says %q", out)
	}
	// Every line that app.yaml offers is one the engine takes.
	offered, err := os.ReadFile(filepath.Join(dir, "app.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	taken := regexp.MustCompile(`(?m)^# ( *\w+:)`).ReplaceAllString(strings.Replace(string(offered), ", heap: 64MB", "", 1), "$1")
	writeScript(t, dir, "app.yaml", taken)
	if out := run(0, "check", dir); !strings.Contains(out, "  uses: [billing]\n") || !strings.Contains(out, "routes: 5000 +44 20 7946* ") {
		t.Errorf("check says %q of %s", out, taken)
	}
	for name := range typings() {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	run(0, "types", dir)
	if _, err := os.Stat(filepath.Join(dir, "callwright.d.ts")); err != nil {
		t.Error(err)
	}

	// Errors of the compiler, of the manifest and of tsc come as file:line:column.
	tsc := filepath.Join(dir, "node_modules", ".bin", "tsc")
	writeScript(t, dir, "node_modules/.bin/tsc", "#!/bin/sh\necho 'main.ts(9,3): error TS2339: Property x does not exist.'\nexit 2\n")
	if err := os.Chmod(tsc, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", "/usr/bin:/bin")
	if out := run(exitFailed, "check", dir); !strings.Contains(out, "main.ts:9:3: TS2339: Property x does not exist.\n") {
		t.Errorf("check says %q", out)
	}
	os.RemoveAll(filepath.Join(dir, "node_modules"))
	writeScript(t, dir, "app.yaml", "fetch: [api.example.com]\nmaxcalls: 3\n")
	if out := run(exitFailed, "check", dir); !strings.Contains(out, `hello/app.yaml:2:1: BadManifest: no key "maxcalls", did you mean "maxCalls"?`) {
		t.Errorf("check says %q", out)
	}
	writeScript(t, dir, "app.yaml", "fetch: [api.example.com]\n")
	if out := run(0, "check", dir); !strings.Contains(out, "  fetch: [api.example.com]\n") {
		t.Errorf("check says %q", out)
	}
	writeScript(t, dir, "main.ts", "throw new Error('it was run');\nexport default async call => {\n")
	if out := run(exitFailed, "check", dir, "--json"); !strings.Contains(out, `"error":"hello/main.ts:3:`) || strings.Contains(out, "it was run") {
		t.Errorf("check says %q", out)
	}
}
