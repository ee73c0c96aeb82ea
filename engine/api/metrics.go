package api

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// newMetrics serves the engine's counters and those of the Go runtime and the
// process, from a registry of its own.
func newMetrics(e Engine) http.Handler {
	reg := prometheus.NewRegistry()
	reg.MustRegister(
		counted{e},
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	// One wrong counter must not hide all others.
	return promhttp.HandlerFor(reg, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
}

// counted asks the engine at each scrape; nothing is counted twice.
type counted struct{ engine Engine }

// Describe says nothing: which counters there are is known at scrape time only.
func (counted) Describe(chan<- *prometheus.Desc) {}

func (c counted) Collect(ch chan<- prometheus.Metric) {
	for _, n := range c.engine.Counters() {
		names := make([]string, len(n.Labels))
		values := make([]string, len(n.Labels))
		for i, l := range n.Labels {
			names[i], values[i] = l.Name, l.Value
		}
		kind := prometheus.CounterValue
		if n.Gauge {
			kind = prometheus.GaugeValue
		}
		desc := prometheus.NewDesc("callwright_"+n.Name, n.Help, names, nil)
		m, err := metric(desc, kind, n, values)
		if err != nil {
			m = prometheus.NewInvalidMetric(desc, err)
		}
		ch <- m
	}
}

func metric(desc *prometheus.Desc, kind prometheus.ValueType, n Counter, labels []string) (prometheus.Metric, error) {
	if len(n.Counts) == 0 {
		return prometheus.NewConstMetric(desc, kind, n.Value, labels...)
	}
	var total uint64
	upTo := map[float64]uint64{}
	for i, c := range n.Counts {
		total += c
		if i < len(n.Bounds) {
			upTo[n.Bounds[i]] = total
		}
	}
	return prometheus.NewConstHistogram(desc, total, n.Value, upTo, labels...)
}
