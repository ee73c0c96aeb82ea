package flow

import "github.com/callwright/callwright/sandbox"

func callFace() sandbox.Face {
	f := sandbox.Face{
		Class: "Call", Doc: "one call",
		Fields: []sandbox.Field{
			{Name: "id", Type: "string"}, {Name: "sipCallId", Type: "string"}, {Name: "direction", Type: "string"},
			{Name: "state", Type: "CallState"}, {Name: "from", Type: "Party"}, {Name: "to", Type: "Party"},
			{Name: "callerId", Type: "CallerId"}, {Name: "source", Type: "Source"}, {Name: "user", Type: "string | null"},
			{Name: "codec", Type: "string"}, {Name: "media", Type: "Media"}, {Name: "tags", Type: "string[]"},
			{Name: "vars", Type: "Record<string, any>", Writable: true}, {Name: "times", Type: "Times"},
			{Name: "cause", Type: "Cause | null"}, {Name: "peer", Type: "Call | null"},
			{Name: "room", Type: "Conference | null"}, {Name: "playbacks", Type: "Playback[]"}, {Name: "recordings", Type: "Recording[]"},
		},
		Events: []string{"dtmf", "talk", "held", "resumed", "failover", "ended", "bridged", "unbridged",
			"dial.trying", "dial.ringing", "dial.early", "dial.answered", "dial.failed"},
		Promises: []string{"ended"},
		Methods: append(waitMethods(), []sandbox.Method{
			{Name: "ring", Doc: "sends 180 Ringing", ResultType: "void", Options: []sandbox.Option{
				headersOption(), {Name: "alertInfo", Type: sandbox.String, Doc: "URI of the Alert-Info header"}}},
			{Name: "progress", Doc: "sends 183 and opens early audio", ResultType: "void",
				Options: []sandbox.Option{headersOption(), missing("media"), missing("prompt")}},
			{Name: "answer", Doc: "sends 200", ResultType: "void", Options: []sandbox.Option{headersOption(),
				{Name: "delay", Type: sandbox.Duration, Default: 0}, missing("codecs"), missing("secure")}},
			{Name: "reject", Doc: "refuses the call", ResultType: "Cause",
				Params:  []sandbox.Param{{Name: "code", Type: "integer|string", Optional: true}},
				Options: []sandbox.Option{{Name: "reason", Type: sandbox.String}, headersOption()}},
			{Name: "redirect", Doc: "answers 302", ResultType: "Cause",
				Params:  []sandbox.Param{{Name: "contacts", Type: "string|strings"}},
				Options: []sandbox.Option{headersOption()}},
			{Name: "hangup", Doc: "ends the call however it stands", ResultType: "Cause", Options: []sandbox.Option{
				{Name: "cause", Type: sandbox.String, Default: "normal"}, headersOption()}},
			{Name: "mute", Doc: "silences a direction", ResultType: "void", Params: directionParam()},
			{Name: "unmute", Doc: "undoes mute", ResultType: "void", Params: directionParam()},
			dialMethod("places calls and joins the caller with the one that answers"),
			playMethod(), echoMethod(), gatherMethod(), recordMethod(), sendDigitsMethod(),
			{Name: "checkpoint", Doc: "cuts the history: the flow is entered anew with the data", ResultType: "never",
				Params: []sandbox.Param{{Name: "data", Type: sandbox.Any, Optional: true}}},
			{Name: "race", Doc: "waits for the first of some promises", Local: true, ResultType: "RaceResult",
				Params: []sandbox.Param{{Name: "entries", Type: sandbox.Object}}},
			{Name: "onResume", Doc: "hears that the call goes on after a crash", Local: true, Hears: "failover", ResultType: "Call"},
		}...),
		NotBuilt: []string{"diversion", "pAsserted", "trunk", "sdp", "stats", "signal", "hold", "unhold",
			"update", "headers", "outHeaders", "consult",
			"replace", "say", "menu", "stream", "amd", "siprec", "voicemail", "sub",
			"enqueue", "park"},
	}
	f.Methods = append(f.Methods, requestMethods()...)
	return f
}

func headersOption() sandbox.Option {
	return sandbox.Option{Name: "headers", Type: sandbox.Object, Doc: "further SIP headers, by name"}
}

func directionParam() []sandbox.Param {
	return []sandbox.Param{{Name: "which", Type: "'in'|'out'|'both'", Optional: true}}
}

func playMethod() sandbox.Method {
	return sandbox.Method{Name: "play", Doc: "plays to the caller", Returns: "Playback", Handle: true, ResultType: "PlayResult",
		Params: []sandbox.Param{{Name: "source", Type: sandbox.Source}},
		Options: []sandbox.Option{
			{Name: "loop", Type: "boolean|integer", Default: false, Doc: "true: for ever; a number: that many times"},
			{Name: "offset", Type: sandbox.Duration, Doc: "where to begin"},
			{Name: "from", Type: sandbox.Duration, Doc: "the same as offset"},
			{Name: "gain", Type: sandbox.Number, Default: 0, Doc: "dB"},
			{Name: "bargeIn", Type: "boolean|'digits'|'speech'", Default: false, Doc: "true or 'digits': a digit stops it and stays typed ahead"},
			{Name: "terminators", Type: sandbox.String, Default: "", Doc: "keys that stop it and are used up"},
			{Name: "rate", Type: sandbox.Number, Doc: "how fast, from 0.5 to 2"},
			{Name: "cache", Type: sandbox.Boolean, Doc: "false: fetch a URL again"},
			{Name: "to", Type: "'self'|'peer'|'both'", Default: "self"},
			missing("mix"),
		}}
}

