// Modules that scripts import beside 'callwright'. They are plain JavaScript: nothing in
// them is an operation, and nothing needs a permission. Each @example is run by the tests,
// which compare what stands behind // with what it comes to.

/** Telephone numbers. There are rules for writing them, and no tables of numbers in use. */
declare module 'callwright/telnum' {
  /** Two letters of ISO 3166: 'GB', 'DE' … (62 of them); RangeError for another. */
  export type Region = string;
  export interface Options {
    /** Where a number without + was written. */
    region?: Region;
  }
  export interface Parsed {
    e164: string;
    /** Country code. */
    code: string;
    national: string;
    /** Regions with that code. */
    regions: Region[];
  }
  /**
   * The digits of a number as written, with its plus sign; '' for what is none.
   * @example digits('tel:+44 (0)20 7946-0000') // '+442079460000'
   */
  export function digits(number: string): string;
  /**
   * The number as +, country code and national number (E.164); null for what is none.
   * @example normalize('020 7946 0000', { region: 'GB' }) // '+442079460000'
   */
  export function normalize(number: string, options?: Options): string | null;
  /**
   * Its parts; null for what is none.
   * @example parse('00 49 30 901820', { region: 'AT' }).national // '30901820'
   */
  export function parse(number: string, options?: Options): Parsed | null;
  /**
   * How it is dialled within a region; null for what is no number.
   * @example dialled('+442079460000', 'DE') // '00442079460000'
   */
  export function dialled(number: string, region: Region): string | null;
  /**
   * Whether two numbers as written are the same.
   * @example same('0171 555', '+49171555', { region: 'DE' }) // true
   */
  export function same(a: string, b: string, options?: Options): boolean;
  /**
   * The longest prefix of a table's that the number begins with; null for none. Prefixes
   * with + count for numbers with + only.
   * @example longest('+442079460000', { '44': 'uk', '4420': 'london' }).value // 'london'
   */
  export function longest<T>(number: string, table: Record<string, T>): { prefix: string; value: T } | null;
}

/** Texts with places to fill in. */
declare module 'callwright/template' {
  export interface Options {
    /** For what is filled in. @default 'text' */
    escape?: 'text' | 'html' | 'xml' | 'json' | 'url';
  }
  /**
   * Fills a template in: {{name}} and {{a.b}} are values, {{#list}}…{{/list}} is there for
   * each of a list (or once for what is true), {{^list}}…{{/list}} when there is none, and
   * {{.}} is the one of the list. SyntaxError for a section that is not closed.
   * @example render('{{n}} calls:{{#who}} {{.}}{{/who}}', { n: 2, who: ['ann', 'bob'] }) // '2 calls: ann bob'
   */
  export function render(template: string, values: object, options?: Options): string;
  /**
   * The same as a function, for a template that is used often.
   * @example compile('<b>{{name}}</b>', { escape: 'html' })({ name: '<ann>' }) // '<b>&lt;ann&gt;</b>'
   */
  export function compile(template: string, options?: Options): (values: object) => string;
}

/** Comma-separated values (RFC 4180). */
declare module 'callwright/csv' {
  export interface ParseOptions {
    /** One character. @default ',' */
    delimiter?: string;
    /** The first row names the fields: rows are objects. @default false */
    header?: boolean;
  }
  export interface StringifyOptions {
    /** @default ',' */
    delimiter?: string;
    /** The first row; of objects, which of their fields. Without it, those of the first object. */
    header?: string[];
  }
  /**
   * The rows of a text. SyntaxError names the row of a quote that is not closed.
   * @example parse('name,tel\nann,"1,2"\n', { header: true })[0].tel // '1,2'
   */
  export function parse(text: string, options: ParseOptions & { header: true }): Record<string, string>[];
  export function parse(text: string, options?: ParseOptions): string[][];
  /**
   * A text of rows, each ended by CR LF.
   * @example stringify([{ name: 'ann', tel: '1,2' }]) // 'name,tel\r\nann,"1,2"\r\n'
   */
  export function stringify(rows: unknown[][] | Record<string, unknown>[], options?: StringifyOptions): string;
}

/** JSON web tokens signed with a shared secret: HS256, HS384, HS512 (RFC 7519). */
declare module 'callwright/jwt' {
  export type Algorithm = 'HS256' | 'HS384' | 'HS512';
  export interface SignOptions {
    /** @default 'HS256' */
    alg?: Algorithm;
    /** Milliseconds, or a text such as '5m'. */
    expiresIn?: number | string;
    /** Further header parameters, such as kid. */
    header?: object;
  }
  export interface VerifyOptions {
    /** Which are taken. @default ['HS256'] */
    algs?: Algorithm[];
    /** How far clocks may differ. @default 0 */
    leeway?: number | string;
    audience?: string;
    issuer?: string;
  }
  /**
   * A token that says these claims, and when it was made (iat).
   * @example decode(sign({ sub: 'ann' }, 'secret')).claims.sub // 'ann'
   */
  export function sign(claims: object, secret: string | ArrayBufferView, options?: SignOptions): string;
  /**
   * The claims of a token whose signature and times are right. Throws an error named
   * JwtError whose code says what is wrong: malformed, algorithm, signature, expired,
   * early, audience, issuer.
   * @example verify(sign({ sub: 'ann' }, 'secret', { expiresIn: '5m' }), 'secret').sub // 'ann'
   */
  export function verify(token: string, secret: string | ArrayBufferView, options?: VerifyOptions): Record<string, any>;
  /**
   * What a token says, unproved.
   * @example decode('eyJhbGciOiJub25lIn0.eyJhIjoxfQ.').header.alg // 'none'
   */
  export function decode(token: string): { header: Record<string, any>; claims: Record<string, any>; signature: string };
}
