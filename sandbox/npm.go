package sandbox

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
)

// trail remembers who imported a file first, so that an error can tell the way there.
type trail struct {
	mu   sync.Mutex
	from map[string]string
}

func (t *trail) note(file, importer string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, known := t.from[file]; !known && file != importer {
		t.from[file] = importer
	}
}

// chain is the way from the app to a file, "main.ts → node_modules/a/index.js".
func (t *trail) chain(root, file string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var names []string
	for n := 0; file != "" && n < 20; n++ {
		rel, err := filepath.Rel(root, file)
		if err != nil {
			rel = filepath.Base(file)
		}
		names = append([]string{filepath.ToSlash(rel)}, names...)
		file = t.from[file]
	}
	return strings.Join(names, " → ")
}

// nodeModules are Node's own, which reach for the machine.
var nodeModules = map[string]bool{"assert": true, "async_hooks": true, "child_process": true, "cluster": true, "console": true, "constants": true,
	"dgram": true, "diagnostics_channel": true, "dns": true, "domain": true, "events": true, "fs": true, "http": true, "http2": true, "https": true,
	"inspector": true, "module": true, "net": true, "os": true, "path": true, "perf_hooks": true, "process": true, "punycode": true,
	"querystring": true, "readline": true, "repl": true, "stream": true, "string_decoder": true, "timers": true, "tls": true, "tty": true,
	"util": true, "v8": true, "vm": true, "wasi": true, "worker_threads": true, "zlib": true, "buffer": true, "crypto": true, "url": true}

// nodeTexts are those of them whose global part exists here.
var nodeTexts = map[string]string{
	"buffer": `export const Buffer = globalThis.Buffer; export const atob = globalThis.atob, btoa = globalThis.btoa; export default { Buffer, atob, btoa };`,
	"url":    `export const URL = globalThis.URL, URLSearchParams = globalThis.URLSearchParams; export default { URL, URLSearchParams };`,
	"crypto": `const c = globalThis.crypto; export const { randomUUID, getRandomValues, randomBytes, randomInt, createHash, createHmac, getHashes, timingSafeEqual } = c; export const webcrypto = c; export default c;`,
}

func nodeName(path string) (string, bool) {
	name := strings.TrimPrefix(path, "node:")
	base, _, _ := strings.Cut(name, "/")
	return name, nodeModules[base] || name != path
}

// missing says why an import leads nowhere and what to do.
func (j jail) missing(path, importer string) error {
	way := j.trail.chain(j.root, importer)
	if _, node := nodeName(path); node {
		return fmt.Errorf("%q is a module of Node, which scripts do not have (%s → %s): take a library in pure JavaScript, or its build for browsers", path, way, path)
	}
	if strings.HasPrefix(path, ".") || strings.HasPrefix(path, "/") {
		return fmt.Errorf("%q cannot be found in the scripts directory (from %s)", path, way)
	}
	return fmt.Errorf("%q cannot be found in the scripts directory (%s → %s): install it into node_modules beside the app", path, way, path)
}

// foreign refuses what is no script: a native addon, WebAssembly.
func (j jail) foreign(file, importer string) error {
	switch filepath.Ext(file) {
	case ".node", ".wasm", ".so", ".dll":
		return fmt.Errorf("%s is machine code, scripts run JavaScript only (%s): take a library in pure JavaScript",
			filepath.Base(file), j.trail.chain(j.root, importer))
	}
	return nil
}
