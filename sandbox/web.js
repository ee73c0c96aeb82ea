// What scripts know from the web and from Node: bytes, texts, URLs, signals. Runs once
// in each isolate before freezing; the codecs are Go's.
(function (host, { define }) {
  const view = (v, who) => {
    if (v instanceof ArrayBuffer) return [v, 0, v.byteLength];
    if (ArrayBuffer.isView(v)) return [v.buffer, v.byteOffset, v.byteLength];
    throw new TypeError(`${who} needs a buffer or a typed array`);
  };

  const codes = { AbortError: 20, TimeoutError: 23, DataCloneError: 25, InvalidCharacterError: 5, SyntaxError: 12, NotFoundError: 8 };
  class DOMException extends Error {
    #name;
    constructor(message = '', name = 'Error') { super(message); this.#name = String(name); }
    get name() { return this.#name; }
    get code() { return codes[this.#name] ?? 0; }
  }

  class TextEncoder {
    get encoding() { return 'utf-8'; }
    encode(text = '') { return new Uint8Array(host.encode(String(text), 'utf8')); }
    encodeInto(text, into) {
      const all = new Uint8Array(host.encode(String(text), 'utf8'));
      let written = Math.min(all.length, into.length);
      while (written > 0 && written < all.length && (all[written] & 0xc0) === 0x80) written--;
      into.set(all.subarray(0, written));
      return { read: host.decode(all.buffer, 0, written, 'utf8').length, written };
    }
  }
  const labels = { 'utf-8': 'utf8', utf8: 'utf8', 'unicode-1-1-utf-8': 'utf8', latin1: 'latin1', 'iso-8859-1': 'latin1',
    'windows-1252': 'latin1', ascii: 'latin1', 'us-ascii': 'latin1', 'utf-16le': 'utf16le', 'utf-16': 'utf16le', 'ucs-2': 'utf16le' };
  const canonical = { utf8: 'utf-8', latin1: 'windows-1252', utf16le: 'utf-16le' };
  class TextDecoder {
    #kind; #fatal; #keepBOM;
    constructor(label = 'utf-8', { fatal = false, ignoreBOM = false } = {}) {
      this.#kind = labels[String(label).trim().toLowerCase()];
      if (!this.#kind) throw new RangeError(`TextDecoder: ${label} is not supported: utf-8, latin1 and utf-16le are`);
      this.#fatal = Boolean(fatal);
      this.#keepBOM = Boolean(ignoreBOM);
    }
    get encoding() { return canonical[this.#kind]; }
    get fatal() { return this.#fatal; }
    get ignoreBOM() { return this.#keepBOM; }
    decode(bytes, { stream = false } = {}) {
      if (stream) throw new Error('TextDecoder: the option stream is not built yet: decode the whole');
      if (bytes === undefined) return '';
      const text = host.decode(...view(bytes, 'TextDecoder.decode'), this.#kind, this.#fatal);
      return !this.#keepBOM && this.#kind !== 'latin1' && text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
    }
  }

  define({
    DOMException, TextEncoder, TextDecoder,
    btoa(text) { return host.decode(host.encode(String(text), 'latin1', 'btoa'), 0, String(text).length, 'base64'); },
    atob(text) {
      const bytes = host.atob(String(text));
      if (!bytes) throw new DOMException('atob: the text is not base64', 'InvalidCharacterError');
      return host.decode(bytes, 0, bytes.byteLength, 'latin1');
    },
  });

  class Event {
    #type; target = null; currentTarget = null; defaultPrevented = false;
    constructor(type) { this.#type = String(type); }
    get type() { return this.#type; }
    preventDefault() { this.defaultPrevented = true; }
  }
  class EventTarget {
    #hears = new Map();
    addEventListener(type, fn, { once = false } = {}) {
      if (fn === null || fn === undefined) return;
      const list = this.#hears.get(type) ?? [];
      if (list.length >= host.maxEvents) throw new RangeError(`too many listeners for ${type}`);
      if (!list.some(l => l.fn === fn)) this.#hears.set(type, [...list, { fn, once }]);
    }
    removeEventListener(type, fn) {
      this.#hears.set(type, (this.#hears.get(type) ?? []).filter(l => l.fn !== fn));
    }
    dispatchEvent(event) {
      event.target = event.currentTarget = this;
      const on = this['on' + event.type];
      if (typeof on === 'function') on.call(this, event);
      for (const { fn, once } of this.#hears.get(event.type) ?? []) {
        if (once) this.removeEventListener(event.type, fn);
        if (typeof fn === 'function') fn.call(this, event); else fn.handleEvent(event);
      }
      return !event.defaultPrevented;
    }
  }

  let makeSignal, abort;
  class AbortSignal extends EventTarget {
    #aborted = false; #reason; onabort = null;
    static #open = false;
    constructor() {
      if (!AbortSignal.#open) throw new TypeError('make a signal by new AbortController(), AbortSignal.timeout or AbortSignal.any');
      super();
    }
    get aborted() { return this.#aborted; }
    get reason() { return this.#reason; }
    throwIfAborted() { if (this.#aborted) throw this.#reason; }
    static abort(reason) { const s = makeSignal(); abort(s, reason); return s; }
    static timeout(ms) {
      const s = makeSignal();
      setTimeout(() => abort(s, new DOMException('the time is up', 'TimeoutError')), ms);
      return s;
    }
    static any(signals) {
      const s = makeSignal(), list = [...signals];
      const first = list.find(x => x.aborted);
      if (first) abort(s, first.reason);
      else for (const x of list) x.addEventListener('abort', () => abort(s, x.reason), { once: true });
      return s;
    }
    static {
      makeSignal = () => { this.#open = true; try { return new AbortSignal(); } finally { this.#open = false; } };
      abort = (s, reason = new DOMException('this was aborted', 'AbortError')) => {
        if (s.#aborted) return;
        s.#aborted = true;
        s.#reason = reason;
        s.dispatchEvent(new Event('abort'));
      };
    }
  }
  class AbortController {
    #signal = makeSignal();
    get signal() { return this.#signal; }
    abort(reason) { abort(this.#signal, reason); }
  }
  define({ Event, EventTarget, AbortSignal, AbortController });
})
