package sandbox_test

import (
	stdjson "encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/callwright/callwright/sandbox"
	"github.com/callwright/callwright/sandbox/sandboxtest"
)

// TestMain puts the machine into a zone of its own: no script may see it.
func TestMain(m *testing.M) {
	time.Local = time.FixedZone("HOST", 5*3600+1800)
	os.Exit(m.Run())
}

// say runs expressions in one call and returns what each shows, an error by its name
// and message.
func say(t *testing.T, exprs []string) []string {
	t.Helper()
	var b strings.Builder
	b.WriteString("export default async function (call) {\n")
	for _, e := range exprs {
		b.WriteString("try { console.log(String(await (" + e + "))) } catch (e) { console.log(e.name + ': ' + e.message) }\n")
	}
	b.WriteString("}\n")
	h := sandboxtest.With(t, sandbox.Options{Faces: faces(), Budget: 5 * time.Second}, map[string]string{"main.ts": b.String()})
	r := h.Start("a")
	if r.Error != nil || len(r.Logs) != len(exprs) {
		t.Fatalf("%d lines of %d: %v", len(r.Logs), len(exprs), r.Error)
	}
	out := make([]string, len(r.Logs))
	for i, l := range r.Logs {
		out[i] = l.Text
	}
	return out
}

// expect compares pairs of an expression and what it must show.
func expect(t *testing.T, pairs ...string) {
	t.Helper()
	var exprs []string
	for i := 0; i < len(pairs); i += 2 {
		exprs = append(exprs, pairs[i])
	}
	for i, got := range say(t, exprs) {
		if want := pairs[2*i+1]; strings.ReplaceAll(strings.ReplaceAll(got, "\u00a0", " "), "\u202f", " ") != want {
			t.Errorf("%s\n  shows %q\n  want  %q", exprs[i], got, want)
		}
	}
}

func TestURL(t *testing.T) {
	expect(t,
		`new URL('HTTPS://User:p%40@Example.COM:443/a/./b/../c%20d?x=1&y=ä#f g')`, `https://User:p%40@example.com/a/c%20d?x=1&y=%C3%A4#f%20g`,
		`new URL('../x?q', 'http://h:8080/a/b/c?z').href`, `http://h:8080/a/x?q`,
		`new URL('//other/p', 'https://h/a').href`, `https://other/p`,
		`new URL('#top', 'https://h/a?b').href`, `https://h/a?b#top`,
		`new URL('http:\\\\h\\a').pathname`, `/a`,
		`new URL('sip:alice@example.com;transport=tls').pathname`, `alice@example.com;transport=tls`,
		`new URL('http://[2001:DB8::1]:80/').host`, `[2001:db8::1]`,
		`new URL('http://bücher.de/').hostname`, `xn--bcher-kva.de`,
		`new URL('nothing')`, `TypeError: Invalid URL: nothing`,
		`new URL('http://h:99999/')`, `TypeError: Invalid URL: http://h:99999/`,
		`new URL('http://256.1.1.1/')`, `TypeError: Invalid URL: http://256.1.1.1/`,
		`URL.canParse('http://a b/')`, `false`,
		`(() => { const u = new URL('http://h/a'); u.searchParams.append('k', 'a b&c'); u.port = '81'; u.hash = 'x'; u.pathname = 'q'; u.protocol = 'https'; return u })()`, `https://h:81/q?k=a+b%26c#x`,
		`JSON.stringify({ u: new URL('http://h') })`, `{"u":"http://h/"}`,
		`[...new URLSearchParams('?a=1&b=%C3%A4+x&a=2')].join('|')`, `a,1|b,ä x|a,2`,
		`(() => { const p = new URLSearchParams({ b: 2, a: 1 }); p.sort(); p.set('b', 'x y'); p.delete('zz'); return p + ' ' + p.has('a') + p.get('q') + p.size })()`, `a=1&b=x+y truenull2`,
	)
}

