// The tests of call flows, run by `callwright test` against the real engine in virtual
// time: waiting costs nothing, and phones hear the audio itself.
//
//   import * as t from 'callwright/test';
//   t.test('the menu greets', async t => {
//     const alice = t.phone('alice');
//     await alice.call('1000');
//     await alice.hears('prompts/welcome.wav', { within: '1s' });
//   });

declare module 'callwright/test' {
  /** A time: a number of milliseconds, or '200ms', '5s', '1.5m', '2h'. */
  export type Duration = number | string;

  /**
   * Declares a test. Each has an engine of its own (brain, SBC, mixer), on a private
   * copy of the scripts. It fails when fn throws, and when it waits for nothing.
   */
  export function test(name: string, fn: (t: Test) => unknown): void;

  /** What a journal came to: how many inputs it had, and the place the flow awaits. */
  export interface Replayed { inputs: number; await: string }

  /** What a test acts by. */
  export interface Test {
    /** A phone. Its calls come from the user part `name`. */
    phone(name: string, options?: PhoneOptions): Phone;
    /**
     * A phone that can be called, at once and until the test ends: any SIP URI whose user
     * is `name` and whose host is a name leads to it ('sip:bob@example.com', or its `uri`).
     * It rings until told what to do; while in a call it is busy.
     */
    agent(name: string, options?: PhoneOptions): Agent;
    /** Lets time pass. What phones heard meanwhile is not looked for afterwards. */
    advance(time: Duration): Promise<void>;
    /** An expectation on a value, or on a call. */
    expect(value: unknown): Expectation;
    /** The SIP messages of a call, a line each. */
    ladder(call: Call): Promise<string[]>;
    /** Writes a script's new text (or reads what is there) and loads it. Throws if it is refused. */
    reload(file: string, text?: string): Promise<void>;
    /**
     * Replays the journal of a recorded call (`callwright journal CALL > FILE`) on the scripts
     * as they are now. Fails with the script's line and both operations where the code does
     * what the recorded call did not. The file is named from the scripts directory.
     */
    replay(file: string): Promise<Replayed>;
    /**
     * Kills a worker, or the brain where it stands. Its successor starts at once and goes on
     * with the calls, whose phones hear no more of it than a gap.
     */
    crash(role: 'brain' | 'sbc' | 'mixer'): Promise<void>;
    /** Both speak; each must hear the other without a longer gap. */
    talking(a: Phone, b: Phone, options?: TalkingOptions): Promise<void>;
    /** Answers to what scripts ask of the web. Nothing else is reached in a test. */
    readonly fetch: Web;
    /** What was recorded. */
    readonly record: Recordings;
    /**
     * Measures a call at its phone, in ms: from the INVITE to the answer; from the answer
     * until something is heard; from the last press until what was playing has stopped.
     */
    latency(call: Call, what: 'answer' | 'audio' | 'barge-in'): Promise<number>;
    /** Places many calls, each by a phone that says nothing; settles when all are over. */
    load(options?: LoadOptions): Promise<Loaded>;
    /** Raw SIP from a source of its own. */
    readonly sip: Sip;
    /** The engine's own `state`. */
    readonly state: Record<string, any>;
    /** Writes a line that is shown if the test fails. */
    readonly log: typeof console;
  }

  export interface Web {
    /**
     * Answers requests whose URL or path begins so, or whose URL matches: with a text, or
     * any other value as JSON. Of several, that given last. The app's manifest must grant
     * the host as ever.
     */
    mock(url: string | RegExp, answer?: unknown, options?: MockOptions): Promise<void>;
    /** The requests sent so far, of those whose URL or path begins so. */
    requests(url?: string): Promise<WebRequest[]>;
  }
  export interface MockOptions {
    /** Only requests of this method. */
    method?: string;
    /** @default 200 */
    status?: number;
    headers?: Record<string, string>;
    /** How long the answer takes. @default 0 */
    delay?: Duration;
    /** How often it answers; 0: always. @default 0 */
    times?: number;
  }
  export interface WebRequest {
    readonly method: string; readonly url: string; readonly path: string;
    /** By name in lower case. */
    readonly headers: Record<string, string>;
    readonly body: string;
  }
  export interface Recordings {
    /**
     * A recording, by its url, its file's name or the result of call.record(), has these
     * sounds in this order; otherwise it throws with what is in it.
     */
    match(recording: string | { url: string }, sounds: string | number | (string | number)[]): Promise<Recorded>;
  }
  /** How long a recording is, and where each sound was found, in ms. */
  export interface Recorded { readonly ms: number; readonly at: number[] }
  export interface LoadOptions {
    /** Calls a second. @default 10 */
    cps?: number;
    /** How many. @default 100 */
    calls?: number;
    /** The number or SIP URI they call. @default '1000' */
    to?: string;
    /** When each hangs up after the answer, unless the engine has. @default '10s' */
    hold?: Duration;
  }
  /** Times are in ms, from INVITE to answer; `causes` counts how calls failed or ended. */
  export interface Loaded {
    readonly calls: number; readonly answered: number; readonly failed: number;
    readonly p50: number; readonly p99: number; readonly max: number;
    readonly causes: Record<string, number>;
  }

