// Texts with places to fill in: {{name}}, {{a.b}}, {{#list}}…{{/list}}, {{^none}}…{{/none}}.

const escapes = {
  text: s => s,
  html: s => s.replace(/[&<>"']/g, c => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }[c])),
  json: s => JSON.stringify(s).slice(1, -1),
  url: s => encodeURIComponent(s),
};
escapes.xml = escapes.html;

/** Fills a template in. `escape` is for what is filled in: text, html, xml, json, url. */
export function render(template, values, options) { return compile(template, options)(values); }

/** A function that fills the template in. */
export function compile(template, { escape = 'text' } = {}) {
  const as = Object.hasOwn(escapes, escape) ? escapes[escape] : undefined;
  if (!as) throw new RangeError(`template: no escape ${JSON.stringify(escape)}; there are ${Object.keys(escapes).join(', ')}`);
  const parts = read(String(template));
  return values => fill(parts, [values], as);
}

function read(text) {
  const root = [], open = [{ parts: root }];
  let from = 0;
  for (const m of text.matchAll(/\{\{([#^/]?)\s*([^{}]*?)\s*\}\}/g)) {
    const [all, sign, name] = m, top = open[open.length - 1];
    if (m.index > from) top.parts.push(text.slice(from, m.index));
    from = m.index + all.length;
    if (name === '') throw new SyntaxError(`template: ${all} names nothing`);
    if (sign === '/') {
      if (top.name !== name) throw new SyntaxError(`template: {{/${name}}} closes nothing` + (top.name ? `; {{#${top.name}}} is open` : ''));
      open.pop();
    } else if (sign) {
      const part = { name, without: sign === '^', parts: [] };
      top.parts.push(part);
      open.push(part);
    } else {
      top.parts.push({ name });
    }
  }
  if (open.length > 1) throw new SyntaxError(`template: {{#${open[open.length - 1].name}}} is not closed`);
  root.push(text.slice(from));
  return root;
}

function fill(parts, scopes, as) {
  let out = '';
  for (const p of parts) {
    if (typeof p === 'string') { out += p; continue; }
    const v = find(p.name, scopes);
    if (!p.parts) { out += v === undefined || v === null ? '' : as(typeof v === 'object' ? JSON.stringify(v) : String(v)); continue; }
    const none = !v || Array.isArray(v) && v.length === 0;
    if (p.without) { if (none) out += fill(p.parts, scopes, as); continue; }
    if (none) continue;
    for (const item of Array.isArray(v) ? v : [v]) out += fill(p.parts, [...scopes, item], as);
  }
  return out;
}

// find looks from the innermost section outwards; only an object's own values count.
function find(name, scopes) {
  const inner = scopes[scopes.length - 1];
  if (name === '.') return inner;
  const path = name.split('.');
  for (let i = scopes.length - 1; i >= 0; i--) {
    let v = scopes[i];
    if (v === null || typeof v !== 'object' || !(path[0] in v)) continue;
    for (const key of path) v = v !== null && typeof v === 'object' && (Object.hasOwn(v, key) || key in v && !(key in Object.prototype)) ? v[key] : undefined;
    return v;
  }
  return undefined;
}