func TestTextsAndBytes(t *testing.T) {
	expect(t,
		`new TextEncoder().encode('aé😀').join()`, `97,195,169,240,159,152,128`,
		`new TextDecoder().decode(new Uint8Array([0xef, 0xbb, 0xbf, 0x61, 0xff]))`, "a\ufffd",
		`new TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array([255]))`, `TypeError: the bytes are no UTF-8`,
		`new TextDecoder('utf-16le').decode(new Uint8Array([0x61, 0, 0x3d, 0xd8, 0, 0xde]))`, `a😀`,
		`new TextDecoder('latin1').decode(new Uint8Array([0xe9]))`, `é`,
		`new TextDecoder('koi8-r')`, `RangeError: TextDecoder: koi8-r is not supported: utf-8, latin1 and utf-16le are`,
		`atob(' aGk = ') + btoa('\xff')`, `hi/w==`,
		`atob('a')`, `InvalidCharacterError: atob: the text is not base64`,
		`btoa('€')`, `RangeError: btoa: the character at 0 has no byte of its own: encode the text first`,
		`Buffer.from('aé').toString('hex') + Buffer.from('aGk_', 'base64').toString('base64url')`, `61c3a9aGk_`,
		`Buffer.concat([Buffer.from([1, 2]), Buffer.alloc(2, 'ab')]).toJSON().data`, `1,2,97,98`,
		`(() => { const b = Buffer.alloc(8); b.writeUInt32BE(0xdeadbeef); b.writeInt16LE(-2, 4); return b.toString('hex') + b.readUInt32BE(0) + b.readInt16LE(4) })()`, `deadbeeffeff00003735928559-2`,
		`Buffer.from('abc').readUInt32LE(1)`, `RangeError: offset 1 is outside the buffer`,
		`Buffer.from('hello world').indexOf('wor') + ' ' + Buffer.from('abc').slice(1) + Buffer.from('abc').equals(Buffer.from('abc'))`, `6 bctrue`,
		`Buffer.alloc(2 ** 30)`, `RangeError: Uint8Array: more than 16777216 bytes`,
		`Buffer.from('x', 'klingon')`, `TypeError: Unknown encoding: klingon`,
		`JSON.stringify(structuredClone({ d: new Date(0), m: [...structuredClone(new Map([[1, { a: [2] }]]))] }))`, `{"d":"1970-01-01T00:00:00.000Z","m":[[1,{"a":[2]}]]}`,
	)
}

func TestCrypto(t *testing.T) {
	expect(t,
		`crypto.createHash('sha256').update('a').update(Buffer.from('bc')).digest('hex')`, `ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad`,
		`['md5', 'sha1', 'sha512'].map(n => crypto.createHash(n).update('').digest().length).join()`, `16,20,64`,
		`crypto.createHmac('sha1', 'key').update('The quick brown fox jumps over the lazy dog').digest('hex')`, `de7c9b85b8b78aa6bc8a7a36f70a90701c9db4d9`,
		`crypto.createHash('whirlpool')`, `Error: the digest whirlpool is not supported: md5, sha1, sha256 and sha512 are`,
		`crypto.timingSafeEqual(Buffer.from('ab'), Buffer.from('ab')) + '' + crypto.timingSafeEqual(Buffer.from('ab'), Buffer.from('ac'))`, `truefalse`,
		`crypto.timingSafeEqual(Buffer.from('ab'), Buffer.from('abc'))`, `RangeError: timingSafeEqual needs buffers of the same length`,
		`/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(crypto.randomUUID()) + ' ' + crypto.randomBytes(5).length + (crypto.randomInt(7) < 7)`, `true 5true`,
	)
	// What is random is the unit's: the same in a replay, another in another unit.
	one := []string{`crypto.randomUUID() + Math.random() + crypto.randomBytes(4).toString('hex')`}
	if a, b := say(t, one), say(t, one); a[0] != b[0] {
		t.Errorf("a replay would find other randomness: %s, %s", a[0], b[0])
	}
}

func TestAbort(t *testing.T) {
	expect(t,
		`(() => { const c = new AbortController(), seen = []; c.signal.addEventListener('abort', e => seen.push(e.type)); c.signal.onabort = () => seen.push('on'); c.abort(); c.abort(); return seen + ' ' + c.signal.aborted + c.signal.reason.name })()`, `on,abort trueAbortError`,
		`(() => { const a = new AbortController(), b = AbortSignal.any([a.signal, AbortSignal.timeout(1000)]); a.abort('why'); return b.aborted + b.reason })()`, `truewhy`,
		`AbortSignal.abort(new Error('no')).throwIfAborted()`, `Error: no`,
		`new AbortSignal()`, `TypeError: make a signal by new AbortController(), AbortSignal.timeout or AbortSignal.any`,
	)
}

