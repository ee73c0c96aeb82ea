package dsp

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// ErrTone is a tone plan that cannot be read.
var ErrTone = errors.New("dsp: not a tone plan")

// Tone is a cadence of tones, played Times over.
type Tone struct {
	Segments []Segment
	Times    int // 0: for ever
}

// Segment is one or more sines at once, or silence.
type Segment struct {
	Hz []float64 // none: silence
	MS int       // 0: for ever
}

// Limits of a plan.
const (
	MaxSegments = 64
	MaxSines    = 4
	MinHz       = 20
	MaxHz       = 4000
	MaxMS       = 3600_000
	MaxTimes    = 10000
)

const (
	tonePrefix = "tone:"
	wantTone   = "want like tone:440, tone:350+440/1000 or tone:425/200,0/200x3 (Hz/ms, 0 Hz is silence, xN repeats)"
)

// ParseTone reads the notation of scripts: "tone:" and segments apart by commas, each
// frequencies in Hz joined by +, or 0 for silence, and after a slash its length in
// ms; at the end xN for N times. Without a length a tone is for ever.
func ParseTone(s string) (*Tone, error) {
	body, ok := strings.CutPrefix(s, tonePrefix)
	if !ok || len(body) > 1024 {
		return nil, toneError(s, wantTone)
	}
	t := &Tone{Times: 1}
	if list, times, ok := strings.Cut(body, "x"); ok {
		n, err := strconv.Atoi(times)
		if err != nil || n < 1 || n > MaxTimes {
			return nil, toneError(s, fmt.Sprintf("after x want 1 to %d times, not %q", MaxTimes, clipped(times)))
		}
		body, t.Times = list, n
	}
	for text := range strings.SplitSeq(body, ",") {
		seg, err := parseSegment(text)
		if err != nil {
			return nil, toneError(s, err.Error())
		}
		t.Segments = append(t.Segments, seg)
	}
	if err := t.Check(); err != nil {
		return nil, toneError(s, strings.TrimPrefix(err.Error(), ErrTone.Error()+": "))
	}
	return t, nil
}

func toneError(s, why string) error {
	return fmt.Errorf("%w: %q: %s", ErrTone, clipped(s), why)
}

// clipped keeps an error a line, whatever a script wrote.
func clipped(s string) string {
	if len(s) > 80 {
		return s[:80] + "..."
	}
	return s
}

func parseSegment(text string) (Segment, error) {
	sines, length, timed := strings.Cut(text, "/")
	var seg Segment
	if timed {
		ms, err := strconv.Atoi(length)
		if err != nil || ms < 1 {
			return seg, fmt.Errorf("after / want 1 to %d ms, not %q", MaxMS, clipped(length))
		}
		seg.MS = ms
	}
	if sines == "0" {
		return seg, nil
	}
	for f := range strings.SplitSeq(sines, "+") {
		hz, err := strconv.ParseFloat(f, 64)
		if err != nil {
			return seg, fmt.Errorf("%q is no frequency; %s", clipped(f), wantTone)
		}
		seg.Hz = append(seg.Hz, hz)
	}
	return seg, nil
}

// Check says what of a plan is out of its limits.
func (t *Tone) Check() error {
	if n := len(t.Segments); n < 1 || n > MaxSegments {
		return fmt.Errorf("%w: %d segments, want 1 to %d", ErrTone, n, MaxSegments)
	}
	if t.Times < 0 || t.Times > MaxTimes {
		return fmt.Errorf("%w: %d times, want up to %d", ErrTone, t.Times, MaxTimes)
	}
	for i, seg := range t.Segments {
		if len(seg.Hz) > MaxSines {
			return fmt.Errorf("%w: %d frequencies at once, want up to %d", ErrTone, len(seg.Hz), MaxSines)
		}
		for _, hz := range seg.Hz {
			if math.IsNaN(hz) || hz < MinHz || hz > MaxHz {
				return fmt.Errorf("%w: %v Hz, want %d to %d", ErrTone, hz, MinHz, MaxHz)
			}
		}
		if seg.MS < 0 || seg.MS > MaxMS {
			return fmt.Errorf("%w: %d ms, want 1 to %d", ErrTone, seg.MS, MaxMS)
		}
		if seg.MS == 0 && (i < len(t.Segments)-1 || t.Times > 1) {
			return fmt.Errorf("%w: a segment without a length must be the last, and not be repeated", ErrTone)
		}
	}
	return nil
}

// MS is how long the tone lasts, in ms; -1: for ever.
func (t *Tone) MS() int64 {
	once := int64(0)
	for _, seg := range t.Segments {
		if seg.MS == 0 {
			return -1
		}
		once += int64(seg.MS)
	}
	if t.Times == 0 {
		return -1
	}
	return once * int64(t.Times)
}

// Equal says whether two plans sound the same.
func (t *Tone) Equal(o *Tone) bool {
	return t.Times == o.Times && slices.EqualFunc(t.Segments, o.Segments, func(a, b Segment) bool {
		return a.MS == b.MS && slices.Equal(a.Hz, b.Hz)
	})
}
