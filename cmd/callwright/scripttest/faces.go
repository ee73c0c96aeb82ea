package scripttest

import (
	"slices"

	"github.com/callwright/callwright/engine/flow"
	"github.com/callwright/callwright/sandbox"
)

// faces are what a test file can name: what scripts can (they may be imported, to test
// their functions; their verbs are refused), and the acts beneath 'callwright/test'.
func faces() []sandbox.Face { return append(slices.Clone(flow.Faces()), phoneFace(), benchFace()) }

func text(name string) sandbox.Param { return sandbox.Param{Name: name, Type: sandbox.String} }

func within(name, deflt string) []sandbox.Option {
	return []sandbox.Option{{Name: name, Type: sandbox.Duration, Default: deflt}}
}

func phoneFace() sandbox.Face {
	who := text("phone")
	sound := sandbox.Param{Name: "what", Type: "string|number"}
	return sandbox.Face{Class: "Phone", Export: "phone", Methods: []sandbox.Method{
		{Name: "call", Params: []sandbox.Param{who, text("to")}, Options: []sandbox.Option{
			{Name: "codec", Type: "'PCMU'|'PCMA'"}, {Name: "timeout", Type: sandbox.Duration, Default: "1m"}}},
		{Name: "press", Params: []sandbox.Param{who, text("keys")}},
		{Name: "says", Params: []sandbox.Param{who, sound}, Options: within("for", "1s")},
		{Name: "hears", Params: []sandbox.Param{who, sound}, Options: within("within", "5s")},
		{Name: "silent", Params: []sandbox.Param{who}, Options: within("for", "1s")},
		{Name: "hangup", Params: []sandbox.Param{who}},
		{Name: "ended", Params: []sandbox.Param{who}, Options: within("within", "1m")},
		{Name: "rings", Params: []sandbox.Param{who}, Options: within("within", "30s")},
		{Name: "answers", Params: []sandbox.Param{who}, Options: within("within", "30s")},
		{Name: "rejects", Params: []sandbox.Param{who, {Name: "cause", Type: "string|number", Optional: true}}, Options: within("within", "30s")},
	}}
}

func benchFace() sandbox.Face {
	return sandbox.Face{Class: "Bench", Export: "t", Methods: []sandbox.Method{
		{Name: "test", Params: []sandbox.Param{text("name"), {Name: "fn", Type: sandbox.Function}}},
		{Name: "agent", Params: []sandbox.Param{text("name")}, Options: []sandbox.Option{{Name: "codec", Type: "'PCMU'|'PCMA'"}}},
		{Name: "advance", Params: []sandbox.Param{{Name: "time", Type: sandbox.Duration}}},
		{Name: "events", Params: []sandbox.Param{text("call"), {Name: "names", Type: sandbox.Strings}}},
		{Name: "ladder", Params: []sandbox.Param{text("call")}},
		{Name: "reload", Params: []sandbox.Param{text("file"), {Name: "text", Type: sandbox.String, Optional: true}}},
		{Name: "replay", Params: []sandbox.Param{text("file")}},
		{Name: "crash", Params: []sandbox.Param{{Name: "role", Type: "'brain'|'sbc'|'mixer'"}}},
		{Name: "mock", Params: []sandbox.Param{{Name: "what", Type: sandbox.Object}, {Name: "answer", Type: sandbox.Any, Optional: true}}, Options: []sandbox.Option{
			{Name: "method", Type: sandbox.String}, {Name: "status", Type: sandbox.Integer, Default: 200},
			{Name: "headers", Type: sandbox.Object}, {Name: "delay", Type: sandbox.Duration, Default: 0}, {Name: "times", Type: sandbox.Integer, Default: 0}}},
		{Name: "requests", Params: []sandbox.Param{text("url")}},
		{Name: "match", Params: []sandbox.Param{text("url"), {Name: "what", Type: sandbox.Any}}},
		{Name: "latency", Params: []sandbox.Param{text("call"), {Name: "latency", Type: "'answer'|'audio'|'barge-in'"}}},
		{Name: "load", Options: []sandbox.Option{
			{Name: "cps", Type: sandbox.Number, Default: 10}, {Name: "calls", Type: sandbox.Integer, Default: 100},
			{Name: "to", Type: sandbox.String, Default: "1000"}, {Name: "hold", Type: sandbox.Duration, Default: "10s"}}},
		{Name: "sendSip", Params: []sandbox.Param{text("raw")}},
		{Name: "talking", Params: []sandbox.Param{text("a"), text("b")}, Options: append(within("maxGap", "60ms"), within("for", "1s")...)},
	}}
}
