package flow

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"sort"
	"strings"
)

// Limits of an app's own figures.
const (
	maxFigures = 100   // names
	maxSeries  = 1_000 // of all names
	maxLabels  = 8
	maxLabel   = 100 // bytes of a label's value
	maxBounds  = 50
)

// Kinds of a figure.
const (
	counterKind   = "counter"
	gaugeKind     = "gauge"
	histogramKind = "histogram"
)

// defaultBounds suit durations in seconds, as most histograms hold.
var defaultBounds = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}

// figure is app.metrics.counter, gauge and histogram: counted at once, with no result.
// What is wrong with one goes to the log: nobody waits for it. Figures are the memory of
// the brain, as scrapers expect of counters (they see a restart as a reset).
type figure struct {
	Name    string            `json:"name"`
	By      *float64          `json:"by"`
	Value   float64           `json:"value"`
	Labels  map[string]string `json:"labels"`
	Help    string            `json:"help"`
	Buckets []float64         `json:"buckets"`
}

func (v *figure) begin(o *operation) {
	if err := v.count(o); err != nil {
		o.note("error", err.Error())
	}
	o.forget()
}

func (*figure) step(*operation, event) {}

func (v *figure) count(o *operation) error {
	if v.By != nil {
		v.Value = *v.By
	} else if o.method == counterKind {
		v.Value = 1
	}
	switch {
	case !metricName(v.Name):
		return fmt.Errorf("%q is no name for a figure: letters, digits and _, such as orders_total", v.Name)
	case math.IsNaN(v.Value) || o.method == counterKind && v.Value < 0:
		return fmt.Errorf("%s: a counter cannot grow by %v", v.Name, v.Value)
	}
	a := o.f.figures[o.u.app]
	if a == nil {
		a = &appFigures{named: map[string]*named{}}
		o.f.figures[o.u.app] = a
	}
	s, err := a.series(o, v)
	if err != nil {
		return err
	}
	switch o.method {
	case counterKind:
		s.value += v.Value
	case gaugeKind:
		s.value = v.Value
	default:
		s.observe(v.Value)
	}
	return nil
}

// appFigures are the figures of one app.
type appFigures struct {
	named map[string]*named
	count int // of series
}

// named is all series of one name: they have the same kind, labels and bounds.
type named struct {
	kind, help string
	labels     []string
	bounds     []float64
	series     map[string]*series
}

type series struct {
	labels map[string]string
	value  float64 // of a histogram, the sum
	counts []uint64
	bounds []float64
}

func (s *series) observe(x float64) {
	s.value += x
	s.counts[sort.SearchFloat64s(s.bounds, x)]++
}

// series finds or makes the one that is meant.
func (a *appFigures) series(o *operation, v *figure) (*series, error) {
	kind := o.method
	n := a.named[v.Name]
	if n == nil {
		var err error
		if n, err = v.first(kind); err != nil {
			return nil, err
		}
		if other := o.f.otherKind(v.Name, kind); other != "" {
			return nil, fmt.Errorf("%s: app %s has a figure of that name of another kind", v.Name, other)
		}
		if len(a.named) >= maxFigures {
			return nil, fmt.Errorf("%s: the app has %d figures, at most %d", v.Name, len(a.named), maxFigures)
		}
		a.named[v.Name] = n
	}
	labels := slices.Sorted(maps.Keys(v.Labels))
	if n.kind != kind || !slices.Equal(n.labels, labels) {
		return nil, fmt.Errorf("%s: it is a %s with the labels %q, and was a %s with %q before", v.Name, kind, labels, n.kind, n.labels)
	}
	key := string(encode(v.Labels))
	if s := n.series[key]; s != nil {
		return s, nil
	}
	for _, text := range v.Labels {
		if len(text) > maxLabel {
			return nil, fmt.Errorf("%s: a label of %d bytes, at most %d", v.Name, len(text), maxLabel)
		}
	}
	if a.count >= maxSeries {
		return nil, fmt.Errorf("%s: the app has %d series, at most %d: label by fewer values", v.Name, a.count, maxSeries)
	}
	a.count++
	s := &series{labels: v.Labels, bounds: n.bounds}
	if kind == histogramKind {
		s.counts = make([]uint64, len(n.bounds)+1)
	}
	n.series[key] = s
	return s, nil
}

// otherKind names an app for which a figure is of another kind: /metrics has one kind
// a name.
func (f *Flows) otherKind(name, kind string) string {
	for app, a := range f.figures {
		if n := a.named[name]; n != nil && n.kind != kind {
			return app
		}
	}
	return ""
}

// first makes a name's entry as its first use says.
func (v *figure) first(kind string) (*named, error) {
	n := &named{kind: kind, help: v.Help, labels: slices.Sorted(maps.Keys(v.Labels)), series: map[string]*series{}}
	if len(n.labels) > maxLabels {
		return nil, fmt.Errorf("%s: %d labels, at most %d", v.Name, len(n.labels), maxLabels)
	}
	for _, l := range n.labels {
		if !metricName(l) || l == "app" || l == "le" {
			return nil, fmt.Errorf("%s: %q is no name for a label", v.Name, l)
		}
	}
	if kind != histogramKind {
		return n, nil
	}
	if n.bounds = v.Buckets; len(n.bounds) == 0 {
		n.bounds = defaultBounds
	}
	if len(n.bounds) > maxBounds || !slices.IsSorted(n.bounds) {
		return nil, fmt.Errorf("%s: buckets are at most %d upper bounds, each larger than the one before", v.Name, maxBounds)
	}
	return n, nil
}

func metricName(s string) bool {
	return s != "" && len(s) <= 100 && !(s[0] >= '0' && s[0] <= '9') && strings.IndexFunc(s, func(r rune) bool {
		return !(r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9')
	}) < 0
}

// Figure is one series of an app's own figures. Bounds and Counts are a histogram's: how
// many values each bucket got, one more than there are bounds; Value is their sum.
type Figure struct {
	App, Name, Kind, Help string
	Labels                map[string]string
	Value                 float64
	Bounds                []float64
	Counts                []uint64
}

// Figures lists what apps count, by app, name and labels.
// They all have the help text of the first.
func (f *Flows) Figures() (list []Figure) {
	help := map[string]string{}
	for _, app := range slices.Sorted(maps.Keys(f.figures)) {
		a := f.figures[app]
		for _, name := range slices.Sorted(maps.Keys(a.named)) {
			n := a.named[name]
			if help[name] == "" {
				help[name] = orElse(n.help, "Counted by an app's scripts.")
			}
			for _, key := range slices.Sorted(maps.Keys(n.series)) {
				s := n.series[key]
				list = append(list, Figure{app, name, n.kind, help[name], s.labels, s.value, n.bounds, slices.Clone(s.counts)})
			}
		}
	}
	return list
}
