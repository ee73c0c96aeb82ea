import * as t from 'callwright/test';

t.test('ten seconds of 440 Hz, then the call ends', async t => {
  const alice = t.phone('alice');
  const c = await alice.call('5000');
  await alice.hears(440, { within: '1s' });
  await t.advance('8s');
  await alice.hears(440, { within: '500ms' });
  t.expect(await alice.ended({ within: '2s' })).matches({ cause: 'normal', by: 'callee' });
  t.expect(c).events(['answered', 'play', 'ended']);
});

t.test('by A-law too', async t => {
  const alice = t.phone('alice', { codec: 'PCMA' });
  await alice.call('5000');
  await alice.hears(440, { within: '1s' });
});
