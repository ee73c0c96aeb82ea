package events

import (
	"context"
	"log/slog"
	"slices"
	"strings"
)

// maxText bounds what one value of a line may hold, in bytes: a line is kept for as
// long as the ring is deep.
const maxText = 8 << 10

// Handler writes log records into a ring, and passes them on. It hides nothing: whoever
// logs leaves out what must not be seen.
type Handler struct {
	ring   *Ring[Line]
	next   slog.Handler
	attrs  []slog.Attr // of WithAttrs, names with their groups
	prefix string      // of WithGroup
}

// NewHandler makes a handler in front of another.
func NewHandler(ring *Ring[Line], next slog.Handler) *Handler {
	return &Handler{ring: ring, next: next}
}

// Enabled says yes from Info up, and to what the next handler wants.
func (h *Handler) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelInfo || h.next.Enabled(ctx, l)
}

// Handle keeps the record as a line.
func (h *Handler) Handle(ctx context.Context, r slog.Record) error {
	l := Line{Time: r.Time, Level: strings.ToLower(r.Level.String()), Text: clip(r.Message)}
	for _, a := range h.attrs {
		l.add("", a)
	}
	r.Attrs(func(a slog.Attr) bool {
		l.add(h.prefix, a)
		return true
	})
	h.ring.Put(l)
	if !h.next.Enabled(ctx, r.Level) {
		return nil
	}
	return h.next.Handle(ctx, r)
}

// WithAttrs returns a handler that adds these to each line.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	to := *h
	to.attrs = slices.Clone(h.attrs)
	for _, a := range attrs {
		a.Key = h.prefix + a.Key
		to.attrs = append(to.attrs, a)
	}
	to.next = h.next.WithAttrs(attrs)
	return &to
}

// WithGroup returns a handler that puts this name before those of later attributes.
func (h *Handler) WithGroup(name string) slog.Handler {
	to := *h
	if name != "" {
		to.prefix = h.prefix + name + "."
	}
	to.next = h.next.WithGroup(name)
	return &to
}

// add sorts an attribute into the line. A unit is what a script's line is about: the
// call's id, or an app's own run.
func (l *Line) add(prefix string, a slog.Attr) {
	v := a.Value.Resolve()
	if v.Kind() == slog.KindGroup {
		if a.Key != "" {
			prefix += a.Key + "."
		}
		for _, b := range v.Group() {
			l.add(prefix, b)
		}
		return
	}
	name, text := prefix+a.Key, clip(valueText(v))
	switch name {
	case "":
	case "call", "unit":
		l.Call = text
	case "app":
		l.App = text
	default:
		l.Attrs = append(l.Attrs, Attr{name, text})
	}
}

func valueText(v slog.Value) string {
	if v.Kind() != slog.KindAny {
		return v.String()
	}
	if e, ok := v.Any().(error); ok {
		return e.Error()
	}
	return v.String()
}

func clip(s string) string {
	if len(s) <= maxText {
		return s
	}
	return strings.ToValidUTF8(s[:maxText], "") + "…"
}
