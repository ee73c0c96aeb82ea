package sandbox_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/callwright/callwright/sandbox"
	"github.com/callwright/callwright/sandbox/sandboxtest"
	"github.com/callwright/callwright/stdlib"
)

// runs gives what expressions come to, each as JSON or as an error's name and text.
func runs(t *testing.T, head string, exprs []string) []string {
	t.Helper()
	var b strings.Builder
	b.WriteString(head + "\nconst say = f => { try { return JSON.stringify(f()) } catch (e) { return e.name + ' ' + (e.code ?? '') + ' ' + e.message } };\nexport default () => {\n")
	for _, e := range exprs {
		fmt.Fprintf(&b, "console.log(say(() => (%s)));\n", e)
	}
	b.WriteString("}")
	h := sandboxtest.With(t, sandbox.Options{Budgets: sandbox.Budgets{LogLines: 1000, LogRate: 1000}}, map[string]string{"main.js": b.String()})
	h.OpenUnit("u", sandbox.CallUnit)
	r := h.Start("u")
	if r.Error != nil || len(r.Logs) != len(exprs) {
		t.Fatalf("%d of %d answers, %v", len(r.Logs), len(exprs), r.Error)
	}
	var out []string
	for _, l := range r.Logs {
		out = append(out, l.Text)
	}
	return out
}

// Each function of the modules has an example in modules.d.ts, which comes to what it
// says, and each is declared.
func TestModulesAreAsDeclared(t *testing.T) {
	example := regexp.MustCompile(`@example (.*?) // (.*)`)
	for name, text := range stdlib.Modules() {
		_, part, ok := strings.Cut(stdlib.ModuleDeclarations, "declare module '"+name+"' {")
		part, _, _ = strings.Cut(part, "\n}\n")
		var names, exprs, want []string
		for _, m := range regexp.MustCompile(`(?m)^export function (\w+)`).FindAllStringSubmatch(text, -1) {
			names = append(names, m[1])
			if !strings.Contains(part, "  export function "+m[1]+"(") && !strings.Contains(part, "  export function "+m[1]+"<") {
				t.Errorf("%s: %s is not declared", name, m[1])
			}
		}
		for _, m := range example.FindAllStringSubmatch(part, -1) {
			exprs = append(exprs, m[1], m[2])
		}
		if !ok || len(exprs) < 2*len(names) {
			t.Errorf("%s: %d examples of %d functions", name, len(exprs)/2, len(names))
		}
		for _, m := range regexp.MustCompile(`  export function (\w+)`).FindAllStringSubmatch(part, -1) {
			if !strings.Contains(text, "export function "+m[1]+"(") {
				t.Errorf("%s: %s is declared and not there", name, m[1])
			}
		}
		want = runs(t, "import { "+strings.Join(names, ", ")+" } from '"+name+"';", exprs)
		for i := 0; i < len(want); i += 2 {
			if want[i] != want[i+1] {
				t.Errorf("%s: %s came to %s", name, exprs[i], want[i])
			}
		}
	}
}

