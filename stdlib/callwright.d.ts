// The script API of Callwright, as it is built. A script is an ES module (JavaScript or
// TypeScript, or CommonJS) whose default export is an async function of one call:
//
// ```js
// import { play } from 'callwright';
// export const routes = ['5000', '+4420*', /^9\d{3}$/];
// export default async function (call) {
//   await call.answer();
//   const r = await call.gather({ prompt: 'welcome.wav', max: 4, tries: 3 });
//   if (r.ok) await call.play(['you-typed.wav', play('tone:440/500')]);
// }
// ```
//
// When the function returns or throws, the call ends: an answered one is hung up, one
// that was never answered gets 480, or 500 after an error.
//
// Every verb is numbered, journalled and awaited: it survives the loss of the process
// that runs the script. Every verb gives a result object that says how it ended. Only
// mistakes in the program throw (BadOption, or Error when the call is not in a state
// for it), and verbs on a call that has ended (CallEnded). Fields change only between
// awaits. Options and names that are not declared here throw at once.
//
// A verb needs no permission unless @permission says which line of the app's app.yaml
// grants it. Each @example is a script, or a part of one, that the engine's own tests run.

declare module 'callwright' {
  /** A time: a number of milliseconds, or '200ms', '5s', '1.5m', '2h'. */
  export type Duration = number | string;

  /**
   * What can be played:
   * - `'hello.wav'`: a WAV file (8 to 48 kHz, PCM or G.711, mono or stereo), or raw sound
   *   by its name (.ulaw, .alaw, .sln, .sln16, .sln32, .sln48), named from the script's own
   *   directory, which it cannot leave;
   * - `'tone:425/200,0/200x3'`: frequencies in Hz (`350+440` sounds both, 0 is silence),
   *   each with its length in ms (an hour at most), and how often; without a length, for ever;
   * - `'silence:2s'`;
   * - `'country:uk/ringback'`: a country's tone (ITU-T E.180): dial, ringback, busy,
   *   congestion, waiting or sit of itu, at, au, be, br, ch, cn, de, es, fr, in, it, jp, nl,
   *   pl, se, uk or us;
   * - `'recordings:ID.wav'`: the `url` of a recording;
   * - `'https://host/a.wav'`: fetched once and kept; the app's manifest grants the host as
   *   for fetch(), and at most 64 MB are taken;
   * - `'data:audio/wav;base64,…'`: a WAV file of at most 256 KB;
   * - what play(), tone(), silence(), say(), number(), digits(), money() and date() give;
   * - a list of these, played without a gap.
   */
  export type Source = string | Value | Source[];

  /** A source made by play(), say() and their like. */
  export interface Value { readonly $value: string }

  /**
   * `play('a.wav')` is the source 'a.wav', for lists that mix kinds.
   * @example await call.play([play('hello.wav'), tone('440/200')]);
   */
  export function play(source: Source): Value;
  /**
   * `tone('350+440/1000')` is the source 'tone:350+440/1000'.
   * @example await call.play(tone('425/200,0/200x3'));
   */
  export function tone(spec: string): Value;
  /**
   * `silence('2s')` is the source 'silence:2s'.
   * @example await call.play([silence('1s'), 'hello.wav']);
   */
  export function silence(duration: Duration): Value;

  /**
   * A text to speak, by what the operator gave as --say (a command such as espeak-ng, or
   * an HTTP engine); what was spoken once is kept. Without a voice the play's result has
   * the reason 'error'.
   * @example await call.play(say('You are number three.', { lang: 'en' }));
   */
  export function say(text: string, options?: SayOptions): Value;
  export interface SayOptions {
    /** A name that the voice knows. */
    voice?: string;
    /** A language, such as 'en' or 'de'. */
    lang?: string;
    /** The text is SSML. */
    ssml?: boolean;
  }
  /**
   * A number, spoken.
   * @example await call.play(['you-are-number.wav', number(42, 'en')]);
   */
  export function number(n: number, lang?: string, options?: SpokenOptions): Value;
  /**
   * Digits, one by one.
   * @example await call.play(digits('0123*#'));
   */
  export function digits(n: string | number, lang?: string, options?: SpokenOptions): Value;
  /**
   * A sum of money; the currency is a code of ISO 4217.
   * @example await call.play(money(12.5, 'EUR', 'en'));
   */
  export function money(n: number, currency: string, lang?: string, options?: SpokenOptions): Value;
  /**
   * A date and time, in UTC or a zone such as 'Europe/London'.
   * @example await call.play(date(new Date(), 'Europe/London', 'en'));
   */
  export function date(date: Date | number | string, zone?: string, lang?: string, options?: SpokenOptions): Value;
  export interface SpokenOptions {
    /** A name that the voice knows. */
    voice?: string;
  }

  /**
   * Waits. Goes on after the call has ended, for at most a minute.
   * @example await sleep('1500ms');
   */
  export function sleep(duration: Duration): Promise<void>;

  /**
   * Opens a WebSocket connection. What comes and how it ends are journalled, so a rebuilt
   * flow stands where it stood; an open connection does not outlive its brain: it closes
   * with 1012, and the flow may open another. It closes with its run (1001). Messages that
   * come before anybody listens are kept. The app's manifest must grant the host
   * (`websocket: [feed.example.com]` in app.yaml; private and loopback addresses by
   * themselves, by no pattern): else `opened` is not ok, and awaiting the socket throws
   * Denied. At most 64 connections an app (Busy), 48,000 bytes a message either way: a
   * larger one that comes closes it with 1009. What the network does wrong throws nothing:
   * it closes with 1006 and an `error`.
   * @permission websocket: [feed.example.com]
   * @example const feed = ws('wss://feed.example.com/calls', { protocols: ['v1'] });
   * if ((await feed.opened).ok) {
   *   await feed.send(JSON.stringify({ call: call.id }));
   *   for await (const e of feed.events('message', 'close')) {
   *     if (!('data' in e)) break;
   *     console.log(e.data);
   *     await feed.close();
   *   }
   * }
   */
  export function ws(url: string, options?: WsOptions): Socket;
  export interface WsOptions {
    /** Subprotocols, the one most liked first. */
    protocols?: string[];
    /** Sent with the request to open. */
    headers?: Record<string, string>;
    /** To open, at most 60s. @default '10s' */
    timeout?: Duration;
  }
  export interface SocketEvents {
    open: { protocol: string };
    message: { data: string | Uint8Array };
    close: SocketResult;
  }
  /** How a connection ended. */
  export interface SocketResult {
    /** The peer's or ours; 1006: it broke, 1009: too large a message came, 1012: its brain is gone. */
    code: number;
    reason: string;
    /** Both sides have said so. */
    clean: boolean;
    error?: string;
  }

  /** A WebSocket connection. Await it for its end. */
  export interface Socket extends PromiseLike<SocketResult> {
    /** Comes true when it is open, or will not be. */
    readonly opened: Promise<{ ok: boolean; protocol: string; error?: string }>;
    /** Calls the listener at each event. */
    on<K extends keyof SocketEvents>(event: K, listener: (e: SocketEvents[K]) => void): this;
    /** As on, for one event. */
    once<K extends keyof SocketEvents>(event: K, listener: (e: SocketEvents[K]) => void): this;
    /** Undoes on or once. */
    off<K extends keyof SocketEvents>(event: K, listener: (e: SocketEvents[K]) => void): this;
    /** The events as they come, one after another. */
    events(...names: (keyof SocketEvents)[]): Events;
    /**
     * Sends a message; done when it has left. 64 may wait (Busy); on a socket that closes
     * first it throws.
     * @example const feed = ws('wss://feed.example.com/'); await feed.send('hello'); await feed.send(new Uint8Array([1, 2]));
     */
    send(data: string | ArrayBuffer | ArrayBufferView): Promise<void>;
    /**
     * Asks the peer whether it lives, at most 10 s long (Timeout). Its own pings are answered.
     * @example const feed = ws('wss://feed.example.com/'); const { ms } = await feed.ping();
     */
    ping(): Promise<{ ms: number }>;
    /**
     * Sends what waits, then says goodbye. Await the socket itself for the end.
     * @example const feed = ws('wss://feed.example.com/'); await feed.close({ code: 4000, reason: 'enough' }); const { clean } = await feed;
     */
    close(options?: CloseOptions): Promise<void>;
  }
  export interface CloseOptions {
    /** 1000, or from 3000 to 4999. @default 1000 */
    code?: number;
    /** At most 123 bytes. @default '' */
    reason?: string;
  }

  /**
   * Waits for the first of some promises; the others go on.
   * @example const r = await race({ digits: call.gather({ max: 1 }), quiet: sleep('10s') });
   */
  export function race<T extends Record<string, unknown>>(entries: T): Promise<RaceResult>;

  /** Which promise was first, and what it gave. */
  export interface RaceResult { key: string; value: any }

  /**
   * Opens the conference of that name; it is there from now on for all scripts that
   * open it, and starts when the first call joins.
   * @example const room = await conference('1234', { rate: 16000 });
   * @throws BadOption for an empty name; Busy when it already runs at another rate.
   */
  export function conference(name: string, options?: ConferenceOptions): Promise<Conference>;

