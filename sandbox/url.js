// URL and URLSearchParams. A URL is held as the eight parts that Go's parser gives.
(function (host, { define }) {
  let follow; // lets a URL's own params write its query
  class URLSearchParams {
    #list = []; #changed = () => {};
    constructor(init = '') {
      if (typeof init === 'object' && init !== null) {
        if (typeof init[Symbol.iterator] === 'function') {
          for (const pair of init) {
            const [k, v, ...rest] = pair;
            if (v === undefined || rest.length) throw new TypeError('URLSearchParams: each entry must be a [name, value]');
            this.#list.push([String(k), String(v)]);
          }
        } else for (const k of Object.keys(init)) this.#list.push([k, String(init[k])]);
      } else this.#read(String(init));
    }
    #read(text) {
      this.#list = [];
      if (text[0] === '?') text = text.slice(1);
      for (const part of text.split('&')) {
        if (!part) continue;
        const i = part.indexOf('=');
        this.#list.push(i < 0 ? [host.formDecode(part), ''] : [host.formDecode(part.slice(0, i)), host.formDecode(part.slice(i + 1))]);
      }
    }
    get size() { return this.#list.length; }
    append(k, v) { this.#list.push([String(k), String(v)]); this.#changed(); }
    delete(k, v) {
      this.#list = this.#list.filter(p => p[0] !== String(k) || v !== undefined && p[1] !== String(v));
      this.#changed();
    }
    get(k) { return this.#list.find(p => p[0] === String(k))?.[1] ?? null; }
    getAll(k) { return this.#list.filter(p => p[0] === String(k)).map(p => p[1]); }
    has(k, v) { return this.#list.some(p => p[0] === String(k) && (v === undefined || p[1] === String(v))); }
    set(k, v) {
      const i = this.#list.findIndex(p => p[0] === String(k));
      if (i < 0) return this.append(k, v);
      this.#list[i][1] = String(v);
      this.#list = this.#list.filter((p, j) => j <= i || p[0] !== String(k));
      this.#changed();
    }
    sort() { this.#list.sort((a, b) => a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0); this.#changed(); }
    forEach(fn, self) { for (const [k, v] of [...this.#list]) fn.call(self, v, k, this); }
    *entries() { for (const [k, v] of this.#list) yield [k, v]; }
    *keys() { for (const p of this.#list) yield p[0]; }
    *values() { for (const p of this.#list) yield p[1]; }
    [Symbol.iterator]() { return this.entries(); }
    toString() { return this.#list.map(([k, v]) => host.formEncode(k) + '=' + host.formEncode(v)).join('&'); }
    static {
      follow = (params, text, changed) => { params.#changed = () => {}; params.#read(text); params.#changed = changed; };
    }
  }

  const parse = (text, base) => {
    const parts = host.parseURL(String(text), base === undefined ? undefined : String(base));
    if (!parts) throw new TypeError(`Invalid URL: ${String(text).slice(0, 200)}`);
    return parts;
  };
  const SCHEME = 0, USER = 1, PASS = 2, HOST = 3, PORT = 4, PATH = 5, QUERY = 6, HASH = 7;
  class URL {
    #p; #params;
    constructor(text, base) { this.#p = parse(text, base); }
    static canParse(text, base) { return Boolean(host.parseURL(String(text), base === undefined ? undefined : String(base))); }
    static parse(text, base) { return URL.canParse(text, base) ? new URL(text, base) : null; }
    // A setter keeps the old value when the new one makes no URL.
    #set(i, v) {
      const p = [...this.#p];
      p[i] = v;
      const next = host.parseURL(URL.#text(p));
      if (next) this.#p = next;
    }
    static #text([scheme, user, pass, name, port, path, query, hash]) {
      const auth = user || pass ? user + (pass ? ':' + pass : '') + '@' : '';
      const slashes = name !== null ? '//' + auth + name + (port ? ':' + port : '') : path.startsWith('//') ? '/.' : '';
      return scheme + slashes + path + query + hash;
    }
    get href() { return URL.#text(this.#p); }
    set href(v) { this.#p = parse(v); this.#sync(); }
    get protocol() { return this.#p[SCHEME]; }
    set protocol(v) { this.#set(SCHEME, String(v).replace(/:.*$/s, '') + ':'); }
    get username() { return this.#p[USER]; }
    set username(v) { this.#set(USER, encodeURIComponent(v)); }
    get password() { return this.#p[PASS]; }
    set password(v) { this.#set(PASS, encodeURIComponent(v)); }
    get hostname() { return this.#p[HOST] ?? ''; }
    set hostname(v) { if (this.#p[HOST] !== null && !/[/?#@:\\]/.test(v)) this.#set(HOST, String(v)); }
    get port() { return this.#p[PORT]; }
    set port(v) { if (/^\d*$/.test(v)) this.#set(PORT, String(v)); }
    get host() { return this.hostname + (this.port ? ':' + this.port : ''); }
    set host(v) {
      const m = /^([^/?#@\\]*?)(?::(\d+))?$/.exec(v);
      if (!m) return;
      this.hostname = m[1];
      if (m[2]) this.port = m[2];
    }
    get origin() {
      return ['http:', 'https:', 'ws:', 'wss:', 'ftp:'].includes(this.protocol) ? this.protocol + '//' + this.host : 'null';
    }
    get pathname() { return this.#p[PATH]; }
    set pathname(v) {
      v = String(v).replace(/[?#]/g, encodeURIComponent);
      this.#set(PATH, this.#p[HOST] !== null && v[0] !== '/' ? '/' + v : v);
    }
    get search() { return this.#p[QUERY] === '?' ? '' : this.#p[QUERY]; }
    set search(v) { this.#query(String(v)); this.#sync(); }
    #query(v) {
      v = v.replace(/#/g, '%23');
      this.#set(QUERY, v === '' || v[0] === '?' ? v : '?' + v);
    }
    get hash() { return this.#p[HASH] === '#' ? '' : this.#p[HASH]; }
    set hash(v) { v = String(v); this.#set(HASH, v === '' || v[0] === '#' ? v : '#' + v); }
    get searchParams() {
      if (!this.#params) { this.#params = new URLSearchParams(); this.#sync(); }
      return this.#params;
    }
    #sync() {
      const params = this.#params;
      if (params) follow(params, this.search, () => this.#query(params.toString()));
    }
    toString() { return this.href; }
    toJSON() { return this.href; }
  }
  define({ URL, URLSearchParams });
})
