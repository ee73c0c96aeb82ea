// Buffer: the part of Node's that texts, numbers and bytes need.
(function (host, { define, hidden, also }) {
  const kinds = { utf8: 'utf8', 'utf-8': 'utf8', latin1: 'latin1', binary: 'latin1', ascii: 'latin1', hex: 'hex',
    base64: 'base64', base64url: 'base64url', utf16le: 'utf16le', 'utf-16le': 'utf16le', ucs2: 'utf16le', 'ucs-2': 'utf16le' };
  const kind = e => {
    const k = kinds[String(e ?? 'utf8').toLowerCase()];
    if (!k) throw new TypeError(`Unknown encoding: ${e}`);
    return k;
  };
  const encoded = (text, e) => host.encode(text, kind(e));
  class Buffer extends Uint8Array {
    static from(v, e, length) {
      if (typeof v === 'string') return new Buffer(encoded(v, e));
      if (v instanceof ArrayBuffer) return new Buffer(v, e, length);
      if (v !== null && typeof v === 'object') {
        if (v.type === 'Buffer' && Array.isArray(v.data)) v = v.data;
        if (typeof v.length === 'number') { const b = new Buffer(v.length); for (let i = 0; i < b.length; i++) b[i] = v[i]; return b; }
        if (typeof v[Symbol.iterator] === 'function') return new Buffer([...v]);
      }
      throw new TypeError('Buffer.from needs a text, a buffer or a list of bytes');
    }
    static of(...bytes) { return Buffer.from(bytes); }
    static alloc(n, fill, e) {
      if (typeof n !== 'number' || !(n >= 0)) throw new TypeError('Buffer.alloc needs a size');
      const b = new Buffer(n);
      return fill === undefined ? b : b.fill(fill, 0, n, e);
    }
    static allocUnsafe(n) { return Buffer.alloc(n); }
    static isBuffer(v) { return v instanceof Buffer; }
    static isEncoding(e) { return Boolean(kinds[String(e).toLowerCase()]); }
    static byteLength(v, e) { return typeof v === 'string' ? encoded(v, e).byteLength : v.byteLength; }
    static compare(a, b) { return Buffer.from(a).compare(b); }
    static concat(list, total = list.reduce((n, b) => n + b.length, 0)) {
      const out = Buffer.alloc(total);
      let at = 0;
      for (const b of list) {
        const part = b.length > total - at ? b.subarray(0, total - at) : b;
        out.set(part, at);
        at += part.length;
      }
      return out;
    }
    toString(e, from = 0, to = this.length) {
      from = Math.max(0, Math.trunc(from) || 0);
      to = Math.min(this.length, Math.trunc(to));
      return to > from ? host.decode(this.buffer, this.byteOffset + from, to - from, kind(e)) : '';
    }
    toJSON() { return { type: 'Buffer', data: [...this] }; }
    slice(from, to) { return this.subarray(from, to); }
    equals(b) { return this.compare(b) === 0; }
    compare(b) {
      const n = Math.min(this.length, b.length);
      for (let i = 0; i < n; i++) if (this[i] !== b[i]) return this[i] < b[i] ? -1 : 1;
      return this.length < b.length ? -1 : this.length > b.length ? 1 : 0;
    }
    copy(into, at = 0, from = 0, to = this.length) {
      const part = this.subarray(from, Math.min(to, from + Math.max(0, into.length - at)));
      into.set(part, at);
      return part.length;
    }
    write(text, at = 0, length, e) {
      if (typeof at === 'string') { e = at; at = 0; length = undefined; }
      if (typeof length === 'string') { e = length; length = undefined; }
      const all = new Uint8Array(encoded(String(text), e));
      const n = Math.max(0, Math.min(all.length, this.length - at, length ?? Infinity));
      this.set(all.subarray(0, n), at);
      return n;
    }
    fill(v, from = 0, to = this.length, e) {
      if (typeof from === 'string') { e = from; from = 0; to = this.length; }
      if (typeof v === 'string') v = new Uint8Array(encoded(v, e));
      if (typeof v !== 'object') return super.fill(v, from, to);
      for (let i = from; v.length && i < to; i++) this[i] = v[(i - from) % v.length];
      return this;
    }
    indexOf(v, from = 0, e) {
      if (typeof v === 'number') return super.indexOf(v & 255, from);
      const want = typeof v === 'string' ? Buffer.from(v, e) : v;
      return host.indexOf(this.buffer, this.byteOffset, this.length, want.buffer, want.byteOffset, want.length, from < 0 ? Math.max(0, this.length + from) : from);
    }
    includes(v, from, e) { return this.indexOf(v, from, e) >= 0; }
  }
  const numbers = { UInt8: 'Uint8', Int8: 'Int8', UInt16: 'Uint16', Int16: 'Int16', UInt32: 'Uint32', Int32: 'Int32',
    BigUInt64: 'BigUint64', BigInt64: 'BigInt64', Float: 'Float32', Double: 'Float64' };
  const sizes = { UInt8: 1, Int8: 1, UInt16: 2, Int16: 2, UInt32: 4, Int32: 4, BigUInt64: 8, BigInt64: 8, Float: 4, Double: 8 };
  for (const name of Object.keys(numbers)) {
    for (const [end, little] of sizes[name] === 1 ? [['', true]] : [['LE', true], ['BE', false]]) {
      const get = 'get' + numbers[name], set = 'set' + numbers[name];
      const at = (b, i) => {
        if (!(i >= 0 && i + sizes[name] <= b.length)) throw new RangeError(`offset ${i} is outside the buffer`);
        return new DataView(b.buffer, b.byteOffset, b.byteLength);
      };
      const fns = {
        ['read' + name + end](i = 0) { return at(this, i)[get](i, little); },
        ['write' + name + end](v, i = 0) { at(this, i)[set](i, v, little); return i + sizes[name]; },
      };
      for (const k of Object.keys(fns)) {
        hidden(Buffer.prototype, k, fns[k]);
        if (k.includes('UInt')) hidden(Buffer.prototype, k.replace('UInt', 'Uint'), fns[k]);
      }
    }
  }
  define({ Buffer });

  // crypto: randomness is the unit's own, so that a replay finds the same.
  const random = host.random32;
  const text = (v, e) => typeof v === 'string' ? encoded(v, e) : undefined;
  const bytesOf = (v, e, who) => {
    const t = text(v, e);
    if (t) return [t, 0, t.byteLength];
    if (ArrayBuffer.isView(v)) return [v.buffer, v.byteOffset, v.byteLength];
    if (v instanceof ArrayBuffer) return [v, 0, v.byteLength];
    throw new TypeError(`${who} needs a text or bytes`);
  };
  let makeHash;
  class Hash {
    #sum;
    update(v, e) {
      if (!this.#sum) throw new Error('digest was called already');
      this.#sum.update(...bytesOf(v, e, 'update'));
      return this;
    }
    digest(e) {
      if (!this.#sum) throw new Error('digest was called already');
      const out = new Buffer(this.#sum.digest());
      this.#sum = undefined;
      return e === undefined || e === 'buffer' ? out : out.toString(e);
    }
    static { makeHash = sum => { const h = new Hash(); h.#sum = sum; return h; }; }
  }
  delete Hash.prototype.constructor;
  also(Hash.prototype);
  const crypto = {
    randomUUID() {
      const h = n => (n >>> 0).toString(16).padStart(8, '0');
      const a = h(random()), b = h(random()), c = h(random()), d = h(random());
      const v = '89ab'[parseInt(c[0], 16) & 3];
      return `${a}-${b.slice(0, 4)}-4${b.slice(5)}-${v}${c.slice(1, 4)}-${c.slice(4)}${d}`;
    },
    getRandomValues(list) {
      if (!ArrayBuffer.isView(list) || list instanceof Float32Array || list instanceof Float64Array || !('length' in list)) {
        throw new TypeError('getRandomValues needs an integer typed array');
      }
      if (list.byteLength > 65536) throw new RangeError('getRandomValues fills at most 65536 bytes');
      const big = typeof list[0] === 'bigint';
      for (let i = 0; i < list.length; i++) list[i] = big ? BigInt(random()) << 32n | BigInt(random()) : random();
      return list;
    },
    randomBytes(n) { return crypto.getRandomValues(Buffer.alloc(n)); },
    randomInt(min, max) {
      if (max === undefined) { max = min; min = 0; }
      const span = max - min;
      if (!Number.isSafeInteger(min) || !Number.isSafeInteger(max) || !(span > 0 && span <= 2 ** 32)) throw new RangeError('randomInt needs whole numbers, min below max, at most 2**32 apart');
      const limit = 2 ** 32 - 2 ** 32 % span;
      let n;
      do n = random(); while (n >= limit);
      return min + n % span;
    },
    createHash(name) { return makeHash(host.hash(String(name).toLowerCase())); },
    createHmac(name, key) { return makeHash(host.hash(String(name).toLowerCase(), ...bytesOf(key, 'utf8', 'createHmac'))); },
    getHashes() { return ['md5', 'sha1', 'sha256', 'sha512']; },
    timingSafeEqual(a, b) {
      const x = bytesOf(a, 'utf8', 'timingSafeEqual'), y = bytesOf(b, 'utf8', 'timingSafeEqual');
      if (x[2] !== y[2]) throw new RangeError('timingSafeEqual needs buffers of the same length');
      return host.sameBytes(...x, ...y);
    },
  };
  define({ crypto });
})