  /** What is not given stays as it is; a new conference has none of it. */
  export interface ConferenceOptions {
    /**
     * Sampling rate it mixes at, in Hz: 8000 for a new one. Members of other rates are
     * converted. 'auto' is that of the first member.
     */
    rate?: 8000 | 16000 | 32000 | 48000 | 'auto';
    frame?: '20ms';
    /** How many may be in; 0 is no limit. Joining a full one throws Busy. */
    maxMembers?: number;
    /** Digits that join() asks for; sounds.pin is what the caller hears. */
    pin?: string;
    /** Who types this one is a moderator. */
    moderatorPin?: string;
    /** How often a caller may try; then its `left` is 'pin-failed'. 3 for a new one. */
    pinTries?: number;
    /** Until a moderator is in, nobody hears anybody. */
    waitForModerator?: boolean;
    /** Until so many are in, neither. */
    minMembers?: number;
    /** When the last moderator has left, and after endGrace, it ends: 'no-moderator'. */
    endWithModerator?: boolean;
    endGrace?: Duration;
    /** How long it lasts with nobody in. */
    endWhenEmpty?: Duration;
    /** It ends after that: 'time-limit'. */
    maxDuration?: Duration;
    /** It ends when nobody has spoken for so long: 'silence'. */
    endOnSilence?: Duration;
    /** Only moderators may come in. */
    locked?: boolean;
    /** For who is alone, waits, is on hold or in the lobby. */
    music?: Source;
    /** 'both' for a new one. */
    musicWhen?: 'alone' | 'waiting' | 'both';
    /**
     * What is heard when; false or null: nothing. enter, exit, begin, locked and
     * recordStart by all, the others by whom it concerns.
     */
    sounds?: { [name in 'enter' | 'exit' | 'alone' | 'muted' | 'unmuted' | 'locked' | 'kicked' | 'begin' | 'recordStart' | 'pin' | 'badPin' | 'full' | 'sayName']?: Source | false | null };
    /**
     * Who comes and goes is announced by a tone; by name, which join() has the caller say
     * (sounds.enter follows it); or who comes is told how many others are in.
     */
    announce?: 'none' | 'tone' | 'name' | 'count';
    /** With 'count': only if there are more. */
    countAbove?: number;
    /** Who is no moderator waits for admit(). */
    lobby?: boolean;
    /** Only so many, the loudest, are mixed; 0: all. At most 32. */
    loudest?: number;
    /** Members at least so loud, in dBov, are in 'energy' events, twice a second. */
    energyLevel?: number;
    dropSilence?: true;
    /** Voices are brought to one loudness. */
    agc?: boolean;
    /** A low noise when nobody speaks. */
    comfortNoise?: boolean;
    /** It is recorded; see record(). 'now', from the second member on, or with a moderator. */
    record?: { mode?: 'mix' | 'separate' | 'both'; when?: 'moderator' | 'two' | 'now' };
    /**
     * What keys do: a function of the member, or mute, unmute, toggle-mute, deaf, undeaf,
     * toggle-deaf, hold, unhold, toggle-hold, louder, quieter, listen-louder,
     * listen-quieter, count, leave; of moderators lock, unlock, toggle-lock, end. These keys
     * go no further.
     */
    controls?: Record<string, string | ((member: MemberView) => void)>;
    /** 'pass': other keys are sent on to the other members' phones. */
    dtmf?: 'absorb' | 'pass';
    /** Who comes later hears the last so many seconds first, at most 30s. */
    history?: Duration;
  }

  /**
   * One global, persistent object of the deployment: plain reads and writes of JSON, each
   * run of the script between two awaits whole or not at all. Also a global.
   * @example state.calls = (state.calls ?? 0) + 1;
   */
  export const state: State;

  export interface State {
    /**
     * Runs a function at once; what it wrote is undone when it throws.
     * @example const seat = state.tx(s => { s.seats = (s.seats ?? 0) + 1; if (s.seats > 5) throw new Error('full'); return s.seats; });
     */
    tx<T>(change: (state: State) => T): T;
    /**
     * Waits until all writes so far are on disk on a majority of the brains.
     * @example state.paid = true; await state.commit();
     */
    commit(): Promise<void>;
    /**
     * Runs a function after another call or app has changed something at a path
     * ('agents.bob', or a list of names) or below it: once a batch of writes, with what
     * stands there now and stood there before (null: nothing). While the function has not
     * ended, further changes gather into one. At the top level it belongs to the app's own
     * run; inside a flow it ends with the call. It gives a function that ends it.
     * @example state.watch('agents', ({ value, by }) => log.info('agents', Object.keys(value), by));
     */
    watch(path: string | string[], fn: (e: StateChange) => void): () => void;
    [name: string]: any;
  }

  /** A change of state: tooLarge says that a value has more than 64 KB and is left out. */
  export interface StateChange { path: string; value: any; old: any; by: string; tooLarge?: boolean }

  /**
   * Files below the folders that app.yaml grants: `read: [data]`, `write: [out]` (which may
   * be read too). A relative folder lies in the app's own directory, DATA/files/NAME of the
   * data directory, an absolute one is meant as it stands; paths begin with the folder.
   * Neither '..' nor a symbolic link leads out of it. 64 KB at once (RangeError). A file is
   * read and written once, however often the flow is rebuilt. Denied names the line to add.
   */
  export const files: Files;

  export interface Files {
    /**
     * A file's text, null when there is none.
     * @permission read: [data]
     * @example const greeting = await files.read('data/greeting.txt') ?? 'hello';
     */
    read(path: string, options?: ReadOptions): Promise<string | null>;
    /**
     * Replaces a file whole, and makes the folders it is in.
     * @permission write: [out]
     * @example await files.write('out/last.json', JSON.stringify({ from: call.from.number }));
     */
    write(path: string, data: string, options?: WriteOptions): Promise<void>;
    /**
     * Adds to the end of a file.
     * @permission write: [out]
     * @example await files.append('out/calls.csv', call.from.number + ',' + Date.now() + '\n');
     */
    append(path: string, data: string, options?: AppendOptions): Promise<void>;
    /**
     * What a folder holds, at most 1000 names; null when there is none.
     * @permission read: [data]
     * @example for (const e of await files.list('out') ?? []) log.info(e.name, e.size);
     */
    list(path: string): Promise<FileEntry[] | null>;
    /**
     * Removes a file, or an empty folder; false when there was none.
     * @permission write: [out]
     * @example await files.delete('out/last.json');
     */
    delete(path: string): Promise<boolean>;
  }

  export interface ReadOptions {
    /** Where to begin, in bytes. @default 0 */
    offset?: number;
    /** How many bytes at most; without it the file must not have more than 64 KB. */
    limit?: number;
    /** 'base64' for what is no text. @default 'text' */
    encoding?: 'text' | 'base64';
  }
  export interface WriteOptions {
    /** The data is base64 of what is written. @default 'text' */
    encoding?: 'text' | 'base64';
  }
  export interface AppendOptions {
    /** As of write. @default 'text' */
    encoding?: 'text' | 'base64';
  }
  export interface FileEntry {
    name: string; folder: boolean; size: number;
    /** Unix ms. */
    modified: number;
  }

  /**
   * Secrets: files of DATA/secrets with mode 600, by their names. They are hidden from
   * logs, as masked digits are. A secret is read when it is asked for: a new one needs no
   * reload.
   */
  export const secrets: Secrets;

  export interface Secrets {
    /**
     * A secret without its line end; null when there is none.
     * @permission secrets: [crm-key]
     * @example const key = await secrets.get('crm-key');
     */
    get(name: string): Promise<string | null>;
  }

  /** Variables of the engine's environment. */
  export const env: Env;

  export interface Env {
    /**
     * A variable's value, null when it is not set.
     * @permission env: [REGION]
     * @example const region = await env.get('REGION') ?? 'eu';
     */
    get(name: string): Promise<string | null>;
  }

  /** The app's own run, beside its calls: register listeners at the top level. */
  export const app: App;