  export interface PhoneOptions {
    /** The one codec it offers; both if left out. */
    codec?: 'PCMU' | 'PCMA';
  }

  /** A phone in at most one call at a time. */
  export interface Phone {
    /** Its name. */
    readonly name: string;
    /** Calls a number or SIP URI. Settles when answered, or with the refusal. */
    call(to: string, options?: CallOptions): Promise<Call>;
    /** Presses keys (`,` is a pause of a second); settles when they are sent. */
    press(keys: string): Promise<void>;
    /** Speaks a WAV file of the scripts or a tone; settles when it is said. */
    says(what: string | number, options?: SaysOptions): Promise<void>;
    /** Waits for a WAV file of the scripts, or a tone (`440`, 'tone:350+440'). Throws with what was heard instead. */
    hears(what: string | number, options?: HearsOptions): Promise<Heard>;
    /** Throws if anything is heard within the time. */
    silent(options?: SilentOptions): Promise<void>;
    /** Hangs up. */
    hangup(): Promise<void>;
    /** Waits until the call is over. */
    ended(options?: EndedOptions): Promise<Ended>;
  }

  /** A phone that scripts call. */
  export interface Agent extends Phone {
    /** A SIP URI that leads to it. */
    readonly uri: string;
    /** Waits until it rings. */
    rings(options?: RingsOptions): Promise<Call>;
    /** Waits until it rings, and answers. */
    answers(options?: AnswersOptions): Promise<Call>;
    /** Waits until it rings, and refuses, by the name of a cause or a SIP status. @default 'busy' */
    rejects(cause?: string | number, options?: RejectsOptions): Promise<Call>;
  }

  /** A call as its phone knows it. */
  export interface Call {
    readonly id: string; readonly phone: Phone; readonly answered: boolean;
    readonly status: number; readonly reason: string; readonly sipCallId: string;
    /** The caller's SIP URI, where an agent was called. */
    readonly from?: string;
  }

  export interface CallOptions {
    /** @default '1m' */
    timeout?: Duration;
    /** The one codec offered. */
    codec?: 'PCMU' | 'PCMA';
  }
  export interface SaysOptions {
    /** How long a tone is. @default '1s' */
    for?: Duration;
  }
  export interface HearsOptions {
    /** @default '5s' */
    within?: Duration;
  }
  export interface SilentOptions {
    /** @default '1s' */
    for?: Duration;
  }
  export interface EndedOptions {
    /** @default '1m' */
    within?: Duration;
  }
  export interface RingsOptions {
    /** @default '30s' */
    within?: Duration;
  }
  export interface AnswersOptions {
    /** @default '30s' */
    within?: Duration;
  }
  export interface RejectsOptions {
    /** @default '30s' */
    within?: Duration;
  }
  export interface TalkingOptions {
    /** @default '60ms' */
    maxGap?: Duration;
    /** @default '1s' */
    for?: Duration;
  }
  /** When it was heard, in ms from the answer. */
  export interface Heard { readonly at: number }
  /** How a call ended. */
  export interface Ended {
    readonly cause: string; readonly by: 'caller' | 'callee' | 'engine';
    readonly status: number; readonly ms: number;
  }
  export interface Sip {
    /** Sends a message; gives the first answer, '' if none comes within 2 s. */
    send(raw: string): Promise<string>;
  }

  /** Throws when it does not hold. */
  export interface Expectation {
    /** True, by JavaScript's rules. */
    ok(): void;
    /** The same by value. */
    equals(want: unknown): void;
    /** A string or array that has it. */
    contains(part: unknown): void;
    /** Matches a regular expression, or has all that the object has. */
    matches(want: RegExp | object): void;
    /** A number that is not above, or not below it. */
    atMost(limit: number): void;
    atLeast(limit: number): void;
    /**
     * A call of which these happened, in this order, perhaps with others between:
     * 'ringing', 'answered', 'ended', and the verbs that its flow has begun ('gather').
     */
    events(names: string[]): Promise<void>;
  }
}
