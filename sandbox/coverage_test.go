package sandbox_test

import (
	"maps"
	"testing"

	"github.com/callwright/callwright/sandbox"
	"github.com/callwright/callwright/sandbox/sandboxtest"
)

// Each line counts as often as it runs, whatever its statement hangs in; errors keep
// their places, and libraries are not counted.
func TestCoverage(t *testing.T) {
	c := sandbox.NewCoverage()
	h := sandboxtest.With(t, sandbox.Options{Faces: faces(), Coverage: c}, map[string]string{
		"main.js": `'use strict';
import { twice } from './lib';
import dep from 'dep';
let n = 0;
function never() {
  return 1;
}
class Counter {
  add(k) { n += k; }
}
export default async function (call) {
  for (let i = 0; i < 3; i++)
    n = twice(n) + dep();
  if (n > 100) never();
  else
    n++;
  outer: for (const k of [1, 2]) {
    for (;;) continue outer;
  }
  switch (n) {
    case 8: new Counter().add(1); break;
    default: never();
  }
  const f = x =>
    x + 1;
  if (f(n) === 9 + 1) throw new TypeError('at 26');
}
`,
		"lib.ts":                        "export const twice = (x: number): number =>\n  x * 2;\n",
		"node_modules/dep/index.js":     "module.exports = () => 1;\n",
		"node_modules/dep/package.json": "{}",
	})
	res := h.Start("call")
	if res.Error == nil || res.Error.Line != 26 || res.Error.Column != 29 {
		t.Errorf("the error moved: %+v", res.Error)
	}
	lines := c.Lines()
	want := map[int]uint64{4: 2, 6: 0, 8: 2, 9: 1, 12: 1, 13: 3, 14: 1, 16: 1, 17: 1, 18: 2, 20: 1, 21: 3, 22: 0, 24: 1, 25: 1, 26: 2}
	for n, runs := range want {
		if got, known := lines["main.js"][n]; !known || got < min(runs, 1) || runs == 0 && got != 0 || n == 13 && got != 3 {
			t.Errorf("line %d ran %d times (%v), want %d", n, got, known, runs)
		}
	}
	if got := lines["lib.ts"][2]; got != 3 {
		t.Errorf("lib.ts:2 ran %d times, want 3: %v", got, lines["lib.ts"])
	}
	if len(lines) != 2 {
		t.Errorf("files %v", maps.Keys(lines))
	}
	for n := range lines["main.js"] {
		if _, ok := want[n]; !ok {
			t.Errorf("line %d has no code", n)
		}
	}
}

// A file that a test has replaced is another file.
func TestCoverageOfAnotherText(t *testing.T) {
	c := sandbox.NewCoverage()
	for _, text := range []string{"export default async call => {\n\n}\nconsole.log(1);", "export default async call => {\n\n}\n\nconsole.log(1);"} {
		h := sandboxtest.With(t, sandbox.Options{Faces: faces(), Coverage: c}, map[string]string{"main.js": text})
		h.Start("call")
	}
	if got := c.Lines()["main.js"]; len(got) != 1 || got[4] != 2 {
		t.Errorf("%v", got)
	}
}