  export interface App {
    /**
     * Places calls on behalf of no caller, as call.dial does; done when one has answered.
     * The call belongs to this run and is hung up with it.
     * @example app.on('call', async () => { const d = await app.dial('sip:bob@192.0.2.7', { timeout: '20s' }); await d.call?.play('tone:440/500'); });
     */
    dial(targets: DialTargets, options?: DialOptions): Promise<DialResult>;
    /**
     * Listens to what happens to the app. In a call's own run this does nothing.
     * @example app.on('call', c => console.log('a call from', c.from.number));
     */
    on<K extends keyof AppEvents>(event: K, listener: (e: AppEvents[K]) => void): this;
    /**
     * Answers HTTP requests to /apps/NAME/… at the control API's address, in the app's own
     * run. Listeners are asked in their order; the first that returns something answers:
     * a text, or { status, headers, body | json }. When none does it is 404; after 10 s
     * 504; what is thrown is 500. Requests bear the operator's token, unless app.yaml says
     * `http: open`: then anybody who reaches the port is answered, and request.trusted says
     * who had the token. Bodies have at most 64 KB either way. The path is what follows
     * /apps/NAME, decoded.
     * @permission http: open
     * @example app.on('http', async r => r.path === '/tries' ? { json: { tries: await kv.get('tries') } } : undefined);
     */
    on(event: 'http', listener: (r: HTTPRequest) => HTTPAnswer | void | Promise<HTTPAnswer | void>): this;
    /**
     * Decides about a phone that registers, in the app's own run; the first app that
     * listens is asked. Without an answer a user of `--users` who has proved it is accepted
     * and everybody else challenged; a wrong password of such a user is refused before.
     * @example app.on('register', r => { const u = state.users?.[r.user]; return u ? r.challenge({ password: u.password }) : r.reject(404); });
     */
    on(event: 'register', listener: (r: Register) => Verdict | void | Promise<Verdict | void>): this;
    /**
     * Hears an event that an app has sent with emit. In a call's flow it ends with the call.
     * @example app.on('crm:changed', ({ value, from }) => log.info(from, value.id));
     */
    on(event: `${string}:${string}`, listener: (e: BusEvent) => void): this;
    /** As on, for one event. */
    once<K extends keyof AppEvents>(event: K, listener: (e: AppEvents[K]) => void): this;
    once(event: `${string}:${string}`, listener: (e: BusEvent) => void): this;
    /** Undoes on or once. */
    off(event: string, listener: (e: any) => void): this;
    /** The events as they come, one after another. */
    events(...names: (keyof AppEvents | `${string}:${string}`)[]): Events;
    /**
     * Sends an event to every run, of any app, that listens for it now. Its name is your
     * own and has a colon; its value is JSON of at most 64 KB.
     * @example await app.emit('crm:changed', { id: 7 });
     */
    emit(event: `${string}:${string}`, value?: any): Promise<void>;
    /** The version that runs: 12 hexadecimal digits, as `callwright versions` shows it. */
    readonly version: string;
    /** Figures of your own in /metrics, under callwright_app_NAME with the label app. */
    readonly metrics: Metrics;
    /**
     * One of the app's own live calls, null when there is none of that id.
     * @example const other = await app.call(call.vars.other ?? 'none'); if (other?.state === 'answered') log.info(other.from.number);
     */
    call(id: string): Promise<SeenCall | null>;
    /**
     * Lets an older version of this app serve new calls until its file changes: one of
     * `callwright versions`, or without a name the one before. Throws when there is none.
     * @example app.on('crm:alarm', async () => { const { from, to } = await app.rollback(); log.warn(from, to); });
     */
    rollback(version?: string): Promise<RollbackResult>;
    /**
     * The functions another app offers (`export const api = { price(n) { … } }`). They
     * run in that app's own run; arguments and result are JSON of at most 64 KB. It throws
     * what the function throws, Timeout after 10 s, Busy when 1000 calls wait there, and
     * Error for an app or a function that does not exist.
     * @example const { total } = await app.use('billing').price(call.from.number, 3);
     */
    use(app: string): Offered;
    /**
     * Runs a function each period (at least 100ms), once in the whole cluster, also
     * across restarts and reloads: call it at the top level, in the same order each time.
     * A run that is due while the one before has not ended is skipped and counted; what
     * was missed while no brain ran is made up for by one run.
     * @example app.every('1m', async ({ skipped }) => console.log(await kv.get('calls'), skipped));
     */
    every(period: Duration, fn: (e: ScheduleEvent) => void): Schedule;
    /**
     * Runs a function once, at a date (a Date, its number, or '2030-01-31T08:00:00Z') or as
     * soon after it as a brain runs, however often the app is started: call it at the top
     * level with a date that is the same each time.
     * @example app.at('2030-01-31T08:00:00Z', () => { state.fees = 'new'; });
     */
    at(date: Date | number | string, fn: (e: ScheduleEvent) => void): Schedule;
    /**
     * Counts one against a rate that all of the app's calls share: at most max in any
     * stretch of that length at first, then evenly (a token bucket). What is used up stays
     * so over a restart. Busy when no more keys can be kept.
     * @example if (!(await app.limit('caller:' + call.from.number, { max: 3, per: '1m' })).ok) return call.reject('congested');
     */
    limit(key: string, options: LimitOptions): Promise<LimitResult>;
    /**
     * The app's own live calls, oldest first: those for which all that is given holds.
     * @example const waiting = (await app.calls({ state: 'answered', room: 'sales' })).length;
     */
    calls(options?: CallsOptions): Promise<SeenCall[]>;
  }

  export interface RollbackResult { from: string; to: string }

  /** An event of the bus: `from` is the app that sent it. */
  export interface BusEvent { name: string; value: any; from: string }

  /** A request for the app: names of headers are in lower case, base64 says that the body is bytes. */
  export interface HTTPRequest {
    method: string; path: string; query: Record<string, string>; headers: Record<string, string>; body: string; base64?: boolean;
    ip: string; trusted: boolean;
  }

  /** A phone that registers, or asks what is registered (no contacts). */
  export interface Register {
    /** Whose phone it is: the user part of `aor`. */
    readonly user: string; readonly aor: string; readonly contacts: { uri: string; expires: number }[];
    /** All of the user's phones are to go. */
    readonly all: boolean;
    /** The user is one of `--users`, and has proved it. */
    readonly known: boolean; readonly authenticated: boolean;
    readonly source: { ip: string; port: number; transport: string }; readonly agent: string;
    /** Accepts, without asking for a password, for at most that long (an hour at most). */
    accept(options?: { expires?: Duration }): Verdict;
    /** Asks for credentials and accepts if they are right: by this password, or `ha1` (MD5 of user:callwright:password in hex), or by what `--users` has. */
    challenge(secret?: { password?: string; ha1?: string }): Verdict;
    /** Refuses, with 403 unless it says otherwise. */
    reject(status?: number, options?: { reason?: string }): Verdict;
  }

  /** What a method such as accept gives, for the listener to return. */
  export interface Verdict { readonly verdict: string }

  /** Where the users' phones are. Bindings outlive the brain. */
  export const registrar: Registrar;

  export interface Registrar {
    /**
     * The phones of a user, the preferred first.
     * @example const phones = await registrar.lookup('alice'); if (!phones.length) await call.play('nobody-there.wav');
     */
    lookup(user: string): Promise<Registered[]>;
    /**
     * Forgets a user's phones, or one of them by its URI; gives how many there were.
     * @example await registrar.kick('alice');
     */
    kick(user: string, contact?: string): Promise<number>;
  }

  /** A phone of a user; `expires` in seconds from now. */
  export interface Registered { uri: string; q: number; expires: number; source: string; agent: string }

  /** What answers a request: a text, or an object that says more. The status is 200 unless it says so. */
  export type HTTPAnswer = string | { status?: number; headers?: Record<string, string>; body?: string; json?: any };

  /**
   * Figures are counted at once and give nothing. What is wrong with one (a name that is
   * none, more than 100 names or 1000 series of the app) goes to the log. They begin anew
   * when the brain does.
   */
  export interface Metrics {
    /**
     * Adds to a figure that only grows, 1 without a number.
     * @example app.metrics.counter('orders_total', 1, { labels: { kind: 'phone' } });
     */
    counter(name: string, by?: number, options?: CounterOptions): void;
    /**
     * Sets a figure.
     * @example app.metrics.gauge('agents', 7);
     */
    gauge(name: string, value: number, options?: GaugeOptions): void;
    /**
     * Counts a value among others, by size.
     * @example app.metrics.histogram('wait_seconds', 12.5, { buckets: [1, 10, 60], help: 'Waited for an agent.' });
     */
    histogram(name: string, value: number, options?: HistogramOptions): void;
  }

  export interface CounterOptions {
    /** Tell series of one name apart: at most 8, the same names each time. */
    labels?: Record<string, string>;
    /** What it counts; the first text given stands. */
    help?: string;
  }
  export interface GaugeOptions {
    /** As of counter. */
    labels?: Record<string, string>;
    /** As of counter. */
    help?: string;
  }
  export interface HistogramOptions {
    /** As of counter. */
    labels?: Record<string, string>;
    /** As of counter. */
    help?: string;
    /** Upper bounds, rising, at most 50: those of the first use stand. Without them 0.005 to 10. */
    buckets?: number[];
  }

  export interface LimitOptions {
    /** How many. */
    max: number;
    /** In which time. */
    per: Duration;
  }

  /** Whether it was within the rate, how many more are at once, and ms until the next. */
  export interface LimitResult { ok: boolean; left: number; retryAfter: number }

  export interface CallsOptions {
    /** Its state. */
    state?: string;
    /** The caller's number, user or URI. */
    from?: string;
    /** The number, user or URI that was called. */
    to?: string;
    /** The conference it is in. */
    room?: string;
    /** How many at most. @default 100 */
    limit?: number;
  }

  /** A call as the rest of its app sees it. */
  export interface SeenCall {
    id: string; direction: string; state: CallState; from: any; to: any; source: any; times: any; room: string; version: string;
  }

  /** What a scheduled function is given: when it was due (ms), and how often it ran. */
  export interface ScheduleEvent { due: number; ran: number; skipped: number }

  /** A function that runs at its time. Await it for its end. */
  export interface Schedule extends PromiseLike<ScheduleResult> {
    /**
     * Ends it; a run under way goes on.
     * @example const minute = app.every('1m', () => {}); app.once('call', () => minute.cancel());
     */
    cancel(): Promise<void>;
  }

  /** How a schedule ended. Of at(): ran is a boolean, and 'done' says that it ran before. */
  export interface ScheduleResult { ran: number | boolean; skipped?: number; reason: 'due' | 'done' | 'canceled' }

  /**
   * Values by key: on disk on a majority of the brains when the promise is fulfilled, and
   * shared by all apps. Keys of up to 512 bytes, JSON values of up to 64 KB (RangeError),
   * 100,000 keys and 256 MB in all (Busy).
   * @example await kv.put('otp:' + call.from.number, '4711', { ttl: '5m' });
   */
  export const kv: Kv;

