// JSON web tokens signed with a shared secret (RFC 7519, RFC 7515, RFC 7518 §3.2).

const hashes = { HS256: 'sha256', HS384: 'sha384', HS512: 'sha512' };
const encode = v => Buffer.from(JSON.stringify(v)).toString('base64url');

function hash(alg) {
  if (!Object.hasOwn(hashes, alg)) throw new RangeError(`jwt: no algorithm ${JSON.stringify(alg)}; there are ${Object.keys(hashes).join(', ')}`);
  return hashes[alg];
}

function secretOf(secret) {
  const n = typeof secret === 'string' ? secret.length : secret?.byteLength;
  if (!n) throw new TypeError('jwt: the secret is empty');
  return secret;
}

const seconds = v => {
  const m = typeof v === 'number' ? [0, v, 'ms'] : /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(v) ?? [];
  if (!m[2]) throw new RangeError(`jwt: ${JSON.stringify(v)} is no time; give ms, or a text such as '5m'`);
  return m[1] * { ms: 0.001, s: 1, m: 60, h: 3600, d: 86400 }[m[2]];
};

/** A token that says these claims. */
export function sign(claims, secret, { alg = 'HS256', expiresIn, header } = {}) {
  const now = Math.floor(Date.now() / 1000);
  const all = { iat: now, ...claims };
  if (expiresIn !== undefined) all.exp = Math.floor(now + seconds(expiresIn));
  const text = encode({ ...header, alg, typ: 'JWT' }) + '.' + encode(all);
  return text + '.' + crypto.createHmac(hash(alg), secretOf(secret)).update(text).digest('base64url');
}

/** What a token says, unproved. */
export function decode(token) {
  const parts = String(token).split('.');
  try {
    if (parts.length !== 3) throw 0;
    const [header, claims] = parts.slice(0, 2).map(p => JSON.parse(Buffer.from(p, 'base64url').toString('utf8')));
    if (typeof header !== 'object' || typeof claims !== 'object' || !header || !claims) throw 0;
    return { header, claims, signature: parts[2], signed: parts[0] + '.' + parts[1] };
  } catch {
    throw refused('malformed', 'it is no token');
  }
}

function refused(code, why) { return Object.assign(new Error('jwt: ' + why), { name: 'JwtError', code }); }

/** The claims of a token whose signature and times are right; throws what is wrong. */
export function verify(token, secret, { algs = ['HS256'], leeway = 0, audience, issuer } = {}) {
  const { header, claims, signature, signed } = decode(token);
  // The token does not choose how it is proved (RFC 8725 §3.1).
  if (!algs.includes(header.alg)) throw refused('algorithm', `signed by ${JSON.stringify(header.alg)}, taken are ${algs.join(', ')}`);
  const right = crypto.createHmac(hash(header.alg), secretOf(secret)).update(signed).digest();
  const given = Buffer.from(signature, 'base64url');
  if (given.length !== right.length || !crypto.timingSafeEqual(given, right)) throw refused('signature', 'the signature is wrong');
  const now = Date.now() / 1000, slack = seconds(leeway);
  for (const k of ['exp', 'nbf']) if (claims[k] !== undefined && typeof claims[k] !== 'number') throw refused('malformed', `${k} is no number`);
  if (claims.exp !== undefined && now >= claims.exp + slack) throw refused('expired', 'it has expired');
  if (claims.nbf !== undefined && now < claims.nbf - slack) throw refused('early', 'it is not valid yet');
  if (audience !== undefined && ![claims.aud].flat().includes(audience)) throw refused('audience', 'it is for somebody else');
  if (issuer !== undefined && claims.iss !== issuer) throw refused('issuer', 'it is from somebody else');
  return claims;
}
