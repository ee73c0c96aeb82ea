package api

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/callwright/callwright/engine/events"
)

// Config is what a Server needs beside its engine.
type Config struct {
	Token string       // callers' bearer token; empty: nobody has it
	Hosts []string     // names, beside localhost and address literals, a Host may have
	Log   *slog.Logger // nil: slog.Default()

	// What is nil here is answered with 404 and "not-here".
	Logs    *events.Ring[events.Line]
	Events  *events.Ring[events.Event]
	State   State
	Inspect Inspector
	Cluster Cluster
}

// Server answers the control API. It is an http.Handler; Serve adds the listener
// and its limits.
type Server struct {
	engine Engine
	token  [sha256.Size]byte
	hasTok bool
	hosts  []string
	routes []route
	mux    *http.ServeMux
	log    *slog.Logger

	logs    *events.Ring[events.Line]
	events  *events.Ring[events.Event]
	state   State
	inspect Inspector
	cluster Cluster
}

// New joins the API to an engine; nil is a standby's, which only knows its cluster.
func New(cfg Config, e Engine) *Server {
	s := &Server{
		engine: e,
		token:  sha256.Sum256([]byte(cfg.Token)),
		hasTok: cfg.Token != "",
		hosts:  append([]string{"localhost"}, cfg.Hosts...),
		routes: routesTable(),
		mux:    http.NewServeMux(),
		log:    cfg.Log,

		logs: cfg.Logs, events: cfg.Events, state: cfg.State, inspect: cfg.Inspect, cluster: cfg.Cluster,
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	for _, rt := range s.routes {
		s.mux.Handle(strings.TrimSpace(rt.Method+" "+rt.Path), s.serveRoute(rt))
	}
	s.mux.HandleFunc("/", s.noRoute)
	return s
}

// Serve answers on l until ctx ends, then lets requests in progress end for one
// second. It closes l.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	srv := &http.Server{
		Handler:        s,
		ReadTimeout:    10 * time.Second,
		WriteTimeout:   30 * time.Second,
		IdleTimeout:    time.Minute,
		MaxHeaderBytes: 16 << 10,
		ErrorLog:       slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
		BaseContext:    func(net.Listener) context.Context { return ctx },
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	select {
	case err := <-served:
		return fmt.Errorf("api: listener of %s ended: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if err := srv.Shutdown(grace); err != nil {
		srv.Close()
	}
	<-served
	return nil
}

// ServeHTTP checks what is common to all routes, then lets the table choose.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	switch {
	case !s.hostAllowed(r.Host):
		writeError(w, http.StatusMisdirectedRequest, "bad-host", fmt.Errorf("host %q is not a name of this engine", r.Host))
	case !originAllowed(r):
		writeError(w, http.StatusForbidden, "bad-origin", fmt.Errorf("origin %q is not this engine", r.Header.Get("Origin")))
	default:
		s.mux.ServeHTTP(w, r)
	}
}

// hostAllowed refuses names that an attacker's DNS may point here; an address
// literal cannot be pointed.
func (s *Server) hostAllowed(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	for _, name := range s.hosts {
		if strings.EqualFold(name, host) {
			return true
		}
	}
	return false
}

// originAllowed lets no page of another site speak for its reader.
func originAllowed(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true // not a browser, or a plain navigation
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, r.Host)
}

func (s *Server) serveRoute(rt route) http.Handler {
	var metrics http.Handler
	if rt.do == nil && s.engine != nil {
		metrics = newMetrics(s.engine)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.admitted(rt.access, r) {
			w.Header().Set("WWW-Authenticate", `Bearer realm="callwright"`)
			writeError(w, http.StatusUnauthorized, "no-token", errors.New("the bearer token of the data directory is needed"))
			return
		}
		if metrics != nil {
			metrics.ServeHTTP(w, r)
			return
		}
		if s.engine == nil && !forStandby(rt.Path) {
			w.Header().Set("Retry-After", "1")
			writeError(w, http.StatusServiceUnavailable, "standby", s.standby())
			return
		}
		v, err := rt.do(s, r)
		if err != nil {
			status, code := describe(err)
			if code == "internal" {
				s.log.Error("control API", "route", rt.Path, "err", err)
			}
			writeError(w, status, code, err)
			return
		}
		if h, ok := v.(http.Handler); ok {
			h.ServeHTTP(w, r) // a stream
			return
		}
		writeJSON(w, http.StatusOK, v)
	})
}

