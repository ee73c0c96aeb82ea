import * as t from 'callwright/test';

t.test('two in a conference hear each other', async t => {
  const alice = t.phone('alice'), bob = t.phone('bob');
  const c = await alice.call('7001');
  await bob.call('7001');
  await alice.hears(660, { within: '1s' }); // somebody came
  await t.talking(alice, bob, { maxGap: '60ms' });
  await bob.hangup();
  await alice.silent({ for: '1s' });
  t.expect(c).events(['answered', 'conference', 'join']);
});

t.test('two conferences do not hear each other', async t => {
  const alice = t.phone('alice'), carol = t.phone('carol');
  await alice.call('7001');
  await carol.call('7002');
  carol.says(500, { for: '2s' });
  await alice.silent({ for: '2s' });
});
