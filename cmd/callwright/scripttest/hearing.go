package scripttest

import (
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"time"

	"github.com/callwright/callwright/media/dsp"
)

// look is how often a phone that listens looks at what has come.
const look = 100 * time.Millisecond

// says queues a sound and waits until it is said.
func (h *handset) says(l *line, what any, d time.Duration) error {
	s, err := h.b.readSound(what)
	if err != nil {
		return err
	}
	sp := s.voice(d)
	if !l.up() {
		return h.gone(l, "say "+s.name)
	}
	h.mouth.say(sp)
	select {
	case <-sp.said:
	case <-l.over: // the end of the call cuts it short
	}
	return nil
}

type heard struct {
	At float64 `json:"at"` // ms from the answer
}

// hears waits until a sound is heard, in what came since the test last looked.
func (h *handset) hears(l *line, what any, within time.Duration) (any, error) {
	s, err := h.b.readSound(what)
	if err != nil {
		return nil, err
	}
	m := newMatcher(s)
	limit := time.Now().Add(within + m.lead()) // within is until it begins
	for from := 0; ; {
		audio, at := h.ear.since(from)
		if i := m.find(audio); i >= 0 {
			h.ear.pass(at + i)
			answer := max(0, l.answered().Sub(h.ear.began)) // what rings is heard before there is one
			return heard{At: float64(at+i)/8 - float64(answer.Milliseconds())}, nil
		}
		from = at + max(0, len(audio)-m.overlap())
		switch {
		case !l.up():
			return nil, fmt.Errorf("%s did not hear %s: the call is over (%s); before, %s", h.name, s.name, l.report.Cause, h.describe())
		case !time.Now().Before(limit):
			return nil, fmt.Errorf("%s did not hear %s within %v; heard instead: %s", h.name, s.name, within, h.describe())
		}
		if err := h.b.wait(min(look, time.Until(limit))); err != nil {
			return nil, err
		}
	}
}

// quietLevel is what counts as silence, in dBov.
const quietLevel = -50

func (h *handset) silent(l *line, d time.Duration) error {
	from := h.ear.now() + rate/10 // not what is under way
	for limit := time.Now().Add(d); time.Now().Before(limit) && l.up(); {
		if err := h.b.wait(min(look, time.Until(limit))); err != nil {
			return err
		}
		audio, at := h.ear.since(from)
		for i := 0; i+160 <= len(audio); i += 160 {
			if level := dsp.Level(audio[i : i+160]); level > quietLevel {
				return fmt.Errorf("%s should hear nothing for %v, but after %v heard %s", h.name, d,
					time.Duration(at+i-from)*time.Second/rate, h.describe())
			}
		}
		from = at + len(audio)/160*160
	}
	return nil
}

// describe says what the phone heard in the last second.
func (h *handset) describe() string {
	audio := h.ear.last()
	if len(audio) == 0 {
		return "nothing at all: no RTP came"
	}
	return h.b.name(audio)
}

// name says what a piece of audio is.
func (b *bench) name(audio []int16) string {
	level := dsp.Level(audio)
	if level < quietLevel {
		return "silence"
	}
	text := fmt.Sprintf("sound of %.0f dBov", level)
	if hz := strongest(audio); hz != nil {
		text = fmt.Sprintf("%s of %.0f dBov", strings.Join(hz, " and "), level)
	}
	if name := b.recognise(audio); name != "" {
		text += " (" + name + ")"
	}
	return text
}

// strongest are the frequencies that make up most of the audio, if one or two do.
func strongest(audio []int16) (names []string) {
	all := math.Pow(10, dsp.Level(audio)/10) * 32768 * 32768
	step := 5.0
	for range 2 {
		best, power := 0.0, 0.0
		for hz := 100.0; hz < 3600; hz += step {
			a := dsp.Goertzel(audio, rate, hz)
			far := true
			for _, n := range names {
				var known float64
				fmt.Sscan(n, &known)
				far = far && math.Abs(known-hz) > 30
			}
			if p := a * a / 2; far && p > power {
				best, power = hz, p
			}
		}
		if power < 0.25*all {
			return names
		}
		names = append(names, fmt.Sprintf("%.0f Hz", best))
	}
	return names
}

// recognise finds which WAV file of the scripts it was.
func (b *bench) recognise(audio []int16) string {
	names, _ := filepath.Glob(filepath.Join(b.dir, "*", "*.wav")) // the pattern is good
	top, _ := filepath.Glob(filepath.Join(b.dir, "*.wav"))
	for _, path := range append(top, names...) {
		name, err := filepath.Rel(b.dir, path)
		if err != nil {
			continue
		}
		if s, err := b.readFile(name); err == nil && newMatcher(s).find(audio) >= 0 {
			return filepath.ToSlash(name)
		}
	}
	return ""
}
