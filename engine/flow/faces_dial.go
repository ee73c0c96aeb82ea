package flow

import "github.com/callwright/callwright/sandbox"

func dialMethod(doc string) sandbox.Method {
	return sandbox.Method{Name: "dial", Doc: doc, ResultType: "DialResult", Brief: true,
		Params: []sandbox.Param{{Name: "targets", Type: sandbox.Any}},
		Options: []sandbox.Option{
			{Name: "strategy", Type: "'groups'|'parallel'|'serial'|'random'|'weighted'", Default: "groups"},
			{Name: "timeout", Type: sandbox.Duration, Default: "30s", Doc: "for each group"},
			{Name: "totalTimeout", Type: sandbox.Duration, Default: 0, Doc: "0: no limit"},
			{Name: "from", Type: sandbox.Object, Doc: "{number, name}; the caller's own without"},
			headersOption(),
			{Name: "auth", Type: sandbox.Object, Doc: "{user, password} for those who ask"},
			{Name: "ringback", Type: sandbox.String, Doc: "a country, 'tone:…', 'early' or 'none'"},
			{Name: "earlyMedia", Type: "'first'|'ignore'|'pass'", Default: "first"},
			{Name: "answerOnBridge", Type: sandbox.Boolean, Default: true, Doc: "answer the caller when a callee answers"},
			{Name: "failoverOn", Type: sandbox.Any, Default: []any{408, 480, "5xx", "timeout", "unreachable"}},
			{Name: "stopOn", Type: sandbox.Any, Default: []any{486, 603}},
			{Name: "maxForwards", Type: sandbox.Integer, Default: 0, Doc: "0: one less than the caller's"},
			{Name: "timeLimit", Type: sandbox.Duration, Default: 0, Doc: "0: no limit"},
			{Name: "bridge", Type: sandbox.Boolean, Default: true},
			{Name: "hangupBoth", Type: sandbox.Boolean, Default: true},
			missing("delay"), missing("privacy"), missing("codecs"), missing("secure"), missing("confirm"), missing("whisper"),
			missing("warnAt"), missing("amd"), missing("record"), missing("onHold"), missing("digits"), missing("bypassMedia"),
		}}
}

func bridgeMethod() sandbox.Method {
	return sandbox.Method{Name: "bridge", Doc: "lets two calls hear each other", ResultType: "BridgeResult",
		Params:  []sandbox.Param{{Name: "a", Type: sandbox.Handle}, {Name: "b", Type: sandbox.Handle}},
		Options: []sandbox.Option{{Name: "hangupBoth", Type: sandbox.Boolean, Default: true}}}
}
