package main

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/callwright/callwright/engine/api"
	"github.com/callwright/callwright/engine/flow"
	"github.com/callwright/callwright/sandbox"
)

// ServeApp asks an app's http listeners, if its manifest lets this caller.
func (o *operator) ServeApp(ctx context.Context, app string, r api.WebRequest) (*api.WebAnswer, error) {
	if err := o.scripts.MayServe(app); err != nil && !r.Trusted {
		return nil, closed{err}
	}
	a, reply, err := o.engine.ServeApp(ctx, app, flow.HTTPRequest{Method: r.Method, Path: r.Path, Query: r.Query,
		Headers: r.Headers, Body: r.Body, Base64: r.Base64, IP: r.IP, Trusted: r.Trusted})
	switch {
	case err != nil:
		return nil, err
	case reply.Error != nil:
		return nil, appError(reply.Error)
	case a == nil:
		return nil, nil
	}
	return &api.WebAnswer{Status: a.Status, Headers: a.Headers, Body: a.Body}, nil
}

// closed is ErrClosed with the line that would open.
type closed struct{ why error }

func (c closed) Error() string { return api.ErrClosed.Error() + "; " + c.why.Error() }
func (c closed) Unwrap() error { return api.ErrClosed }

func appError(e *sandbox.HostError) *api.AppError {
	var props struct {
		Code string `json:"code"`
	}
	_ = json.Unmarshal(e.Props, &props) // a script's own error has none, or others
	return &api.AppError{Name: e.Name, Message: e.Message, Code: props.Code}
}

// figures are what apps count, under "app_" and with the app's name.
func (o *operator) figures(ctx context.Context) []api.Counter {
	list, err := o.engine.Figures(ctx)
	if err != nil {
		return nil
	}
	var cs []api.Counter
	for _, f := range list {
		c := api.Counter{Name: "app_" + f.Name, Help: f.Help, Value: f.Value, Gauge: f.Kind == "gauge", Bounds: f.Bounds, Counts: f.Counts,
			Labels: []api.Label{{Name: "app", Value: f.App}}}
		for name, value := range f.Labels {
			c.Labels = append(c.Labels, api.Label{Name: name, Value: value})
		}
		slices.SortFunc(c.Labels[1:], func(a, b api.Label) int { return strings.Compare(a.Name, b.Name) })
		cs = append(cs, c)
	}
	return cs
}
