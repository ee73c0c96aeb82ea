import * as t from 'callwright/test';

t.test('the menu, a PIN, and the conference it opens', async t => {
  const alice = t.phone('alice'), bob = t.phone('bob');
  for (const who of [alice, bob]) {
    await who.call('1000');
    await who.hears('prompts/welcome.wav', { within: '1s' });
    await who.press('2');
    await who.hears('prompts/pin.wav', { within: '1s' });
    await who.press('1234#');
    await who.hears('prompts/joined.wav', { within: '1s' });
  }
  await t.advance('10s');
  await t.talking(alice, bob);
  await alice.press('*');
  await alice.hears('prompts/welcome.wav', { within: '1s' });
});

t.test('a wrong PIN is asked for again', async t => {
  const alice = t.phone('alice');
  await alice.call('1000');
  await alice.press('2');
  await alice.hears('prompts/pin.wav');
  await alice.press('9#');
  await alice.hears('prompts/bad-pin.wav');
});

t.test('who says nothing is sent home', async t => {
  const alice = t.phone('alice');
  const c = await alice.call('1000');
  await alice.hears('prompts/nothing.wav', { within: '1m' });
  await alice.hears('prompts/goodbye.wav', { within: '10s' });
  t.expect(await alice.ended()).matches({ cause: 'normal', by: 'callee' });
  t.expect(c).events(['answered', 'gather', 'play', 'ended']);
});

t.test('a message comes back to who spoke it', async t => {
  const alice = t.phone('alice');
  await alice.call('1000');
  await alice.press('3');
  await alice.hears('prompts/record.wav');
  await t.advance('4s'); // the prompt and the beep
  await alice.says(900, { for: '3s' });
  await alice.press('#');
  await alice.hears('prompts/playback.wav', { within: '2s' });
  await alice.hears(900, { within: '10s' });
});
