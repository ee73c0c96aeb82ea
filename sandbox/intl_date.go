package sandbox

import (
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // the machine's own zones may be absent, or another year's
)

// dateForms are the patterns of a locale. %y year, %2y its last two digits, %m month as
// a number, %M its name, %b its short name, %d day, %0m and %0d with two digits, %w the
// weekday.
type dateForms struct {
	full, long, medium, short string
	numeric                   string // numbers only
	joinLong, join            string // between date and time
	padHour, twelve           bool
	weekday                   string // between a weekday and the rest
	named, namedShort         []string
	hourOnly                  string
}

// zone finds an IANA time zone by name; nil for an unknown one. A name is no path.
func zone(name string) *time.Location {
	if name == "" || name == "Local" || len(name) > 64 || strings.ContainsAny(name, `.\`) {
		return nil
	}
	if strings.EqualFold(name, "UTC") || strings.EqualFold(name, "GMT") {
		return time.UTC
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	return loc
}

// formatDate writes a time by the options of a resolved Intl.DateTimeFormat.
func formatDate(ms int64, opt func(string) string) string {
	loc := zone(opt("zone"))
	if loc == nil {
		loc = time.UTC
	}
	f := dateFormat{l: languages[opt("locale")], t: time.UnixMilli(ms).In(loc), opt: opt}
	date, clock := f.date(), f.time()
	switch {
	case date == "":
		return clock
	case clock == "":
		return date
	case opt("date") == "full" || opt("date") == "long":
		return date + f.l.dates.joinLong + clock
	}
	return date + f.l.dates.join + clock
}

type dateFormat struct {
	l   *language
	t   time.Time
	opt func(string) string
}

func (f dateFormat) fill(pattern string) string {
	y, m, d := f.t.Date()
	w := int(f.t.Weekday())
	return strings.NewReplacer("%2y", fmt.Sprintf("%02d", y%100), "%y", fmt.Sprint(y), "%0m", fmt.Sprintf("%02d", int(m)), "%m", fmt.Sprint(int(m)),
		"%0d", fmt.Sprintf("%02d", d), "%d", fmt.Sprint(d), "%M", f.l.months[m-1], "%b", f.l.monthAbbr[m-1], "%w", f.l.days[w], "%a", f.l.dayAbbr[w]).Replace(pattern)
}

func (f dateFormat) date() string {
	d := &f.l.dates
	switch f.opt("date") {
	case "full":
		return f.fill(d.full)
	case "long":
		return f.fill(d.long)
	case "medium":
		return f.fill(d.medium)
	case "short":
		return f.fill(d.short)
	}
	day := map[string]string{"long": "%w", "short": "%a"}[f.opt("weekday")]
	rest := f.fields()
	if day != "" && rest != "" {
		day += d.weekday
	}
	return f.fill(day + rest)
}

// fields is the pattern of the year, month and day that were asked for.
func (f dateFormat) fields() string {
	year := map[string]string{"numeric": "%y", "2-digit": "%2y"}[f.opt("year")]
	day := map[string]string{"numeric": "%d", "2-digit": "%0d"}[f.opt("day")]
	month := f.opt("month")
	if month == "long" || month == "short" {
		// named are: day and month, month and year, all three.
		forms, name := f.l.dates.named, "%M"
		if month == "short" {
			forms, name = f.l.dates.namedShort, "%b"
		}
		pattern := name
		switch {
		case day != "" && year != "":
			pattern = forms[2]
		case day != "":
			pattern = forms[0]
		case year != "":
			pattern = forms[1]
		}
		return strings.NewReplacer("D", day, "N", name, "Y", year).Replace(pattern)
	}
	m := map[string]string{"numeric": "%m", "2-digit": "%0m"}[month]
	return f.numbers(year, m, day)
}

// numbers takes out of the numeric pattern what was not asked for.
func (f dateFormat) numbers(year, month, day string) string {
	pattern := f.l.dates.numeric
	if year != "" && month != "" && day != "" && strings.Contains(pattern, "%0") {
		month, day = "%0m", "%0d"
	}
	sep := pattern[strings.IndexAny(pattern, "./"):][:1]
	var parts []string
	for _, p := range strings.Split(strings.ReplaceAll(pattern, "%0", "%"), sep) {
		if v := map[string]string{"%y": year, "%m": month, "%d": day}[p]; v != "" {
			parts = append(parts, v)
		}
	}
	text := strings.Join(parts, sep)
	if sep == "." && year == "" && text != "" && len(parts) > 1 {
		text += "." // German ordinals
	}
	return text
}

func (f dateFormat) time() string {
	hour, minute, second := f.opt("hour"), f.opt("minute"), f.opt("second")
	zone := f.opt("timeZoneName") != ""
	switch f.opt("time") {
	case "full", "long":
		hour, minute, second, zone = "numeric", "2-digit", "2-digit", true
	case "medium":
		hour, minute, second = "numeric", "2-digit", "2-digit"
	case "short":
		hour, minute = "numeric", "2-digit"
	}
	text := f.clock(hour, minute, second)
	if zone && text != "" {
		abbr, _ := f.t.Zone()
		text += " " + abbr
	}
	return text
}

func (f dateFormat) clock(hour, minute, second string) string {
	twelve := f.opt("clock") == "12" || f.opt("clock") == "" && f.l.dates.twelve
	var parts []string
	if hour != "" {
		h := f.t.Hour()
		if twelve {
			h = (h+11)%12 + 1
		}
		if hour == "2-digit" || f.l.dates.padHour && !twelve {
			parts = append(parts, fmt.Sprintf("%02d", h))
		} else {
			parts = append(parts, fmt.Sprint(h))
		}
	}
	for _, p := range []struct {
		want string
		n    int
	}{{minute, f.t.Minute()}, {second, f.t.Second()}} {
		switch {
		case p.want == "":
		case p.want == "2-digit" || len(parts) > 0:
			parts = append(parts, fmt.Sprintf("%02d", p.n))
		default:
			parts = append(parts, fmt.Sprint(p.n))
		}
	}
	text := strings.Join(parts, ":")
	switch {
	case hour == "":
	case twelve && f.t.Hour() < 12:
		text += " AM"
	case twelve:
		text += " PM"
	case len(parts) == 1:
		text += f.l.dates.hourOnly
	}
	return text
}
