package flow

import "github.com/callwright/callwright/sandbox"

func appFace() sandbox.Face {
	return sandbox.Face{
		Class: "App", Export: "app", Doc: "the app's own run, beside its calls",
		Events: []string{"call", "reload", "shutdown", "conference", "worker", "failover"}, Bus: true, Serves: []string{"http", "register"},
		Verdicts: map[string][]string{"register": {"accept", "challenge", "reject"}},
		Fields:   []sandbox.Field{{Name: "version", Type: "string", Version: true}, {Name: "metrics", Type: "Metrics", Part: "Metrics"}},
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
			{Name: "call", Doc: "one of the app's calls", ResultType: "SeenCall | null", Params: []sandbox.Param{{Name: "id", Type: sandbox.String}}},
			{Name: "emit", Doc: "an event for all apps", ResultType: "void",
				Params: []sandbox.Param{{Name: "event", Type: sandbox.String}, {Name: "value", Type: sandbox.Any, Optional: true}}},
			{Name: "rollback", Doc: "lets an older version of the app serve", ResultType: "RollbackResult",
				Params: []sandbox.Param{{Name: "version", Type: sandbox.String, Optional: true}}},
			dialMethod("places calls on behalf of no caller"),
		},
		NotBuilt: []string{"route", "api",
			// events
			"subscribe", "message", "options", "refer", "websocket", "queue", "trunk"},
	}
}

func metricsFace() sandbox.Face {
	labels := sandbox.Option{Name: "labels", Type: sandbox.Object, Doc: "texts that tell series of one name apart"}
	help := sandbox.Option{Name: "help", Type: sandbox.String}
	name, value := sandbox.Param{Name: "name", Type: sandbox.String}, sandbox.Param{Name: "value", Type: sandbox.Number}
	return sandbox.Face{Class: "Metrics", Doc: "figures of the app for /metrics",
		Methods: []sandbox.Method{
			{Name: "counter", Doc: "adds to a figure that only grows", Tell: true, ResultType: "void", Options: []sandbox.Option{labels, help},
				Params: []sandbox.Param{name, {Name: "by", Type: sandbox.Number, Optional: true}}},
			{Name: "gauge", Doc: "sets a figure", Tell: true, ResultType: "void", Options: []sandbox.Option{labels, help}, Params: []sandbox.Param{name, value}},
			{Name: "histogram", Doc: "counts a value among others", Tell: true, ResultType: "void", Params: []sandbox.Param{name, value},
				Options: []sandbox.Option{labels, help, {Name: "buckets", Type: sandbox.Any, Doc: "upper bounds, of the first use"}}},
		}}
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

func registrarFace() sandbox.Face {
	user := sandbox.Param{Name: "user", Type: sandbox.String}
	return sandbox.Face{
		Class: "Registrar", Export: "registrar", Doc: "where the users' phones are",
		Methods: []sandbox.Method{
			{Name: "lookup", Doc: "the phones of a user", ResultType: "Registered[]", Params: []sandbox.Param{user}},
			{Name: "kick", Doc: "forgets phones of a user", ResultType: "number",
				Params: []sandbox.Param{user, {Name: "contact", Type: sandbox.String, Optional: true}}},
		},
		NotBuilt: []string{"push"},
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

func wsMethod() sandbox.Method {
	return sandbox.Method{Name: "ws", Doc: "opens a WebSocket connection", Handle: true, Returns: "Socket", ResultType: "SocketResult",
		Params: []sandbox.Param{{Name: "url", Type: sandbox.String}},
		Options: []sandbox.Option{
			{Name: "protocols", Type: sandbox.Strings},
			{Name: "headers", Type: sandbox.Object},
			{Name: "timeout", Type: sandbox.Duration, Default: "10s", Doc: "to open"},
		}}
}

func socketFace() sandbox.Face {
	return sandbox.Face{Class: "Socket", Doc: "a WebSocket connection; await it for its end",
		Events: []string{"open", "message", "close"}, Promises: []string{"opened"},
		Methods: []sandbox.Method{
			{Name: "send", Doc: "sends a message", ResultType: "void", Params: []sandbox.Param{{Name: "data", Type: sandbox.Payload}}},
			{Name: "ping", Doc: "asks the peer whether it lives", ResultType: "{ ms: number }"},
			{Name: "close", Doc: "ends the connection", ResultType: "void", Options: []sandbox.Option{
				{Name: "code", Type: sandbox.Integer, Default: 1000}, {Name: "reason", Type: sandbox.String, Default: ""}}},
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
