// A call to 5000 is answered and asked for a digit. Save this file while the engine
// runs: the next call gets the new version.
import type { Call } from 'callwright';

export const routes = ['5000'];

export default async function (call: Call) {
  await call.answer();
  const choice = await call.gather({ prompt: 'tone:440/400', max: 1, timeout: '5s', tries: 2 });
  console.log('chose', choice.digits);
  if (choice.digits === '1') await call.play('tone:660/1000');
}
