// Intl for four languages: numbers and dates. The patterns are in Go.
(function (host, { define, hidden }) {
  const locale = (list, who) => {
    const all = list === undefined ? ['en'] : typeof list === 'string' ? [list] : [...list];
    for (const l of all) { const known = host.locale(String(l)); if (known) return known; }
    if (!all.length) return 'en';
    throw new RangeError(`${who}: the language ${all.join(', ')} is not supported: en, de, fr and es are`);
  };
  const pick = (o, k, allowed, otherwise, who) => {
    const v = o[k];
    if (v === undefined) return otherwise;
    if (!allowed.includes(v)) throw new RangeError(`${who}: ${k} ${String(v)} is not supported: ${allowed.filter(x => x !== undefined).join(', ')}`);
    return v;
  };
  const known = (o, names, who) => {
    for (const k of Object.keys(o)) if (!names.includes(k) && o[k] !== undefined) throw new RangeError(`${who}: the option ${k} is not supported`);
  };
  const digits = (o, k, low, otherwise, who) => {
    if (o[k] === undefined) return otherwise;
    const n = Number(o[k]);
    if (!(n >= low && n <= 20)) throw new RangeError(`${who}: ${k} is out of range`);
    return Math.trunc(n);
  };

  class NumberFormat {
    #o;
    constructor(l, o = {}) {
      const who = 'Intl.NumberFormat';
      known(o, ['style', 'currency', 'currencyDisplay', 'minimumFractionDigits', 'maximumFractionDigits', 'minimumIntegerDigits', 'useGrouping', 'localeMatcher'], who);
      const style = pick(o, 'style', ['decimal', 'currency', 'percent'], 'decimal', who);
      const currency = o.currency === undefined ? undefined : String(o.currency).toUpperCase();
      if (style === 'currency' && !/^[A-Z]{3}$/.test(currency ?? '')) throw new TypeError(`${who}: style currency needs a currency such as 'EUR'`);
      const usual = style === 'currency' ? host.currencyDigits(currency) : 0;
      let min = digits(o, 'minimumFractionDigits', 0, undefined, who);
      let max = digits(o, 'maximumFractionDigits', 0, undefined, who);
      if (min !== undefined && max !== undefined && min > max) throw new RangeError(`${who}: maximumFractionDigits is out of range`);
      min ??= Math.min(usual, max ?? usual);
      max ??= Math.max(min, style === 'decimal' ? 3 : usual);
      this.#o = { locale: locale(l, who), style, currency, min, max, int: digits(o, 'minimumIntegerDigits', 1, 1, who),
        display: pick(o, 'currencyDisplay', ['symbol', 'narrowSymbol', 'code'], 'symbol', who), group: o.useGrouping !== false && o.useGrouping !== 'false' };
    }
    get format() { return n => this.#text(n); }
    #text(n) {
      const o = this.#o;
      if (typeof n === 'bigint') n = Number(n);
      return host.formatNumber(o.locale, o.style, o.currency ?? '', o.display, o.int, o.min, o.max, o.group, Number(n));
    }
    resolvedOptions() {
      const o = this.#o;
      return { locale: o.locale, numberingSystem: 'latn', style: o.style, currency: o.currency, currencyDisplay: o.currency && o.display,
        minimumIntegerDigits: o.int, minimumFractionDigits: o.min, maximumFractionDigits: o.max, useGrouping: o.group };
    }
    static supportedLocalesOf(list) { return [list].flat().filter(l => host.locale(String(l))); }
  }

  const fields = ['weekday', 'year', 'month', 'day', 'hour', 'minute', 'second', 'timeZoneName'];
  const widths = { weekday: ['long', 'short'], year: ['numeric', '2-digit'], month: ['numeric', '2-digit', 'long', 'short'], day: ['numeric', '2-digit'],
    hour: ['numeric', '2-digit'], minute: ['numeric', '2-digit'], second: ['numeric', '2-digit'], timeZoneName: ['short'] };
  class DateTimeFormat {
    #o;
    constructor(l, o = {}, usual = { year: 'numeric', month: 'numeric', day: 'numeric' }) {
      const who = 'Intl.DateTimeFormat';
      known(o, [...fields, 'dateStyle', 'timeStyle', 'timeZone', 'hour12', 'hourCycle', 'localeMatcher', 'calendar', 'numberingSystem'], who);
      pick(o, 'calendar', ['gregory'], 'gregory', who);
      pick(o, 'numberingSystem', ['latn'], 'latn', who);
      const styles = ['full', 'long', 'medium', 'short'];
      const f = { date: pick(o, 'dateStyle', styles, '', who), time: pick(o, 'timeStyle', styles, '', who) };
      for (const k of fields) f[k] = pick(o, k, widths[k], '', who);
      const some = fields.some(k => f[k]);
      if (some && (f.date || f.time)) throw new TypeError(`${who}: dateStyle and timeStyle stand alone`);
      if (!f.date && !f.time && !fields.some(k => k !== 'timeZoneName' && f[k])) Object.assign(f, usual);
      const cycle = pick(o, 'hourCycle', ['h12', 'h23'], undefined, who);
      f.clock = o.hour12 === true ? '12' : o.hour12 === false ? '24' : cycle === 'h12' ? '12' : cycle ? '24' : '';
      f.locale = locale(l, who);
      f.zone = o.timeZone === undefined ? 'UTC' : String(o.timeZone);
      if (!host.zone(f.zone)) throw new RangeError(`${who}: the time zone ${f.zone} is not known`);
      this.#o = f;
    }
    get format() { return d => this.#text(d); }
    #text(d) {
      const t = d === undefined ? Date.now() : Number(d);
      if (Number.isNaN(t)) throw new RangeError('Invalid time value');
      return host.formatDate(t, this.#o);
    }
    resolvedOptions() { return { locale: this.#o.locale, calendar: 'gregory', numberingSystem: 'latn', timeZone: this.#o.zone }; }
    static supportedLocalesOf(list) { return NumberFormat.supportedLocalesOf(list); }
  }
  // Both may be called without new.
  const open = C => {
    const F = { [C.name]: function (...args) { return Reflect.construct(C, args.slice(0, 2), new.target ?? C); } }[C.name];
    Object.defineProperty(F, 'prototype', { value: C.prototype, writable: false });
    hidden(C.prototype, 'constructor', F);
    hidden(F, 'supportedLocalesOf', C.supportedLocalesOf);
    return F;
  };
  const Intl = {};
  hidden(Intl, 'NumberFormat', open(NumberFormat));
  hidden(Intl, 'DateTimeFormat', open(DateTimeFormat));
  for (const name of ['Collator', 'PluralRules', 'RelativeTimeFormat', 'ListFormat', 'Segmenter', 'DisplayNames', 'Locale']) {
    hidden(Intl, name, { [name]: function () { throw new Error(`Intl.${name} is not built yet`); } }[name]);
  }
  define({ Intl });

  const number = { toLocaleString(l, o) { return new NumberFormat(l, o).format(this); } }.toLocaleString;
  hidden(Number.prototype, 'toLocaleString', number);
  hidden(BigInt.prototype, 'toLocaleString', number);
  const date = { year: 'numeric', month: 'numeric', day: 'numeric' }, time = { hour: 'numeric', minute: '2-digit', second: '2-digit' };
  const say = (name, usual, from) => hidden(Date.prototype, name, { [name](l, o = {}) {
    if (Number.isNaN(this.getTime())) return 'Invalid Date';
    const full = from && !from.some(k => o[k] !== undefined) ? { ...usual, ...o } : o;
    return new DateTimeFormat(l, full, usual).format(this);
  } }[name]);
  say('toLocaleString', { ...date, ...time });
  say('toLocaleDateString', date, ['weekday', 'year', 'month', 'day', 'dateStyle']);
  say('toLocaleTimeString', time, ['hour', 'minute', 'second', 'timeStyle']);
})
