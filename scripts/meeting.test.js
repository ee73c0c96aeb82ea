import * as t from 'callwright/test';

const enters = async (who, number, pin) => {
  const c = await who.call(number);
  await who.hears('prompts/pin.wav', { within: '1s' });
  await who.press(pin);
  return c;
};

t.test('guests wait with music until the host opens the room', async t => {
  const guest = t.phone('guest'), other = t.phone('other'), host = t.phone('host');
  const c = await enters(guest, '8000', '1111');
  await guest.hears(392, { within: '2s' });
  await enters(other, '8000', '1111');
  other.says(600, { for: '2s' });
  await t.advance('3s');
  await enters(host, '8000', '2580');
  await t.advance('1s');
  await t.talking(guest, other, { maxGap: '60ms' });
  await t.talking(host, guest, { maxGap: '60ms' });
  await host.hangup();
  await guest.hears(392, { within: '2s' });
  await t.advance('61s');
  t.expect(await guest.ended({ within: '5s' })).matches({ cause: 'normal' });
  t.expect(c).events(['answered', 'conference', 'join']);
});

t.test('a guest mutes itself, and the host takes the guests aside', async t => {
  const a = t.phone('a'), b = t.phone('b'), host = t.phone('host');
  await enters(host, '8000', '2580');
  await enters(a, '8000', '1111');
  await enters(b, '8000', '1111');
  await t.advance('1s');
  await t.talking(a, host);
  await a.press('*6');
  await t.advance('500ms');
  a.says(700, { for: '2s' });
  await host.silent({ for: '1s' });
  await t.advance('2s');
  await a.press('*6');
  await t.advance('500ms');
  await host.press('*8');
  await t.advance('500ms');
  await t.talking(a, b, { maxGap: '60ms' });
  await host.press('*8');
  await t.advance('500ms');
  await t.talking(a, host, { maxGap: '60ms' });
});

t.test('who knocks waits for the host, and three wrong PINs end the call', async t => {
  const host = t.phone('host'), guest = t.phone('guest'), stranger = t.phone('stranger');
  await enters(host, '8500', '9999');
  await enters(guest, '8500', '1111');
  await guest.hears(392, { within: '2s' });
  await host.press('*9');
  await t.advance('1s');
  await t.talking(host, guest);
  await enters(stranger, '8500', '1#');
  await stranger.press('2#');
  await stranger.press('3#');
  t.expect(await stranger.ended({ within: '5s' })).matches({ cause: 'normal' });
});
