package sandbox

// languages are the locales of Intl, by the CLDR.
var languages = map[string]*language{
	"en": &english, "en-US": &english, "en-GB": &british, "de": &german, "fr": &french, "es": &spanish,
}

var (
	englishDays      = []string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}
	englishDayAbbr   = []string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"}
	englishMonths    = []string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}
	englishMonthAbbr = []string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}
	britishMonthAbbr = []string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sept", "Oct", "Nov", "Dec"}
)

var english = language{
	decimal: ".", group: ",", groupFrom: 4, symbolFirst: true,
	symbols: map[string]string{"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "CNY": "CN¥", "INR": "₹", "CAD": "CA$", "AUD": "A$", "NZD": "NZ$",
		"MXN": "MX$", "BRL": "R$", "KRW": "₩", "ILS": "₪", "VND": "₫"},
	days: englishDays, dayAbbr: englishDayAbbr, months: englishMonths, monthAbbr: englishMonthAbbr,
	dates: dateForms{full: "%w, %M %d, %y", long: "%M %d, %y", medium: "%b %d, %y", short: "%m/%d/%2y", numeric: "%m/%d/%y",
		joinLong: " at ", join: ", ", twelve: true, weekday: ", ", named: []string{"N D", "N Y", "N D, Y"}, namedShort: []string{"N D", "N Y", "N D, Y"}},
}

var british = language{
	decimal: ".", group: ",", groupFrom: 4, symbolFirst: true,
	symbols: map[string]string{"USD": "US$", "EUR": "€", "GBP": "£", "JPY": "JP¥", "CNY": "CN¥", "INR": "₹", "CAD": "CA$", "AUD": "A$", "NZD": "NZ$",
		"MXN": "MX$", "BRL": "R$", "KRW": "₩", "ILS": "₪", "VND": "₫"},
	days: englishDays, dayAbbr: englishDayAbbr, months: englishMonths, monthAbbr: britishMonthAbbr,
	dates: dateForms{full: "%w %d %M %y", long: "%d %M %y", medium: "%d %b %y", short: "%0d/%0m/%y", numeric: "%0d/%0m/%y",
		joinLong: " at ", join: ", ", padHour: true, weekday: ", ", named: []string{"D N", "N Y", "D N Y"}, namedShort: []string{"D N", "N Y", "D N Y"}},
}

var german = language{
	decimal: ",", group: ".", groupFrom: 4, percent: nbsp,
	symbols: map[string]string{"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "CNY": "CN¥", "INR": "₹", "CAD": "CA$", "AUD": "AU$", "NZD": "NZ$",
		"MXN": "MX$", "BRL": "R$", "KRW": "₩", "ILS": "₪", "VND": "₫"},
	days:      []string{"Sonntag", "Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag"},
	dayAbbr:   []string{"So", "Mo", "Di", "Mi", "Do", "Fr", "Sa"},
	months:    []string{"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"},
	monthAbbr: []string{"Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez."},
	dates: dateForms{full: "%w, %d. %M %y", long: "%d. %M %y", medium: "%0d.%0m.%y", short: "%0d.%0m.%2y", numeric: "%d.%m.%y",
		joinLong: " um ", join: ", ", padHour: true, weekday: ", ", named: []string{"D. N", "N Y", "D. N Y"}, namedShort: []string{"D. N", "N Y", "D. N Y"}, hourOnly: " Uhr"},
}

var french = language{
	decimal: ",", group: nnbsp, groupFrom: 4, percent: nnbsp,
	symbols: map[string]string{"EUR": "€", "USD": "$US", "GBP": "£GB", "CAD": "$CA", "AUD": "$AU", "NZD": "$NZ", "MXN": "$MX", "BRL": "R$",
		"INR": "₹", "KRW": "₩", "ILS": "₪", "VND": "₫"},
	days:      []string{"dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"},
	dayAbbr:   []string{"dim.", "lun.", "mar.", "mer.", "jeu.", "ven.", "sam."},
	months:    []string{"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"},
	monthAbbr: []string{"janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."},
	dates: dateForms{full: "%w %d %M %y", long: "%d %M %y", medium: "%d %b %y", short: "%0d/%0m/%y", numeric: "%0d/%0m/%y",
		joinLong: " à ", join: " ", padHour: true, weekday: " ", named: []string{"D N", "N Y", "D N Y"}, namedShort: []string{"D N", "N Y", "D N Y"}, hourOnly: " h"},
}

var spanish = language{
	decimal: ",", group: ".", groupFrom: 5, percent: nbsp,
	symbols:   map[string]string{"EUR": "€", "USD": "US$", "VND": "₫"},
	days:      []string{"domingo", "lunes", "martes", "miércoles", "jueves", "viernes", "sábado"},
	dayAbbr:   []string{"dom", "lun", "mar", "mié", "jue", "vie", "sáb"},
	months:    []string{"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"},
	monthAbbr: []string{"ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sept", "oct", "nov", "dic"},
	dates: dateForms{full: "%w, %d de %M de %y", long: "%d de %M de %y", medium: "%d %b %y", short: "%d/%m/%2y", numeric: "%d/%m/%y",
		joinLong: ", ", join: ", ", weekday: ", ", named: []string{"D de N", "N de Y", "D de N de Y"}, namedShort: []string{"D N", "N Y", "D N Y"}},
}
