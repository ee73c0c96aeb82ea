package sandbox

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// ErrTwice is told when two files of a scripts directory claim one app name.
var ErrTwice = errors.New("sandbox: two files are one app")

// entryNames are looked for in a folder, in this order.
var entryNames = []string{"main.ts", "main.js", "main.mjs", "main.cjs", "index.ts", "index.js", "index.mjs", "index.cjs"}

// noApps are folders that hold other things.
var noApps = map[string]bool{"prompts": true, "sounds": true, "node_modules": true}

// Apps lists the apps of a scripts directory, by name. A script file at the top is an
// app named as the file without its extension; a folder with a main or index file is
// one named as the folder. Tests (*.test.*) and declarations (*.d.ts) are no apps.
func Apps(dir string) ([]AppSource, error) {
	entries, err := os.ReadDir(dir) // sorted by name
	if err != nil {
		return nil, fmt.Errorf("sandbox: scripts directory: %w", err)
	}
	var apps []AppSource
	from := map[string]string{}
	for _, e := range entries {
		name, entry := appOf(dir, e.Name())
		if name == "" {
			continue
		}
		if other := from[name]; other != "" {
			return nil, fmt.Errorf("%w: %s and %s are both named %q", ErrTwice, other, e.Name(), name)
		}
		from[name] = e.Name()
		apps = append(apps, AppSource{Name: name, Root: dir, Entry: entry})
	}
	return apps, nil
}

// AppNamed is one app of a scripts directory.
func AppNamed(dir, name string) (AppSource, error) {
	apps, err := Apps(dir)
	if err != nil {
		return AppSource{}, err
	}
	var names []string
	for _, a := range apps {
		if a.Name == name {
			return a, nil
		}
		names = append(names, a.Name)
	}
	return AppSource{}, fmt.Errorf("sandbox: there is no app %q in %s%s", name, dir, nearest(name, names))
}

// appOf tells the app name and entry file of a directory entry, "" if it is no app.
// It follows symbolic links; Build refuses those that leave the directory.
func appOf(dir, name string) (app, entry string) {
	if name[0] == '.' || name[0] == '_' {
		return "", ""
	}
	path := filepath.Join(dir, name)
	st, err := os.Stat(path)
	if err != nil {
		return "", ""
	}
	if !st.IsDir() {
		ext := filepath.Ext(name)
		base := strings.TrimSuffix(name, ext)
		script := ext == ".js" || ext == ".ts" || ext == ".mjs" || ext == ".cjs"
		if !script || strings.HasSuffix(base, ".test") || strings.HasSuffix(base, ".d") {
			return "", ""
		}
		return base, path
	}
	if noApps[name] {
		return "", ""
	}
	for _, e := range entryNames {
		if st, err := os.Stat(filepath.Join(path, e)); err == nil && !st.IsDir() {
			return name, filepath.Join(path, e)
		}
	}
	return "", ""
}
