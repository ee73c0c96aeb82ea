package sandbox_test

import (
	stdjson "encoding/json"
	"strings"
)

func contains(s, part string) bool { return strings.Contains(s, part) }

type json = stdjson.RawMessage

// unquoted undoes the escapes of quotes, for messages inside JSON.
func unquoted(b []byte) string { return strings.ReplaceAll(string(b), `\"`, `"`) }
