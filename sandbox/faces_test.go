package sandbox_test

import (
	"testing"

	"github.com/callwright/callwright/sandbox"
	"github.com/callwright/callwright/sandbox/sandboxtest"
)

// faces is a small table with one of everything.
func faces() []sandbox.Face {
	return []sandbox.Face{
		{Class: "", Methods: []sandbox.Method{
			{Name: "play", Value: true, Params: []sandbox.Param{{Name: "file", Type: sandbox.String}}},
			{Name: "sleep", Params: []sandbox.Param{{Name: "time", Type: sandbox.Duration}}},
			{Name: "conference", Returns: "Room", Params: []sandbox.Param{{Name: "name", Type: sandbox.String}},
				Options: []sandbox.Option{{Name: "rate", Type: "8000|16000|'auto'", Default: 8000}}},
		}, NotBuilt: []string{"kv", "queue"}},
		{Class: "App", Events: []string{"call"}, Methods: []sandbox.Method{
			{Name: "every", Params: []sandbox.Param{{Name: "time", Type: sandbox.Duration}, {Name: "fn", Type: sandbox.Function}}}}},
		{Class: "Call",
			Fields: []sandbox.Field{{Name: "id"}, {Name: "state"}, {Name: "from"}, {Name: "vars", Writable: true}},
			Methods: []sandbox.Method{
				{Name: "answer", Options: []sandbox.Option{{Name: "delay", Type: sandbox.Duration, Default: "0ms"}}},
				{Name: "reject", Params: []sandbox.Param{{Name: "code", Type: "number|string", Optional: true}},
					Options: []sandbox.Option{{Name: "reason", Type: sandbox.String}}},
				{Name: "play", Handle: true, Returns: "Playback", Params: []sandbox.Param{{Name: "source", Type: sandbox.Source}},
					Options: []sandbox.Option{{Name: "loop", Type: "boolean|integer", Default: false}}},
				{Name: "gather", Options: []sandbox.Option{
					{Name: "max", Type: sandbox.Integer}, {Name: "timeout", Type: sandbox.Duration, Default: "5s"},
					{Name: "validate", Type: sandbox.Pattern}, {Name: "prompt", Type: sandbox.Source},
					{Name: "hints", Type: sandbox.Strings, NotBuilt: true}}},
				{Name: "hangup", Options: []sandbox.Option{{Name: "cause", Type: "'normal'|'busy'", Default: "normal"}}},
				{Name: "race", Local: true},
			},
			Events: []string{"dtmf", "ended"}, Promises: []string{"ended"}, NotBuilt: []string{"hold"}},
		{Class: "Playback", Fields: []sandbox.Field{{Name: "state"}}, Events: []string{"finished"},
			Methods: []sandbox.Method{{Name: "pause"}, {Name: "stop"}}},
		{Class: "Room", Fields: []sandbox.Field{{Name: "name"}}, Events: []string{"join", "leave"},
			Methods: []sandbox.Method{
				{Name: "join", Returns: "Member", Params: []sandbox.Param{{Name: "call", Type: sandbox.Handle}}},
				{Name: "kick", Params: []sandbox.Param{{Name: "who", Type: sandbox.Selector}}},
				{Name: "tags", Params: []sandbox.Param{{Name: "tags", Type: sandbox.String, Rest: true}}},
			}},
		{Class: "Member", Fields: []sandbox.Field{{Name: "id"}}, Promises: []string{"left"}, Events: []string{"left"}},
	}
}

// flow loads main.js with the given text.
func flow(t testing.TB, text string) *sandboxtest.Host {
	t.Helper()
	return sandboxtest.New(t, faces(), map[string]string{"main.js": text})
}
