package parcel

import _ "embed"

// dictionary1 is text that parcels have in common. It is a version for ever: another
// one gets another number, and this stays to read what was packed with it.
//
//go:embed dictionary1.txt
var dictionary1 []byte

func dictionary() []byte { return dictionary1 }
