// What a script could make so large, or nest so deep, that the engine itself would hang
// or fall over. Runs once in each isolate.
(function (host, { hidden, define }) {
  const { defineProperty, getPrototypeOf, getOwnPropertyDescriptor } = Object;
  const { ownKeys, construct } = Reflect;
  // A stand-in for a constructor: the same prototype and statics, checks first.
  const stand = (C, make) => {
    const P = { [C.name]: function (...args) { return make(args, new.target === P ? C : new.target, P); } }[C.name];
    if (C.prototype) defineProperty(P, 'prototype', { value: C.prototype, writable: false });
    for (const k of ownKeys(C)) {
      if (k !== 'prototype' && k !== 'name') defineProperty(P, k, getOwnPropertyDescriptor(C, k));
    }
    if (C.prototype) hidden(C.prototype, 'constructor', P);
    define({ [C.name]: P });
    return P;
  };

  // Proxies of proxies: each adds to the process's stack when one is touched.
  const depths = new WeakMap(), maxProxies = 100;
  const deeper = target => {
    const depth = (depths.get(target) ?? 0) + 1;
    if (depth > maxProxies) throw new RangeError(`a proxy of ${maxProxies} proxies is too deep`);
    return p => { depths.set(p, depth); return p; };
  };
  const RawProxy = Proxy, revocable = Proxy.revocable;
  const P = stand(RawProxy, (args, target) => {
    if (!target) throw new TypeError('Proxy needs new');
    return deeper(args[0])(construct(RawProxy, args));
  });
  hidden(P, 'revocable', { revocable(target, handler) {
    const keep = deeper(target), made = revocable(target, handler);
    keep(made.proxy);
    return made;
  } }.revocable);

  // Patterns: \p{…} is written out as ranges, for the engine does not know it.
  const RawRegExp = RegExp;
  stand(RawRegExp, (args, target, P) => {
    let [pattern, flags] = args;
    const isRegExp = pattern !== null && typeof pattern === 'object' && pattern instanceof RawRegExp;
    if (!target && isRegExp && flags === undefined && pattern.constructor === P) return pattern;
    if (isRegExp) { flags ??= pattern.flags; pattern = pattern.source; }
    pattern = pattern === undefined ? '' : String(pattern);
    flags = flags === undefined ? '' : String(flags);
    return construct(RawRegExp, [host.pattern(pattern, flags), flags], target ?? RawRegExp);
  });

  // Big integers: a power, a text and a shift cost more than linear time. The build turns
  // ** into Math.pow.
  const maxBits = 1n << 20n, RawBigInt = BigInt, text = BigInt.prototype.toString, pow = Math.pow;
  const small = x => { if (x >> maxBits !== 0n && x >> maxBits !== -1n) throw new RangeError('a BigInt of more than 1048576 bits is too large'); return x; };
  const bits = x => RawBigInt(text.call(x < 0n ? -x : x, 2).length - 1);
  hidden(Math, 'pow', { pow(a, b) {
    if (typeof a !== 'bigint' && typeof b !== 'bigint') return pow(a, b);
    if (typeof a !== typeof b) throw new TypeError('Cannot mix BigInt and other types, use explicit conversions');
    if (b >= 0n && a !== 0n && a !== 1n && a !== -1n && bits(small(a)) * b > maxBits) {
      throw new RangeError('a BigInt of more than 1048576 bits is too large');
    }
    return a ** b;
  } }.pow);
  hidden(BigInt.prototype, 'toString', { toString(radix) { return text.call(small(this.valueOf()), radix); } }.toString);
  stand(RawBigInt, (args, target) => {
    if (target) throw new TypeError('BigInt is not a constructor');
    if (typeof args[0] === 'string' && args[0].length > 200000) throw new RangeError('BigInt: the text is too long');
    return RawBigInt(args[0]);
  });
})