func TestLanguageGaps(t *testing.T) {
	expect(t,
		`Object.keys(Object.groupBy([1, 2, 3], x => x % 2 ? 'odd' : 'even')).join()`, `odd,even`,
		`Map.groupBy([1, 2, 3], x => x % 2).get(1)`, `1,3`,
		`[1, 2, 3, 4].values().filter(x => x % 2).map(x => x * 10).toArray()`, `10,30`,
		`(function* () { for (let i = 0; ; i++) yield i })().drop(2).take(3).reduce((a, b) => a + b)`, `9`,
		`new Set([1, 2]).union(new Set([2, 3])).size + '' + new Set([1, 2]).isSubsetOf(new Set([1, 2, 3]))`, `3true`,
		`Array.fromAsync((async function* () { yield 1; yield 2 })())`, `1,2`,
		`[3, 1, 2].toSorted() + '|' + [1, 2, 3].findLast(x => x < 3) + '|' + [1, 2].with(0, 9) + '|' + [1, [2, [3]]].flat(9).at(-1)`, `1,2,3|2|9,2|3`,
		`(() => { const { promise, resolve } = Promise.withResolvers(); resolve(7); return promise })()`, `7`,
		`new Promise(done => queueMicrotask(() => done('soon')))`, `soon`,
		`(async () => { let s = ''; for await (const x of [Promise.resolve(1), 2]) s += x; return s })()`, `12`,
		`RegExp.escape('a.b*c')`, `\x61\.b\*c`,
		`Object.getPrototypeOf(async () => {}).constructor === Function`, `false`,
	)
}

func TestDatesKnowNoHost(t *testing.T) {
	expect(t,
		`new Date(2030, 0, 2, 3, 4, 5).toISOString()`, `2030-01-02T03:04:05.000Z`,
		`new Date('2030-01-02T03:04:05').toISOString()`, `2030-01-02T03:04:05.000Z`,
		`new Date('2030-01-02').toISOString()`, `2030-01-02T00:00:00.000Z`,
		`new Date('2030-01-02T03:04:05+02:00').toISOString()`, `2030-01-02T01:04:05.000Z`,
		`new Date('Jan 2, 2030 03:04').toISOString()`, `2030-01-02T03:04:00.000Z`,
		`new Date('Jan 2, 2030').toISOString()`, `2030-01-02T00:00:00.000Z`,
		`new Date('Wed, 02 Jan 2030 03:04:05 GMT').getTime()`, `1893553445000`,
		`new Date(new Date(5000).toString()).getTime()`, `5000`,
		`new Date(0)`, `Thu Jan 01 1970 00:00:00 GMT+0000 (UTC)`,
		`new Date(0).getHours() + ' ' + new Date(0).getTimezoneOffset() + ' ' + new Date(0).toTimeString()`, `0 0 00:00:00 GMT+0000 (UTC)`,
		`(() => { const d = new Date(0); d.setHours(25, 1); return d.toISOString() + typeof Date() + (d instanceof Date) + d.constructor.name })()`, `1970-01-02T01:01:00.000ZstringtrueDate`,
		`(() => { class D extends Date { x() { return this.getDate() } } return new D(2030, 4, 6).x() })()`, `6`,
		`new Date('rubbish') + '' + isNaN(Date.parse('x'))`, `Invalid Datetrue`,
	)
}

