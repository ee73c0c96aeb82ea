// 'callwright/test': what a script's tests are written with. The acts themselves
// (phones, time, workers) are the host's; here is what is easier said in JavaScript.
// test.d.ts is its manual.
import { phone as phones, t as bench, state, log } from 'callwright';

/** Declares a test. Each one gets an engine of its own, on a copy of the scripts. */
export function test(name, fn) {
  bench.test(name, async () => {
    const t = new Test();
    try {
      await fn(t);
      await t.settle();
      return null;
    } catch (e) {
      return { name: e?.name ?? 'Error', message: String(e?.message ?? e), stack: String(e?.stack ?? '') };
    }
  });
}

class Phone {
  constructor(name, options) {
    this.name = name;
    this.options = options;
  }

  async call(to, options) {
    return new Call(this, await phones.call(this.name, String(to), { ...this.options, ...options }));
  }

  press(keys, options) { return phones.press(this.name, String(keys), options); }
  says(what, options) { return phones.says(this.name, what, options); }
  hears(what, options) { return phones.hears(this.name, what, options); }
  silent(options) { return phones.silent(this.name, options); }
  hangup() { return phones.hangup(this.name); }
  ended(options) { return phones.ended(this.name, options); }
}

class Agent extends Phone {
  get uri() { return `sip:${this.name}@agents.test`; }

  async rings(options) { return new Call(this, await phones.rings(this.name, options)); }
  async answers(options) { return new Call(this, await phones.answers(this.name, options)); }
  async rejects(cause = 'busy', options) { return new Call(this, await phones.rejects(this.name, cause, options)); }
}

class Call {
  constructor(phone, facts) {
    this.phone = phone;
    Object.assign(this, facts);
  }
}

class Test {
  #waiting = [];
  log = log;
  fetch = {
    mock: (url, answer, options) => bench.mock(url instanceof RegExp ? { source: url.source, flags: url.flags } : { url: String(url) }, answer, options),
    requests: (url = '') => bench.requests(url),
  };
  record = { match: (recording, sounds) => bench.match(String(recording?.url ?? recording), sounds) };
  sip = { send: raw => bench.sendSip(raw) };

  get state() { return state; }

  phone(name, options = {}) { return new Phone(name, options); }
  agent(name, options) {
    this.#waiting.push(bench.agent(String(name), options));
    return new Agent(String(name), { ...options });
  }
  advance(time) { return bench.advance(time); }
  ladder(call) { return bench.ladder(call.id); }
  reload(file, text) { return bench.reload(file, text); }
  crash(role) { return bench.crash(role); }
  talking(a, b, options) { return bench.talking(a.name, b.name, options); }
  expect(value) { return new Expectation(value, p => this.#waiting.push(p)); }

  latency(call, what) { return bench.latency(call.id, what); }
  load(options) { return bench.load(options); }

  replay(file) { return bench.replay(file); }

  /** What was begun and not awaited counts too. */
  async settle() { await Promise.all(this.#waiting); }
}

class Expectation {
  #value;
  #later;
  constructor(value, later) {
    this.#value = value;
    this.#later = later;
  }

  ok() { if (!this.#value) fail(`expected a true value, got ${show(this.#value)}`); }
  equals(want) { if (!same(this.#value, want)) fail(`expected ${show(want)}, got ${show(this.#value)}`); }
  contains(part) {
    if (!this.#value?.includes?.(part)) fail(`expected ${show(this.#value)} to contain ${show(part)}`);
  }
  matches(want) {
    const fits = want instanceof RegExp ? want.test(String(this.#value)) : within(this.#value, want);
    if (!fits) fail(`expected ${show(this.#value)} to match ${show(want)}`);
  }
  atMost(limit) { if (!(this.#value <= limit)) fail(`expected at most ${show(limit)}, got ${show(this.#value)}`); }
  atLeast(limit) { if (!(this.#value >= limit)) fail(`expected at least ${show(limit)}, got ${show(this.#value)}`); }
  events(names) {
    if (!(this.#value instanceof Call)) fail('events() is for what phone.call() gave');
    const p = bench.events(this.#value.id, names);
    this.#later(p);
    return p;
  }
}

function fail(message) {
  const e = new Error(message);
  e.name = 'Expectation';
  throw e;
}

const show = v => v instanceof RegExp ? String(v) : JSON.stringify(v) ?? String(v);

// same compares by value; an object's keys may be in any order.
function same(a, b) {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || !a || !b) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every(k => Object.hasOwn(b, k) && same(a[k], b[k]));
}

// within says whether all of want is in value.
function within(value, want) {
  if (want instanceof RegExp) return want.test(String(value));
  if (typeof want !== 'object' || !want) return same(value, want);
  return typeof value === 'object' && !!value && Object.keys(want).every(k => within(value[k], want[k]));
}
