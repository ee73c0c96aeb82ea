package main

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/callwright/callwright/cmd/callwright/scripttest"
)

// outcomesOf runs one file of tests in this process.
func outcomesOf(t *testing.T, f testFile, only string) (outcomes []scripttest.Outcome) {
	t.Helper()
	var pattern *regexp.Regexp
	if only != "" {
		pattern = regexp.MustCompile(only)
	}
	err := runTests(t, f, pattern, func(o scripttest.Outcome) { outcomes = append(outcomes, o) })
	if err != nil {
		t.Fatal(err)
	}
	return outcomes
}

func reported(f testFile, outcomes []scripttest.Outcome) string {
	var text strings.Builder
	(&testReport{out: &text}).file(f, outcomes)
	return text.String()
}

// Each script that is shipped has tests, and they pass.
func TestShippedScripts(t *testing.T) {
	files, err := testFiles([]string{"../../scripts"})
	if err != nil {
		t.Fatal(err)
	}
	entries, err := filepath.Glob("../../scripts/*.js")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		name := filepath.Base(e)
		test := strings.TrimSuffix(name, ".js") + ".test.js"
		if !scripttest.Is(name) && !slices.ContainsFunc(files, func(f testFile) bool { return f.name == test }) {
			t.Errorf("%s has no %s", name, test)
		}
	}
	for _, f := range files {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			outcomes := outcomesOf(t, f, "")
			if text := reported(f, outcomes); strings.HasPrefix(text, "FAIL") {
				t.Error(text)
			}
		})
	}
}

// scriptDir writes scripts and tests, and gives the file of tests.
func scriptDir(t *testing.T, script, test string) testFile {
	t.Helper()
	dir := t.TempDir()
	writeScript(t, dir, "main.js", script)
	writeScript(t, dir, "main.test.js", "import * as t from 'callwright/test';\n"+test)
	return testFile{dir, "main.test.js"}
}

const answersWithTone = `export default async call => { await call.answer(); console.log('hello'); await call.play('tone:440/60000') }`

// A test that fails says where, what was heard instead, and how the call went.
func TestAFailureIsReadable(t *testing.T) {
	cases := []struct{ name, test, want string }{
		{"another tone", `async t => {
  const alice = t.phone('alice');
  await alice.call('1');
  await alice.hears(700, { within: '1s' });
}`, `main.test.js:5    await alice.hears(700, { within: '1s' });
    alice did not hear 700 Hz within 1s; heard instead: 440 Hz of`},
		{"the ladder", `async t => { await t.phone('alice').call('1'); throw new TypeError('mine') }`, "alice ← engine  200 OK (1 INVITE)"},
		{"its own error", `async t => { throw new TypeError('mine') }`, "TypeError: mine"},
		{"the script's log", `async t => { await t.phone('alice').call('1'); t.expect(1).equals(2) }`, "msg=hello"},
		{"a value", `t => t.expect({ a: 1, b: [2] }).equals({ b: [3], a: 1 })`, `expected {"b":[3],"a":1}, got {"a":1,"b":[2]}`},
		{"events", `async t => { t.expect(await t.phone('a').call('1')).events(['answered', 'gather']) }`,
			`"gather" did not happen in its turn; what did: answered, play`},
		{"silence", `async t => { const a = t.phone('a'); await a.call('1'); await a.silent({ for: '2s' }) }`, "should hear nothing for 2s"},
		{"nobody awaited", `async t => { const a = t.phone('a'); await a.call('1'); a.hears(900, { within: '1s' }); await t.advance('3s') }`,
			"did not hear 900 Hz"},
		{"nothing settles", `() => new Promise(() => {})`, "a promise that nothing settles"},
		{"no call", `t => t.phone('alice').press('1')`, "alice is in no call"},
		{"an unknown option", `t => t.phone('alice').call('1', { codecs: 'PCMU' })`, `no option "codecs"`},
		{"not built", `t => t.crash('brain')`, "t.crash('brain') is not built yet"},
		{"a verb of flows", `() => conference('1')`, "conference is for call flows"},
	}
	f := scriptDir(t, answersWithTone, "")
	text := "import * as t from 'callwright/test'; import { conference } from 'callwright';\n"
	for _, c := range cases {
		text += "t.test(" + strconv.Quote(c.name) + ", " + c.test + ");\n"
	}
	writeScript(t, f.dir, f.name, text)
	outcomes := outcomesOf(t, f, "")
	if len(outcomes) != len(cases) {
		t.Fatalf("%d outcomes of %d tests", len(outcomes), len(cases))
	}
	for i, c := range cases {
		if got := reported(f, outcomes[i:i+1]); outcomes[i].Passed || !strings.Contains(got, c.want) {
			t.Errorf("%s: the report does not say %q:\n%s", c.name, c.want, got)
		}
	}
}

