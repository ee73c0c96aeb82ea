package scripttest

import (
	"fmt"
	"time"

	"github.com/callwright/callwright/media/dsp"
)

const (
	frameLen = rate / 50
	// hushed is how many frames without sound say that it has stopped.
	hushed = 3
	// latest is how long a latency is waited for.
	latest = 10 * time.Second
)

// latency measures, in ms, on the line of a call:
//   - "answer": from the INVITE to the answer;
//   - "audio": from the answer until something is heard;
//   - "barge-in": from the last press until what was playing is no longer heard.
func (b *bench) latency(id, what string) (any, error) {
	l := b.line(id)
	if l == nil {
		return nil, fmt.Errorf("no call %q", id)
	}
	l.mu.Lock()
	dialled, answered, pressed := l.dialled, l.pickAt, l.pressed
	l.mu.Unlock()
	if answered.IsZero() {
		return nil, fmt.Errorf("%s was not answered", id)
	}
	switch what {
	case "answer":
		return float64(answered.Sub(dialled).Microseconds()) / 1000, nil
	case "audio":
		return l.waitFor(answered, "nothing was heard", firstSound)
	}
	if pressed.IsZero() {
		return nil, fmt.Errorf("%s has pressed no key", id)
	}
	if audio := l.ear.copyOf(pressed.Add(-100 * time.Millisecond)); firstSound(audio[:min(len(audio), rate/10)]) < 0 {
		return nil, fmt.Errorf("nothing was playing when %s pressed", id)
	}
	return l.waitFor(pressed, "what was playing did not stop", firstSilence)
}

// waitFor looks at what is heard from a time on, until find finds.
func (l *line) waitFor(from time.Time, why string, find func([]int16) int) (any, error) {
	for limit := time.Now().Add(latest); ; {
		audio := l.ear.copyOf(from)
		if !l.up() { // nothing more comes
			audio = append(audio, make([]int16, (hushed+1)*frameLen)...)
		}
		if i := find(audio); i >= 0 {
			return float64(i) * 1000 / rate, nil
		}
		if !time.Now().Before(limit) || !l.up() {
			return nil, fmt.Errorf("%s: %s within %v", l.id, why, latest)
		}
		if err := l.b.wait(look); err != nil {
			return nil, err
		}
	}
}

// firstSound is where the first frame with sound begins, or -1.
func firstSound(audio []int16) int {
	for i := 0; i+frameLen <= len(audio); i += frameLen {
		if dsp.Level(audio[i:i+frameLen]) > quietLevel {
			return i
		}
	}
	return -1
}

// firstSilence is where the first run of silent frames begins, or -1.
func firstSilence(audio []int16) int {
	run := 0
	for i := 0; i+frameLen <= len(audio); i += frameLen {
		if run++; dsp.Level(audio[i:i+frameLen]) > quietLevel {
			run = 0
		}
		if run == hushed {
			return i - (hushed-1)*frameLen
		}
	}
	return -1
}
