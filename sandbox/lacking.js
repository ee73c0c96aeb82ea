// What ECMAScript has by now and the engine has not. Runs once in each isolate.
(function (host, { add, hidden, define, also }) {
  const { getPrototypeOf, defineProperty } = Object;
  const IteratorPrototype = getPrototypeOf(getPrototypeOf([][Symbol.iterator]()));
  const callable = (f, who) => { if (typeof f !== 'function') throw new TypeError(`${who} needs a function`); return f; };
  const count = (n, who) => {
    n = Number(n);
    if (!(n >= 0)) throw new RangeError(`${who} needs a number of 0 or more`);
    return Math.trunc(n);
  };
  const each = function* (it, step) {
    for (const x of { [Symbol.iterator]: () => it }) yield* step(x);
  };
  also(each, getPrototypeOf(each), IteratorPrototype);
  add(IteratorPrototype, {
    map(f) { callable(f, 'map'); let i = 0; return each(this, function* (x) { yield f(x, i++); }); },
    filter(f) { callable(f, 'filter'); let i = 0; return each(this, function* (x) { if (f(x, i++)) yield x; }); },
    flatMap(f) { callable(f, 'flatMap'); let i = 0; return each(this, function* (x) { yield* f(x, i++); }); },
    take(n) {
      n = count(n, 'take');
      const it = this;
      return (function* () {
        try { for (let i = 0; i < n; i++) { const { done, value } = it.next(); if (done) return; yield value; } }
        finally { it.return?.(); }
      })();
    },
    drop(n) {
      n = count(n, 'drop');
      const it = this;
      return (function* () {
        for (let i = 0; i < n; i++) if (it.next().done) return;
        yield* { [Symbol.iterator]: () => it };
      })();
    },
    forEach(f) { let i = 0; for (const x of this) f(x, i++); },
    reduce(f, ...init) {
      let acc = init[0], has = init.length > 0, i = 0;
      for (const x of this) { if (has) acc = f(acc, x, i); else { acc = x; has = true; } i++; }
      if (!has) throw new TypeError('reduce of nothing without an initial value');
      return acc;
    },
    toArray() { return [...this]; },
    some(f) { let i = 0; for (const x of this) if (f(x, i++)) return true; return false; },
    every(f) { let i = 0; for (const x of this) if (!f(x, i++)) return false; return true; },
    find(f) { let i = 0; for (const x of this) if (f(x, i++)) return x; return undefined; },
  });
  function Iterator() { if (!new.target || new.target === Iterator) throw new TypeError('Iterator is abstract'); }
  defineProperty(Iterator, 'prototype', { value: IteratorPrototype, writable: false });
  hidden(IteratorPrototype, 'constructor', Iterator);
  hidden(Iterator, 'from', { from(v) {
    const it = typeof v[Symbol.iterator] === 'function' ? v[Symbol.iterator]() : v;
    return it instanceof Iterator ? it : each(it, function* (x) { yield x; });
  } }.from);
  define({ Iterator });

  const has = (other, who) => {
    if (other === null || typeof other !== 'object' || typeof other.has !== 'function') throw new TypeError(`${who} needs a Set`);
    return other;
  };
  add(Set.prototype, {
    union(o) { return new Set([...this, ...has(o, 'union').keys()]); },
    intersection(o) { has(o, 'intersection'); return new Set([...this].filter(x => o.has(x))); },
    difference(o) { has(o, 'difference'); return new Set([...this].filter(x => !o.has(x))); },
    symmetricDifference(o) { return new Set([...this.difference(o), ...[...o.keys()].filter(x => !this.has(x))]); },
    isSubsetOf(o) { has(o, 'isSubsetOf'); return [...this].every(x => o.has(x)); },
    isSupersetOf(o) { return [...has(o, 'isSupersetOf').keys()].every(x => this.has(x)); },
    isDisjointFrom(o) { has(o, 'isDisjointFrom'); return ![...this].some(x => o.has(x)); },
  });
  add(Array, {
    async fromAsync(items, fn, self) {
      const out = [], of = items[Symbol.asyncIterator] ?? items[Symbol.iterator];
      if (!of) { for (let i = 0; i < items.length; i++) out.push(fn ? await fn.call(self, await items[i], i) : await items[i]); return out; }
      const it = of.call(items);
      for (let i = 0; ; i++) {
        const step = await it.next();
        if (step.done) return out;
        const v = await step.value;
        out.push(fn ? await fn.call(self, v, i) : v);
      }
    },
  });
  add(String.prototype, {
    isWellFormed() { return !/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(this); },
    toWellFormed() { return String(this).replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd'); },
  });
  add(RegExp, { escape(text) {
    return String(text).replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&').replace(/^[0-9a-zA-Z]/, c => '\\x' + c.charCodeAt(0).toString(16))
      .replace(/[,\-=<>#&!%:;@~'`"\s]/g, c => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0'));
  } });
  add(Error, { captureStackTrace(o) { hidden(o, 'stack', new Error().stack); } });

  // Date knows one zone, UTC: that of the machine must not show, nor change a replay.
  const RawDate = Date, proto = RawDate.prototype, parse = RawDate.parse, utc = RawDate.UTC;
  const read = text => {
    text = String(text);
    if (/\d\d:\d\d/.test(text) && !/(?:Z|UTC|GMT|[+-]\d\d:?\d\d|\([^)]*\))\s*$/i.test(text)) {
      const t = parse(text + 'Z');
      if (t === t) return t;
    }
    if (/\d/.test(text) && !/^[+-]?\d{4,6}(-\d\d){0,2}$/.test(text.trim()) && !/:/.test(text)) {
      const t = parse(text + ' 00:00:00 GMT');
      if (t === t) return t;
    }
    return parse(text);
  };
  function D(...args) {
    if (!new.target) return new D().toString();
    if (args.length === 1 && typeof args[0] === 'string') args = [read(args[0])];
    else if (args.length > 1) args = [utc(...args)];
    return Reflect.construct(RawDate, args, new.target === D ? RawDate : new.target);
  }
  defineProperty(D, 'name', { value: 'Date' });
  defineProperty(D, 'length', { value: 7 });
  defineProperty(D, 'prototype', { value: proto, writable: false });
  hidden(proto, 'constructor', D);
  hidden(D, 'now', RawDate.now);
  hidden(D, 'UTC', utc);
  hidden(D, 'parse', { parse(text) { return read(text); } }.parse);
  for (const k of ['FullYear', 'Month', 'Date', 'Day', 'Hours', 'Minutes', 'Seconds', 'Milliseconds']) {
    hidden(proto, 'get' + k, proto['getUTC' + k]);
    if (k !== 'Day') hidden(proto, 'set' + k, proto['setUTC' + k]);
  }
  const pad = (n, l = 2) => String(n).padStart(l, '0');
  const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
  const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
  const day = d => `${days[d.getUTCDay()]} ${months[d.getUTCMonth()]} ${pad(d.getUTCDate())} ${pad(d.getUTCFullYear(), 4)}`;
  const time = d => `${pad(d.getUTCHours())}:${pad(d.getUTCMinutes())}:${pad(d.getUTCSeconds())} GMT+0000 (UTC)`;
  const valid = (d, f) => Number.isNaN(d.getTime()) ? 'Invalid Date' : f(d);
  for (const [k, f] of [
    ['getTimezoneOffset', function getTimezoneOffset() { return Number.isNaN(this.getTime()) ? NaN : 0; }],
    ['getYear', function getYear() { return this.getUTCFullYear() - 1900; }],
    ['toString', function toString() { return valid(this, d => day(d) + ' ' + time(d)); }],
    ['toDateString', function toDateString() { return valid(this, day); }],
    ['toTimeString', function toTimeString() { return valid(this, time); }],
  ]) hidden(proto, k, f);
  define({ Date: D });
})
