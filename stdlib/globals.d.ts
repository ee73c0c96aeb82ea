// What scripts find without an import, beside the language itself.

/** Lines for the operator's log, under the call's id. */
declare const console: {
  log(...values: unknown[]): void;
  debug(...values: unknown[]): void;
  info(...values: unknown[]): void;
  warn(...values: unknown[]): void;
  error(...values: unknown[]): void;
  trace(...values: unknown[]): void;
  assert(condition?: unknown, ...values: unknown[]): void;
};

/** Timers of the call: they end with it. The number names one for `clearTimeout`. */
declare function setTimeout(run: (...args: any[]) => void, ms?: number, ...args: unknown[]): number;
declare function clearTimeout(timer?: number): void;
declare function setInterval(run: (...args: any[]) => void, ms?: number, ...args: unknown[]): number;
declare function clearInterval(timer?: number): void;

/** Runs after what is running now, before anything else. */
declare function queueMicrotask(run: () => void): void;

/** A deep copy. Functions and symbols throw a TypeError, more than 500 levels a RangeError. */
declare function structuredClone<T>(value: T): T;

/** Base64 of a text whose characters are bytes; others throw a RangeError. */
declare function btoa(text: string): string;
/** The bytes of base64, as characters. Throws an InvalidCharacterError. */
declare function atob(text: string): string;

/** Thrown by what comes from the web: its `name` says which. */
declare class DOMException extends Error {
  constructor(message?: string, name?: string);
  readonly name: string;
  readonly code: number;
}

/** UTF-8 bytes of a text. */
declare class TextEncoder {
  readonly encoding: string;
  encode(text?: string): Uint8Array;
  encodeInto(text: string, into: Uint8Array): { read: number; written: number };
}

/** Text of bytes: utf-8, latin1 or utf-16le. The option `stream` is not built yet. */
declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean });
  readonly encoding: string;
  readonly fatal: boolean;
  readonly ignoreBOM: boolean;
  decode(bytes?: ArrayBuffer | ArrayBufferView): string;
}

declare class Event {
  constructor(type: string);
  readonly type: string;
  readonly target: unknown;
  readonly currentTarget: unknown;
  readonly defaultPrevented: boolean;
  preventDefault(): void;
}

declare class EventTarget {
  addEventListener(type: string, run: ((event: Event) => void) | { handleEvent(event: Event): void } | null, options?: { once?: boolean }): void;
  removeEventListener(type: string, run: unknown): void;
  dispatchEvent(event: Event): boolean;
}

/** Says that something is to be given up. */
declare class AbortSignal extends EventTarget {
  private constructor();
  static abort(reason?: unknown): AbortSignal;
  /** Aborts by itself; `ms` may be '5s'. */
  static timeout(ms: number | string): AbortSignal;
  static any(signals: Iterable<AbortSignal>): AbortSignal;
  readonly aborted: boolean;
  readonly reason: any;
  onabort: ((event: Event) => void) | null;
  throwIfAborted(): void;
}

declare class AbortController {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
}

/** `new URL('../x', 'https://h/a/b').href`. Throws a TypeError for what is no URL. */
declare class URL {
  constructor(text: string | URL, base?: string | URL);
  static canParse(text: string | URL, base?: string | URL): boolean;
  static parse(text: string | URL, base?: string | URL): URL | null;
  href: string;
  protocol: string;
  username: string;
  password: string;
  host: string;
  hostname: string;
  port: string;
  pathname: string;
  search: string;
  hash: string;
  readonly origin: string;
  readonly searchParams: URLSearchParams;
  toString(): string;
  toJSON(): string;
}

declare class URLSearchParams {
  constructor(init?: string | Iterable<[string, string]> | Record<string, string>);
  readonly size: number;
  append(name: string, value: string): void;
  delete(name: string, value?: string): void;
  get(name: string): string | null;
  getAll(name: string): string[];
  has(name: string, value?: string): boolean;
  set(name: string, value: string): void;
  sort(): void;
  forEach(run: (value: string, name: string, params: URLSearchParams) => void, self?: unknown): void;
  entries(): IterableIterator<[string, string]>;
  keys(): IterableIterator<string>;
  values(): IterableIterator<string>;
  [Symbol.iterator](): IterableIterator<[string, string]>;
  toString(): string;
}

type BufferEncoding = 'utf8' | 'utf-8' | 'latin1' | 'binary' | 'ascii' | 'hex' | 'base64' | 'base64url' | 'utf16le' | 'utf-16le' | 'ucs2' | 'ucs-2';