// admitted compares hashes, so that neither the length nor the first wrong byte of
// a guess can be timed.
func (s *Server) admitted(a access, r *http.Request) bool {
	if a == openToAll {
		return true
	}
	if a == openToLoopback {
		if peer, err := netip.ParseAddrPort(r.RemoteAddr); err == nil && peer.Addr().Unmap().IsLoopback() {
			return true
		}
	}
	scheme, given, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !s.hasTok || !strings.EqualFold(scheme, "Bearer") {
		return false
	}
	sum := sha256.Sum256([]byte(strings.TrimSpace(given)))
	return subtle.ConstantTimeCompare(sum[:], s.token[:]) == 1
}

func (s *Server) noRoute(w http.ResponseWriter, r *http.Request) {
	for _, rt := range s.routes {
		if rt.Path == r.URL.Path {
			w.Header().Set("Allow", rt.Method)
			writeError(w, http.StatusMethodNotAllowed, "bad-method", fmt.Errorf("%s takes %s", rt.Path, rt.Method))
			return
		}
	}
	writeError(w, http.StatusNotFound, "no-route", fmt.Errorf("no such route %s; GET /v1 lists them", r.URL.Path))
}

// describe turns an engine's error into a status and a stable code.
func describe(err error) (status int, code string) {
	var app *AppError
	var script *ScriptProblem
	switch {
	case errors.As(err, &app):
		return app.status(), app.code()
	case errors.As(err, &script):
		return http.StatusUnprocessableEntity, "bad-script"
	case errors.Is(err, ErrClosed):
		return http.StatusUnauthorized, "no-token"
	case errors.Is(err, ErrNoVersion):
		return http.StatusNotFound, "no-version"
	case errors.Is(err, ErrNoWorker):
		return http.StatusNotFound, "no-worker"
	case errors.Is(err, ErrNoCall):
		return http.StatusNotFound, "no-call"
	case errors.Is(err, ErrNoApp):
		return http.StatusNotFound, "no-app"
	case errors.Is(err, ErrNotHere):
		return http.StatusNotFound, "not-here"
	case errors.Is(err, ErrBadQuery):
		return http.StatusBadRequest, "bad-parameter"
	case errors.Is(err, ErrNoPath):
		return http.StatusNotFound, "no-path"
	case errors.Is(err, ErrBadPath):
		return http.StatusBadRequest, "bad-path"
	case errors.Is(err, ErrBadValue):
		return http.StatusBadRequest, "bad-value"
	case errors.Is(err, ErrFull):
		return http.StatusInsufficientStorage, "full"
	case errors.Is(err, ErrNotStored):
		return http.StatusServiceUnavailable, "not-stored"
	case errors.Is(err, ErrBadBody):
		return http.StatusBadRequest, "bad-body"
	case errors.Is(err, ErrBadCause):
		return http.StatusBadRequest, "bad-cause"
	case errors.Is(err, ErrMember):
		return http.StatusConflict, "bad-member"
	case errors.Is(err, ErrNotReady):
		return http.StatusServiceUnavailable, "not-ready"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return http.StatusServiceUnavailable, "timeout"
	}
	return http.StatusInternalServerError, "internal"
}

func writeError(w http.ResponseWriter, status int, code string, err error) {
	p := Problem{Text: err.Error(), Code: code}
	var app *AppError
	if errors.As(err, &app) {
		p.Name, p.Message = app.Name, app.Message
	}
	var script *ScriptProblem
	if errors.As(err, &script) {
		p.Name, p.Message, p.ScriptProblem = script.Name, script.Message, script
	}
	writeJSON(w, status, p)
}

// Problem is the body of every answer that is not 200.
type Problem struct {
	Text string `json:"error"`
	Code string `json:"code"`
	// Of an error that a script threw.
	Name           string `json:"name,omitempty"`
	Message        string `json:"message,omitempty"`
	*ScriptProblem        // of an error in an author's file
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	// The only error left here is a caller that went away.
	_ = json.NewEncoder(w).Encode(v)
}
