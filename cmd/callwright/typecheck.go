package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// typeReport is what tsc had to say, its errors as "file:line:column: TS2322: message".
type typeReport struct {
	errors []string
	note   string
}

// tscTime bounds a type check.
const tscTime = 2 * time.Minute

// typeCheck runs tsc on a folder with a tsconfig.json. Where there is none of the two,
// the note says so.
func typeCheck(ctx context.Context, dir string) typeReport {
	config := filepath.Join(dir, "tsconfig.json")
	if _, err := os.Stat(config); err != nil {
		return typeReport{note: "not checked, there is no tsconfig.json"}
	}
	tsc := findTSC(dir)
	if tsc == "" {
		return typeReport{note: "not checked, there is no tsc (npm install typescript)"}
	}
	ctx, cancel := context.WithTimeout(ctx, tscTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, tsc, "--noEmit", "--pretty", "false", "-p", config)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	r := typeReport{errors: tscErrors(string(out)), note: "checked by " + tsc}
	if err != nil && len(r.errors) == 0 {
		r.errors = []string{fmt.Sprintf("%s: %v: %s", tsc, err, strings.TrimSpace(string(out)))}
	}
	return r
}

// findTSC looks in the folder's own packages, then above, then on the PATH.
func findTSC(dir string) string {
	for at := dir; ; at = filepath.Dir(at) {
		own := filepath.Join(at, "node_modules", ".bin", "tsc")
		if st, err := os.Stat(own); err == nil && !st.IsDir() {
			return own
		}
		if at == filepath.Dir(at) {
			break
		}
	}
	path, err := exec.LookPath("tsc")
	if err != nil {
		return ""
	}
	return path
}

// tscErrors reads lines such as "main.ts(3,7): error TS2322: Type …".
func tscErrors(out string) []string {
	line := regexp.MustCompile(`^(.+)\((\d+),(\d+)\): error (TS\d+: .*)$`)
	var found []string
	for text := range strings.Lines(out) {
		text = strings.TrimRight(text, "\r\n")
		if m := line.FindStringSubmatch(text); m != nil {
			found = append(found, fmt.Sprintf("%s:%s:%s: %s", m[1], m[2], m[3], m[4]))
		} else if strings.HasPrefix(text, "error TS") {
			found = append(found, strings.TrimPrefix(text, "error "))
		}
	}
	return found
}