/** Bytes as in Node: this part of its Buffer. At most 16 MiB. */
declare class Buffer extends Uint8Array {
  static from(text: string, encoding?: BufferEncoding): Buffer;
  static from(bytes: Iterable<number> | ArrayLike<number> | ArrayBuffer | { type: 'Buffer'; data: number[] }, offset?: any, length?: number): Buffer;
  static of(...bytes: number[]): Buffer;
  static alloc(size: number, fill?: string | number | Uint8Array, encoding?: BufferEncoding): Buffer;
  static allocUnsafe(size: number): Buffer;
  static isBuffer(value: unknown): value is Buffer;
  static isEncoding(name: string): boolean;
  static byteLength(value: string | ArrayBuffer | ArrayBufferView, encoding?: BufferEncoding): number;
  static compare(a: Uint8Array, b: Uint8Array): -1 | 0 | 1;
  static concat(list: Uint8Array[], total?: number): Buffer;
  toString(encoding?: BufferEncoding, from?: number, to?: number): string;
  toJSON(): { type: 'Buffer'; data: number[] };
  /** Shares the bytes, as in Node. */
  slice(from?: number, to?: number): Buffer;
  equals(other: Uint8Array): boolean;
  compare(other: Uint8Array): -1 | 0 | 1;
  copy(into: Uint8Array, at?: number, from?: number, to?: number): number;
  write(text: string, at?: number, length?: number, encoding?: BufferEncoding): number;
  fill(value: any, from?: any, to?: number, encoding?: BufferEncoding): this;
  indexOf(value: any, from?: number, encoding?: BufferEncoding): number;
  includes(value: any, from?: number, encoding?: BufferEncoding): boolean;
  readUInt8(at?: number): number;
  writeUInt8(value: number, at?: number): number;
  readUint8(at?: number): number;
  writeUint8(value: number, at?: number): number;
  readInt8(at?: number): number;
  writeInt8(value: number, at?: number): number;
  readUInt16LE(at?: number): number;
  writeUInt16LE(value: number, at?: number): number;
  readUint16LE(at?: number): number;
  writeUint16LE(value: number, at?: number): number;
  readUInt16BE(at?: number): number;
  writeUInt16BE(value: number, at?: number): number;
  readUint16BE(at?: number): number;
  writeUint16BE(value: number, at?: number): number;
  readInt16LE(at?: number): number;
  writeInt16LE(value: number, at?: number): number;
  readInt16BE(at?: number): number;
  writeInt16BE(value: number, at?: number): number;
  readUInt32LE(at?: number): number;
  writeUInt32LE(value: number, at?: number): number;
  readUint32LE(at?: number): number;
  writeUint32LE(value: number, at?: number): number;
  readUInt32BE(at?: number): number;
  writeUInt32BE(value: number, at?: number): number;
  readUint32BE(at?: number): number;
  writeUint32BE(value: number, at?: number): number;
  readInt32LE(at?: number): number;
  writeInt32LE(value: number, at?: number): number;
  readInt32BE(at?: number): number;
  writeInt32BE(value: number, at?: number): number;
  readBigUInt64LE(at?: number): bigint;
  writeBigUInt64LE(value: bigint, at?: number): number;
  readBigUint64LE(at?: number): bigint;
  writeBigUint64LE(value: bigint, at?: number): number;
  readBigUInt64BE(at?: number): bigint;
  writeBigUInt64BE(value: bigint, at?: number): number;
  readBigUint64BE(at?: number): bigint;
  writeBigUint64BE(value: bigint, at?: number): number;
  readBigInt64LE(at?: number): bigint;
  writeBigInt64LE(value: bigint, at?: number): number;
  readBigInt64BE(at?: number): bigint;
  writeBigInt64BE(value: bigint, at?: number): number;
  readFloatLE(at?: number): number;
  writeFloatLE(value: number, at?: number): number;
  readFloatBE(at?: number): number;
  writeFloatBE(value: number, at?: number): number;
  readDoubleLE(at?: number): number;
  writeDoubleLE(value: number, at?: number): number;
  readDoubleBE(at?: number): number;
  writeDoubleBE(value: number, at?: number): number;
}

interface Digest {
  update(bytes: string | ArrayBuffer | ArrayBufferView, encoding?: BufferEncoding): this;
  digest(): Buffer;
  digest(encoding: BufferEncoding): string;
}

/** Randomness is the call's own and the same in a replay. Digests: md5, sha1, sha256, sha512. */
declare const crypto: {
  randomUUID(): string;
  getRandomValues<T extends ArrayBufferView>(list: T): T;
  randomBytes(size: number): Buffer;
  randomInt(max: number): number;
  randomInt(min: number, max: number): number;
  createHash(name: string): Digest;
  createHmac(name: string, key: string | ArrayBuffer | ArrayBufferView): Digest;
  getHashes(): string[];
  timingSafeEqual(a: string | ArrayBuffer | ArrayBufferView, b: string | ArrayBuffer | ArrayBufferView): boolean;
};
