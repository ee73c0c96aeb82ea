package script

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/callwright/callwright/sandbox"
)

// claims are the compiled routes of one generation. Keys of `sip:` routes begin with
// "sip:", those of numbers and names never do.
type claims struct {
	exact    []string
	prefixes []string
	patterns []pattern
}

type pattern struct {
	re  *regexp.Regexp
	sip bool // matched against "sip:user@host"
}

const sipScheme = "sip:"

// compile checks an app's routes. The error is one sentence about one route.
func compile(routes []sandbox.Route) (claims, error) {
	var c claims
	for i, r := range routes {
		var err error
		if r.Pattern == "" {
			err = c.literal(r.Literal)
		} else {
			err = c.pattern(r)
		}
		if err != nil {
			return claims{}, fmt.Errorf("routes[%d]: %w", i, err)
		}
	}
	return c, nil
}

func (c *claims) literal(text string) error {
	if text == "" {
		return fmt.Errorf("%w: it is empty", errRoute)
	}
	key, prefix := strings.CutSuffix(text, "*")
	if rest, sip := strings.CutPrefix(key, sipScheme); sip {
		if strings.HasPrefix(rest, "*@") {
			return fmt.Errorf("%w: %q: a star stands for the rest, so it must come last; use a regular expression", errRoute, text)
		}
		user, host, at := strings.Cut(rest, "@")
		if key = sipScheme + dialled(user); at {
			key = sipScheme + address(dialled(user), host)
		}
	} else {
		key = number(key)
	}
	if prefix {
		c.prefixes = append(c.prefixes, key)
	} else {
		c.exact = append(c.exact, key)
	}
	return nil
}

// pattern compiles a regular expression, which the sandbox has put into Go's syntax.
func (c *claims) pattern(r sandbox.Route) error {
	expr := r.RE2
	if strings.Contains(r.Flags, "y") { // sticky: from the first character on
		expr = "^(?:" + expr + ")"
	}
	re, err := regexp.Compile(expr)
	if err != nil {
		return fmt.Errorf("%w: /%s/%s: %w", errRoute, r.Pattern, r.Flags, err)
	}
	c.patterns = append(c.patterns, pattern{re: re, sip: strings.HasPrefix(strings.TrimPrefix(r.Pattern, "^"), sipScheme)})
	return nil
}
