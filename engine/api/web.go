package api

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"unicode/utf8"
)

// Web is what an Engine whose apps serve HTTP can do.
type Web interface {
	// ServeApp asks the app's http listeners. Without the token (Trusted) only apps that
	// are open to all are asked: ErrClosed. A nil answer: no listener took the request.
	ServeApp(ctx context.Context, app string, r WebRequest) (*WebAnswer, error)
}

// ErrClosed: the app's HTTP is for bearers of the token.
var ErrClosed = errors.New("api: the bearer token of the data directory is needed")

// WebRequest is one request for an app. Path begins with a slash; header names are in
// lower case.
type WebRequest struct {
	Method, Path   string
	Query, Headers map[string]string
	Body           string
	Base64         bool // Body is bytes that are no text
	IP             string
	Trusted        bool
}

// WebAnswer is what a listener gave.
type WebAnswer struct {
	Status  int
	Headers map[string]string
	Body    []byte
}

func serveApp(s *Server, r *http.Request) (any, error) {
	web, ok := s.engine.(Web)
	if !ok {
		return nil, fmt.Errorf("%w: apps' HTTP", ErrNotHere)
	}
	body, err := readBody(r)
	if err != nil {
		return nil, err
	}
	q := webRequest(r, body)
	q.Trusted = s.admitted(byToken, r)
	app := r.PathValue("app")
	a, err := web.ServeApp(r.Context(), app, q)
	switch {
	case err != nil:
		return nil, err
	case a == nil:
		return nil, &AppError{Name: "Error", Code: "no-function", Message: fmt.Sprintf("app %s has no listener for %s %s", app, q.Method, q.Path)}
	}
	return a, nil
}

func webRequest(r *http.Request, body []byte) WebRequest {
	q := WebRequest{Method: r.Method, Path: "/" + r.PathValue("path"), Query: map[string]string{}, Headers: map[string]string{}, Body: string(body)}
	for name, values := range r.URL.Query() {
		q.Query[name] = values[len(values)-1]
	}
	for name, values := range r.Header {
		if name != "Authorization" || !strings.HasPrefix(strings.ToLower(values[0]), "bearer ") { // the operator's token is no app's business
			q.Headers[strings.ToLower(name)] = strings.Join(values, ", ")
		}
	}
	if !utf8.Valid(body) {
		q.Body, q.Base64 = base64.StdEncoding.EncodeToString(body), true
	}
	q.IP = r.RemoteAddr
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		q.IP = host
	}
	return q
}

// ServeHTTP writes the answer. A script's page must not speak for this origin, which
// the console and the control API share: it gets an origin of its own (CSP sandbox).
func (a *WebAnswer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for name, value := range a.Headers {
		w.Header().Set(name, value)
	}
	w.Header().Set("Content-Security-Policy", "sandbox allow-forms allow-scripts")
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.Body)
}
