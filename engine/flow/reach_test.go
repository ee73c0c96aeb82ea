package flow

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/callwright/callwright/engine/file"
	"github.com/callwright/callwright/sandbox/sandboxtest"
)

func TestFilesSecretsAndEnvironment(t *testing.T) {
	w := script(t, `import { files, secrets, env } from 'callwright';
const tried = async f => { try { return JSON.stringify(await f()) } catch (e) { return e.name + ' ' + e.message } };
export default async call => {
  for (const f of [() => files.read('a'), () => files.read('none'), () => files.read('bytes'), () => files.read('bytes', { encoding: 'base64', offset: 1, limit: 2 }),
    () => files.read('big'), () => files.read('denied'), () => files.write('a', 'x'), () => files.append('a', 'AA==', { encoding: 'base64' }), () => files.write('a', '?', { encoding: 'base64' }),
    () => files.list('d'), () => files.delete('a'), () => files.delete('none'), () => files.read('a', { limit: 70000 }), () => env.get('E')])
    console.log(await tried(f));
  console.log('the key is', await secrets.get('key'));
};`)
	w.reach = func(r file.Request) file.Result {
		switch {
		case r.App != "main":
			t.Errorf("asked for %q", r.App)
		case r.Name == "none":
			return file.Result{None: true}
		case r.Name == "denied":
			return file.Result{Error: &file.Error{Name: "Denied", Message: "add the line"}}
		case r.Name == "bytes":
			return file.Result{Data: []byte{0xff, byte(r.Offset), byte(r.Limit)}}
		case r.Name == "big":
			return file.Result{Data: []byte(strings.Repeat("\"", 40_000))}
		case r.Do == file.List:
			return file.Result{Entries: []file.Entry{{Name: "x", Size: 3}}}
		}
		return file.Result{Data: fmt.Appendf(nil, "%s %s %q", r.Do, r.Name, r.Data)}
	}
	w.dial("ann", "main", "1")
	w.run(time.Second)
	want := `"read a \"\""
null
TypeError files.read: bytes is no UTF-8 text; read it with { encoding: 'base64' }
"/wEC"
RangeError files.read: 80002 bytes in the journal, at most 65536: ask for less
Denied files.read: add the line
null
null
BadOption files.write: the data is no base64
[{"name":"x","folder":false,"size":3,"modified":0}]
true
false
BadOption files.read: offset is at least 0, and limit at most 65536
"env E \"\""
the key is •••`
	if got := w.texts(); got != want {
		t.Errorf("got\n%s", got)
	}
}

func TestAnUntrustedAppHasItsOwn(t *testing.T) {
	w := worldWith(t, sandboxtest.Write(t, map[string]string{
		"main.js": `import { app, kv, lock, state, conference } from 'callwright';
app.on('call', c => console.log('heard a call of', c.to.user));
app.on('crm:changed', e => console.log('heard', e.from));
app.on('conference', e => console.log('heard of', e.name));
const tried = async f => { try { return JSON.stringify(await f()) } catch (e) { return e.name } };
export default async call => {
  const out = [];
  for (const f of [() => kv.get('a'), () => kv.put('a', 1), () => kv.list(''), () => lock('a', () => 1), () => conference('1234'),
    () => kv.put('main:a', 1), () => kv.list('main:'), () => lock('main:a', () => 1)]) out.push(await tried(f));
  console.log(out.join(' '));
  await conference('main:x'); await app.emit('crm:changed', 1);
};`,
		"other.js": `import { app, conference } from 'callwright';
app.on('crm:changed', e => console.log('other heard', e.from));
export default async call => { await call.answer(); const r = await conference('7'); await r.join(call); await app.emit('crm:changed', 1) };`}), time.Second)
	w.f = NewFlows(Config{Untrusted: func(app string) bool { return app == "main" }})
	w.runApps()
	w.dial("bob", "other", "2")
	w.run(time.Second)
	w.dial("ann", "main", "1")
	w.run(time.Second)
	want := `other heard other
heard a call of 1
Denied Denied Denied Denied Denied null ["main:a"] 1
heard main`
	if got := w.texts(); got != want {
		t.Errorf("got\n%s", got)
	}
}
