// Package registrar is where phones register (RFC 3261 §10) and how users prove who they
// are (digest, RFC 8760): MD5 and SHA-256 with qop auth, nonces that age and are counted.
//
// Register decides about one REGISTER: the answer, or that an app is to say. What is
// registered lies in the log (engine/keep), by user and with its end, so that a brain's
// successor knows it; Lookup reads it for those who call a user. Flows of registered phones
// are trusted as long as their bindings live: Trusts.
//
// Users are known by Config.User. To one that is not, a challenge and a refusal look, and
// take as long, as to one with a wrong password. A source whose credentials are wrong ten
// times in a minute is refused for the next one.
//
// A user has at most 10 contacts, each for an hour at most and a minute at least (423).
// Path is kept (RFC 3327), and a contact with the same instance and reg-id takes the place
// of the one before (RFC 5626 §6). A domain is not told from another: users are names.
//
// Register, Lookup and the rest belong to the shard; Trusts may be called by anyone.
package registrar
