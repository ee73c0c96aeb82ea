package flow

import (
	"net"
	"net/url"
	"strings"

	"github.com/callwright/callwright/engine/call"
)

// Party is who calls or is called, as scripts and the control API see it.
type Party struct {
	URI    string `json:"uri"`
	User   string `json:"user"`
	Host   string `json:"host"`
	Number string `json:"number"` // "" when the user part is not a telephone number
	Name   string `json:"name"`
}

func partyOf(p call.Party) Party {
	user, host := userAndHost(p.URI)
	return Party{URI: p.URI, User: user, Host: host, Number: numberOf(user), Name: p.Name}
}

// userAndHost takes a SIP, SIPS or tel URI apart (RFC 3261 §19.1.1, RFC 3966). User
// parameters after a semicolon, a password, port and URI parameters are left out.
func userAndHost(uri string) (user, host string) {
	scheme, rest, ok := strings.Cut(uri, ":")
	if !ok {
		return "", ""
	}
	if strings.EqualFold(scheme, "tel") {
		user, _, _ = strings.Cut(rest, ";")
		return user, ""
	}
	host = rest
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		user, host = rest[:at], rest[at+1:]
	}
	user, _, _ = strings.Cut(user, ";")
	user, _, _ = strings.Cut(user, ":")
	if plain, err := url.PathUnescape(user); err == nil {
		user = plain
	}
	if i := strings.IndexAny(host, ";?"); i >= 0 {
		host = host[:i]
	}
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return user, strings.Trim(host, "[]")
}

// numberOf is the user part as a telephone number without visual separators
// (RFC 3966 §3), or "".
func numberOf(user string) string {
	n := strings.Map(func(r rune) rune {
		if strings.ContainsRune("-.() ", r) {
			return -1
		}
		return r
	}, user)
	digits := strings.TrimPrefix(n, "+")
	if digits == "" || strings.Trim(digits, "0123456789*#") != "" {
		return ""
	}
	return n
}
