// Runs once in each isolate, before any script: adds what the engine lacks, makes the
// host's helpers, and hands back `harden`, which freezes everything a script reaches.
(function (host, parts) {
  'use strict';
  const { freeze, defineProperty, getOwnPropertyDescriptor, getPrototypeOf } = Object;
  const { ownKeys, apply, construct } = Reflect;
  const G = globalThis;
  const hidden = (o, k, value) => defineProperty(o, k, { value, writable: true, enumerable: false, configurable: true });

  // Code from strings would escape the bundle's scope, so no way to it is left.
  const FunctionPrototype = Function.prototype;
  const refuse = (name, proto) => {
    const F = { [name]: function () { throw new EvalError('code from strings is not allowed'); } }[name];
    defineProperty(F, 'prototype', { value: proto, writable: false });
    hidden(proto, 'constructor', F);
    return F;
  };
  const AsyncProto = getPrototypeOf(async function () {});
  const GeneratorProto = getPrototypeOf(function* () {});
  hidden(G, 'Function', refuse('Function', FunctionPrototype));
  for (const [name, proto] of [['AsyncFunction', AsyncProto], ['GeneratorFunction', GeneratorProto]]) {
    const F = refuse(name, proto);
    defineProperty(proto, 'constructor', { value: F, writable: false, configurable: true });
  }
  hidden(G, 'eval', { eval() { throw new EvalError('code from strings is not allowed'); } }.eval);

  if (!Symbol.asyncIterator) {
    defineProperty(Symbol, 'asyncIterator', { value: Symbol.for('Symbol.asyncIterator') });
  }
  const add = (o, fns) => { for (const k of ownKeys(fns)) if (!(k in o)) hidden(o, k, fns[k]); };
  add(Promise, {
    withResolvers() {
      let resolve, reject;
      const promise = new this((a, b) => { resolve = a; reject = b; });
      return { promise, resolve, reject };
    },
    try(fn, ...args) { return new this(resolve => resolve(fn(...args))); },
  });
  add(Object, {
    groupBy(items, fn) {
      const out = Object.create(null);
      let i = 0;
      for (const x of items) { const k = fn(x, i++); (k in out ? out[k] : (out[k] = [])).push(x); }
      return out;
    },
  });
  add(Map, {
    groupBy(items, fn) {
      const out = new Map();
      let i = 0;
      for (const x of items) { const k = fn(x, i++); out.has(k) ? out.get(k).push(x) : out.set(k, [x]); }
      return out;
    },
  });

  const copy = (v, seen, depth = 0) => {
    if (depth > 500) throw new RangeError('structuredClone: nested deeper than 500');
    if (v === null || typeof v !== 'object') {
      if (typeof v === 'function' || typeof v === 'symbol') throw new TypeError('structuredClone: a ' + typeof v + ' cannot be copied');
      return v;
    }
    if (seen.has(v)) return seen.get(v);
    const keep = out => { seen.set(v, out); return out; };
    if (Array.isArray(v)) { const out = keep([]); for (let i = 0; i < v.length; i++) out[i] = copy(v[i], seen, depth + 1); return out; }
    if (v instanceof Date) return keep(new Date(v.getTime()));
    if (v instanceof RegExp) return keep(new RegExp(v.source, v.flags));
    if (v instanceof Map) { const out = keep(new Map()); v.forEach((x, k) => out.set(copy(k, seen, depth + 1), copy(x, seen, depth + 1))); return out; }
    if (v instanceof Set) { const out = keep(new Set()); v.forEach(x => out.add(copy(x, seen, depth + 1))); return out; }
    if (v instanceof ArrayBuffer) return keep(v.slice(0));
    if (ArrayBuffer.isView(v) && v.slice) return keep(v.slice());
    if (v instanceof Error) { const out = keep(new Error(v.message)); hidden(out, 'name', v.name); return out; }
    const out = keep({});
    for (const k of Object.keys(v)) defineProperty(out, k, { value: copy(v[k], seen, depth + 1), writable: true, enumerable: true, configurable: true });
    return out;
  };
  add(G, { structuredClone(v) { return copy(v, new Map()); } });

  // Byte buffers are capped: their allocation is one builtin no interrupt reaches.
  const maxBytes = host.maxBytes;
  const cap = (C, each) => {
    const P = { [C.name]: function (...args) {
      if (!new.target) throw new TypeError(`${C.name} needs new`);
      const n = args[0];
      const size = typeof n === 'number' ? n : n !== null && typeof n === 'object' ? n.length ?? 0 : 0;
      if (size * each > maxBytes) throw new RangeError(`${C.name}: more than ${maxBytes} bytes`);
      return construct(C, args, new.target === P ? C : new.target);
    } }[C.name];
    defineProperty(P, 'prototype', { value: C.prototype, writable: false });
    Object.setPrototypeOf(P, getPrototypeOf(C));
    for (const k of ownKeys(C)) {
      if (k !== 'prototype' && k !== 'name' && k !== 'length') defineProperty(P, k, getOwnPropertyDescriptor(C, k));
    }
    defineProperty(C.prototype, 'constructor', { value: P, writable: true, enumerable: false, configurable: true });
    hidden(G, C.name, P);
    return C;
  };
  const raw = [cap(ArrayBuffer, 1)];
  for (const name of ['Int8Array', 'Uint8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array', 'Int32Array',
    'Uint32Array', 'Float32Array', 'Float64Array', 'BigInt64Array', 'BigUint64Array']) {
    if (G[name]) raw.push(cap(G[name], G[name].BYTES_PER_ELEMENT));
  }

  // Errors of the host, by the names of the API.
  const classes = {};
  for (const name of ['CallEnded', 'Timeout', 'BadOption', 'Denied', 'Diverged', 'Busy']) {
    const C = { [name]: class extends Error {} }[name];
    hidden(C.prototype, 'name', name);
    classes[name] = C;
  }
  const builtin = { TypeError, RangeError, SyntaxError, Error };
  const makeError = (name, message, props, stack) => {
    const C = classes[name] || builtin[name] || Error;
    const e = new C(message);
    if (e.name !== name && name) hidden(e, 'name', name);
    if (props) for (const k of Object.keys(props)) e[k] = props[k];
    if (stack) hidden(e, 'stack', stack);
    return e;
  };

  // events(): an iterator over what happens, with a bounded queue.
  let pushEvent;
  class EventQueue {
    #items = []; #waiting = []; #closed = false; #end;
    constructor(end) { this.#end = end; }
    next() {
      if (this.#items.length) return Promise.resolve(this.#items.shift());
      if (this.#closed) return Promise.resolve({ done: true, value: undefined });
      host.waits();
      return new Promise(resolve => { this.#waiting.push(resolve); });
    }
    return(value) {
      if (!this.#closed) {
        this.#closed = true;
        this.#items = [];
        this.#end();
        for (const w of this.#waiting.splice(0)) w({ done: true, value: undefined });
      }
      return Promise.resolve({ done: true, value });
    }
    [Symbol.asyncIterator]() { return this; }
    static {
      // Says false when an older event had to be dropped.
      pushEvent = (q, type, value) => {
        const item = { done: false, value, type };
        const w = q.#waiting.shift();
        if (w) { w(item); return true; }
        q.#items.push(item);
        if (q.#items.length <= host.maxEvents) return true;
        q.#items.shift();
        return false;
      };
    }
  }
  const makeEvents = end => new EventQueue(end);

  const race = promises => {
    if (promises === null || typeof promises !== 'object') throw makeError('BadOption', 'race needs an object of promises');
    return new Promise((resolve, reject) => {
      for (const key of Object.keys(promises)) Promise.resolve(promises[key]).then(value => resolve({ key, value }), reject);
    });
  };

  // The globals of the other files: what they make is frozen with all else, and so is
  // what only their results lead to.
  const also = [];
  const tools = { add, hidden, maxBytes, also: (...v) => also.push(...v), define: fns => { for (const k of Object.keys(fns)) hidden(G, k, fns[k]); } };
  hidden(G, 'console', host.console);
  defineProperty(G, 'state', { get: host.state, enumerable: false, configurable: false });
  for (const k of Object.keys(host.globals)) hidden(G, k, host.globals[k]);
  hidden(G, 'queueMicrotask', { queueMicrotask(fn) {
    if (typeof fn !== 'function') throw new TypeError('queueMicrotask needs a function');
    Promise.resolve().then(() => fn());
  } }.queueMicrotask);
  for (const part of parts) part(host, tools);
  for (const name of ['fetch', 'WebSocket']) {
    if (!(name in G)) hidden(G, name, { [name]: function () { throw new Error(name + ' is not built yet'); } }[name]);
  }

  // Assigning toString on an object that inherits from a frozen prototype would fail
  // (the override mistake), so the names people assign become accessors there.
  const hiddenValues = []; // of those accessors: they are frozen too
  const enable = (proto, names) => {
    for (const k of names) {
      const d = getOwnPropertyDescriptor(proto, k);
      if (!d || !('value' in d) || !d.configurable) continue;
      const value = d.value;
      hiddenValues.push(value);
      defineProperty(proto, k, {
        get() { return value; },
        set(v) {
          if (this === proto) throw new TypeError(`${String(k)} of a built-in object cannot be replaced`);
          defineProperty(this, k, { value: v, writable: true, enumerable: true, configurable: true });
        },
        enumerable: false, configurable: false,
      });
    }
  };

  const harden = (...more) => {
    enable(Object.prototype, ownKeys(Object.prototype));
    enable(FunctionPrototype, ['toString', 'call', 'apply', 'bind']);
    enable(Array.prototype, ['toString', 'push', 'concat', 'map', 'filter', 'slice']);
    enable(Date.prototype, ['toString', 'toJSON']);
    for (const E of [Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError, AggregateError, ...Object.values(classes)]) {
      enable(E.prototype, ['name', 'message', 'toString', 'constructor']);
    }
    const seen = new Set();
    const walk = o => {
      const todo = [o];
      while (todo.length) {
        const x = todo.pop();
        if (x === null || typeof x !== 'object' && typeof x !== 'function' || seen.has(x)) continue;
        seen.add(x);
        freeze(x);
        todo.push(getPrototypeOf(x));
        for (const k of ownKeys(x)) {
          const d = getOwnPropertyDescriptor(x, k);
          if ('value' in d) todo.push(d.value); else todo.push(d.get, d.set);
        }
      }
    };
    walk(G);
    for (const o of [AsyncProto, GeneratorProto, EventQueue, getPrototypeOf([][Symbol.iterator]()),
      getPrototypeOf(new Map()[Symbol.iterator]()), getPrototypeOf(new Set()[Symbol.iterator]()),
      getPrototypeOf(''[Symbol.iterator]()), getPrototypeOf('a'.matchAll(/a/g)), ...raw, ...also, ...hiddenValues, ...more]) walk(o);
  };

  const promiseThen = Promise.prototype.then;
  const test = RegExp.prototype.test;
  return {
    classes, makeError, makeEvents, pushEvent, harden,
    asyncRace: race,
    then: (p, a, b) => apply(promiseThen, p, [a, b]),
    promiseOf: v => Promise.resolve(v),
    regexTest: (re, s) => { re.lastIndex = 0; return apply(test, re, [String(s)]); },
  };
})