  export interface Kv {
    /**
     * The value, or null when the key is not there or has expired.
     * @example const code = await kv.get('otp:' + call.from.number);
     */
    get(key: string): Promise<any>;
    /**
     * Keeps a value in the place of any other.
     * @example await kv.put('last', call.from.number, { ttl: '24h' });
     */
    put(key: string, value: any, options?: PutOptions): Promise<void>;
    /**
     * Adds to a number, which is 0 before, and gives the sum; TypeError when the key holds
     * something else. Without a ttl the key keeps the one it has.
     * @example if (await kv.incr('tries:' + call.from.number, 1, { ttl: '1h' }) > 3) return call.reject('rejected');
     */
    incr(key: string, by?: number, options?: IncrOptions): Promise<number>;
    /**
     * Forgets a key; false when it was not there.
     * @example await kv.delete('otp:' + call.from.number);
     */
    delete(key: string): Promise<boolean>;
    /**
     * The keys that begin with a prefix, in order: at most 64 KB of them (RangeError).
     * @example for (const key of await kv.list('otp:', { limit: 10 })) console.log(key);
     */
    list(prefix?: string, options?: ListOptions): Promise<string[]>;
  }

  export interface PutOptions {
    /** After that time the key is gone; 0 keeps it until it is deleted. @default 0 */
    ttl?: Duration;
  }

  export interface IncrOptions {
    /** As of put. @default 0 */
    ttl?: Duration;
  }

  export interface ListOptions {
    /** How many at most. @default 1000 */
    limit?: number;
  }

  /**
   * Lets two answered calls hear each other, until one hangs up or goes elsewhere; done
   * then. Digits of either are passed on to the other.
   * @example const d = await call.dial('sip:bob@192.0.2.7', { bridge: false }); if (d.call) await bridge(call, d.call);
   * @throws BadOption for what is no pair of calls; CallEnded.
   */
  export function bridge(a: Call, b: Call, options?: BridgeOptions): Promise<BridgeResult>;

  /**
   * Runs a function while no other call and no other app holds the same key, and gives
   * what it gives. The lock is given back when the function ends or throws, when its call
   * is over, or after the ttl: then Timeout is thrown, and the function runs on without
   * it. A lock taken again inside its own function waits for itself, in vain.
   * @example await lock('agent:7', async () => { state.agent7 = call.id; await call.play('tone:440/500'); }, { wait: '5s' });
   */
  export function lock<T>(key: string, fn: () => T | Promise<T>, options?: LockOptions): Promise<T>;

  export interface LockOptions {
    /** How long to wait for it: Timeout afterwards; with 0, Busy at once. @default '10s' */
    wait?: Duration;
    /** How long it may be held. @default '30s' */
    ttl?: Duration;
  }

  /** What an app offers: each property is a function of its api. */
  export interface Offered { [name: string]: (...args: any[]) => Promise<any> }

  export interface AppEvents {
    /** A call came in, for whichever app: its fields. */
    call: CallView;
    /** This version took over from another: told once, in the run of the new one. */
    reload: { from: string; to: string };
    /** A conference started or ended, or a call joined or left it; `size` is how many are in now. */
    conference: { what: 'start' | 'end' | 'join' | 'leave'; name: string; size: number; id?: string };
    /**
     * A brain, an SBC or a mixer died, and another process has taken up what it did. Of a
     * brain `gapMs` is the time that nobody took SIP messages and keys, of an SBC and a mixer
     * the time without audio, since its last sign of life.
     */
    failover: Failover;
    /** An SBC or a mixer came up or went down. */
    worker: { what: 'up' | 'down'; kind: 'sbc' | 'mixer'; name: string };
    /** The engine ends. What is begun now may not come to its end. */
    shutdown: {};
  }

  export interface Failover { role: 'brain' | 'sbc' | 'mixer'; gapMs: number }

  /** A queue of events, for `await ev.next()` and `for await (const e of ev)`. */
  export interface Events extends AsyncIterable<any> {
    next(): Promise<{ done: boolean; value: any; type?: string }>;
    return(value?: any): Promise<{ done: boolean; value: any }>;
  }

  export type CallState = 'new' | 'ringing' | 'early' | 'answered' | 'held' | 'ended';

  export interface Party { uri: string; user: string; host: string; number: string; name: string }
  export interface CallerId { number: string; name: string }
  /** Where the call's INVITE came from. */
  export interface Origin { ip: string; port: number; transport: 'udp' | 'tcp' }
  export interface Media { codec?: string; rate?: number; sbc?: string }
  /** Unix milliseconds. */
  export interface Times { created: number; ringing?: number; answered?: number; ended?: number }
  /** Why a call ended: one of the names, with its codes, and who ended it. */
  export interface Cause {
    name: 'normal' | 'busy' | 'no-answer' | 'rejected' | 'declined-everywhere' | 'not-found' | 'gone' | 'unreachable'
      | 'forbidden' | 'auth-failed' | 'congested' | 'unavailable' | 'not-acceptable' | 'canceled' | 'answered-elsewhere'
      | 'timeout' | 'time-limit' | 'media-timeout' | 'blocked' | 'budget' | 'worker-lost';
    sip: number; q850: number; text: string; by: string;
  }

  /** The fields of a call, as plain data. */
  export interface CallView {
    id: string; sipCallId: string; direction: 'inbound'; state: CallState; from: Party; to: Party; callerId: CallerId;
    source: Origin; user: string | null; codec?: string; media: Media; tags: string[]; vars: Record<string, any>;
    times: Times; cause: Cause | null;
  }

  export interface CallEvents {
    /** A key was pressed while no gather was on. `ms` is how long. */
    dtmf: { digit: string; ms: number };
    /** The caller began or stopped talking. */
    talk: { talking: boolean };
    /** The caller put us on hold, or back. */
    held: {};
    resumed: {};
    /** A process that carried the call died, and another one goes on with it. */
    failover: Failover;
    /** The call has ended. */
    ended: Cause;
    /** It hears another call now, or no longer. */
    bridged: { peer: string };
    unbridged: { peer: string; reason: BridgeResult['reason']; ms: number };
    /** What becomes of the calls that dial() places for this one. */
    'dial.trying': DialEvent;
    'dial.ringing': DialEvent;
    'dial.early': DialEvent;
    'dial.answered': DialEvent;
    'dial.failed': DialEvent;
  }

  /**
   * One call. A verb that needs audio (play, gather, echo, record, sendDigits and
   * joining a conference) answers the call first, unless progress() has opened early
   * audio.
   */
  export interface Call {
    readonly id: string;
    /** Call-ID of the SIP dialog. */
    readonly sipCallId: string;
    /** 'outbound' is a call that dial() has placed. */
    readonly direction: 'inbound' | 'outbound';
    readonly state: CallState;
    readonly from: Party;
    /** Where the call is meant to go: the Request-URI. */
    readonly to: Party;
    readonly callerId: CallerId;
    readonly source: Origin;
    /** The registered user who calls, or null. */
    readonly user: string | null;
    /** 'PCMU' or 'PCMA', once agreed. */
    readonly codec?: string;
    readonly media: Media;
    readonly tags: string[];
    /** The call's own JSON variables, for the script to write; shown by the control API. */
    vars: Record<string, any>;
    readonly times: Times;
    /** Why the call ended, or null while it is up. */
    readonly cause: Cause | null;
    /** The call it is bridged with, or null. */
    readonly peer: Call | null;
    /** The conference it is in, or null. */
    readonly room: Conference | null;
    /** What was playing at the last checkpoint, and still does. */
    readonly playbacks: Playback[];
    /** What was being recorded at the last checkpoint, and still is. */
    readonly recordings: Recording[];
    /** Comes true when the call has ended. */
    readonly ended: Promise<Cause>;

    /**
     * Enters the flow anew as `flow(call, data)`, with an empty history: for flows that go
     * round for long, since a rebuild repeats every step of the history. It never returns.
     * The call stays as it is, with its vars, conference (call.room), peer, playbacks and
     * recordings; timers, listeners, locks, and verbs under way but play, record and bridge
     * end. Top-level variables of the script begin anew. Data is JSON, 64 KB at most.
     * @example const round = call.vars.round ?? 0;
     *   if (round < 3) { call.vars.round = round + 1; await call.checkpoint({ round }); }
     * @throws CallEnded on a call that has ended; TypeError for data that is not JSON.
     */
    checkpoint(data?: any): Promise<never>;

    /**
     * Sends 180 Ringing.
     * @example await call.ring({ headers: { 'X-Reason': 'agent' } });
     * @throws Error when the call is answered; BadOption for a header that cannot be set.
     */
    ring(options?: RingOptions): Promise<void>;

    /**
     * Sends 183 Session Progress and opens early audio: what is played now is heard
     * before the answer. Done when audio stands.
     * @example await call.progress(); await call.play('closed.wav'); return call.reject('unavailable');
     * @throws Error when the call is answered; Busy when no worker has room.
     */
    progress(options?: ProgressOptions): Promise<void>;

    /**
     * Answers the call with 200. Done when audio stands; at once if it does already.
     * @example await call.answer({ delay: '500ms' });
     * @throws CallEnded when the caller gave up; Busy when no worker has room.
     */
    answer(options?: AnswerOptions): Promise<void>;

