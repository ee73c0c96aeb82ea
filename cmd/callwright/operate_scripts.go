package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/callwright/callwright/engine/api"
	"github.com/callwright/callwright/engine/script"
	"github.com/callwright/callwright/sandbox"
)

func reloadResults(outcomes []script.Outcome) []api.ReloadResult {
	var results []api.ReloadResult
	for _, o := range outcomes {
		results = append(results, reloadResult(o))
	}
	return results
}

func reloadResult(o script.Outcome) api.ReloadResult {
	r := api.ReloadResult{App: o.App, From: o.From, To: o.To, Trial: o.Trial, Ms: float64(o.Took.Microseconds()) / 1000}
	if o.Error != nil {
		r.Error, r.Source = o.Error.Error(), sourceLine(o.Error)
	}
	return r
}

// scriptError makes an error of the catalogue the API's.
func scriptError(err error) error {
	var e *sandbox.ScriptError
	switch {
	case errors.As(err, &e):
		return &api.ScriptProblem{File: e.File, Line: e.Line, Column: e.Column, Source: e.Source, Name: e.Name, Message: e.Message, Text: e.Error()}
	case errors.Is(err, script.ErrNoApp):
		return fmt.Errorf("%w: %w", api.ErrNoApp, err)
	case errors.Is(err, script.ErrNoVersion):
		return fmt.Errorf("%w: %w", api.ErrNoVersion, err)
	case errors.Is(err, script.ErrUpload):
		return fmt.Errorf("%w: %w", api.ErrBadBody, err)
	}
	return err
}

func (o *operator) Versions(_ context.Context, app string) ([]api.VersionView, error) {
	list, err := o.scripts.Versions(app)
	if err != nil {
		return nil, scriptError(err)
	}
	var views []api.VersionView
	for _, v := range list {
		views = append(views, api.VersionView{App: app, Version: v.Version, State: v.State, By: v.By, First: v.First,
			Last: v.Last, Bytes: v.Bytes, Calls: v.Calls, OnDisk: v.OnDisk, Bad: v.Bad})
	}
	return views, nil
}

func (o *operator) Rollback(_ context.Context, app, version string) (api.ReloadResult, error) {
	out, err := o.scripts.Rollback(app, version)
	return reloadResult(out), scriptError(err)
}

func (o *operator) Diff(_ context.Context, app, from, to string) (api.DiffView, error) {
	d, err := o.scripts.Diff(app, from, to)
	return api.DiffView{App: app, From: d.From, To: d.To, Diff: d.Text}, scriptError(err)
}

func (o *operator) Upload(_ context.Context, u api.Upload) (api.ReloadResult, error) {
	up := script.Upload{App: u.App, Ext: u.Ext, Files: u.Files}
	if u.Single && up.Ext == "" {
		up.Ext = o.scripts.Ext(u.App)
	}
	out, err := o.scripts.Put(up)
	return reloadResult(out), scriptError(err)
}

func (o *operator) Check(_ context.Context, app string) ([]api.ReloadResult, error) {
	out := o.scripts.Check(app)
	if len(out) == 1 && errors.Is(out[0].Error, script.ErrNoApp) {
		return nil, scriptError(out[0].Error)
	}
	return reloadResults(out), nil
}