func echoMethod() sandbox.Method {
	return sandbox.Method{Name: "echo", Doc: "returns the caller's own audio", ResultType: "EchoResult", Options: []sandbox.Option{
		{Name: "delay", Type: sandbox.Duration, Default: 0, Doc: "at most 5s"},
		{Name: "for", Type: sandbox.Duration, Default: 0, Doc: "0: until a digit or the end"},
	}}
}

func gatherMethod() sandbox.Method {
	return sandbox.Method{Name: "gather", Doc: "collects digits", ResultType: "GatherResult", Brief: true, Options: []sandbox.Option{
		{Name: "input", Type: sandbox.Strings, Default: []string{"digits"}},
		{Name: "prompt", Type: sandbox.Source},
		{Name: "max", Type: sandbox.Integer, Default: 0, Doc: "0: no limit"},
		{Name: "min", Type: sandbox.Integer, Default: 1},
		{Name: "terminators", Type: sandbox.String, Default: "#"},
		{Name: "keepTerminator", Type: sandbox.Boolean, Default: false},
		{Name: "timeout", Type: sandbox.Duration, Default: "5s", Doc: "for the first digit, from the end of the prompt"},
		{Name: "interDigitTimeout", Type: sandbox.Duration, Default: "3s"},
		{Name: "bargeIn", Type: "boolean|object", Default: true},
		{Name: "buffer", Type: sandbox.Boolean, Default: true, Doc: "take digits typed ahead"},
		{Name: "tries", Type: sandbox.Integer, Default: 1},
		{Name: "retryPrompt", Type: sandbox.Source},
		{Name: "invalidPrompt", Type: sandbox.Source},
		{Name: "validate", Type: sandbox.Pattern},
		{Name: "mask", Type: sandbox.Boolean, Default: false, Doc: "the digits appear in no log"},
		missing("speechTimeout"), missing("maxSpeech"), missing("hints"), missing("language"), missing("engine"), missing("onPartial"),
	}}
}

func recordMethod() sandbox.Method {
	return sandbox.Method{Name: "record", Doc: "records the call", Returns: "Recording", Handle: true, ResultType: "RecordResult",
		Options: []sandbox.Option{
			{Name: "file", Type: sandbox.String, Doc: "below the recordings' directory; without it a name is made"},
			{Name: "mode", Type: "'mono'|'stereo'|'separate'", Default: "mono"},
			{Name: "leg", Type: "'in'|'out'|'both'", Default: "in"},
			{Name: "max", Type: sandbox.Duration, Default: 0, Doc: "0: no limit"},
			{Name: "maxSilence", Type: sandbox.Duration, Default: 0, Doc: "0: no limit"},
			{Name: "terminators", Type: sandbox.String, Default: ""},
			{Name: "beep", Type: sandbox.Boolean, Default: false},
			{Name: "trim", Type: sandbox.Boolean, Default: false},
			{Name: "format", Type: "'wav'|'opus'|'mp3'", Default: "wav"},
			{Name: "announce", Type: sandbox.Source, Doc: "what the caller hears first"},
			{Name: "upload", Type: sandbox.Object, Doc: "{url, retries}: where it goes when it has ended"},
			{Name: "start", Type: "'now'|'answer'|'bridge'", Default: "now"},
			missing("encrypt"),
		}}
}

func sendDigitsMethod() sandbox.Method {
	return sandbox.Method{Name: "sendDigits", Doc: "sends telephone-events", ResultType: "SendResult",
		Params: []sandbox.Param{{Name: "digits", Type: sandbox.String}},
		Options: []sandbox.Option{
			{Name: "method", Type: "'rtp'|'info'|'inband'", Default: "rtp"},
			{Name: "duration", Type: sandbox.Duration, Default: "100ms"},
			{Name: "gap", Type: sandbox.Duration, Default: "50ms"},
		}}
}

func playbackFace() sandbox.Face {
	return sandbox.Face{Class: "Playback", Doc: "a running play; await it for its result",
		Methods: append(steeringMethods(),
			sandbox.Method{Name: "seek", ResultType: "void", Params: []sandbox.Param{{Name: "offset", Type: sandbox.Duration}}},
			sandbox.Method{Name: "gain", ResultType: "void", Params: []sandbox.Param{{Name: "db", Type: sandbox.Number}}})}
}

func recordingFace() sandbox.Face {
	return sandbox.Face{Class: "Recording", Doc: "a running recording; await it for its result",
		Events: []string{"started", "paused", "resumed", "finished", "failed", "uploaded"},
		Methods: append(steeringMethods(),
			sandbox.Method{Name: "mask", ResultType: "void"}, sandbox.Method{Name: "unmask", ResultType: "void"},
			sandbox.Method{Name: "mark", ResultType: "void", Params: []sandbox.Param{{Name: "name", Type: sandbox.String}}})}
}

func steeringMethods() []sandbox.Method {
	return []sandbox.Method{
		{Name: "pause", ResultType: "void"}, {Name: "resume", ResultType: "void"}, {Name: "stop", ResultType: "void"}}
}
