package script

import (
	"net/url"
	"strings"
)

// dialled returns what routes are compared with: the user part without its
// parameters, percent-decoded, and without visual separators if it is a number. A
// name keeps its dots and dashes.
func dialled(user string) string {
	user, _, _ = strings.Cut(user, ";") // RFC 3966 parameters live in the user part
	if plain, err := url.PathUnescape(user); err == nil {
		user = plain
	}
	return number(user)
}

// number removes visual separators from a number and returns all else unchanged.
func number(s string) string {
	if !isNumber(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(separators, r) {
			return -1
		}
		return r
	}, s)
}

const separators = "-.() "

// isNumber says whether s is digits as people write them: +44 (20) 33-44, *98, 5000.
func isNumber(s string) bool {
	digits := 0
	for i, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case r == '*', r == '#', strings.ContainsRune(separators, r):
		case r == '+' && i == 0:
		default:
			return false
		}
	}
	return digits > 0
}

// address joins user and host as `sip:` routes see them; hosts have no case (RFC 3261
// §19.1.4).
func address(user, host string) string {
	return user + "@" + strings.ToLower(host)
}
