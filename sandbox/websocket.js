// The WebSocket of browsers over ws(). A message's data is text or an ArrayBuffer.
(function (open, EventTarget, Event, DOMException) {
  'use strict';
  const list = v => v === undefined ? [] : Array.isArray(v) ? v.map(String) : [String(v)];
  const made = (type, fields) => Object.assign(new Event(type), fields);

  class WebSocket extends EventTarget {
    static CONNECTING = 0; static OPEN = 1; static CLOSING = 2; static CLOSED = 3;
    onopen = null; onmessage = null; onerror = null; onclose = null;
    #socket; #state = 0; #protocol = ''; #url; #waiting = 0;
    constructor(url, protocols) {
      super();
      this.#url = String(url);
      const s = this.#socket = open(this.#url, { protocols: list(protocols) });
      s.on('open', e => { this.#state = 1; this.#protocol = e.protocol; this.dispatchEvent(new Event('open')); });
      s.on('message', e => this.dispatchEvent(made('message', { data: typeof e.data === 'string' ? e.data : e.data.buffer })));
      s.on('close', e => {
        this.#state = 3;
        if (!e.clean) this.dispatchEvent(made('error', { message: e.error ?? e.reason }));
        this.dispatchEvent(made('close', { code: e.code, reason: e.reason, wasClean: e.clean }));
      });
      s.then(() => {}, () => {});
    }
    get url() { return this.#url; }
    get readyState() { return this.#state; }
    get protocol() { return this.#protocol; }
    get extensions() { return ''; }
    get bufferedAmount() { return this.#waiting; }
    get binaryType() { return 'arraybuffer'; }
    set binaryType(v) { if (v !== 'arraybuffer') throw new TypeError(`WebSocket.binaryType: only 'arraybuffer' is built, not ${String(v)}`); }
    send(data) {
      if (this.#state === 0) throw new DOMException('the socket is not open yet', 'InvalidStateError');
      if (this.#state !== 1) return;
      const n = typeof data === 'string' ? data.length : data?.byteLength ?? 0;
      this.#waiting += n;
      const sent = () => { this.#waiting -= n; };
      this.#socket.send(data).then(sent, sent);
    }
    close(code = 1000, reason = '') {
      if (code !== 1000 && !(code >= 3000 && code <= 4999)) throw new DOMException(`close code ${code} is not 1000 or from 3000 to 4999`, 'InvalidAccessError');
      if (this.#state >= 2) return;
      this.#state = 2;
      this.#socket.close({ code, reason: String(reason) }).catch(() => {});
    }
  }
  for (const [i, name] of ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED'].entries()) Object.defineProperty(WebSocket.prototype, name, { value: i });
  return { WebSocket };
})
