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
