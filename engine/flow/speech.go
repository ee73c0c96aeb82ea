package flow

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/callwright/callwright/media/control"
)

const (
	maxSaid = 10_000    // bytes of a text
	maxData = 256 << 10 // bytes of a sound that travels in a command
)

// speechOptions say how a text is spoken.
type speechOptions struct {
	Voice  string `json:"voice"`
	Lang   string `json:"lang"`
	SSML   bool   `json:"ssml"`
	Engine string `json:"engine"`
}

// value is the source that say(text) with these options is.
func (v *speechOptions) value(text string) json.RawMessage {
	return encode(map[string]any{"$value": "say", "text": text, "voice": v.Voice, "lang": v.Lang, "ssml": v.SSML, "engine": v.Engine})
}

// sourceValue is what play(), tone(), say() and their like of 'callwright' make.
type sourceValue struct {
	Value    string          `json:"$value"`
	Source   json.RawMessage `json:"source"`
	Spec     string          `json:"spec"`
	Duration millis          `json:"duration"`
	Text     string          `json:"text"`
	N        json.RawMessage `json:"n"`
	Date     json.RawMessage `json:"date"`
	Zone     string          `json:"zone"`
	Currency string          `json:"currency"`
	speechOptions
}

// spoken turns a value into what is said. The voice knows how numbers are read in its
// language; digits and sums are spelled so that none can misread them.
func (v *sourceValue) spoken() (*control.Source, error) {
	if v.Engine != "" {
		return nil, fmt.Errorf("%s: option engine is not built yet; the engine's --say decides", v.Value)
	}
	text, err := v.said()
	if err == nil {
		err = speakable(text)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", v.Value, err)
	}
	return &control.Source{Body: &control.Source_Speech{Speech: &control.Speech{Text: text, Voice: v.Voice, Language: v.Lang, Ssml: v.SSML}}}, nil
}

func speakable(text string) error {
	if strings.TrimSpace(text) == "" || len(text) > maxSaid {
		return fmt.Errorf("a text of %d bytes; it must have from 1 to %d", len(text), maxSaid)
	}
	return nil
}

func (v *sourceValue) said() (string, error) {
	switch v.Value {
	case "number":
		n, err := v.number()
		return strconv.FormatFloat(n, 'f', -1, 64), err
	case "money":
		return v.money()
	case "digits":
		return v.digits()
	case "date":
		return v.day()
	}
	return v.Text, nil
}

func (v *sourceValue) number() (float64, error) {
	var n float64
	text := strings.Trim(string(v.N), `"`)
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(n) || math.Abs(n) > 1e15 {
		return 0, fmt.Errorf("%.40s is no number that can be said", v.N)
	}
	return n, nil
}

// digits are said one by one.
func (v *sourceValue) digits() (string, error) {
	text := strings.Trim(string(v.N), `"`)
	if text == "" || len(text) > 100 || strings.Trim(text, "0123456789*#+-. ") != "" {
		return "", fmt.Errorf("%.40s are no digits", v.N)
	}
	var list []string
	for _, d := range text {
		switch {
		case d >= '0' && d <= '9':
			list = append(list, string(d))
		case d == '*':
			list = append(list, "star")
		case d == '#':
			list = append(list, "pound")
		case d == '+':
			list = append(list, "plus")
		}
	}
	return strings.Join(list, ", "), nil
}

// money is a sum with its currency: "12 EUR 50".
func (v *sourceValue) money() (string, error) {
	n, err := v.number()
	if err != nil {
		return "", err
	}
	if len(v.Currency) != 3 || strings.ToUpper(v.Currency) != v.Currency {
		return "", fmt.Errorf("currency is %q; it must be a code of ISO 4217 such as 'EUR'", v.Currency)
	}
	cents := int64(math.Round(math.Abs(n) * 100))
	text := fmt.Sprintf("%d %s", cents/100, v.Currency)
	if cents%100 != 0 {
		text += fmt.Sprintf(" %d", cents%100)
	}
	if n < 0 {
		text = "-" + text
	}
	return text, nil
}

// day is a date, in words that every voice reads alike, in UTC or the zone given.
func (v *sourceValue) day() (string, error) {
	at, ok := readDate(v.Date)
	if !ok {
		return "", fmt.Errorf("%.60s is no date; give a Date, its number, or a text such as '2030-01-31T08:00:00Z'", v.Date)
	}
	zone := time.UTC
	if v.Zone != "" {
		var err error
		if zone, err = time.LoadLocation(v.Zone); err != nil {
			return "", fmt.Errorf("zone %q: %w", v.Zone, err)
		}
	}
	return at.In(zone).Format("Monday, 2 January 2006, 15:04"), nil
}

// dataOf reads a WAVE file in a data URL: data:audio/wav;base64,….
func dataOf(text, rest string) (*control.Source, error) {
	kind, code, ok := strings.Cut(rest, ",")
	if !ok || !strings.HasSuffix(kind, ";base64") || len(code) > maxData*4/3+4 {
		return nil, fmt.Errorf("%.40q: a sound in a URL is data:audio/wav;base64,… of at most %d KB", text, maxData>>10)
	}
	b, err := base64.StdEncoding.DecodeString(code)
	if err != nil || len(b) > maxData {
		return nil, fmt.Errorf("%.40q: the sound cannot be read", text)
	}
	return &control.Source{Body: &control.Source_Wav{Wav: b}}, nil
}

// web asks whether the app may reach a URL, and says what a mixer may on its behalf.
func (u *unit) web(text string) (*control.Web, error) {
	at, err := url.Parse(text)
	switch {
	case err != nil || at.Scheme != "http" && at.Scheme != "https" || at.Hostname() == "" || len(text) > 2000:
		return nil, fmt.Errorf("%.80q is no http or https URL", text)
	case at.User != nil:
		return nil, fmt.Errorf("%.80q: name and password in a URL are not sent", text)
	}
	port := orElse(at.Port(), map[string]string{"http": "80", "https": "443"}[at.Scheme])
	host := strings.ToLower(at.Hostname())
	addr, err := netip.ParseAddr(host)
	private := host == "localhost" || err == nil && (!addr.IsGlobalUnicast() || addr.IsPrivate())
	if u.mayFetch == nil {
		return nil, fmt.Errorf("%.80q: this engine sends no requests", text)
	}
	if err := u.mayFetch(u.app, net.JoinHostPort(host, port), private); err != nil {
		return nil, denied{err}
	}
	return &control.Web{Url: at.String(), Private: private}, nil
}

// denied is what the app's manifest does not grant.
type denied struct{ error }

// mistake fails the operation with what is wrong with its options.
func (o *operation) mistake(err error) {
	e := badOption(o.name() + ": " + err.Error())
	if _, ok := errors.AsType[denied](err); ok {
		e.Name = "Denied"
	}
	o.fail(e)
}
