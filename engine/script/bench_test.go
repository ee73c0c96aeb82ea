package script

import (
	"fmt"
	"log/slog"
	"testing"

	calls "github.com/callwright/callwright/engine/flow"
	"github.com/callwright/callwright/sandbox"
)

// BenchmarkReloadWarm is a saved file until the new version serves: an app of one file, and
// one of fifty, each on a realm made ahead; and fifty apps of which none has changed.
func BenchmarkReloadWarm(b *testing.B) {
	for name, files := range map[string]int{"1file": 1, "50files": 50} {
		b.Run(name, func(b *testing.B) {
			dir := b.TempDir()
			c := benchCatalogue(b, dir, saved(0, files))
			n := 0
			for b.Loop() {
				b.StopTimer()
				n++
				write(b, dir, saved(n, files))
				c.warm.Wait()
				b.StartTimer()
				if out := c.Reload("app"); out[0].Error != nil || out[0].From == out[0].To {
					b.Fatalf("%+v", out)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/1000/float64(b.N), "ms/reload")
		})
	}
	b.Run("50apps", func(b *testing.B) {
		dir := b.TempDir()
		apps := map[string]string{}
		for i := range 50 {
			apps[fmt.Sprintf("app%d.js", i)] = routes(fmt.Sprint(i)) + callFlow
		}
		c := benchCatalogue(b, dir, apps)
		for b.Loop() {
			c.Reload("")
		}
	})
}

const callFlow = "export default async function (call) { await call.answer(); }\n"

// saved is an app of many files, in its n-th version.
func saved(n, files int) map[string]string {
	out := map[string]string{}
	text := fmt.Sprintf("export const routes = ['%d'];\n%s", 5000+n, callFlow)
	for i := range files - 1 {
		out[fmt.Sprintf("app/part%d.ts", i)] = fmt.Sprintf("export function part%d(n: number): number { return n + %d; }\n", i, i)
		text = fmt.Sprintf("import { part%d } from './part%d';\nconsole.debug(part%d(1));\n", i, i, i) + text
	}
	out["app/main.ts"] = text
	return out
}

func benchCatalogue(b *testing.B, dir string, files map[string]string) *Catalogue {
	b.Helper()
	write(b, dir, files)
	c, err := OpenWith(Config{Dir: dir, Versions: b.TempDir(), Warm: 1, Log: slog.New(slog.DiscardHandler),
		Options: sandbox.Options{Faces: calls.Faces(), Isolates: 1}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(c.Close)
	return c
}
