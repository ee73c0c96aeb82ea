// The first call of a newcomer: a menu of what a call can do. Calls that no other
// script claims come here.
import { conference } from 'callwright';

// Which PIN opens which conference.
const pins = { 1234: 'lobby', 4321: 'board' };

const choices = { 1: echo, 2: meet, 3: record, 0: dialTone };

export default async function (call) {
  await call.answer();
  for (;;) {
    const choice = await call.gather({
      prompt: 'prompts/welcome.wav', max: 1, terminators: '', timeout: '6s', tries: 2, validate: /^[0-3]$/,
    });
    if (!choice.ok) break;
    await choices[choice.digits](call);
  }
  await call.play(['prompts/nothing.wav', 'prompts/goodbye.wav']);
}

// The SBC returns the caller's own voice, until any key.
async function echo(call) {
  await call.play('prompts/echo.wav', { bargeIn: 'digits' });
  await call.echo({ for: '2m' });
}

// A PIN, then the conference it opens. The star key leads back to the menu.
async function meet(call) {
  const pin = await call.gather({
    prompt: 'prompts/pin.wav', max: 8, mask: true, tries: 3, timeout: '8s',
    invalidPrompt: ['prompts/bad-pin.wav', 'prompts/pin.wav'],
    validate: digits => Object.hasOwn(pins, digits),
  });
  if (!pin.ok) return;
  await call.play('prompts/joined.wav');
  const room = await conference(pins[pin.digits]);
  const member = await room.join(call, { label: call.from.user });
  const leave = key => key.digit === '*' && room.kick(member);
  call.on('dtmf', leave);
  const left = await member.left;
  call.off('dtmf', leave);
  console.log('left', room.name, left.reason, `${left.ms} ms`);
}

// A message, and back to who spoke it.
async function record(call) {
  await call.play('prompts/record.wav');
  const message = await call.record({ beep: true, max: '1m', maxSilence: '5s', terminators: '#', trim: true });
  if (message.reason === 'error' || message.ms < 500) return call.play('prompts/nothing.wav');
  await call.play(['prompts/playback.wav', message.url], { bargeIn: 'digits' });
}

// A dial tone; the key that stops it is taken by the menu.
async function dialTone(call) {
  await call.play('tone:350+440/20000', { bargeIn: 'digits' });
}
