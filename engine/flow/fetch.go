package flow

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/callwright/callwright/engine/fetch"
)

// fetching is fetch(): the edge performs it and answers with Fetched. A script's body
// comes as text or, when it is bytes, as base64, and so does what it gets back.
type fetching struct {
	URL     string            `json:"url"`
	Method  string            `json:"method"`
	Headers map[string]string `json:"headers"`
	Body    *payload          `json:"body"`
	JSON    json.RawMessage   `json:"json"`
	Timeout millis            `json:"timeout"`
	Retries int               `json:"retries"`
}

type payload struct {
	Text   *string `json:"text,omitempty"`
	Base64 []byte  `json:"base64,omitempty"`
}

func (v *fetching) begin(o *operation) {
	r := fetch.Request{App: o.u.app, Key: fmt.Sprintf("%s/%d", o.u.id, o.n), Method: v.Method, URL: v.URL,
		Headers: v.Headers, Timeout: v.Timeout.duration(), Retries: v.Retries}
	switch {
	case v.Timeout.duration() < time.Millisecond || v.Timeout.duration() > fetch.MaxTimeout:
		o.fail(badOption(fmt.Sprintf("fetch: timeout must be from 1ms to %v", fetch.MaxTimeout)))
		return
	case v.Retries < 0 || v.Retries > fetch.MaxRetries:
		o.fail(badOption(fmt.Sprintf("fetch: retries must be from 0 to %d", fetch.MaxRetries)))
		return
	case v.Body != nil && v.JSON != nil:
		o.fail(badOption("fetch: give body or json, not both"))
		return
	case v.JSON != nil:
		r.Body = v.JSON
		r.Headers = withDefault(r.Headers, "content-type", "application/json")
	case v.Body != nil && v.Body.Text != nil:
		r.Body = []byte(*v.Body.Text)
		r.Headers = withDefault(r.Headers, "content-type", "text/plain;charset=UTF-8")
	case v.Body != nil:
		r.Body = v.Body.Base64
	}
	if r.Method == "" {
		r.Method = "GET"
		if r.Body != nil {
			r.Method = "POST"
		}
	}
	o.f.emit(Fetch{Unit: o.u.id, Op: o.n, Request: r})
}

// withDefault adds a header that the script has not given; names are in lower case.
func withDefault(headers map[string]string, name, value string) map[string]string {
	out := map[string]string{name: value}
	for n, v := range headers {
		out[n] = v
	}
	return out
}

// fetchResult is what the script's Response is made of.
type fetchResult struct {
	Status     int               `json:"status"`
	StatusText string            `json:"statusText"`
	URL        string            `json:"url"`
	Redirected bool              `json:"redirected"`
	Headers    map[string]string `json:"headers"`
	payload
}

func (v *fetching) step(o *operation, e event) {
	f, ok := e.(fetched)
	if !ok {
		return
	}
	if f.Error != nil {
		o.fail(hostError(f.Error.Name, "fetch "+v.URL+": "+f.Error.Message))
		return
	}
	r := fetchResult{Status: f.Status, StatusText: f.StatusText, URL: f.URL, Redirected: f.Redirected, Headers: f.Headers}
	if text := string(f.Body); utf8.ValidString(text) {
		r.Text = &text
	} else {
		r.Base64 = f.Body
	}
	raw := encode(r)
	if len(raw) > maxResult {
		o.fail(hostError("RangeError", fmt.Sprintf("fetch %s: an answer of %d bytes is %d in the journal, at most %d (bytes that are no text count %d for 3)",
			v.URL, len(f.Body), len(raw), maxResult, base64.StdEncoding.EncodedLen(3))))
		return
	}
	o.complete(raw)
}
