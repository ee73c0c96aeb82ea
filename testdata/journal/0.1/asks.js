import { sleep } from 'callwright';
export default async function (call) {
  const pin = await call.gather({ max: 4, mask: true });
  call.vars.pin = pin.digits;
  const again = setInterval(() => {}, 700);
  await sleep('2s');
  clearInterval(again);
  const r = await call.race({ digits: call.gather({ max: 1 }), late: sleep('10m') });
  await call.play('bye.wav');
}
