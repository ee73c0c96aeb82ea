package flow

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/callwright/callwright/sandbox"
)

// HTTPRequest is what app.on('http') listeners are given. Path is what follows the
// app's own part of the URL, from its slash; header names are in lower case.
type HTTPRequest struct {
	Method  string            `json:"method"`
	Path    string            `json:"path"`
	Query   map[string]string `json:"query"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body"`
	Base64  bool              `json:"base64,omitempty"` // the body is no text
	IP      string            `json:"ip"`
	Trusted bool              `json:"trusted"` // it bore the operator's token
}

// HTTPAnswer is what a listener gave, read and checked.
type HTTPAnswer struct {
	Status  int
	Headers map[string]string
	Body    []byte
}

// serveHTTP asks the listeners of an app's own run.
func (f *Flows) serveHTTP(in HTTP) {
	who := asker{request: in.ID}
	u := f.runOf(in.App)
	var refusal *sandbox.HostError
	switch {
	case u == nil:
		refusal = coded("Error", "no-app", fmt.Sprintf("there is no app %q%s", in.App, didYouMean(in.App, f.appNames())))
	case u.closed:
		refusal = coded("Error", "gone", fmt.Sprintf("app %s does not run: its top level failed", in.App))
	case !u.listens[subject{"app", "http"}]:
		refusal = coded("Error", "no-function", fmt.Sprintf("app %s takes no HTTP requests (app.on('http', request => …) at its top level)", in.App))
	case len(u.served) >= maxAsked:
		refusal = coded("Busy", "busy", fmt.Sprintf("app %s has %d requests to answer", u.app, len(u.served)))
	}
	args := encode([]HTTPRequest{in.Request})
	if refusal == nil && len(args) > 2*maxAskLen {
		refusal = coded("RangeError", "too-large", fmt.Sprintf("a request of %d bytes, at most %d", len(args), 2*maxAskLen))
	}
	if refusal != nil {
		f.tellAsker(who, sandbox.Answer{Error: refusal})
		return
	}
	f.ask(u, who, sandbox.Input{Object: "app", Event: "http", Value: args})
}

// answerForm is what a listener may give: a text is the body; an object says more.
type answerForm struct {
	Status  *int              `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    *string           `json:"body"`
	JSON    json.RawMessage   `json:"json"`
}

// ReadHTTPAnswer reads what a listener gave. Nil: no listener took the request.
func ReadHTTPAnswer(raw json.RawMessage) (*HTTPAnswer, error) {
	var text string
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return nil, nil
	case json.Unmarshal(raw, &text) == nil:
		return &HTTPAnswer{200, map[string]string{"content-type": "text/plain; charset=utf-8"}, []byte(text)}, nil
	}
	var v answerForm
	if err := json.Unmarshal(raw, &v); err != nil {
		return nil, fmt.Errorf("an http listener gives text, or { status, headers, body | json }, not %.60s", raw)
	}
	a := &HTTPAnswer{200, map[string]string{}, nil}
	switch {
	case v.Status != nil && (*v.Status < 200 || *v.Status > 599):
		return nil, fmt.Errorf("an http listener gave the status %d; it must be between 200 and 599", *v.Status)
	case v.Status != nil:
		a.Status = *v.Status
	}
	switch {
	case v.JSON != nil:
		a.Body, a.Headers["content-type"] = v.JSON, "application/json"
	case v.Body != nil:
		a.Body, a.Headers["content-type"] = []byte(*v.Body), "text/plain; charset=utf-8"
	case v.Status == nil && v.Headers == nil:
		return nil, fmt.Errorf("an http listener gave an object without status, headers, body and json: %.60s", raw)
	}
	return a, a.take(v.Headers)
}

// take adds a listener's own headers. Those that frame the answer are ours (RFC 9112 §6).
func (a *HTTPAnswer) take(given map[string]string) error {
	for name, value := range given {
		low := strings.ToLower(name)
		switch {
		case !token(name) || framing[low]:
			return fmt.Errorf("an http listener cannot set the header %q", name)
		case strings.ContainsAny(value, "\r\n\x00"):
			return fmt.Errorf("an http listener gave the header %q a line end", name)
		}
		a.Headers[low] = value
	}
	return nil
}

var framing = map[string]bool{"content-length": true, "transfer-encoding": true, "connection": true, "upgrade": true, "trailer": true, "te": true, "keep-alive": true}
