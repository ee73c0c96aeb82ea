package flow

import "github.com/callwright/callwright/sandbox"

func appFace() sandbox.Face {
	return sandbox.Face{
		Class: "App", Export: "app", Doc: "the app's own run, beside its calls",
		Events: []string{"call", "reload", "shutdown"},
		Methods: []sandbox.Method{
			{Name: "use", Doc: "the functions another app offers", Remote: true, ResultType: "Offered",
				Params: []sandbox.Param{{Name: "app", Type: sandbox.String}}},
			{Name: "every", Doc: "runs a function each period", Handle: true, Returns: "Schedule", ResultType: "ScheduleResult",
				Params: []sandbox.Param{{Name: "period", Type: sandbox.Duration}, {Name: "fn", Type: sandbox.Function}}},
			{Name: "at", Doc: "runs a function once", Handle: true, Returns: "Schedule", ResultType: "ScheduleResult",
				Params: []sandbox.Param{{Name: "date", Type: sandbox.Any}, {Name: "fn", Type: sandbox.Function}}},
			{Name: "limit", Doc: "counts against a rate", ResultType: "LimitResult",
				Params:  []sandbox.Param{{Name: "key", Type: sandbox.String}},
				Options: []sandbox.Option{{Name: "max", Type: sandbox.Number}, {Name: "per", Type: sandbox.Duration}}},
			{Name: "calls", Doc: "the app's live calls", ResultType: "SeenCall[]",
				Options: []sandbox.Option{{Name: "state", Type: sandbox.String}, {Name: "from", Type: sandbox.String}, {Name: "to", Type: sandbox.String},
					{Name: "room", Type: sandbox.String}, {Name: "limit", Type: sandbox.Integer, Default: 100}}},
		},
		NotBuilt: []string{"route", "dial", "call", "emit", "metrics", "version", "rollback", "api",
			// events
			"register", "subscribe", "message", "options", "refer", "http", "websocket", "conference", "queue", "trunk", "worker", "failover"},
	}
}

func scheduleFace() sandbox.Face {
	return sandbox.Face{Class: "Schedule", Doc: "a function that runs at its time; await it for its end",
		Methods: []sandbox.Method{{Name: "cancel", Doc: "ends it", ResultType: "void"}}}
}

func kvFace() sandbox.Face {
	key := sandbox.Param{Name: "key", Type: sandbox.String}
	ttl := []sandbox.Option{{Name: "ttl", Type: sandbox.Duration, Default: 0, Doc: "0: until it is deleted"}}
	return sandbox.Face{
		Class: "Kv", Export: "kv", Doc: "values by key, on disk, for all apps",
		Methods: []sandbox.Method{
			{Name: "get", Doc: "a value", ResultType: "any", Params: []sandbox.Param{key}},
			{Name: "put", Doc: "keeps a value", ResultType: "void", Options: ttl,
				Params: []sandbox.Param{key, {Name: "value", Type: sandbox.Any}}},
			{Name: "incr", Doc: "adds to a number", ResultType: "number", Options: ttl,
				Params: []sandbox.Param{key, {Name: "by", Type: sandbox.Number, Optional: true}}},
			{Name: "delete", Doc: "forgets a key", ResultType: "boolean", Params: []sandbox.Param{key}},
			{Name: "list", Doc: "keys", ResultType: "string[]",
				Params:  []sandbox.Param{{Name: "prefix", Type: sandbox.String, Optional: true}},
				Options: []sandbox.Option{{Name: "limit", Type: sandbox.Integer, Default: 1000}}},
		},
	}
}

func lockMethod() sandbox.Method {
	return sandbox.Method{Name: "lock", Doc: "runs a function while nobody else holds the key", ResultType: "any", Brief: true,
		Params: []sandbox.Param{{Name: "key", Type: sandbox.String}, {Name: "fn", Type: sandbox.Function}},
		Options: []sandbox.Option{
			{Name: "wait", Type: sandbox.Duration, Default: "10s", Doc: "0: not at all"},
			{Name: "ttl", Type: sandbox.Duration, Default: "30s"},
		}}
}

func fetchMethod() sandbox.Method {
	return sandbox.Method{Name: "fetch", Doc: "an HTTP request", Global: true, ResultType: "Response",
		Params: []sandbox.Param{{Name: "url", Type: sandbox.String}},
		Options: []sandbox.Option{
			{Name: "method", Type: sandbox.String, Doc: "GET, or POST with a body"},
			{Name: "headers", Type: sandbox.Object},
			{Name: "body", Type: sandbox.Object},
			{Name: "json", Type: sandbox.Any},
			{Name: "timeout", Type: sandbox.Duration, Default: "10s"},
			{Name: "retries", Type: sandbox.Integer, Default: 0},
			missing("signal"), missing("redirect"), missing("cache"), missing("credentials"), missing("mode"), missing("keepalive"),
			missing("referrer"), missing("referrerPolicy"), missing("integrity"), missing("duplex"), missing("window"), missing("priority"),
		}}
}
