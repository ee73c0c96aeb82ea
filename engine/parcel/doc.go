// Package parcel is how what a brain knows of a call outlives it: the plain data of
// calls and conferences as text (Scheme), the records of a turn merged into a whole
// (Whole), and both sealed so that the workers who keep them can neither read nor
// alter them (Sealer). FORMAT.md draws each.
//
// It knows no call, flow or worker: engine and engine/flow say what is frozen. All of
// it is pure but for the key's file; a Scheme belongs to one goroutine, a Sealer may
// be used from any.
//
// Errors: ErrSealed for a piece that does not open (foreign, damaged, moved to another
// place of its chain), ErrFormat for what opens and cannot be read. Both cost the one
// parcel, never the others.
package parcel
