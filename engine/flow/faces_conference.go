package flow

import "github.com/callwright/callwright/sandbox"

func conferenceFace() sandbox.Face {
	filter := []sandbox.Param{{Name: "filter", Type: sandbox.Selector, Optional: true}}
	return sandbox.Face{
		Class: "Conference", Doc: "callers who hear each other",
		Fields: []sandbox.Field{
			{Name: "name", Type: "string"}, {Name: "rate", Type: "number"}, {Name: "state", Type: "'idle' | 'running'"},
			{Name: "size", Type: "number"}, {Name: "started", Type: "number"},
		},
		Events: []string{"start", "end", "join", "leave", "mute", "unmute", "talk-start", "talk-stop", "dtmf", "play-done"},
		Methods: []sandbox.Method{
			{Name: "join", Doc: "puts the call into the conference", Returns: "Member", ResultType: "Member",
				Params: []sandbox.Param{{Name: "call", Type: sandbox.Handle}},
				Options: []sandbox.Option{
					{Name: "label", Type: sandbox.String},
					{Name: "tags", Type: sandbox.Strings},
					{Name: "role", Type: "'moderator'|'speaker'|'listener'", Default: "speaker"},
					{Name: "muted", Type: sandbox.Boolean, Default: false},
					{Name: "deaf", Type: sandbox.Boolean, Default: false},
					{Name: "gainIn", Type: sandbox.Number, Default: 0, Doc: "dB"},
					{Name: "gainOut", Type: sandbox.Number, Default: 0, Doc: "dB"},
					missing("hidden"), missing("canHear"), missing("canSpeak"), missing("hears"), missing("heardBy"),
					missing("coach"), missing("denoise"), missing("agc"), missing("muteDetect"), missing("endConference"),
					missing("mandatory"), missing("startConference"), missing("noMusic"), missing("position"),
					missing("distributeDtmf"), missing("record"), missing("timeLimit"), missing("announce"),
				}},
			{Name: "members", Doc: "lists who is in", Params: filter, ResultType: "MemberView[]"},
			{Name: "mute", Doc: "members are not heard", Params: filter, ResultType: "Count"},
			{Name: "unmute", Doc: "members are heard again", Params: filter, ResultType: "Count"},
			{Name: "kick", Doc: "takes members out; their calls go on", Params: filter, ResultType: "Count"},
			{Name: "play", Doc: "plays to all who are in", Returns: "Playback", Handle: true, ResultType: "PlayResult",
				Params: []sandbox.Param{{Name: "source", Type: sandbox.Source}},
				Options: []sandbox.Option{
					{Name: "loop", Type: "boolean|integer", Default: false},
					missing("to"), missing("duck"),
				}},
			{Name: "end", Doc: "takes everybody out", ResultType: "Count"},
		},
		NotBuilt: []string{"get", "deaf", "undeaf", "hold", "gain", "floor", "lock", "unlock", "say", "dial", "move", "split",
			"merge", "record", "stream", "matrix", "set"},
	}
}

func memberFace() sandbox.Face {
	return sandbox.Face{
		Class: "Member", Doc: "a call's place in a conference",
		Fields: []sandbox.Field{
			{Name: "id", Type: "string"}, {Name: "label", Type: "string"}, {Name: "tags", Type: "string[]"},
			{Name: "role", Type: "string"}, {Name: "number", Type: "string"}, {Name: "name", Type: "string"},
			{Name: "muted", Type: "boolean"}, {Name: "deaf", Type: "boolean"}, {Name: "talking", Type: "boolean"},
			{Name: "joined", Type: "number"},
		},
		Promises: []string{"left"},
	}
}
