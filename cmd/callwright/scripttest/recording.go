package scripttest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/callwright/callwright/media/wav"
)

// recorded is what t.record.match() gives.
type recorded struct {
	Ms float64   `json:"ms"`
	At []float64 `json:"at"` // where each sound was found, in ms
}

// match checks that a recording has these sounds, in this order.
func (b *bench) match(url string, what any) (any, error) {
	if err := b.settle(); err != nil {
		return nil, err
	}
	audio, err := b.recording(url)
	if err != nil {
		return nil, err
	}
	sounds, several := what.([]any)
	if !several {
		sounds = []any{what}
	}
	out := recorded{Ms: float64(len(audio)) * 1000 / rate, At: []float64{}}
	at := 0
	for _, w := range sounds {
		s, err := b.readSound(w)
		if err != nil {
			return nil, err
		}
		i := newMatcher(s).find(audio[at:])
		if i < 0 {
			return nil, fmt.Errorf("%s does not have %s after %v of its %v; what is there: %s", url, s.name,
				samples(at), samples(len(audio)), strings.Join(b.contents(audio[at:]), ", "))
		}
		at += i
		out.At = append(out.At, float64(at)*1000/rate)
	}
	return out, nil
}

func samples(n int) time.Duration { return time.Duration(n) * time.Second / rate }

// recording reads the file of 'recordings:ID.wav', or of a name below the recordings'
// directory.
func (b *bench) recording(url string) ([]int16, error) {
	name := strings.TrimPrefix(url, "recordings:")
	if !filepath.IsLocal(name) {
		return nil, fmt.Errorf("%q is no recording", url)
	}
	f, err := os.Open(filepath.Join(b.engine.Recordings(), name))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("no recording %q; there %s", url, b.recordings())
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r, err := wav.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", url, err)
	}
	return readAll(r)
}

func (b *bench) recordings() string {
	names, _ := filepath.Glob(filepath.Join(b.engine.Recordings(), "*.wav")) // the pattern is good
	if len(names) == 0 {
		return "is none"
	}
	for i := range names {
		names[i] = filepath.Base(names[i])
	}
	return "are " + strings.Join(names, ", ")
}

// contents says of each second what it is, changes only.
func (b *bench) contents(audio []int16) (parts []string) {
	for i := 0; i < len(audio) && len(parts) < 8; i += rate {
		what := b.name(audio[i:min(i+rate, len(audio))])
		if len(parts) == 0 || parts[len(parts)-1] != what {
			parts = append(parts, what)
		}
	}
	if len(parts) == 0 {
		return []string{"nothing"}
	}
	return parts
}
