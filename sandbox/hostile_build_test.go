package sandbox_test

import (
	"strings"
	"testing"

	"github.com/callwright/callwright/sandbox"
	"github.com/callwright/callwright/sandbox/sandboxtest"
)

// Sources that would use up a parser's stack are refused, the rest is built.
func TestParserBombs(t *testing.T) {
	many := strings.Repeat
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"brackets":   {map[string]string{"main.js": many("(", 3000) + "1" + many(")", 3000)}, "nested deeper than 2000"},
		"sums":       {map[string]string{"main.js": "const x = 1" + many(" + 1", 1<<16)}, "more than 20000 words and signs"},
		"signs":      {map[string]string{"main.ts": "const x = " + many("!", 1<<16) + "1"}, "more than 20000 words and signs"},
		"ifs":        {map[string]string{"main.js": many("if (1) ", 1<<15) + ";"}, "more than 20000 words and signs"},
		"json":       {map[string]string{"main.js": "import j from './j.json'; j", "j.json": many("[", 600) + many("]", 600)}, "nested deeper than 500"},
		"large":      {map[string]string{"main.js": "// " + many("x", 17<<20)}, "at most 16777216 are allowed"},
		"long array": {map[string]string{"main.js": "export default [" + many("1,", 50000) + "]"}, "must be the call flow"},
		"commas":     {map[string]string{"main.js": "export default (" + many("1,", 1<<16) + "1)"}, "more than 10000 commas"},
		"index":      {map[string]string{"main.js": "x [" + many("1,", 1<<16) + "1]"}, "more than 10000 commas"},
		"long sum":   {map[string]string{"main.js": "export default 1" + many("+1", 5000)}, "must be the call flow"},
		"json data":  {map[string]string{"main.js": "import j from './j.json'; export default j.length", "j.json": "[" + many(`"it's (",`, 200000) + "1]"}, "must be the call flow"},
	} {
		t.Run(name, func(t *testing.T) {
			g, err := sandbox.Load(sandboxtest.Source(t, c.files), sandbox.Options{Faces: faces()})
			if err == nil {
				g.Stop()
			}
			if err == nil || !contains(err.Error(), c.want) {
				t.Errorf("%.300v", err)
			}
		})
	}
}
