import * as t from 'callwright/test';

t.test('1 is answered with a tone', async t => {
  const alice = t.phone('alice');
  const c = await alice.call('5000');
  await alice.hears(440, { within: '1s' });
  await alice.press('1');
  await alice.hears(660, { within: '2s' });
  t.expect(await alice.ended({ within: '3s' })).matches({ cause: 'normal' });
});