    /**
     * Refuses the call: a SIP status from 400 to 699 or the name of a cause; 'busy'
     * without one. Done when the call has ended.
     * @example return call.reject('busy');
     * @throws Error when the call is answered; BadOption for an unknown name.
     */
    reject(code?: number | Cause['name'], options?: RejectOptions): Promise<Cause>;

    /**
     * Answers 302 with one or more other URIs to try. Done when the call has ended.
     * @example return call.redirect('sip:desk@example.com');
     * @throws Error when the call is answered; BadOption for what is no URI.
     */
    redirect(contacts: string | string[], options?: RedirectOptions): Promise<Cause>;

    /**
     * Ends the call however it stands. Done when it has ended; never throws CallEnded.
     * @example return call.hangup({ cause: 'normal' });
     * @throws BadOption for an unknown cause.
     */
    hangup(options?: HangupOptions): Promise<Cause>;

    /**
     * The caller is not heard ('in'), hears no others ('out'), or both, which is the default.
     * @example await call.mute('in');
     */
    mute(which?: 'in' | 'out' | 'both'): Promise<void>;
    /**
     * Undoes mute.
     * @example await call.unmute();
     */
    unmute(which?: 'in' | 'out' | 'both'): Promise<void>;

    /**
     * Places calls to others and joins the caller with the one that is answered first. A
     * list rings all at once; lists within the list are groups, one after the other.
     * Done when the two have parted (with `bridge: false`: when one has answered), or when
     * nobody answered. The caller is answered when a callee is, and hears ringback until
     * then; when one of the two hangs up, so is the other. Who hangs up first cancels all.
     * @example const d = await call.dial('sip:bob@192.0.2.7'); if (d.status !== 'answered') await call.play('nobody-there.wav');
     * @example const d = await call.dial({ user: 'alice' }, { timeout: '20s' });
     * @example await call.dial([['sip:a@192.0.2.7', 'sip:b@192.0.2.8'], 'sip:c@192.0.2.9'], { timeout: '20s', ringback: 'uk' });
     * @throws BadOption for what is no target; Error when the call is being ended.
     */
    dial(targets: DialTargets, options?: DialOptions): Promise<DialResult>;

    /**
     * Plays to the caller. Gives a Playback at once; await it for the result. A file
     * that is missing or broken gives the reason 'error', and a warning in the log.
     * @example const r = await call.play(['hello.wav', 'silence:500ms'], { bargeIn: 'digits' });
     * @example const music = call.play('hold.wav', { loop: true }); await music.stop();
     * @throws BadOption for a path that leaves the script's directory, or a wrong tone.
     */
    play(source: Source, options?: PlayOptions): Playback;

    /**
     * Returns the caller's own audio, until a digit (which is used up), a time, or the
     * end. `heard` is how much audio was returned, in ms.
     * @example const { ms, heard } = await call.echo({ delay: '200ms', for: '30s' });
     * @throws Busy when it is echoed already.
     */
    echo(options?: EchoOptions): Promise<EchoResult>;

    /**
     * Waits until the caller has said nothing for so long; `ms` is how long that took. In a
     * race it loses against `call.ended`; alone it throws CallEnded then.
     * @example const first = await call.race({ digits: call.digits(), quiet: call.silence('5s'), ended: call.ended });
     */
    silence(duration: Duration): Promise<{ ms: number }>;

    /**
     * Waits for a key that no gather takes, or gives those typed ahead at once. They stay
     * typed ahead for the next gather. Ends as silence does.
     * @example const { digits } = await call.digits();
     */
    digits(): Promise<{ digits: string }>;

    /**
     * Collects digits: prompt, first digit, further digits, validation, and again. Digits
     * typed before it are taken first, and then no prompt is played. A later gather takes
     * over from one that is still on.
     * @example const r = await call.gather({ prompt: 'pin.wav', max: 4, mask: true, validate: /^\d{4}$/ });
     * @throws BadOption for wrong options; whatever `validate` throws.
     */
    gather(options?: GatherOptions): Promise<GatherResult>;

    /**
     * Records into a WAV file. Gives a Recording at once; await it for the result, whose
     * `url` can be played.
     * @example const r = await call.record({ beep: true, max: '1m', terminators: '#' }); await call.play(r.url);
     * @throws BadOption for a file outside of the recordings' directory.
     */
    record(options?: RecordOptions): Recording;

    /**
     * Sends a SIP request within the call and gives its final response; status 0: there was
     * none. INVITE, ACK, CANCEL, BYE, PRACK and UPDATE are not for scripts.
     * @example const r = await call.request({ method: 'OPTIONS', headers: { 'X-Ask': '1' } }); log.info(r.status, r.headers);
     * @throws BadOption for what is no method, a header that is the dialog's, a body without a type or of more than 16 KB.
     */
    request(options: RequestOptions): Promise<RequestResult>;
    /**
     * Sends a MESSAGE: a text, or a body of a type.
     * @example await call.message('Your parcel has come.');
     */
    message(content: string | { type: string; body: string }): Promise<RequestResult>;
    /**
     * Sends an INFO with a body of a type.
     * @example await call.info('application/json', '{"page":2}');
     */
    info(type: string, body?: string): Promise<RequestResult>;
    /**
     * Sends a NOTIFY of an event, as some phones want it for 'talk' and 'hold'.
     * @example await call.notify('talk');
     */
    notify(event: string, body?: string): Promise<RequestResult>;
    /**
     * Asks the peer to call somebody else (REFER), and waits for the word of what came of
     * it. The call goes on. `reason` is 'done', 'refused' (the REFER was), 'failed' (the
     * other did not answer; `status` says why), 'timeout', or 'hangup': the peer has gone,
     * which is ok when it had taken the REFER.
     * @example const r = await call.refer('sip:bob@192.0.2.7', { timeout: '20s' }); if (!r.ok) await call.play('nobody-there.wav');
     */
    refer(target: string, options?: ReferOptions): Promise<ReferResult>;
    /**
     * Hands the peer over to somebody else by REFER, and hangs up once that is done. When
     * it comes to nothing the call is as it was.
     * @example const t = await call.transfer('sip:bob@192.0.2.7'); if (!t.ok) log.warn('not transferred', t.status);
     */
    transfer(target: string, options?: TransferOptions): Promise<ReferResult>;

    /**
     * Sends keys to the caller as telephone-events. 'w' is a pause of half a second.
     * @example await call.sendDigits('1w2#');
     * @throws BadOption for what is no key.
     */
    sendDigits(digits: string, options?: SendDigitsOptions): Promise<SendResult>;

    /**
     * Calls fn whenever a process that carried the call has died and the flow goes on, at the
     * await where it stood: on('failover', fn) by a name that says what for.
     * @example call.onResume(({ role, gapMs }) => log.warn(role, 'is back after', gapMs, 'ms'));
     */
    onResume(fn: (e: Failover) => void): this;

    /**
     * As race() of this module.
     * @example const { key } = await call.race({ digits: call.gather({ max: 1 }), ended: call.ended });
     */
    race<T extends Record<string, unknown>>(entries: T): Promise<RaceResult>;

    /** Calls the listener at each event. */
    on<K extends keyof CallEvents>(event: K, listener: (e: CallEvents[K]) => void): this;
    /** As on, for one event. */
    once<K extends keyof CallEvents>(event: K, listener: (e: CallEvents[K]) => void): this;
    /** Undoes on or once. */
    off<K extends keyof CallEvents>(event: K, listener: (e: CallEvents[K]) => void): this;
    /**
     * The events as they come, one after another.
     * @example const keys = call.events('dtmf'); const { value } = await keys.next();
     */
    events(...names: (keyof CallEvents)[]): Events;
  }

  /** A SIP URI, or a user: all phones that are registered for it when it is called. */
  export type DialTarget = string | { uri: string } | { user: string };
  export type DialTargets = DialTarget | (DialTarget | DialTarget[])[];

  export interface DialOptions {
    /** 'groups': as the lists say; 'parallel': all at once; 'serial': one by one. @default 'groups' */
    strategy?: 'groups' | 'parallel' | 'serial';
    /** How long each group may ring. @default '30s' */
    timeout?: Duration;
    /** How long all may; 0 is no limit. @default 0 */
    totalTimeout?: Duration;
    /** Who calls; without it the caller. */
    from?: { number?: string; name?: string };
    headers?: Headers;
    /** For those who answer 401 or 407. */
    auth?: { user: string; password: string };
    /**
     * What the caller hears while it rings: a country ('uk', 'us', 'de' …), a source such as
     * 'tone:425/1000,0/4000' or a file, or 'none'. Without it the caller's own phone rings,
     * and a caller who is answered already hears 'uk'. 'early' is only what the callee plays.
     */
    ringback?: string;
    /** What a callee plays before it answers: let the first one through, or none. @default 'first' */
    earlyMedia?: 'first' | 'ignore';
    /** Answer the caller only when a callee answers. @default true */
    answerOnBridge?: boolean;
    /** After which failures the next group is tried. @default [408,480,'5xx','timeout','unreachable'] */
    failoverOn?: (number | string)[];
    /** After which none is. One of 6xx ends the others of its group too. @default [486,603] */
    stopOn?: (number | string)[];
    /** 0 is one less than the caller's. @default 0 */
    maxForwards?: number;
    /** How long they may talk; 0 is no limit. @default 0 */
    timeLimit?: Duration;
    /** Join the two. @default true */
    bridge?: boolean;
    /** When one hangs up, the other is hung up too. @default true */
    hangupBoth?: boolean;
  }

