import { conference, sleep } from 'callwright';
let tries = 0;
export default async function (call, data) {
  tries++;
  const round = data?.round ?? 0;
  if (round === 0) {
    call.play('hold.wav', { loop: true });
    call.record({ file: 'all.wav' });
    await (await conference('7')).join(call);
    call.vars.drawn = Math.random();
  }
  call.on('dtmf', () => {});
  setTimeout(() => console.log('a timer of round', round), 60_000);
  console.log('round', round, 'try', tries, call.room?.name, call.playbacks.length, call.recordings.length, Math.random() === call.vars.drawn);
  await sleep('1s');
  if (round === 2) {
    await call.playbacks[0].stop();
    const p = await call.playbacks[0];
    console.log('played', p.reason, call.playbacks.length);
    await sleep('1s');
    console.log('left', call.playbacks.length, call.recordings.length);
  }
  const next = { round: round + 1 };
  if (round < 3) Promise.resolve().then(() => call.gather({ max: 1 }));
  if (round < 3) await call.checkpoint(next);
  const r = call.recordings[0];
  await r.stop();
  console.log('recorded', (await r).reason);
}