// What the API promises beyond calls: state, reloads, dead workers, raw SIP, refusals.
func TestActsOfATest(t *testing.T) {
	f := scriptDir(t, `import { state, sleep } from 'callwright';
export default async call => {
  if (call.to.user === '0') return call.reject('busy');
  await call.answer();
  state.calls = (state.calls ?? 0) + 1;
  await call.play('tone:440/3600000');
}`, `
t.test('state', async t => {
  await t.phone('a').call('1');
  t.expect(t.state.calls).equals(1);
});
t.test('state is of this test', t => t.expect(t.state.calls).equals(undefined));
t.test('a refusal', async t => {
  const c = await t.phone('a').call('0');
  t.expect(c).matches({ answered: false, status: 486 });
});
t.test('no route', async t => {
  const answer = await t.sip.send(['OPTIONS sip:1@10.0.0.1 SIP/2.0', 'Via: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bK1;rport',
    'From: <sip:x@y>;tag=1', 'To: <sip:1@10.0.0.1>', 'Call-ID: 1', 'CSeq: 1 OPTIONS', 'Max-Forwards: 70', 'Content-Length: 0', '', ''].join('\r\n'));
  t.expect(answer).matches(/^SIP\/2.0 200 /);
});
t.test('a reload', async t => {
  const a = t.phone('a'), b = t.phone('b');
  await a.call('1');
  await t.reload('main.js', "export default async call => { await call.answer(); await call.play('tone:900/9000') }");
  await b.call('1');
  await b.hears(900);
  await a.hears(440);
});
t.test('a reload that is refused', async t => {
  let why;
  try { await t.reload('main.js', 'export default ('); } catch (e) { why = e.message }
  t.expect(why).matches(/main\.js:1:/);
});
t.test('a new SBC takes calls', async t => {
  await t.crash('sbc');
  const a = t.phone('a');
  await a.call('1');
  await a.hears(440);
});
t.test('a ladder', async t => {
  const c = await t.phone('a').call('1');
  const lines = await t.ladder(c);
  t.expect(lines.length).equals(4);
  t.expect(lines[0]).contains('INVITE sip:1@');
});
t.test('an hour of waiting', async t => {
  await t.phone('a').call('1');
  await t.advance('10m');
});
`)
	outcomes := outcomesOf(t, f, "")
	if text := reported(f, outcomes); len(outcomes) != 9 || strings.HasPrefix(text, "FAIL") {
		t.Error(text)
	}
	if some := outcomesOf(t, f, "^state"); len(some) != 2 {
		t.Errorf("--run ran %d tests, want 2", len(some))
	}
}

// A quiet hour costs no audio: the clocks of silent streams rest.
func TestAnHourOfSilenceRests(t *testing.T) {
	f := scriptDir(t, `export default async call => { await call.answer(); const r = await call.gather({ max: 1, timeout: '2h' }); await call.play('tone:900/3000') }`,
		`t.test('x', async t => { const a = t.phone('a'); await a.call('1'); await t.advance('1h'); await a.press('5'); await a.hears(900, { within: '500ms' }) })`)
	outcomes := outcomesOf(t, f, "")
	if o := outcomes[0]; !o.Passed || o.Virtual < 3_600_000 {
		t.Error(reported(f, outcomes))
	}
}

func TestJUnit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "junit.xml")
	err := writeJUnit(path, []scripttest.Outcome{{File: "a.test.js", Name: "good", Passed: true}, {File: "a.test.js", Name: "bad", Failure: "no <tone>"}})
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var suite junitSuite
	if err := xml.Unmarshal(b, &suite); err != nil || suite.Failures != 1 || suite.Cases[1].Failure.Message != "no <tone>" {
		t.Errorf("%v\n%s", err, b)
	}
}

// The command itself: exit codes, and JSON as CI reads it.
func TestTheTestCommand(t *testing.T) {
	good := scriptDir(t, answersWithTone, `t.test('hears', async t => { const a = t.phone('a'); await a.call('1'); await a.hears(440) })
t.test('fails', t => t.expect(0).ok())`)
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{good.dir, "--run", "hears"}, 0, "1 tests passed"},
		{[]string{filepath.Join(good.dir, good.name)}, 1, "main.test.js:3    t.test('fails'"},
		{[]string{good.dir, "--json", "--run", "fails"}, 1, `"name":"fails","line":3,"passed":false,"failure":"expected a true value, got 0"`},
		{[]string{t.TempDir()}, 2, "no tests"},
		{[]string{good.dir, "--run", "("}, 2, "--run"},
		{[]string{filepath.Join(good.dir, "main.js")}, 2, "is no test"},
	} {
		got := runProgram(t, program(append([]string{"test"}, c.args...)...))
		if got.code != c.code || !strings.Contains(got.stdout+got.stderr, c.want) {
			t.Errorf("test %v: exit code %d, want %d with %q\n%s%s", c.args, got.code, c.code, c.want, got.stdout, got.stderr)
		}
	}
}
