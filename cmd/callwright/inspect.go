package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/callwright/callwright/engine"
	"github.com/callwright/callwright/engine/api"
	"github.com/callwright/callwright/engine/flow"
)

// Call looks into one call for the control API.
func (o *operator) Call(ctx context.Context, id string) (api.CallDetail, error) {
	d, err := o.engine.Detail(ctx, id)
	if errors.Is(err, engine.ErrNoCall) {
		return api.CallDetail{}, fmt.Errorf("%w: %s%s", api.ErrNoCall, id, o.nearCall(ctx, id))
	}
	if err != nil {
		return api.CallDetail{}, err
	}
	out := api.CallDetail{
		CallView: callView(engine.CallView{CallView: d.CallView, Mixer: d.Mixer}),
		Line:     o.lineOf(d.App, d.Version, d.Await), Port: d.Port, Vars: d.Vars,
	}
	for _, p := range d.Pending {
		out.Pending = append(out.Pending, api.Pending{
			Number: p.Number, Name: p.Name, Line: p.Line, Args: p.Args, Since: time.UnixMilli(p.Since), Waits: p.Waits,
		})
	}
	for _, f := range d.Recent {
		out.Recent = append(out.Recent, finished(f))
	}
	return out, nil
}

// Journal is a call's journal for the control API.
func (o *operator) Journal(ctx context.Context, id string) (any, error) {
	j, err := o.engine.Journal(ctx, id)
	if errors.Is(err, engine.ErrNoCall) {
		return nil, fmt.Errorf("%w: %s%s", api.ErrNoCall, id, o.nearCall(ctx, id))
	}
	return j, err
}

func finished(f flow.Finished) api.Finished {
	return api.Finished{Number: f.Number, Name: f.Name, Line: f.Line, Ended: time.UnixMilli(f.At), Ms: f.Ms, Error: f.Error}
}

func (o *operator) nearCall(ctx context.Context, id string) string {
	calls, err := o.engine.Calls(ctx)
	if err != nil {
		return ""
	}
	var ids []string
	for _, c := range calls {
		ids = append(ids, c.ID)
	}
	return didYouMean(id, ids)
}

func didYouMean(typed string, names []string) string {
	if near := nearest(typed, names); near != "" {
		return ", did you mean " + near + "?"
	}
	return ""
}

// lineOf is the text of the author's line that a place ("main.js:12:9") is in, as it
// was when that version was built.
func (o *operator) lineOf(app, version, place string) string {
	var generation any = o.scripts.Generation(app, version) // here, or in a process of its own
	g, built := generation.(interface {
		SourceLine(file string, line int) string
	})
	file, line, ok := splitPlace(place)
	if !built || !ok {
		return ""
	}
	return strings.TrimSpace(g.SourceLine(file, line))
}

// splitPlace reads "dir/main.js:12:9".
func splitPlace(place string) (file string, line int, ok bool) {
	rest, _, ok := cutLast(place, ":")
	if !ok {
		return "", 0, false
	}
	file, number, ok := cutLast(rest, ":")
	line, err := strconv.Atoi(number)
	return file, line, ok && err == nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// Eval runs an operator's code in a live unit.
func (o *operator) Eval(ctx context.Context, app string, e api.Evaluation) (string, error) {
	r, err := o.engine.Evaluate(ctx, app, e.Call, e.Code, e.Write)
	if err != nil {
		return "", err
	}
	if r.Error != nil {
		var props struct {
			Code string `json:"code"`
		}
		_ = json.Unmarshal(r.Error.Props, &props) // the code's own errors have none
		return "", &api.AppError{Name: r.Error.Name, Message: r.Error.Message, Code: props.Code}
	}
	var text string
	if err := json.Unmarshal(r.Value, &text); err != nil {
		return "", fmt.Errorf("what the code came to: %w", err)
	}
	return text, nil
}
