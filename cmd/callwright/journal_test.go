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

// By the reload policy `replay` a live call goes on in the new code where its history fits
// it, and on the old where not.
func TestALiveCallMovesToNewCode(t *testing.T) {
	const script = `export default async call => {
  await call.answer();
  const r = await call.gather({ max: 1, timeout: call.to.user === '1' ? '1m' : '2m' });
  await call.play('tone:440/60000');
}`
	f := scriptDir(t, script, `
const text = `+"`"+script+"`"+`;
t.test('fits, and does not', async t => {
  const a = t.phone('a'), b = t.phone('b');
  await a.call('1');
  await b.call('2');
  await t.advance('1s');
  await t.reload('main.js', text.replace('tone:440', 'tone:880').replace("'2m'", "'3m'"));
  await t.advance('1s');
  await a.press('1');
  await b.press('1');
  await a.hears(880);
  await b.hears(440);
  await t.crash('brain');
  await t.advance('1s');
  await a.hears(880);
});
`)
	writeScript(t, f.dir, "main.yaml", "reload: {policy: replay}\n")
	outcomes := outcomesOf(t, f, "")
	if text := reported(f, outcomes); len(outcomes) != 1 || strings.HasPrefix(text, "FAIL") {
		t.Error(text)
	}
}

// The figures of a rebuild are those of calls that were all taken up.
func TestBenchRebuild(t *testing.T) {
	var out strings.Builder
	if err := benchRebuild(20, true, &out); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"rebuild.calls_per_second", "rebuild.first_input.ms", "rebuild.all.ms"} {
		if !strings.Contains(out.String(), `"`+name+`"`) {
			t.Errorf("no %s in %s", name, out.String())
		}
	}
	if err := benchRebuild(20, true, &out); err != nil || strings.Contains(out.String(), `"value":0,`) {
		t.Errorf("%v %s", err, out.String())
	}
}
