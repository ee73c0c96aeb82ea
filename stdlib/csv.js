// Comma-separated values as RFC 4180 has them.

/** The rows of a text, as lists, or as objects by the first row's names. */
export function parse(text, { delimiter = ',', header = false } = {}) {
  if (typeof text !== 'string') throw new TypeError('csv.parse needs a text');
  if (delimiter.length !== 1 || '"\r\n'.includes(delimiter)) throw new RangeError('csv.parse: a delimiter is one character');
  const rows = read(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text, delimiter);
  if (!header) return rows;
  const names = rows.shift() ?? [];
  return rows.map(row => {
    const out = {};
    names.forEach((name, i) => { out[name] = row[i] ?? ''; });
    return out;
  });
}

function read(text, delimiter) {
  const rows = [];
  let row = [], at = 0;
  while (at < text.length) {
    let field = '';
    if (text[at] === '"') {
      [field, at] = quoted(text, at, rows.length + 1);
    } else {
      const from = at;
      while (at < text.length && text[at] !== delimiter && text[at] !== '\n' && text[at] !== '\r') at++;
      field = text.slice(from, at);
    }
    row.push(field);
    if (at < text.length && text[at] === delimiter) {
      at++;
      if (at < text.length) continue;
      row.push(''); // what follows the last delimiter
    } else if (at < text.length && text[at] !== '\n' && text[at] !== '\r') {
      throw new SyntaxError(`csv: row ${rows.length + 1}: ${JSON.stringify(text.slice(at, at + 10))} follows a closing quote`);
    }
    if (text[at] === '\r' && text[at + 1] === '\n') at++;
    at++;
    rows.push(row);
    row = [];
  }
  return rows;
}

function quoted(text, at, row) {
  let field = '', from = at + 1;
  for (;;) {
    const end = text.indexOf('"', from);
    if (end < 0) throw new SyntaxError(`csv: row ${row}: a quote is not closed`);
    field += text.slice(from, end);
    if (text[end + 1] !== '"') return [field, end + 1];
    field += '"';
    from = end + 2;
  }
}

/** A text of rows: lists, or objects whose names become the first row. */
export function stringify(rows, { delimiter = ',', header } = {}) {
  const objects = rows.length > 0 && !Array.isArray(rows[0]);
  const names = header ?? (objects ? Object.keys(rows[0]) : undefined);
  const quote = v => {
    const s = v === null || v === undefined ? '' : String(v);
    return s.includes(delimiter) || /["\r\n]/.test(s) ? '"' + s.replaceAll('"', '""') + '"' : s;
  };
  const lines = rows.map(r => Array.isArray(r) ? r : names.map(n => r[n]));
  if (names) lines.unshift(names);
  return lines.map(l => l.map(quote).join(delimiter) + '\r\n').join('');
}
