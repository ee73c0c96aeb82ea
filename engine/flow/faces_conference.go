package flow

import "github.com/callwright/callwright/sandbox"

// roomOptions are those of conference() and room.set().
func roomOptions() []sandbox.Option {
	return []sandbox.Option{
		{Name: "rate", Type: "8000|16000|32000|48000|'auto'", Doc: "Hz it mixes at; 8000 for a new one"},
		{Name: "frame", Type: "'20ms'"},
		{Name: "maxMembers", Type: sandbox.Integer, Doc: "0: no limit"},
		{Name: "pin", Type: sandbox.String}, {Name: "moderatorPin", Type: sandbox.String}, {Name: "pinTries", Type: sandbox.Integer},
		{Name: "waitForModerator", Type: sandbox.Boolean}, {Name: "minMembers", Type: sandbox.Integer},
		{Name: "endWithModerator", Type: sandbox.Boolean}, {Name: "endGrace", Type: sandbox.Duration},
		{Name: "endWhenEmpty", Type: sandbox.Duration}, {Name: "maxDuration", Type: sandbox.Duration},
		{Name: "endOnSilence", Type: sandbox.Duration}, {Name: "locked", Type: sandbox.Boolean},
		{Name: "music", Type: sandbox.Source}, {Name: "musicWhen", Type: "'alone'|'waiting'|'both'"},
		{Name: "sounds", Type: sandbox.Object}, {Name: "announce", Type: "'none'|'tone'|'name'|'count'"},
		{Name: "countAbove", Type: sandbox.Integer}, {Name: "lobby", Type: sandbox.Boolean},
		{Name: "loudest", Type: sandbox.Integer, Doc: "0: all"}, {Name: "energyLevel", Type: sandbox.Number, Doc: "dBov"},
		{Name: "dropSilence", Type: "true"}, {Name: "agc", Type: sandbox.Boolean}, {Name: "comfortNoise", Type: sandbox.Boolean},
		{Name: "record", Type: sandbox.Object}, {Name: "controls", Type: sandbox.Object}, {Name: "dtmf", Type: "'absorb'|'pass'"},
		{Name: "history", Type: sandbox.Duration},
		missing("denoise"), missing("spatial"), missing("placement"),
	}
}

func conferenceFace() sandbox.Face {
	filter := []sandbox.Param{{Name: "filter", Type: sandbox.Selector, Optional: true}}
	some := []sandbox.Param{{Name: "filter", Type: sandbox.Selector}}
	count := func(name, doc string) sandbox.Method {
		return sandbox.Method{Name: name, Doc: doc, Params: filter, ResultType: "Count"}
	}
	play := []sandbox.Option{
		{Name: "loop", Type: "boolean|integer", Default: false},
		{Name: "to", Type: sandbox.Selector, Doc: "members who hear it; all without it"},
		{Name: "duck", Type: "boolean|number", Default: false, Doc: "dB that members are quieter meanwhile"},
		{Name: "gain", Type: sandbox.Number, Default: 0, Doc: "dB"},
	}
	return sandbox.Face{
		Class: "Conference", Doc: "callers who hear each other",
		Fields: []sandbox.Field{
			{Name: "name", Type: "string"}, {Name: "rate", Type: "number"}, {Name: "state", Type: "'idle' | 'waiting' | 'running'"},
			{Name: "size", Type: "number"}, {Name: "started", Type: "number"}, {Name: "locked", Type: "boolean"}, {Name: "speaker", Type: "string"},
		},
		Events: []string{"start", "end", "join", "leave", "lobby", "mute", "unmute", "deaf", "undeaf", "hold", "unhold", "mute-detect",
			"talk-start", "talk-stop", "floor", "energy", "dtmf", "lock", "play-done", "record-started", "record-paused", "record-resumed",
			"record-finished", "record-failed", "moved", "mixer-changed", "full", "pin-failed"},
		Methods: []sandbox.Method{
			joinMethod(),
			{Name: "members", Doc: "lists who is in", Params: filter, ResultType: "MemberView[]"},
			{Name: "get", Doc: "one member, or null", Params: some, ResultType: "MemberView | null"},
			count("mute", "members are not heard"), count("unmute", "members are heard again"),
			count("deaf", "members hear nobody"), count("undeaf", "members hear again"),
			count("hold", "neither heard nor hearing, with music"), count("unhold", "back from hold"),
			{Name: "gain", Doc: "how loud members are", Params: some, ResultType: "Count",
				Options: []sandbox.Option{{Name: "in", Type: sandbox.Number, Doc: "dB"}, {Name: "out", Type: sandbox.Number, Doc: "dB"}}},
			count("kick", "takes members out; their calls go on"), count("admit", "lets members in from the lobby"),
			{Name: "floor", Doc: "gives the floor to a member, or takes it back", Params: filter, ResultType: "MemberView | null"},
			{Name: "lock", Doc: "nobody may come in any more", ResultType: "void"},
			{Name: "unlock", Doc: "undoes lock", ResultType: "void"},
			{Name: "play", Doc: "plays to all who are in", Returns: "Playback", Handle: true, ResultType: "PlayResult",
				Params: []sandbox.Param{{Name: "source", Type: sandbox.Source}}, Options: play},
			{Name: "say", Doc: "speaks to all who are in", Returns: "Playback", Handle: true, ResultType: "PlayResult",
				Params: []sandbox.Param{{Name: "text", Type: sandbox.String}},
				Options: append([]sandbox.Option{{Name: "voice", Type: sandbox.String}, {Name: "lang", Type: sandbox.String},
					{Name: "ssml", Type: sandbox.Boolean}}, play[1:]...)},
			{Name: "move", Doc: "takes members into another conference", Params: append(some[:1:1], sandbox.Param{Name: "to", Type: "string|handle"}), ResultType: "Count"},
			{Name: "split", Doc: "takes members into a new conference", Returns: "Conference", ResultType: "Conference",
				Params: append(some[:1:1], sandbox.Param{Name: "name", Type: sandbox.String})},
			{Name: "merge", Doc: "takes in all of another conference", Params: []sandbox.Param{{Name: "other", Type: "string|handle"}}, ResultType: "Count"},
			{Name: "matrix", Doc: "who hears whom", Params: []sandbox.Param{{Name: "fn", Type: "function|null"}}, ResultType: "MatrixResult"},
			{Name: "record", Doc: "records the conference", Returns: "Recording", Handle: true, ResultType: "RoomRecordResult",
				Options: []sandbox.Option{{Name: "file", Type: sandbox.String}, {Name: "mode", Type: "'mix'|'separate'|'both'", Default: "mix"},
					{Name: "max", Type: sandbox.Duration, Default: 0, Doc: "0: no limit"}}},
			{Name: "set", Doc: "changes its options", Options: roomOptions(), ResultType: "void"},
			{Name: "end", Doc: "takes everybody out", ResultType: "Count"},
		},
		NotBuilt: []string{"dial", "stream"},
	}
}

