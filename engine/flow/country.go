package flow

import (
	"fmt"
	"slices"
	"strings"

	"github.com/callwright/callwright/media/control"
)

// countryTones are the tones of national networks (ITU-T E.180 Supplement 2), in the
// notation of tone:, but for x0, which repeats for ever. What a country's row lacks is that of the row "itu".
var countryTones = map[string]map[string]string{
	"itu": {"dial": "425", "ringback": "425/1000,0/4000x0", "busy": "425/500,0/500x0", "congestion": "425/250,0/250x0",
		"waiting": "425/200,0/600,425/200,0/5000x0", "sit": "950/330,1400/330,1800/330,0/1000x0"},
	"at": {"dial": "420", "ringback": "420/1000,0/5000x0", "busy": "420/400,0/400x0", "congestion": "420/200,0/200x0"},
	"au": {"dial": "413+438", "ringback": "413+438/400,0/200,413+438/400,0/2000x0", "busy": "425/375,0/375x0", "congestion": "425/375,0/375x0"},
	"be": {"dial": "425", "ringback": "425/1000,0/3000x0", "busy": "425/500,0/500x0", "congestion": "425/167,0/167x0"},
	"br": {"dial": "425", "ringback": "425/1000,0/4000x0", "busy": "425/250,0/250x0", "congestion": "425/250,0/250,425/750,0/250x0"},
	"ch": {"dial": "425", "ringback": "425/1000,0/4000x0", "busy": "425/500,0/500x0", "congestion": "425/200,0/200x0"},
	"cn": {"dial": "450", "ringback": "450/1000,0/4000x0", "busy": "450/350,0/350x0", "congestion": "450/700,0/700x0"},
	"de": {"dial": "425", "ringback": "425/1000,0/4000x0", "busy": "425/480,0/480x0", "congestion": "425/240,0/240x0"},
	"es": {"dial": "425", "ringback": "425/1500,0/3000x0", "busy": "425/200,0/200x0",
		"congestion": "425/200,0/200,425/200,0/200,425/200,0/600x0"},
	"fr": {"dial": "440", "ringback": "440/1500,0/3500x0", "busy": "440/500,0/500x0", "congestion": "440/250,0/250x0"},
	"in": {"dial": "400", "ringback": "400/400,0/200,400/400,0/2000x0", "busy": "400/750,0/750x0", "congestion": "400/250,0/250x0"},
	"it": {"dial": "425/200,0/200,425/600,0/1000x0", "ringback": "425/1000,0/4000x0", "busy": "425/500,0/500x0", "congestion": "425/200,0/200x0"},
	"jp": {"dial": "400", "ringback": "384+416/1000,0/2000x0", "busy": "400/500,0/500x0", "congestion": "400/500,0/500x0"},
	"nl": {"dial": "425", "ringback": "425/1000,0/4000x0", "busy": "425/500,0/500x0", "congestion": "425/250,0/250x0"},
	"pl": {"dial": "425", "ringback": "425/1000,0/4000x0", "busy": "425/500,0/500x0", "congestion": "425/500,0/500x0"},
	"se": {"dial": "425", "ringback": "425/1000,0/5000x0", "busy": "425/250,0/250x0", "congestion": "425/250,0/750x0"},
	"uk": {"dial": "350+440", "ringback": "400+450/400,0/200,400+450/400,0/2000x0", "busy": "400/375,0/375x0",
		"congestion": "400/400,0/350,400/225,0/525x0", "waiting": "400/100,0/3000x0"},
	"us": {"dial": "350+440", "ringback": "440+480/2000,0/4000x0", "busy": "480+620/500,0/500x0", "congestion": "480+620/250,0/250x0",
		"waiting": "440/300,0/10000x0"},
}

// countryTone reads "uk/ringback".
func countryTone(text string) (*control.Source, error) {
	country, name, _ := strings.Cut(strings.ToLower(text), "/")
	country = strings.Replace(country, "gb", "uk", 1)
	tones := countryTones[country]
	if tones == nil {
		return nil, fmt.Errorf("country:%s: no tones of %q are known; those of %s are", text, country, strings.Join(keysSorted(countryTones), " "))
	}
	spec := orElse(tones[name], countryTones["itu"][name])
	if spec == "" {
		return nil, fmt.Errorf("country:%s: no tone is named %q; the nearest is %q", text, name, nearest(name, keysSorted(countryTones["itu"])))
	}
	spec, repeats := strings.CutSuffix(spec, "x0")
	t, err := toneOf(spec)
	if err == nil && repeats {
		t.GetTone().Repeats = forEver
	}
	return t, err
}

func keysSorted[V any](m map[string]V) []string {
	list := make([]string, 0, len(m))
	for k := range m {
		list = append(list, k)
	}
	slices.Sort(list)
	return list
}
