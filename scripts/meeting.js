// Meetings from 8000 to 8999: the host's PIN opens the room, guests wait with music, and
// who types nothing right is sent home. Keys: *6 mutes, *5 asks for the floor; of the
// host *7 locks, *9 lets in who knocks, *8 takes all guests aside or back again.
import { conference, log } from 'callwright';

export const routes = [/^8\d{3}$/];

const hosts = { 8000: '2580' };

export default async function (call) {
  await call.answer();
  const name = call.to.user;
  const room = await conference(name, {
    rate: 16000, pin: '1111', moderatorPin: hosts[name] ?? '9999', pinTries: 3,
    waitForModerator: true, endWithModerator: true, endGrace: '1m', lobby: name >= '8500',
    music: 'tone:392/300,0/100,494/300,0/1300', musicWhen: 'both', maxMembers: 50, loudest: 5,
    announce: 'tone', agc: true, record: { mode: 'mix', when: 'moderator' },
    sounds: { pin: 'prompts/pin.wav', badPin: 'prompts/bad-pin.wav', locked: 'prompts/goodbye.wav' },
    controls: { '*6': 'toggle-mute', '*7': 'toggle-lock', '*0': 'leave', '*5': m => raise(room, m),
      '*9': m => isHost(m) && room.admit(), '*8': m => isHost(m) && aside(room, m) },
  });
  const member = await room.join(call, { label: call.from.user, tags: [call.from.user], muteDetect: true });
  const { reason, ms } = await member.left;
  log.info(`${member.label} left ${name} after ${ms} ms (${reason})`);
}

const isHost = member => member.role === 'moderator';

// The host hears a short tone, and knows who asks.
async function raise(room, member) {
  log.info(`${member.label} asks for the floor in ${room.name}`);
  await room.play('tone:880/150', { to: { role: 'moderator' } });
}

// All guests go to a room of their own, and come back when the key is typed again.
async function aside(room, host) {
  const name = `${room.name}-aside`;
  const guests = (await room.members({ role: 'speaker' })).map(m => m.id);
  if (guests.length === 0) return room.merge(name);
  await room.move(guests, name);
  const breakout = await conference(name);
  await breakout.set({ waitForModerator: false, endWithModerator: false, lobby: false });
}
