package sandbox

import (
	"math"
	"strconv"
	"strings"

	"github.com/dop251/goja"
)

// language is what Intl knows of one locale: how the Unicode CLDR writes numbers and
// dates there.
type language struct {
	decimal, group string
	// groupFrom is how many digits the whole part has at least when it is grouped.
	groupFrom    int
	percent      string // between number and sign
	symbolFirst  bool
	symbols      map[string]string
	days, months []string // long
	dayAbbr      []string
	monthAbbr    []string
	dates        dateForms
}

// The no-break spaces of the CLDR.
const (
	nbsp  = "\u00a0"
	nnbsp = "\u202f"
)

var narrowSymbols = map[string]string{"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "CNY": "¥", "INR": "₹", "CAD": "$", "AUD": "$",
	"NZD": "$", "MXN": "$", "BRL": "R$", "KRW": "₩", "ILS": "₪", "VND": "₫", "PLN": "zł", "CZK": "Kč", "SEK": "kr", "NOK": "kr", "DKK": "kr",
	"UAH": "₴", "TRY": "₺", "HUF": "Ft", "RUB": "₽"}

// currencyDigits are the minor units of ISO 4217 where they are not two.
var currencyDigits = map[string]int{"JPY": 0, "KRW": 0, "CLP": 0, "VND": 0, "ISK": 0, "PYG": 0, "UGX": 0, "XAF": 0, "XOF": 0, "XPF": 0,
	"KWD": 3, "BHD": 3, "JOD": 3, "OMR": 3, "TND": 3, "LYD": 3, "IQD": 3}

// localeOf finds the language of a tag: English of the United States and of elsewhere,
// German, French and Spanish.
func localeOf(tag string) string {
	base, region, _ := strings.Cut(strings.ReplaceAll(strings.ToLower(tag), "_", "-"), "-")
	switch base {
	case "en":
		switch region {
		case "":
			return "en"
		case "us":
			return "en-US"
		}
		return "en-GB"
	case "de", "fr", "es":
		return base
	}
	return ""
}

func (r *realm) intl(set func(name string, length int, f func(goja.FunctionCall) goja.Value)) {
	set("locale", 1, func(c goja.FunctionCall) goja.Value {
		if l := localeOf(c.Argument(0).String()); l != "" {
			return r.rt.ToValue(l)
		}
		return goja.Undefined()
	})
	set("currencyDigits", 1, func(c goja.FunctionCall) goja.Value {
		if n, ok := currencyDigits[c.Argument(0).String()]; ok {
			return r.rt.ToValue(n)
		}
		return r.rt.ToValue(2)
	})
	set("formatNumber", 9, func(c goja.FunctionCall) goja.Value {
		n := func(i int) int { return int(c.Argument(i).ToInteger()) }
		f := numberForm{l: languages[c.Argument(0).String()], style: c.Argument(1).String(), currency: c.Argument(2).String(),
			display: c.Argument(3).String(), whole: n(4), min: n(5), max: n(6), group: c.Argument(7).ToBoolean()}
		return r.rt.ToValue(f.format(c.Argument(8).ToFloat()))
	})
	set("zone", 1, func(c goja.FunctionCall) goja.Value { return r.rt.ToValue(zone(c.Argument(0).String()) != nil) })
	set("formatDate", 2, func(c goja.FunctionCall) goja.Value {
		o := c.Argument(1).(*goja.Object)
		return r.rt.ToValue(formatDate(c.Argument(0).ToInteger(), func(name string) string { return textOr(o.Get(name), "") }))
	})
}

// numberForm is a resolved Intl.NumberFormat.
type numberForm struct {
	l               *language
	style, currency string
	display         string
	whole, min, max int
	group           bool
}

func (f numberForm) format(v float64) string {
	sign := ""
	if math.Signbit(v) && !math.IsNaN(v) {
		sign, v = "-", -v
	}
	if f.style == "percent" {
		v *= 100
	}
	text := "NaN"
	switch {
	case math.IsInf(v, 0):
		text = "∞"
	case !math.IsNaN(v):
		text = f.digits(v)
	}
	switch f.style {
	case "percent":
		return sign + text + f.l.percent + "%"
	case "currency":
		s := f.symbol()
		if !f.l.symbolFirst {
			return sign + text + nbsp + s
		}
		if c := s[len(s)-1]; c >= 'A' && c <= 'Z' {
			s += nbsp
		}
		return sign + s + text
	}
	return sign + text
}

func (f numberForm) symbol() string {
	s := f.l.symbols[f.currency]
	if f.display == "narrowSymbol" {
		s = narrowSymbols[f.currency]
	}
	if s == "" || f.display == "code" {
		return f.currency
	}
	return s
}

// digits rounds the shortest decimal form half away from zero, as ICU does.
func (f numberForm) digits(v float64) string {
	whole, part, _ := strings.Cut(strconv.FormatFloat(v, 'f', -1, 64), ".")
	if len(part) > f.max {
		up := part[f.max] >= '5'
		all := []byte(whole + part[:f.max])
		for i := len(all) - 1; up && i >= 0; i-- {
			if up = all[i] == '9'; up {
				all[i] = '0'
			} else {
				all[i]++
			}
		}
		if up {
			all = append([]byte{'1'}, all...)
		}
		whole, part = string(all[:len(all)-f.max]), string(all[len(all)-f.max:])
	}
	for len(part) > f.min && part[len(part)-1] == '0' {
		part = part[:len(part)-1]
	}
	part += strings.Repeat("0", max(0, f.min-len(part)))
	whole = strings.Repeat("0", max(0, f.whole-len(whole))) + whole
	if f.group && len(whole) >= f.l.groupFrom {
		for i := len(whole) - 3; i > 0; i -= 3 {
			whole = whole[:i] + f.l.group + whole[i:]
		}
	}
	if part == "" {
		return whole
	}
	return whole + f.l.decimal + part
}
