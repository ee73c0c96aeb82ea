// Telephone numbers (E.164). There are rules here for writing numbers, and no tables of
// which numbers are in use.

// Region: country code, trunk prefix, prefix for calls abroad.
const regions = {
  AR: '54 0 00', AT: '43 0 00', AU: '61 0 0011', BE: '32 0 00', BG: '359 0 00', BR: '55 0 00', CA: '1 1 011', CH: '41 0 00', CL: '56 - 00',
  CN: '86 0 00', CO: '57 - 00', CY: '357 - 00', CZ: '420 - 00', DE: '49 0 00', DK: '45 - 00', EE: '372 - 00', EG: '20 0 00', ES: '34 - 00',
  FI: '358 0 00', FR: '33 0 00', GB: '44 0 00', GR: '30 - 00', HK: '852 - 001', HR: '385 0 00', HU: '36 06 00', ID: '62 0 001', IE: '353 0 00',
  IL: '972 0 00', IN: '91 0 00', IS: '354 - 00', IT: '39 - 00', JP: '81 0 010', KR: '82 0 00', LT: '370 0 00', LU: '352 - 00', LV: '371 - 00',
  MT: '356 - 00', MX: '52 - 00', MY: '60 0 00', NG: '234 0 009', NL: '31 0 00', NO: '47 - 00', NZ: '64 0 00', PE: '51 0 00', PH: '63 0 00',
  PL: '48 - 00', PT: '351 - 00', RO: '40 0 00', RS: '381 0 00', RU: '7 8 810', SA: '966 0 00', SE: '46 0 00', SG: '65 - 000', SI: '386 0 00',
  SK: '421 0 00', TH: '66 0 001', TR: '90 0 00', TW: '886 0 002', UA: '380 0 00', US: '1 1 011', VN: '84 0 00', ZA: '27 0 00',
};

// Country codes of one and two digits; all others have three (ITU-T E.164, list of codes).
const short = new Set('1 7 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98'.split(' '));

function rules(region) {
  const line = Object.hasOwn(regions, region) ? regions[region] : undefined;
  if (!line) throw new RangeError(`telnum: no region ${JSON.stringify(region)}; there are ${Object.keys(regions).join(' ')}`);
  const [code, trunk, abroad] = line.split(' ');
  return { code, trunk: trunk === '-' ? '' : trunk, abroad };
}

const letters = 'abc2def3ghi4jkl5mno6pqrs7tuv8wxyz9';
const key = c => letters.slice(letters.indexOf(c)).match(/\d/)[0];

/** The digits of a number as written, with its plus sign; letters are those of the keys. */
export function digits(number) {
  const s = String(number).trim().replace(/^(tel|sips?):/i, '').replace(/[@;].*$/, '').replace(/\(0\)/g, '').toLowerCase();
  if (/[^\d+a-z\s().\/\u2010-\u2015-]/.test(s) || s.lastIndexOf('+') > 0) return '';
  return s.replace(/[a-z]/g, key).replace(/[^\d+]/g, '');
}

/** The number as +, country code and national number; null for what is none. */
export function normalize(number, { region } = {}) {
  const from = region === undefined ? undefined : rules(region);
  let s = digits(number);
  if (s.startsWith('+')) s = s.slice(1);
  else if (!from) return null;
  else if (s.startsWith(from.abroad)) s = s.slice(from.abroad.length);
  else if (from.trunk && s.startsWith(from.trunk)) s = from.code + s.slice(from.trunk.length);
  else s = from.code + s;
  // E.164 §6.1: fifteen digits at most; no code begins with 0.
  return s.length < 7 || s.length > 15 || s[0] === '0' ? null : '+' + s;
}

/** Country code and national number of a number in its international form; null for what is none. */
export function parse(number, options) {
  const e164 = normalize(number, options);
  if (!e164) return null;
  const s = e164.slice(1);
  const code = [1, 2, 3].map(n => s.slice(0, n)).find((c, i) => i === 2 || short.has(c));
  return { e164, code, national: s.slice(code.length), regions: Object.keys(regions).filter(r => rules(r).code === code) };
}

/** How the number is dialled within a region: with its trunk prefix, or abroad. */
export function dialled(number, region) {
  const { code, trunk, abroad } = rules(region), p = parse(number, { region });
  if (!p) return null;
  return p.code === code ? trunk + p.national : abroad + p.e164.slice(1);
}

/** Whether two numbers as written are the same. */
export function same(a, b, options) {
  const x = normalize(a, options) ?? digits(a), y = normalize(b, options) ?? digits(b);
  return x !== '' && x === y;
}

/** The longest prefix of the table's that the number begins with, and its value; null for none. */
export function longest(number, table) {
  const s = digits(number), plain = s.replace(/^\+/, '');
  let best = null;
  for (const [prefix, value] of Object.entries(table)) {
    const of = prefix.startsWith('+') ? s : plain;
    if (of.startsWith(prefix) && prefix.length > (best?.prefix.length ?? -1)) best = { prefix, value };
  }
  return best;
}
