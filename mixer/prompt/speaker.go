package prompt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"time"

	"github.com/callwright/callwright/media/control"
)

// NewSpeaker reads the setting --say: a URL of an HTTP engine, or a command whose words
// are separated by blanks. "{text}", "{voice}" and "{lang}" in a word are replaced; a
// word whose {voice} or {lang} is not given is left out, with the option before it.
// Without {text} the command reads the text from its standard input. It writes a WAVE
// file to its standard output. No shell sees any of it.
func NewSpeaker(setting string) (Speaker, error) {
	words := strings.Fields(setting)
	switch {
	case len(words) == 0:
		return nil, nil
	case strings.HasPrefix(words[0], "http://") || strings.HasPrefix(words[0], "https://"):
		if len(words) > 1 {
			return nil, fmt.Errorf("prompt: %q: a URL of an engine stands alone", setting)
		}
		return webSpeaker(words[0]), nil
	}
	if _, err := exec.LookPath(words[0]); err != nil {
		return nil, fmt.Errorf("prompt: the command that speaks: %w", err)
	}
	return command(words), nil
}

// command speaks by a program.
type command []string

func (c command) Name() string { return strings.Join(c, " ") }

// killed is how long a program that was told to end may keep its pipes.
const killed = time.Second

func (c command) Speak(ctx context.Context, s *control.Speech, to io.Writer) error {
	args, inline := c.words(s)
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.WaitDelay = killed
	if !inline {
		cmd.Stdin = strings.NewReader(s.GetText())
	}
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = to, &bounded{w: &said, left: 4096}
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w: %.200s", c[0], err, bytes.TrimSpace(said.Bytes()))
	}
	return nil
}

// words fills the placeholders in; inline says that the text is among them.
func (c command) words(s *control.Speech) (args []string, inline bool) {
	for _, w := range c {
		value := ""
		switch {
		case strings.Contains(w, "{text}"):
			inline = true
			// A text that begins with a dash must not be an option.
			w = strings.ReplaceAll(w, "{text}", strings.TrimLeft(s.GetText(), "- "))
		case strings.Contains(w, "{voice}"), strings.Contains(w, "{lang}"):
			if value = s.GetVoice(); strings.Contains(w, "{lang}") {
				value = s.GetLanguage()
			}
			if !wordly(value) {
				if n := len(args); n > 1 && strings.HasPrefix(args[n-1], "-") {
					args = args[:n-1]
				}
				continue
			}
			w = strings.NewReplacer("{voice}", value, "{lang}", value).Replace(w)
		}
		args = append(args, w)
	}
	return args, inline
}

// wordly says whether a name of a voice or language is one, and no option or path.
func wordly(s string) bool {
	for _, r := range s {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '+') {
			return false
		}
	}
	return s != "" && s[0] != '-'
}

// webSpeaker posts the text to an engine: text/plain or application/ssml+xml, with the
// headers Content-Language and X-Voice; its answer is the WAVE file.
type webSpeaker string

func (e webSpeaker) Name() string { return string(e) }

func (e webSpeaker) Speak(ctx context.Context, s *control.Speech, to io.Writer) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, string(e), strings.NewReader(s.GetText()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "text/plain; charset=utf-8")
	if s.GetSsml() {
		req.Header.Set("Content-Type", "application/ssml+xml")
	}
	req.Header.Set("Accept", "audio/wav")
	for name, value := range map[string]string{"X-Voice": s.GetVoice(), "Content-Language": s.GetLanguage()} {
		if wordly(value) {
			req.Header.Set(name, value)
		}
	}
	// The operator named this engine: it may be on any address, but leads nowhere else.
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return errors.New("it redirects") }}
	res, err := client.Do(req)
	if err != nil {
		return shortened(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the engine that speaks answered %s", res.Status)
	}
	_, err = io.Copy(to, res.Body)
	return err
}
