package parcel

import (
	"slices"
	"strings"
)

// Part is one section of a parcel, as JSON text.
type Part struct {
	Name string
	Text []byte
}

// Parts collects sections in one buffer, which serves for the next parcel after Reset:
// what List returned is good until then.
type Parts struct {
	list []Part
	text []byte
}

// Reset begins another parcel.
func (p *Parts) Reset() { p.list, p.text = p.list[:0], p.text[:0] }

// Buffer is what a section is to be appended to; the result is for Add.
func (p *Parts) Buffer() []byte { return p.text }

// Add takes the section that was appended to Buffer.
func (p *Parts) Add(name string, b []byte) {
	from := len(p.text)
	p.list, p.text = append(p.list, Part{name, b[from:len(b):len(b)]}), b
}

// List is all sections in the order of their names.
func (p *Parts) List() []Part {
	slices.SortFunc(p.list, func(a, b Part) int { return strings.Compare(a.Name, b.Name) })
	return p.list
}

// Record is what one turn adds: sections that changed, in the order of their names, and
// inputs that came.
type Record struct {
	Parts  []Part
	Inputs [][]byte
}

// inputsName is the member of a record's object that lists inputs.
const inputsName = "in"

// Text appends the record as one JSON object, its parts by name.
func (r *Record) Text(b []byte) []byte {
	b = append(b, '{')
	for _, p := range r.Parts {
		b = append(quote(b, p.Name), ':')
		b = append(append(b, p.Text...), ',')
	}
	b = append(quote(b, inputsName), ":["...)
	for i, in := range r.Inputs {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, in...)
	}
	return append(b, "]}"...)
}