func TestModules(t *testing.T) {
	for name, c := range map[string]struct {
		head  string
		cases [][2]string
	}{
		"telnum": {"import * as n from 'callwright/telnum';", [][2]string{
			{`n.normalize('2079460000')`, `null`}, {`n.normalize('+44 (0)20/7946.0000')`, `"+442079460000"`},
			{`n.normalize('sip:+442079460000@host;user=phone')`, `"+442079460000"`}, {`n.normalize('8 495 123-45-67', {region:'RU'})`, `"+74951234567"`},
			{`n.normalize('06 1 234 5678', {region:'HU'})`, `"+3612345678"`}, {`n.normalize('06 1234 5678', {region:'IT'})`, `"+390612345678"`},
			{`n.normalize('1-800-FLOWERS', {region:'US'})`, `"+18003569377"`}, {`n.normalize('+1234567890123456')`, `null`}, {`n.normalize('+0441234567')`, `null`},
			{`n.normalize('12+34567', {region:'GB'})`, `null`}, {`n.normalize('020 7946', {region:'UK'})`, `RangeError  telnum: no region "UK"`},
			{`n.parse('+14155552671').regions.sort()`, `["CA","US"]`}, {`n.parse('+3545551234').code`, `"354"`}, {`n.parse('x#y')`, `null`},
			{`n.dialled('+442079460000','GB')`, `"02079460000"`}, {`n.dialled('020 7946 0000','GB')`, `"02079460000"`}, {`n.same('', '')`, `false`},
			{`n.longest('0901', {'44':1})`, `null`}, {`n.longest('442', {'':0, '+44':1})`, `{"prefix":"","value":0}`},
		}},
		"csv": {"import { parse, stringify } from 'callwright/csv';", [][2]string{
			{`parse('a,b\r\n"c ""x""",\n')`, `[["a","b"],["c \"x\"",""]]`}, {`parse('a,')`, `[["a",""]]`}, {`parse('')`, `[]`}, {`parse('\ufeffa;"b\nc"', {delimiter:';'})`, `[["a","b\nc"]]`},
			{`parse('a,b\n1', {header:true})`, `[{"a":"1","b":""}]`}, {`parse('ok\n"a')`, `SyntaxError  csv: row 2: a quote is not closed`}, {`parse('"a"b')`, `SyntaxError  csv: row 1: "b" follows`},
			{`parse(7)`, `TypeError`}, {`parse('a', {delimiter:'ab'})`, `RangeError`}, {`parse('__proto__\n1', {header:true})[0].polluted`, `undefined`},
			{`stringify([[1,null,'a"b'],['x\ny']])`, `"1,,\"a\"\"b\"\r\n\"x\ny\"\r\n"`}, {`stringify([{a:1,b:2}], {header:['b']})`, `"b\r\n2\r\n"`}, {`stringify([])`, `""`},
		}},
		"template": {"import { render, compile } from 'callwright/template';", [][2]string{
			{`render('{{#a}}{{b}}{{c}}{{/a}}{{^d}}none{{/d}}', {a:[{b:1},{b:2}], c:'!'})`, `"1!2!none"`}, {`render('{{a.b.c}}|{{x}}', {a:{b:{c:0}}})`, `"0|"`},
			{`render('{"a":"{{v}}"}', {v:'"\n'}, {escape:'json'})`, `"{\"a\":\"\\\"\\n\"}"`}, {`render('{{v}}', {v:'a b&c'}, {escape:'url'})`, `"a%20b%26c"`},
			{`render('{{#a}}', {})`, `SyntaxError  template: {{#a}} is not closed`}, {`render('{{#a}}{{/b}}', {})`, `{{/b}} closes nothing; {{#a}} is open`}, {`render('{{}}', {})`, `names nothing`},
			{`render('{{constructor}}{{a.constructor}}', {a:{}})`, `""`}, {`render('', {}, {escape:'toString'})`, `RangeError  template: no escape`}, {`render('{{v}}', {v:'{{w}}', w:1})`, `"{{w}}"`},
		}},
		"jwt": {"import { sign, verify, decode } from 'callwright/jwt';\nconst s = 'secret', t = sign({ sub: 'a', aud: ['x'], iss: 'i' }, s, { expiresIn: '5m' });", [][2]string{
			{`verify('eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.' + crypto.createHmac('sha256', s).update('eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ').digest('base64url'), s)`, `{"a":1}`},
			{`verify(t, s, { audience: 'x', issuer: 'i' }).exp - decode(t).claims.iat`, `300`}, {`verify(t, 'other')`, `JwtError signature`}, {`verify(t, s, { audience: 'y' })`, `JwtError audience`}, {`verify(t, s, { issuer: 'y' })`, `JwtError issuer`},
			{`verify(t.slice(0, -2), s)`, `JwtError signature`}, {`verify('eyJhbGciOiJub25lIn0.eyJhIjoxfQ.', s)`, `JwtError algorithm`}, {`verify('a.b', s)`, `JwtError malformed`}, {`verify('bnVsbA.bnVsbA.x', s)`, `JwtError malformed`},
			{`verify(sign({ exp: 1 }, s), s)`, `JwtError expired`}, {`verify(sign({ nbf: 1e12 }, s), s)`, `JwtError early`}, {`verify(sign({ exp: '9' }, s), s)`, `JwtError malformed`}, {`verify(sign({ exp: Date.now() / 1000 - 1 }, s), s, { leeway: '5s' }).iat > 0`, `true`},
			{`verify(sign({}, s, { alg: 'HS512' }), s)`, `JwtError algorithm`}, {`verify(sign({ a: 1 }, s, { alg: 'HS512' }), s, { algs: ['HS512'] }).a`, `1`}, {`sign({}, s, { alg: 'none' })`, `RangeError`}, {`sign({}, '')`, `TypeError  jwt: the secret is empty`},
		}},
	} {
		var exprs []string
		for _, x := range c.cases {
			exprs = append(exprs, x[0])
		}
		for i, got := range runs(t, c.head, exprs) {
			if want := c.cases[i][1]; !strings.Contains(got, want) {
				t.Errorf("%s: %s came to %s, want %s", name, exprs[i], got, want)
			}
		}
	}
}
