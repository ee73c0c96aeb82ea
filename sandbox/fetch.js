// fetch over one operation: what it takes is made plain, what it gives is a Response.
(function (raw, base64, bytesOf) {
  'use strict';
  const lower = name => String(name).toLowerCase();
  const own = Object.keys;

  class Headers {
    #list = new Map();
    constructor(init) {
      if (init === undefined || init === null) return;
      const pairs = typeof init[Symbol.iterator] === 'function' ? init : own(init).map(k => [k, init[k]]);
      for (const [name, value] of pairs) this.append(name, value);
    }
    append(name, value) { const k = lower(name); this.#list.set(k, this.#list.has(k) ? this.#list.get(k) + ', ' + value : String(value)); }
    set(name, value) { this.#list.set(lower(name), String(value)); }
    get(name) { return this.#list.get(lower(name)) ?? null; }
    has(name) { return this.#list.has(lower(name)); }
    delete(name) { this.#list.delete(lower(name)); }
    forEach(f) { for (const [k, v] of this) f(v, k, this); }
    keys() { return [...this].map(([k]) => k)[Symbol.iterator](); }
    values() { return [...this].map(([, v]) => v)[Symbol.iterator](); }
    entries() { return [...this.#list].sort(([a], [b]) => (a < b ? -1 : 1))[Symbol.iterator](); }
    [Symbol.iterator]() { return this.entries(); }
  }

  let respond;
  class Response {
    #r; #headers;
    static #open = false;
    constructor() {
      if (!Response.#open) throw new TypeError('a Response is what fetch gives; new Response is not built yet');
    }
    get ok() { return this.#r.status >= 200 && this.#r.status < 300; }
    get status() { return this.#r.status; }
    get statusText() { return this.#r.statusText; }
    get url() { return this.#r.url; }
    get redirected() { return this.#r.redirected; }
    get headers() { return this.#headers; }
    get body() { throw new TypeError('Response.body: streams are not built: use text(), json() or arrayBuffer()'); }
    async text() {
      if (this.#r.text === undefined) throw new TypeError('the answer is no UTF-8 text: use arrayBuffer()');
      return this.#r.text;
    }
    async json() { return JSON.parse(await this.text()); }
    async bytes() { return bytesOf(this.#r.text, this.#r.base64); }
    async arrayBuffer() { return (await this.bytes()).buffer; }
    async blob() { throw new TypeError('Response.blob is not built: use arrayBuffer()'); }
    async formData() { throw new TypeError('Response.formData is not built: use text()'); }
    static {
      respond = r => {
        this.#open = true;
        try {
          const out = new Response();
          out.#r = r;
          out.#headers = new Headers(r.headers);
          return out;
        } finally { this.#open = false; }
      };
    }
  }

  const refuse = body => {
    throw new TypeError(`fetch: a body must be text, bytes or URLSearchParams, not ${Object.prototype.toString.call(body)}; streams are not built`);
  };
  const payload = (body, headers) => {
    if (typeof body === 'string') return { text: body };
    if (body instanceof ArrayBuffer || ArrayBuffer.isView(body)) return { base64: base64(body) };
    if (typeof URLSearchParams === 'function' && URLSearchParams.prototype && body instanceof URLSearchParams) {
      if (!headers.has('content-type')) headers.set('content-type', 'application/x-www-form-urlencoded;charset=UTF-8');
      return { text: body.toString() };
    }
    return refuse(body);
  };
  const fetch = (url, options) => {
    const o = { ...options };
    const headers = new Headers(o.headers);
    if (o.body !== undefined && o.body !== null) o.body = payload(o.body, headers); else delete o.body;
    o.headers = {};
    for (const [k, v] of headers) o.headers[k] = v;
    return raw(String(url), o).then(respond);
  };
  return { fetch, Headers, Response };
})
