// Package certs makes and loads the certificates with which brains, witnesses and
// workers on several machines know each other: mutual TLS 1.3 under one authority of
// their own.
//
// `callwright certs` calls Issue, each role's process Load. A certificate names its node
// and its role, not an address: who may be where is for the network to say, so nodes move
// without new certificates. A server takes only the roles it was told, a client only a
// server of the role it wants. Who has the authority's key (ca.key) can make any of them;
// it stays where it was made.
//
// Nothing here is shared between calls; a tls.Config that was returned is the caller's.
package certs
