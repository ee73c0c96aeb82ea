import { sleep, state, conference, race } from 'callwright';
function* steps() { for (const ms of [10, 20]) yield sleep(ms); }
async function* twice(call) { yield await call.gather({ max: 1 }); yield await sleep('1s'); }
export default async function (call) {
  const heard = [];
  call.on('dtmf', async e => { heard.push(e.digit); await sleep('100ms'); });
  const [a] = await Promise.all([call.gather({ max: 1, validate: d => d !== '9' }), sleep('200ms')]);
  await Promise.any([sleep('3s'), sleep('1s').then(() => { throw new Error('no') }), call.play('a.wav')]);
  for (const p of steps()) await p;
  try {
    try { await call.play('b.wav', { loop: 2 }); throw new TypeError(a.digits); } finally { await sleep(heard.length * 10); }
  } catch (e) { call.vars.caught = e.message; }
  for await (const x of twice(call)) call.vars.n = (call.vars.n ?? 0) + 1;
  state.calls = (state.calls ?? 0) + 1;
  let n = 0;
  const beat = setInterval(() => { if (++n === 3) clearInterval(beat); }, 300);
  const ended = (async () => { for await (const e of call.events('dtmf')) if (e.digit === '#') return 'hash'; })();
  const first = await race({ ended, late: sleep('20s') });
  const room = await conference('wide' + state.calls);
  const m = await room.join(call, { label: String(Math.floor(Math.random() * 1000)) });
  await Promise.allSettled([m.left, sleep(first.key === 'late' ? '1h' : '2h')]);
}