func joinMethod() sandbox.Method {
	return sandbox.Method{Name: "join", Doc: "puts the call into the conference", Returns: "Member", ResultType: "Member",
		Params: []sandbox.Param{{Name: "call", Type: sandbox.Handle}},
		Options: []sandbox.Option{
			{Name: "label", Type: sandbox.String},
			{Name: "tags", Type: sandbox.Strings},
			{Name: "role", Type: "'moderator'|'speaker'|'listener'", Default: "speaker"},
			{Name: "muted", Type: sandbox.Boolean, Default: false},
			{Name: "deaf", Type: sandbox.Boolean, Default: false},
			{Name: "hidden", Type: sandbox.Boolean, Default: false},
			{Name: "canHear", Type: sandbox.Boolean, Default: true},
			{Name: "canSpeak", Type: sandbox.Boolean, Default: true},
			{Name: "hears", Type: "strings|function"},
			{Name: "heardBy", Type: "strings|function"},
			{Name: "coach", Type: sandbox.String},
			{Name: "gainIn", Type: sandbox.Number, Default: 0, Doc: "dB"},
			{Name: "gainOut", Type: sandbox.Number, Default: 0, Doc: "dB"},
			{Name: "agc", Type: sandbox.Boolean},
			{Name: "muteDetect", Type: sandbox.Boolean, Default: false},
			{Name: "startConference", Type: sandbox.Boolean, Default: false},
			{Name: "endConference", Type: sandbox.Boolean, Default: false},
			{Name: "mandatory", Type: sandbox.Boolean, Default: false},
			{Name: "noMusic", Type: sandbox.Boolean, Default: false},
			{Name: "distributeDtmf", Type: sandbox.Boolean, Default: false},
			{Name: "record", Type: sandbox.Boolean, Default: false},
			{Name: "timeLimit", Type: sandbox.Duration, Default: 0, Doc: "0: none"},
			{Name: "announce", Type: sandbox.Source},
			missing("denoise"), missing("position"),
		}}
}

func memberFace() sandbox.Face {
	return sandbox.Face{
		Class: "Member", Doc: "a call's place in a conference",
		Fields: []sandbox.Field{
			{Name: "id", Type: "string"}, {Name: "label", Type: "string"}, {Name: "tags", Type: "string[]"},
			{Name: "role", Type: "string"}, {Name: "number", Type: "string"}, {Name: "name", Type: "string"},
			{Name: "muted", Type: "boolean"}, {Name: "deaf", Type: "boolean"}, {Name: "talking", Type: "boolean"},
			{Name: "held", Type: "boolean"}, {Name: "hidden", Type: "boolean"}, {Name: "lobby", Type: "boolean"},
			{Name: "joined", Type: "number"},
		},
		Promises: []string{"left"},
	}
}
