package main

import (
	"encoding/xml"
	"fmt"
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
	err := runTests(t, f, pattern, nil, func(o scripttest.Outcome) { outcomes = append(outcomes, o) })
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
		{"no journal", `t => t.replay('call.json')`, "no such file"},
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
t.test('a new SBC takes calls, and goes on with those of the old one', async t => {
  await t.crash('sbc');
  const a = t.phone('a');
  await a.call('1');
  await a.hears(440);
  await t.crash('sbc');
  await a.hears(440);
  await t.crash('mixer');
  await a.hears(440);
});
t.test('a journal', async t => {
  const r = await t.replay('kept.json');
  t.expect(r.inputs).equals(1);
  let error;
  try { await t.replay('other.json'); } catch (e) { error = e.message; }
  t.expect(error).contains('main.js:3:36: Diverged: operation 1 is now call.reject');
});
t.test('a new brain goes on', async t => {
  const a = t.phone('a'), b = t.phone('b');
  const c = await a.call('1');
  await t.advance('1s');
  await t.crash('brain');
  t.expect(t.state.calls).equals(1);
  await a.hears(440);
  await b.call('1');
  await b.hears(440);
  t.expect(t.state.calls).equals(2);
  await a.hangup();
  t.expect(c).events(['answered', 'play', 'ended']);
});
t.test('a ladder', async t => {
  const c = await t.phone('a').call('1');
  const lines = await t.ladder(c);
  t.expect(lines.length).equals(3);
  t.expect(lines[0]).contains('INVITE sip:1@');
});
t.test('an hour of waiting', async t => {
  await t.phone('a').call('1');
  await t.advance('10m');
});
`)
	const journal = `{"format":"callwright-journal","v":1,"app":"main","over":true,"seed":1,"ops":1,"turn":1,"in":[{"k":1,"ms":1,"f":{"call":{"to":{"user":"%s"}}}}`
	writeScript(t, f.dir, "kept.json", fmt.Sprintf(journal, "1")+"]}")
	writeScript(t, f.dir, "other.json", fmt.Sprintf(journal, "0")+`,{"k":2,"n":1,"h":7,"w":"call.answer","ms":2}]}`)
	outcomes := outcomesOf(t, f, "")
	if text := reported(f, outcomes); len(outcomes) != 11 || strings.HasPrefix(text, "FAIL") {
		t.Error(text)
	}
	if some := outcomesOf(t, f, "^state"); len(some) != 2 {
		t.Errorf("--run ran %d tests, want 2", len(some))
	}
}

// What a test says of the web, of recordings, of latency, and of many calls.
func TestActsBeyondOnePhone(t *testing.T) {
	f := scriptDir(t, `export default async call => {
  if (call.to.user === '5') return call.reject('busy');
  await call.answer();
  if (call.to.user === '1') {
    try {
      const r = await fetch('https://crm.example.com/callers/' + call.from.user, { json: { n: 1 }, timeout: '2s', retries: 1 });
      state.crm = { status: r.status, vip: r.ok && (await r.json()).vip };
    } catch (e) {
      state.crm = e.name + ': ' + e.message;
    }
  }
  if (call.to.user === '2') state.file = await call.record({ file: 'a.wav', max: '2s' });
  if (call.to.user === '3') await call.gather({ prompt: 'tone:440/60000', max: 1 });
  if (call.to.user === '4') await call.play('tone:440/9000');
  state.calls = (state.calls ?? 0) + 1;
}`, `
const asks = async (t, fn) => { const a = t.phone('ann'); await fn(); await a.call('1'); await a.ended(); return t.state.crm; };
t.test('an answer', async t => {
  t.expect(await asks(t, () => t.fetch.mock('/callers', { vip: 1 }))).equals({ status: 200, vip: 1 });
  const [r, ...more] = await t.fetch.requests('https://crm.example.com/');
  t.expect(r).matches({ method: 'POST', path: '/callers/ann', body: '{"n":1}', headers: { 'content-type': /json/ } });
  t.expect(more).equals([]);
});
t.test('answers by method, in turn', async t => {
  t.fetch.mock(/CALLERS.ann$/i, { vip: 2 }, { method: 'post' });
  t.fetch.mock('https://crm.example.com/', 'busy', { status: 503, times: 1 });
  t.fetch.mock('/callers', 'never', { method: 'get' });
  t.expect(await asks(t, () => {})).equals({ status: 200, vip: 2 });
  t.expect((await t.fetch.requests()).length).equals(2);
});
t.test('a slow answer', async t => t.expect(await asks(t, () => t.fetch.mock('/', 1, { delay: '3s' }))).matches(/^Timeout: .*no whole answer within 2s/));
t.test('no answer', async t => t.expect(await asks(t, () => {})).matches(/^TypeError: .*no t.fetch.mock\(\) answers POST https:/));
t.test('a recording', async t => {
  const a = t.phone('a');
  await a.call('2');
  await a.says(700, { for: '500ms' });
  await a.says('tone:900', { for: '500ms' });
  await a.ended();
  const r = await t.record.match(t.state.file, [700, 900]);
  t.expect(r.ms).atLeast(1900);
  t.expect(r.ms).atMost(2100);
  let why;
  try { await t.record.match('a.wav', [900, 700]) } catch (e) { why = e.message }
  t.expect(why).matches(/a.wav does not have 700 Hz after .*900 Hz of .*silence/);
  try { await t.record.match('b.wav', 1) } catch (e) { why = e.message }
  t.expect(why).equals('no recording "b.wav"; there are a.wav');
});
t.test('latency', async t => {
  const a = t.phone('a'), c = await a.call('3');
  t.expect(await t.latency(c, 'answer')).atMost(50);
  t.expect(await t.latency(c, 'audio')).atMost(200);
  await a.hears(440);
  await a.press('1');
  t.expect(await t.latency(c, 'barge-in')).atMost(200);
  t.expect(await t.latency(c, 'barge-in')).atLeast(20);
});
t.test('many calls', async t => {
  const r = await t.load({ cps: 50, calls: 60, to: '4', hold: '1s' });
  t.expect(r).matches({ calls: 60, answered: 60, failed: 0, causes: { normal: 60 } });
  t.expect(r.p99).atMost(100);
  t.expect(t.state.calls).equals(60);
});
t.test('calls that are refused', async t => t.expect((await t.load({ calls: 3, to: '5' })).causes).matches({ 'phone: not answered: 486 Busy Here': 3 }));
`)
	writeScript(t, f.dir, "main.yaml", "fetch: [crm.example.com]\n")
	outcomes := outcomesOf(t, f, "")
	if text := reported(f, outcomes); len(outcomes) != 8 || strings.HasPrefix(text, "FAIL") {
		t.Error(text)
	}
	for _, o := range outcomes {
		t.Logf("%s: %.0f ms", o.Name, o.Ms)
	}
}

// Agents are phones that flows dial: they ring, answer, refuse, are busy, and talk.
func TestAgents(t *testing.T) {
	f := scriptDir(t, `export default async call => {
  const d = await call.dial(call.to.user === '2' ? ['sip:bob@a.example', 'sip:carol@b.example'] : 'sip:bob@example.com', { timeout: '20s' });
  state.came = d.status + ' ' + d.attempts.map(a => a.code).sort();
}`, `
t.test('an answer, and both talk', async t => {
  const alice = t.phone('alice'), bob = t.agent('bob', { codec: 'PCMA' });
  const calling = alice.call('1');
  t.expect(await bob.rings({ within: '1s' })).matches({ answered: false, from: /^sip:alice@/ });
  await t.advance('5s');
  const leg = await bob.answers(), c = await calling;
  t.expect([leg, c]).matches({ 0: { answered: true, status: 200 }, 1: { answered: true } });
  await t.talking(alice, bob, { maxGap: '60ms' });
  await bob.says(900, { for: '200ms' });
  await alice.hears(900);
  t.expect((await t.ladder(leg))[0]).contains('INVITE sip:bob@example.com');
  await bob.hangup();
  t.expect(await alice.ended()).matches({ cause: 'normal', by: 'callee' });
  t.expect(await bob.ended()).matches({ cause: 'normal' });
  t.expect(c).events(['dial', 'answered', 'ended']);
  t.expect(leg).events(['ringing', 'answered', 'ended']);
});
t.test('a refusal, then an answer', async t => {
  const bob = t.agent('bob'), alice = t.phone('alice');
  for (const [cause, status] of [['busy', 486], ['rejected', 603], [404, 404]]) {
    const calling = alice.call('1');
    t.expect(await bob.rejects(cause)).matches({ answered: false, status });
    t.expect(await calling).matches({ answered: false });
    t.expect(t.state.came).matches(new RegExp(' ' + status + '$'));
  }
  const calling = alice.call('1');
  await bob.answers();
  t.expect(await calling).matches({ answered: true });
});
t.test('busy while in a call', async t => {
  const bob = t.agent('bob'), alice = t.phone('alice'), dave = t.phone('dave');
  const calling = alice.call('1');
  await bob.answers();
  await calling;
  t.expect(await dave.call('1')).matches({ answered: false });
  t.expect(t.state.came).matches(/486/);
  await t.talking(alice, bob);
});
t.test('the first of two', async t => {
  const bob = t.agent('bob'), carol = t.agent('carol'), alice = t.phone('alice');
  const calling = alice.call('2');
  await bob.rings();
  await carol.answers();
  await calling;
  t.expect(await bob.ended()).matches({ cause: 'answered-elsewhere' });
  await t.talking(alice, carol);
});
t.test('nobody answers', async t => {
  const bob = t.agent('bob'), alice = t.phone('alice');
  t.expect(await alice.call('1')).matches({ answered: false });
  t.expect(await bob.ended()).matches({ cause: 'no-answer' });
  t.expect(t.state.came).equals('no-answer 480');
});
t.test('nobody is there', async t => {
  t.expect(await t.phone('alice').call('1')).matches({ answered: false });
  t.expect(t.state.came).equals("failed 502");
});
const why = async f => { try { await f(); } catch (e) { return e.message; } };
t.test('what cannot be', async t => {
  const bob = t.agent('bob');
  t.expect(await why(() => bob.answers({ within: '3s' }))).equals('bob was not called within 3s');
  t.expect(await why(() => bob.rejects('bussy'))).contains('bussy is no status');
  t.expect(await why(() => bob.rejects(200))).contains('200 is no status');
  t.expect(await why(() => bob.hangup())).equals('bob is in no call');
});
`)
	outcomes := outcomesOf(t, f, "")
	if text := reported(f, outcomes); len(outcomes) != 7 || strings.HasPrefix(text, "FAIL") {
		t.Error(text)
	}
	writeScript(t, f.dir, f.name, "import * as t from 'callwright/test';\nt.test('a name', t => { t.agent('b b') })")
	if text := reported(f, outcomesOf(t, f, "")); !strings.Contains(text, `"b b" is no user part`) {
		t.Error(text)
	}
}

// Lines that ran, of the scripts and not of the tests; and what a person reads of them.
func TestCoverageOfTests(t *testing.T) {
	f := scriptDir(t, "export default async call => {\n  await call.answer();\n  if (call.to.user === '2')\n    console.log(2);\n}\n", `t.test('1', async t => { await t.phone('a').call('1') });`)
	lcov := filepath.Join(t.TempDir(), "lcov.info")
	got := runProgram(t, program("test", f.dir, "--coverage", "--lcov", lcov))
	if got.code != 0 || !strings.Contains(got.stdout, "main.js  2 of 3 lines, not 4\n") || strings.Count(got.stdout, " lines") != 1 {
		t.Errorf("exit code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
	b, err := os.ReadFile(lcov)
	if err != nil || !strings.Contains(string(b), "DA:2,1\nDA:3,1\nDA:4,0\nLF:3\nLH:2\nend_of_record\n") {
		t.Errorf("%v\n%s", err, b)
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