  /** `call` is the one that was answered, `cause` why it ended, or what says most of why none was. */
  export interface DialResult {
    status: 'answered' | 'busy' | 'no-answer' | 'rejected' | 'failed' | 'canceled' | 'limit';
    call: Call | null;
    cause: Cause | null;
    attempts: { target: string; code: number; cause: string; ms: number }[];
  }
  export interface DialEvent { target: string; code?: number; cause?: string }

  export interface BridgeOptions {
    /** When one hangs up, the other is hung up too. @default true */
    hangupBoth?: boolean;
  }
  /** 'moved': one of the two went elsewhere. */
  export interface BridgeResult { reason: 'hangup' | 'moved' | 'failed'; ms: number }

  /** SIP headers by name; one value or several. Those of the dialog itself cannot be set. */
  export type Headers = Record<string, string | string[]>;

  export interface RingOptions {
    headers?: Headers;
    /** URI for the Alert-Info header. */
    alertInfo?: string;
  }
  export interface ProgressOptions { headers?: Headers }
  export interface AnswerOptions {
    headers?: Headers;
    /** Waits before it answers. @default 0 */
    delay?: Duration;
  }
  export interface RejectOptions {
    /** The reason phrase. */
    reason?: string;
    headers?: Headers;
  }
  export interface RedirectOptions { headers?: Headers }
  export interface HangupOptions {
    /** The name of a cause. @default 'normal' */
    cause?: Cause['name'];
    headers?: Headers;
  }

  export interface PlayOptions {
    /** How fast, from 0.5 to 2, pitch and all. */
    rate?: number;
    /** false: a URL is fetched again. */
    cache?: boolean;
    /** Who hears it; 'peer' and 'both' are not built yet. @default 'self' */
    to?: 'self' | 'peer' | 'both';
    /** true: for ever; a number: that many times. @default false */
    loop?: boolean | number;
    /** Where to begin. */
    offset?: Duration;
    /** The same as offset. */
    from?: Duration;
    /** In dB, from -60 to 30. @default 0 */
    gain?: number;
    /** true or 'digits': any digit stops it, and stays typed ahead for the next gather. @default false */
    bargeIn?: boolean | 'digits';
    /** Keys that stop it and are used up. @default '' */
    terminators?: string;
  }

  /** How a play ended, and after how many ms; `digit` is the key that stopped it. */
  export interface PlayResult {
    reason: 'finished' | 'stopped' | 'digit' | 'hangup' | 'ended' | 'error';
    played: number;
    digit?: string;
    error?: string;
  }

  /** A running play. Await it for its result. */
  export interface Playback extends PromiseLike<PlayResult> {
    /**
     * Holds it where it is.
     * @example const music = call.play('hold.wav'); await music.pause();
     */
    pause(): Promise<void>;
    /**
     * Goes on from there.
     * @example const music = call.play('hold.wav'); await music.pause(); await music.resume();
     */
    resume(): Promise<void>;
    /**
     * Ends it with the reason 'stopped'; after its end this does nothing.
     * @example const music = call.play('hold.wav', { loop: true }); await sleep('5s'); await music.stop();
     */
    stop(): Promise<void>;
    /**
     * Goes to an offset from the beginning.
     * @example const book = call.play('book.wav'); await sleep('1s'); await book.seek('30s');
     */
    seek(offset: Duration): Promise<void>;
    /**
     * Makes it louder or quieter, in dB from -60 to 30.
     * @example const music = call.play('hold.wav'); await music.gain(-12);
     */
    gain(db: number): Promise<void>;
  }

  export interface EchoOptions {
    /** How late the audio comes back, at most 5s. @default 0 */
    delay?: Duration;
    /** How long; 0 is until a digit or the end. @default 0 */
    for?: Duration;
  }
  export interface EchoResult { ms: number; heard: number; reason: 'digit' | 'time' | 'hangup' | 'error'; digit?: string; error?: string }

  export interface GatherOptions {
    /** What to collect. @default ['digits'] */
    input?: 'digits'[];
    prompt?: Source;
    /** Ends it when so many digits are there; 0 is no limit. @default 0 */
    max?: number;
    /** With fewer digits a try has failed. @default 1 */
    min?: number;
    /** Keys that end it. @default '#' */
    terminators?: string;
    /** The terminator is part of the digits. @default false */
    keepTerminator?: boolean;
    /** For the first digit, from the end of the prompt. @default '5s' */
    timeout?: Duration;
    /** For each further digit. @default '3s' */
    interDigitTimeout?: Duration;
    /** A digit stops the prompt. Without it, digits typed meanwhile count after it. @default true */
    bargeIn?: boolean | { digits?: boolean };
    /** Take digits typed ahead; otherwise they are forgotten. @default true */
    buffer?: boolean;
    /** How often to ask. @default 1 */
    tries?: number;
    /** Instead of prompt, from the second try on. */
    retryPrompt?: Source;
    /** Instead of retryPrompt, after digits that were not valid. */
    invalidPrompt?: Source;
    /** Are these digits right? A function may be async. */
    validate?: RegExp | ((digits: string) => unknown);
    /** The digits appear in no log and no list of calls. @default false */
    mask?: boolean;
  }

  /**
   * `ok`: enough digits came, and they are valid. `reason` says what ended it, in `tries`
   * tries: 'digits' (max reached, or time after enough), 'terminator', 'timeout' (none or
   * too few), 'invalid', 'hangup', 'replaced' (by a later gather). `bargedAt` is how many
   * ms into the prompt the caller typed.
   */
  export interface GatherResult {
    ok: boolean;
    digits: string;
    reason: 'digits' | 'terminator' | 'timeout' | 'invalid' | 'hangup' | 'replaced';
    tries: number;
    terminator?: string;
    bargedAt?: number;
  }

  export interface RecordOptions {
    /** Name of the file, below the recordings' directory; without it one is made. */
    file?: string;
    /** 'stereo' with leg 'both': the caller left, what the caller hears right. @default 'mono' */
    mode?: 'mono' | 'stereo';
    /** What the caller says, hears, or both. @default 'in' */
    leg?: 'in' | 'out' | 'both';
    /** Longest time; 0 is no limit. @default 0 */
    max?: Duration;
    /** Ends it when nothing was said so long; 0 is no limit. @default 0 */
    maxSilence?: Duration;
    /** Keys that end it and are used up. @default '' */
    terminators?: string;
    /** A short tone first. @default false */
    beep?: boolean;
    /** Cuts the silence at the end. @default false */
    trim?: boolean;
    /** 'opus' and 'mp3' are not built yet. @default 'wav' */
    format?: 'wav' | 'opus' | 'mp3';
    /** What the caller hears before it begins: that it is recorded. */
    announce?: Source;
    /**
     * Where the file goes when it has ended, by PUT, and how often to try again, at most
     * 10. The app's manifest grants the host as for fetch().
     */
    upload?: { url: string; retries?: number };
    /** 'bridge' is not built yet. @default 'now' */
    start?: 'now' | 'answer' | 'bridge';
  }

  export interface RecordResult {
    reason: 'stopped' | 'max' | 'silence' | 'terminator' | 'hangup' | 'error';
    ms: number;
    /** 'recordings:ID.wav' */
    url: string;
    sha256?: string;
    digit?: string;
    error?: string;
    /** What mark() has named. */
    marks?: { name: string; ms: number }[];
    /** With upload: whether the server has taken it. */
    uploaded?: boolean;
  }

  export interface RecordingEvents {
    started: { url: string };
    paused: { ms: number };
    resumed: { ms: number };
    /** Its files are closed. */
    finished: RecordResult | RoomRecordResult;
    /** A full disk, or an upload that was refused. */
    failed: RecordResult;
    uploaded: { url: string; bytes: number };
  }

  /**
   * A running recording. Await it for its result. Its file is a whole WAV file at any
   * instant; a full disk ends it with what there is.
   */
  export interface Recording extends PromiseLike<RecordResult> {
    /** Calls the listener at each event. */
    on<K extends keyof RecordingEvents>(event: K, listener: (e: RecordingEvents[K]) => void): this;
    /** As on, for one event. */
    once<K extends keyof RecordingEvents>(event: K, listener: (e: RecordingEvents[K]) => void): this;
    /** Undoes on or once. */
    off<K extends keyof RecordingEvents>(event: K, listener: (e: RecordingEvents[K]) => void): this;
    /** The events as they come, one after another. */
    events(...names: (keyof RecordingEvents)[]): Events;
    /**
     * Leaves out what is said from now on.
     * @example const r = call.record({ max: '1m' }); await r.pause();
     */
    pause(): Promise<void>;
    /**
     * Goes on in the same file.
     * @example const r = call.record({ max: '1m' }); await r.pause(); await r.resume();
     */
    resume(): Promise<void>;
    /**
     * Ends it with the reason 'stopped'; after its end this does nothing.
     * @example const r = call.record(); await call.play('question.wav'); await r.stop();
     */
    stop(): Promise<void>;
    /**
     * Writes silence in the place of what is said: a card's number is heard, not kept.
     * @example const r = call.record(); await r.mask(); await call.gather({ max: 16 }); await r.unmask();
     */
    mask(): Promise<void>;
    /**
     * Undoes mask.
     * @example const r = call.record(); await r.mask(); await sleep('1s'); await r.unmask();
     */
    unmask(): Promise<void>;
    /**
     * Names this instant, for the result.
     * @example const r = call.record(); await r.mark('consent'); await r.stop(); const { marks } = await r;
     */
    mark(name: string): Promise<void>;
  }