func TestIntl(t *testing.T) {
	const d = `new Date('2030-01-02T15:04:05Z')`
	expect(t,
		`[1234567.891, -1234.5, 0.5].map(n => n.toLocaleString('en')).join(' ')`, `1,234,567.891 -1,234.5 0.5`,
		`['de', 'fr', 'es'].map(l => (12345.678).toLocaleString(l)).join(' | ')`, `12.345,678 | 12 345,678 | 12.345,678`,
		`(1234.5).toLocaleString('es')`, `1234,5`,
		`['en', 'de', 'fr', 'es', 'en-GB'].map(l => (1234.5).toLocaleString(l, { style: 'currency', currency: 'EUR' })).join(' | ')`, `€1,234.50 | 1.234,50 € | 1 234,50 € | 1234,50 € | €1,234.50`,
		`(-9.999).toLocaleString('en', { style: 'currency', currency: 'USD' }) + ' ' + (1e3).toLocaleString('en', { style: 'currency', currency: 'CHF' })`, `-$10.00 CHF 1,000.00`,
		`(0.256).toLocaleString('de', { style: 'percent' }) + ' ' + (1.005).toLocaleString('en', { maximumFractionDigits: 2 })`, `26 % 1.01`,
		`new Intl.NumberFormat('en', { minimumIntegerDigits: 2, useGrouping: false }).format(5)`, `05`,
		`new Intl.NumberFormat('pl')`, `RangeError: Intl.NumberFormat: the language pl is not supported: en, de, fr and es are`,
		`new Intl.NumberFormat('en', { notation: 'compact' })`, `RangeError: Intl.NumberFormat: the option notation is not supported`,
		`new Intl.PluralRules('en')`, `Error: Intl.PluralRules is not built yet`,
		`['en', 'en-GB', 'de', 'fr', 'es'].map(l => `+d+`.toLocaleString(l)).join(' | ')`, `1/2/2030, 3:04:05 PM | 02/01/2030, 15:04:05 | 2.1.2030, 15:04:05 | 02/01/2030 15:04:05 | 2/1/2030, 15:04:05`,
		`['en', 'en-GB', 'de', 'fr', 'es'].map(l => `+d+`.toLocaleDateString(l, { dateStyle: 'full' })).join(' | ')`, `Wednesday, January 2, 2030 | Wednesday 2 January 2030 | Mittwoch, 2. Januar 2030 | mercredi 2 janvier 2030 | miércoles, 2 de enero de 2030`,
		`['en', 'de', 'fr', 'es'].map(l => `+d+`.toLocaleDateString(l, { weekday: 'short', day: 'numeric', month: 'short' })).join(' | ')`, `Wed, Jan 2 | Mi, 2. Jan. | mer. 2 janv. | mié, 2 ene`,
		d+`.toLocaleTimeString('en', { hour: 'numeric', minute: '2-digit', timeZone: 'America/New_York' })`, `10:04 AM`,
		d+`.toLocaleTimeString('de', { timeStyle: 'short', timeZone: 'Europe/Berlin' }) + ' ' + `+d+`.toLocaleTimeString('en', { hour12: false })`, `16:04 15:04:05`,
		`new Intl.DateTimeFormat('en', { timeZone: '../etc/passwd' })`, `RangeError: Intl.DateTimeFormat: the time zone ../etc/passwd is not known`,
		d+`.toLocaleString('en', { dateStyle: 'long', timeStyle: 'short' })`, `January 2, 2030 at 3:04 PM`,
		`new Intl.DateTimeFormat('de', { month: '2-digit', day: '2-digit' }).format(`+d+`)`, `02.01.`,
	)
}

func TestPatterns(t *testing.T) {
	expect(t,
		`/^\p{L}+$/u.test('Zoë') + '' + /^\p{Lu}/u.test('zoë') + /[^\P{Nd}x]/u.exec('x٣')[0]`, `truefalse٣`,
		`'añb'.replace(/\p{Script=Latin}/gu, '_') + /^\P{ASCII}$/u.test('😀')`, `___true`,
		`new RegExp('\\p{Emoji}', 'u')`, `SyntaxError: /\p{Emoji}/u: the property \p{Emoji} is not supported: categories (L, Lu, Nd …), Script=…, Alphabetic, Uppercase, Lowercase, White_Space, ASCII and Any are`,
		`'2030-01-02'.match(/(?<y>\d+)-(?<m>\d+)/).groups.m + 'a1b2'.split(/\d/).join() + 'aXbX'.replaceAll(/x/gi, m => m + m) + [...'a1b2'.matchAll(/\d/g)].length`, `01a,b,aXXbXX2`,
		`(() => { const r = /a/g; return (RegExp(r) === r) + '' + (new RegExp(r) === r) + new RegExp(r, 'i').flags + (r instanceof RegExp) + r.constructor.name })()`, `truefalseitrueRegExp`,
		`2n ** 64n + 1n + '' + 2 ** 10 + Math.pow(2, -1)`, `1844674407370955161710240.5`,
		`(() => { let x = 3n; x **= 3n; return x })()`, `27`,
	)
}

func varsOf(t *testing.T, r sandbox.Result) map[string][]string {
	t.Helper()
	vars := map[string][]string{}
	if err := stdjson.Unmarshal(r.Vars, &vars); err != nil {
		t.Fatal(err, r.Error)
	}
	return vars
}
