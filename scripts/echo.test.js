import * as t from 'callwright/test';

t.test('the caller hears what he says, until a key', async t => {
  const alice = t.phone('alice');
  const c = await alice.call('9196');
  await alice.silent({ for: '1s' });
  alice.says(700, { for: '3s' });
  await alice.hears(700, { within: '500ms' });
  await alice.press('#');
  t.expect(await alice.ended({ within: '1s' })).matches({ cause: 'normal' });
  t.expect(c).events(['answered', 'echo', 'ended']);
});
