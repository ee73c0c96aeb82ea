// Numbers from 7000 to 7999 are conferences without a PIN, one each.
import { conference } from 'callwright';

export const routes = [/^7\d{3}$/];

export default async function (call) {
  await call.answer();
  const room = await conference(call.to.user);
  if (room.size > 0) await room.play('tone:660/120');
  const member = await room.join(call, { label: call.from.user });
  const { reason, ms } = await member.left;
  console.log(`left ${room.name} after ${ms} ms (${reason})`);
}