  export interface SendDigitsOptions {
    /** @default 'rtp' */
    method?: 'rtp';
    /** Of each key. @default '100ms' */
    duration?: Duration;
    /** Between keys. @default '50ms' */
    gap?: Duration;
  }
  export interface RequestOptions {
    method?: string;
    headers?: Headers;
    /** Of the body, such as 'text/plain'. */
    type?: string;
    body?: string;
  }

  /** A response: header names in lower case, the first of each; status 0 and a cause: there was none. */
  export interface RequestResult { status: number; reason: string; headers: Record<string, string>; type: string; body: string; cause?: string }

  export interface ReferOptions {
    headers?: Headers;
    /** For the word of what came of it. @default '30s' */
    timeout?: Duration;
  }

  export interface TransferOptions {
    /** @default 'refer' */
    mode?: 'refer';
    headers?: Headers;
    /** For the word of what came of it. @default '30s' */
    timeout?: Duration;
  }

  export interface ReferResult { ok: boolean; status: number; reason: 'done' | 'refused' | 'failed' | 'timeout' | 'hangup' }

  export interface SendResult { reason: 'finished' | 'stopped' | 'hangup' | 'gone' | 'error'; ms: number; error?: string }

  /** A member as plain data; `id` is the call's. */
  export interface MemberView {
    id: string; label?: string; tags: string[]; role: 'moderator' | 'speaker' | 'listener'; number: string; name: string;
    muted: boolean; deaf: boolean; talking: boolean;
    /** On hold; not announced and not counted; waiting to be admitted. */
    held: boolean; hidden: boolean; lobby: boolean;
    /** Unix ms. */
    joined: number;
  }

  export interface ConferenceEvents {
    /** Members hear each other from now on; the last has left. */
    start: { name: string; rate: number };
    end: { ms: number };
    join: MemberView;
    leave: MemberView & { reason: string; ms: number };
    /** Somebody waits to be admitted. */
    lobby: MemberView;
    mute: MemberView;
    unmute: MemberView;
    deaf: MemberView;
    undeaf: MemberView;
    hold: MemberView;
    unhold: MemberView;
    /** Who is muted speaks (joined with muteDetect). */
    'mute-detect': MemberView;
    'talk-start': MemberView;
    'talk-stop': MemberView;
    /** Who is loudest of those who talk, or was given the floor; null: nobody. */
    floor: { member: MemberView | null };
    /** With energyLevel: who is how loud, in dBov. */
    energy: { members: { id: string; dbov: number }[] };
    dtmf: MemberView & { digit: string };
    lock: { locked: boolean };
    /** Something played to all has ended. */
    'play-done': PlayResult;
    'record-started': { url: string; mode: string };
    'record-paused': { url: string };
    'record-resumed': { url: string };
    /** One file is closed: of the mix, or of a member. */
    'record-finished': RecordedFile;
    'record-failed': RecordedFile;
    /** A member went to another conference. */
    moved: MemberView & { from: string; to: string };
    /** It is mixed elsewhere from now on; `gapMs` as in AppEvents.failover, 0 when it was drained. */
    'mixer-changed': { gapMs: number };
    /** Somebody was turned away. */
    full: MemberView;
    'pin-failed': MemberView & { tries: number };
  }

  /** Which members: an id, a member, a list of those, or what they must be. None: all. */
  export type Filter = string | Member | MemberView | (string | Member | MemberView)[]
    | { id?: string; tag?: string; tags?: string[]; role?: string; label?: string; muted?: boolean; talking?: boolean; held?: boolean; lobby?: boolean };

  /**
   * Callers who hear each other, each all others unless something else is said. It ends
   * when the last has left. Waiting, it has members who do not hear each other yet.
   */
  export interface Conference {
    readonly name: string;
    readonly rate: number;
    readonly state: 'idle' | 'waiting' | 'running';
    /** How many are in, without those who are hidden. */
    readonly size: number;
    /** When it started, in Unix ms; absent while idle or waiting. */
    readonly started?: number;
    readonly locked: boolean;
    /** The id of who has the floor. */
    readonly speaker?: string;

    /**
     * Puts the script's own call in, out of any other it is in: past the PIN, the name and
     * the lobby where the conference has them. Who does not get past the PIN is given a
     * member that has left already.
     * @example const m = await room.join(call, { label: call.from.name }); const { reason, ms } = await m.left;
     * @throws Busy when it is full or locked.
     */
    join(call: Call, options?: JoinOptions): Promise<Member>;
    /**
     * Lists who is in, in the order they joined.
     * @example const moderators = await room.members({ role: 'moderator' });
     */
    members(filter?: Filter): Promise<MemberView[]>;
    /**
     * Members are not heard; gives how many that changed.
     * @example const { count } = await room.mute({ role: 'listener' });
     */
    mute(filter?: Filter): Promise<Count>;
    /**
     * Members are heard again.
     * @example await room.unmute({ tag: 'staff' });
     */
    unmute(filter?: Filter): Promise<Count>;
    /**
     * One member, or null.
     * @example const boss = await room.get({ role: 'moderator' }); if (!boss) log.info('no moderator yet');
     */
    get(filter: Filter): Promise<MemberView | null>;
    /**
     * Members hear nobody (but what is played to them alone).
     * @example await room.deaf({ tag: 'guest' });
     */
    deaf(filter?: Filter): Promise<Count>;
    /**
     * Members hear again.
     * @example await room.undeaf();
     */
    undeaf(filter?: Filter): Promise<Count>;
    /**
     * Members neither hear nor are heard, and have the conference's music.
     * @example await room.hold({ label: 'bob' });
     */
    hold(filter?: Filter): Promise<Count>;
    /**
     * Undoes hold.
     * @example await room.unhold({ held: true });
     */
    unhold(filter?: Filter): Promise<Count>;
    /**
     * How loud members are to others (in) and others to them (out), in dB from -60 to 30.
     * @example await room.gain({ role: 'listener' }, { out: 6 });
     */
    gain(filter: Filter, options: GainOptions): Promise<Count>;
    /**
     * Takes members out; their calls go on.
     * @example await room.kick({ label: 'bob' });
     */
    kick(filter?: Filter): Promise<Count>;
    /**
     * Lets members in from the lobby; all without a filter.
     * @example room.on('lobby', m => room.admit(m.id));
     */
    admit(filter?: Filter): Promise<Count>;
    /**
     * Gives the floor to one member, until floor() lets it go by who talks loudest again.
     * @example await room.floor({ role: 'moderator' }).catch(() => log.info('no moderator'));
     */
    floor(filter?: Filter): Promise<MemberView | null>;
    /**
     * Only moderators may come in from now on.
     * @example await room.lock();
     */
    lock(): Promise<void>;
    /**
     * Undoes lock.
     * @example await room.unlock();
     */
    unlock(): Promise<void>;
    /**
     * Plays to all who are in, or to some. With nobody in, its reason is 'ended' at once.
     * @example await room.play('recording-starts.wav', { duck: 12 });
     */
    play(source: Source, options?: ConferencePlayOptions): Playback;
    /**
     * Speaks to all who are in, or to some.
     * @example await room.say('Five minutes left.', { lang: 'en', to: { role: 'moderator' } });
     */
    say(text: string, options?: ConferenceSayOptions): Playback;
    /**
     * Takes members into another conference, at once and without a gap; one that is not
     * there is made, with the options of this. Their Member objects stay.
     * @example await room.move({ tag: 'sales' }, 'sales');
     */
    move(filter: Filter, to: string | Conference): Promise<Count>;
    /**
     * Takes members into a new conference with the options of this.
     * @example const aside = await room.split({ tag: 'sales' }, 'aside'); await aside.set({ announce: 'none' });
     * @throws Busy when there is one of that name.
     */
    split(filter: Filter, name: string): Promise<Conference>;
    /**
     * Takes in all members of another conference, which ends.
     * @example const { count } = await room.merge('aside');
     */
    merge(other: string | Conference): Promise<Count>;
    /**
     * How loud each member hears each other: a number from 0 to 4 (1: as it is), or yes or
     * no. The function is asked once for each pair, and again for those of who comes; it
     * must not be async, and lives as long as its call. What it throws changes nothing, and
     * what is no number counts as 1. null: all as usual again. Up to 300 members.
     * @example await room.matrix((listener, speaker) => listener.tags.includes('fr') && speaker.role === 'speaker' ? 0.2 : 1);
     */
    matrix(fn: ((listener: MemberView, speaker: MemberView) => number | boolean) | null): Promise<MatrixResult>;
    /**
     * Records the mix, each member in a file of its own, or both; who comes later too. It
     * ends with stop(), or with the conference.
     * @example await room.join(call); const r = room.record({ mode: 'separate' }); await sleep('10s'); await r.stop(); log.info((await r).files);
     */
    record(options?: RoomRecordOptions): RoomRecording;
    /**
     * Changes options of conference().
     * @example await room.set({ announce: 'tone', controls: { '*6': 'toggle-mute', '*9': m => log.info('help for', m.label) } });
     */
    set(options: ConferenceOptions): Promise<void>;
    /**
     * Takes everybody out.
     * @example await room.end();
     */
    end(): Promise<Count>;

