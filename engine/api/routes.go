package api

import "net/http"

// route is one call of the API. Its function returns what is written as JSON;
// metrics alone writes by itself.
type route struct {
	Method string `json:"method"`
	Path   string `json:"path"`
	Help   string `json:"help"`
	access access
	do     func(s *Server, r *http.Request) (any, error)
}

// access says who needs no token.
type access int

const (
	byToken        access = iota // nobody
	openToLoopback               // the machine itself
	openToAll
)

// routesTable is the API: a name, a help text, a function.
func routesTable() []route {
	return []route{
		{"GET", "/healthz", "200 when calls are taken, 503 before and after", openToAll, healthz},
		{"GET", "/metrics", "counters for Prometheus", openToLoopback, nil},
		{"GET", "/v1", "this list", byToken, listRoutes},
		{"GET", "/v1/calls", "live calls, oldest first", byToken, listCalls},
		{"GET", "/v1/calls/{id}", "one call: what its script awaits, with that line's text, what is under way, its variables, what happened last", byToken, inspectCall},
		{"GET", "/v1/calls/{id}/journal", "a call's journal, also of the 64 that ended last: what a replay on other code needs; without masked digits", byToken, callJournal},
		{"DELETE", "/v1/calls/{id}", "hangs a call up; ?cause=busy names the cause, normal without", byToken, hangup},
		{"GET", "/v1/scripts", "apps with their routes and serving versions", byToken, listScripts},
		{"POST", "/v1/scripts/reload", "reads scripts anew; ?app=NAME one of them, all without", byToken, reload},
		{"POST", "/v1/scripts/check", "builds scripts as a reload does, and changes nothing; ?app=NAME", byToken, checkScripts},
		{"PUT", "/v1/scripts/{app}", "lets an app serve until its file changes: the text of a script, or a JSON object of files by name", byToken, upload},
		{"GET", "/v1/scripts/{app}/versions", "kept versions, that served last first", byToken, listVersions},
		{"POST", "/v1/scripts/{app}/rollback", "lets an older version serve until the file changes; ?version=, the one before without", byToken, rollback},
		{"GET", "/v1/scripts/{app}/diff", "what changed between two versions; ?from=&to=", byToken, diffVersions},
		{"POST", "/v1/apps/{app}/{function}", "calls a function an app offers; the body is a JSON list of arguments, or one object", byToken, callApp},
		{"POST", "/v1/eval/{app}", "evaluates {code, call, write} in the app's own run, or in a call's; changes nothing unless write", byToken, evaluate},
		{"", "/apps/{app}/{path...}", "an app's own HTTP (app.on('http')), any method; without the token only if its app.yaml says `http: open`", openToAll, serveApp},
		{"GET", "/v1/state", "the whole of state, or with ?path=pins.1234 what is there", byToken, getState},
		{"PUT", "/v1/state", "sets ?path= to the JSON of the body; answers when it is on disk", byToken, putState},
		{"DELETE", "/v1/state", "removes what is at ?path=", byToken, deleteState},
		{"POST", "/v1/state/load", "replaces the whole of state by the object of the body", byToken, loadState},
		{"GET", "/v1/state/history", "what was written lately, by whom; ?path= only there", byToken, stateHistory},
		{"GET", "/v1/logs", "the brain's log as JSON lines or server-sent events; ?since=SEQ, last=N, follow=1, call=, app=, level=", byToken, streamLogs},
		{"GET", "/v1/events", "what became of calls, conferences, scripts and workers; ?since=SEQ, last=N, follow=1, call=, app=, type=", byToken, streamEvents},
		{"GET", "/v1/cluster", "the brains that share one log, as this one sees them: who is active, epoch, lease", byToken, getCluster},
		{"POST", "/v1/cluster/members", "gives {name, addr, witness} a vote, or another address", byToken, addMember},
		{"DELETE", "/v1/cluster/members/{name}", "takes a member's vote", byToken, removeMember},
		{"POST", "/v1/cluster/transfer", "hands over to another brain, ?to=NAME or any, without a BYE", byToken, transfer},
		{"GET", "/v1/workers", "SBCs and mixers with their load", byToken, listWorkers},
		{"POST", "/v1/workers/{name}/drain", "moves all that a worker carries to others of its kind; it gets nothing more", byToken, drain},
		{"GET", "/v1/registrations", "phones that are registered, by user", byToken, listRegistrations},
		{"DELETE", "/v1/registrations/{user}", "forgets a user's phones", byToken, unregister},
		{"GET", "/v1/conferences", "conferences and who is in", byToken, listConferences},
	}
}

func healthz(s *Server, _ *http.Request) (any, error) {
	if s.engine == nil || !s.engine.Ready() {
		return nil, ErrNotReady
	}
	return struct {
		Ready bool `json:"ready"`
	}{true}, nil
}

func listRoutes(s *Server, _ *http.Request) (any, error) {
	return struct {
		Routes []route `json:"routes"`
	}{s.routes}, nil
}

func drain(s *Server, r *http.Request) (any, error) {
	return s.engine.Drain(r.Context(), r.PathValue("name"))
}

func listRegistrations(s *Server, r *http.Request) (any, error) {
	list, err := s.engine.Registrations(r.Context())
	return struct {
		Registrations []RegistrationView `json:"registrations"`
	}{list}, err
}

func unregister(s *Server, r *http.Request) (any, error) {
	n, err := s.engine.Unregister(r.Context(), r.PathValue("user"))
	return struct {
		Removed int `json:"removed"`
	}{n}, err
}

func listCalls(s *Server, r *http.Request) (any, error) {
	calls, err := s.engine.Calls(r.Context())
	return struct {
		Calls []CallView `json:"calls"`
	}{some(calls)}, err
}

func hangup(s *Server, r *http.Request) (any, error) {
	id, cause := r.PathValue("id"), r.URL.Query().Get("cause")
	if err := s.engine.Hangup(r.Context(), id, cause); err != nil {
		return nil, err
	}
	s.log.Info("call hung up by the API", "call", id, "cause", cause, "from", r.RemoteAddr)
	return struct {
		ID string `json:"id"`
	}{id}, nil
}

func listScripts(s *Server, r *http.Request) (any, error) {
	scripts, err := s.engine.Scripts(r.Context())
	return struct {
		Scripts []ScriptView `json:"scripts"`
	}{some(scripts)}, err
}

func reload(s *Server, r *http.Request) (any, error) {
	app := r.URL.Query().Get("app")
	results, err := s.engine.Reload(r.Context(), app)
	if err == nil {
		s.log.Info("scripts reloaded by the API", "app", app, "from", r.RemoteAddr)
	}
	return struct {
		Results []ReloadResult `json:"results"`
	}{some(results)}, err
}

func listWorkers(s *Server, r *http.Request) (any, error) {
	workers, err := s.engine.Workers(r.Context())
	return struct {
		Workers []WorkerView `json:"workers"`
	}{some(workers)}, err
}

func listConferences(s *Server, r *http.Request) (any, error) {
	confs, err := s.engine.Conferences(r.Context())
	return struct {
		Conferences []ConferenceView `json:"conferences"`
	}{some(confs)}, err
}

// some makes an empty list "[]": null is a trap for clients.
func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