    /** Calls the listener at each event. */
    on<K extends keyof ConferenceEvents>(event: K, listener: (e: ConferenceEvents[K]) => void): this;
    /** As on, for one event. */
    once<K extends keyof ConferenceEvents>(event: K, listener: (e: ConferenceEvents[K]) => void): this;
    /** Undoes on or once. */
    off<K extends keyof ConferenceEvents>(event: K, listener: (e: ConferenceEvents[K]) => void): this;
    /** The events as they come, one after another. */
    events(...names: (keyof ConferenceEvents)[]): Events;
  }

  export interface Count { count: number }

  /** How many pairs differ from 1. */
  export interface MatrixResult { pairs: number }

  export interface GainOptions {
    /** How loud members are to others, in dB. */
    in?: number;
    /** How loud others are to them. */
    out?: number;
  }

  export interface ConferencePlayOptions {
    /** true: for ever; a number: that many times. @default false */
    loop?: boolean | number;
    /** Who hears it; all without it. */
    to?: Filter;
    /** How many dB members are quieter while it plays; true: 12. @default false */
    duck?: boolean | number;
    /** In dB, from -60 to 30. @default 0 */
    gain?: number;
  }

  export interface ConferenceSayOptions {
    voice?: string;
    lang?: string;
    ssml?: boolean;
    /** Who hears it; all without it. */
    to?: Filter;
    /** How many dB members are quieter while it plays; true: 12. @default false */
    duck?: boolean | number;
    /** In dB, from -60 to 30. @default 0 */
    gain?: number;
  }

  export interface RoomRecordOptions {
    /** Name of the file of the mix; those of members are NAME-1.wav and so on. */
    file?: string;
    /** @default 'mix' */
    mode?: 'mix' | 'separate' | 'both';
    /** Longest time; 0 is no limit. @default 0 */
    max?: Duration;
  }

  /** One file of a recording; `member` is the call's id, absent of the mix. */
  export interface RecordedFile { member?: string; url: string; ms: number; sha256?: string; error?: string }

  export interface RoomRecordResult {
    reason: 'stopped' | 'max' | 'ended' | 'error';
    ms: number;
    url: string;
    files: RecordedFile[];
    marks?: { name: string; ms: number }[];
  }

  /** A running recording of a conference. */
  export interface RoomRecording extends Omit<Recording, 'then'>, PromiseLike<RoomRecordResult> {}

  export interface JoinOptions {
    label?: string;
    tags?: string[];
    /** A listener is muted, and stays so. @default 'speaker' */
    role?: 'moderator' | 'speaker' | 'listener';
    /** Is not heard. @default false */
    muted?: boolean;
    /** Hears no others. @default false */
    deaf?: boolean;
    /** Is neither announced nor counted. @default false */
    hidden?: boolean;
    /** false: as deaf, whatever undeaf says. @default true */
    canHear?: boolean;
    /** false: as muted, whatever unmute says. @default true */
    canSpeak?: boolean;
    /** Whom it hears: who has one of the tags, or what a function of each other gives. */
    hears?: string[] | ((speaker: MemberView) => number | boolean);
    /** By whom it is heard, likewise. */
    heardBy?: string[] | ((listener: MemberView) => number | boolean);
    /** Hears all, and is heard by those alone who have this tag. */
    coach?: string;
    /** How loud it is to others, in dB from -60 to 30. @default 0 */
    gainIn?: number;
    /** How loud others are to it. @default 0 */
    gainOut?: number;
    /** Its voice is brought to one loudness; without it as the conference says. */
    agc?: boolean;
    /** 'mute-detect' is told when it speaks while muted. @default false */
    muteDetect?: boolean;
    /** Who waits for a moderator need not wait any more. @default false */
    startConference?: boolean;
    /** The conference ends when it leaves. @default false */
    endConference?: boolean;
    /** As endConference, after endGrace. @default false */
    mandatory?: boolean;
    /** Hears no music. @default false */
    noMusic?: boolean;
    /** Its keys are sent on to the others' phones. @default false */
    distributeDtmf?: boolean;
    /** It is recorded, in a file of its own. @default false */
    record?: boolean;
    /** It leaves after that: 'time-limit'; 0 is none. @default 0 */
    timeLimit?: Duration;
    /** Its name, where names are announced: else it is asked to say it. */
    announce?: Source;
  }

  /** A call's place in a conference. */
  export interface Member extends Readonly<MemberView> {
    /** Comes true when it has left, and why, after `ms`. */
    readonly left: Promise<{ reason: 'hangup' | 'kicked' | 'ended' | 'moved' | 'failed' | 'key' | 'time-limit' | 'silence' | 'no-moderator' | 'pin-failed' | 'replaced'; ms: number }>;
  }

  /**
   * Lines for the operator's log, as console's. A plain object that comes last, after a text,
   * is not made part of the text: its members are fields of the line (`callwright logs`, the
   * JSON log), with `script.` before a name that lines have of their own (app, call, level …).
   * @example log.info('left', { after: 3, why: 'kicked' });
   */
  export const log: Log;

  export interface Log {
    debug(...parts: unknown[]): void;
    info(...parts: unknown[]): void;
    warn(...parts: unknown[]): void;
    error(...parts: unknown[]): void;
  }

  /** A verb was called on a call that has ended. */
  export class CallEnded extends Error { cause: Cause }
  export class Timeout extends Error {}
  /** An option or argument that cannot be meant. */
  export class BadOption extends Error {}
  export class Denied extends Error {}
  /**
   * The history of a call does not fit the code, when it had to be rebuilt: the code
   * depends on something that is not recorded. The log names the line, and the operation
   * begun and recorded. The call is then entered anew in its app's export
   * `onDiverged(call, { message, at, awaited })`; without one it is hung up.
   */
  export class Diverged extends Error {}
  /**
   * What is needed is taken or full. When a budget of app.yaml is used up, `budget` is its
   * key ('timers', 'app.fetches') and the message the line that raises it.
   */
  export class Busy extends Error { budget?: string }

  export interface FetchOptions {
    /** GET, or POST when there is a body. */
    method?: string;
    /** Names count without regard to case. Host, Content-Length and their like are not yours to set. */
    headers?: Headers | Record<string, string> | Iterable<[string, string]>;
    /** At most 64 KB; streams and FormData are refused. */
    body?: string | ArrayBuffer | ArrayBufferView | { toString(): string };
    /** Sends this value as JSON in place of a body. */
    json?: any;
    /** Of each attempt, at most 60s. @default '10s' */
    timeout?: Duration;
    /** How often to try again after a network error or 502, 503, 504; at most 5. @default 0 */
    retries?: number;
  }
}

/**
 * Sends an HTTP request. It is an operation: numbered and journalled, so that a rebuilt
 * flow does not send it again; its number travels as Idempotency-Key, the same at each
 * retry. The app's manifest must grant the host (`fetch: [api.example.com]` in app.yaml;
 * private and loopback addresses by themselves, by no pattern): else Denied is thrown.
 * Further errors: Timeout, RangeError (an answer of more than 64 KB), Busy (64 requests
 * of the app are under way), and TypeError for all that goes wrong on the network.
 * @permission fetch: [crm.example.com]
 * @example const r = await fetch('https://crm.example.com/callers/' + call.from.number, { timeout: '2s', retries: 1 });
 * const vip = r.ok && (await r.json()).vip;
 */
declare function fetch(url: string | { toString(): string }, options?: import('callwright').FetchOptions): Promise<Response>;

/** What fetch gives. Its body is there whole; streams are refused. */
interface Response {
  readonly ok: boolean;
  readonly status: number;
  readonly statusText: string;
  readonly url: string;
  readonly redirected: boolean;
  readonly headers: Headers;
  text(): Promise<string>;
  json(): Promise<any>;
  bytes(): Promise<Uint8Array>;
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** Headers by name, without regard to case. */
declare class Headers {
  constructor(init?: Headers | Record<string, string> | Iterable<[string, string]>);
  append(name: string, value: string): void;
  set(name: string, value: string): void;
  get(name: string): string | null;
  has(name: string): boolean;
  delete(name: string): void;
  forEach(each: (value: string, name: string, headers: Headers) => void): void;
  keys(): IterableIterator<string>;
  values(): IterableIterator<string>;
  entries(): IterableIterator<[string, string]>;
  [Symbol.iterator](): IterableIterator<[string, string]>;
}

/**
 * The WebSocket of browsers over ws(), which see for grants and limits. A message's data
 * is text or an ArrayBuffer; what breaks is an error event, then a close event.
 */
declare class WebSocket extends EventTarget {
  constructor(url: string | { toString(): string }, protocols?: string | string[]);
  static readonly CONNECTING: 0;
  static readonly OPEN: 1;
  static readonly CLOSING: 2;
  static readonly CLOSED: 3;
  readonly url: string;
  readonly readyState: number;
  readonly protocol: string;
  readonly extensions: string;
  readonly bufferedAmount: number;
  binaryType: 'arraybuffer';
  onopen: ((event: Event) => void) | null;
  onmessage: ((event: Event & { data: any }) => void) | null;
  onerror: ((event: Event & { message: string }) => void) | null;
  onclose: ((event: Event & { code: number; reason: string; wasClean: boolean }) => void) | null;
  /** Before it is open it throws an InvalidStateError; after its end it does nothing. */
  send(data: string | ArrayBuffer | ArrayBufferView): void;
  close(code?: number, reason?: string): void;
}
