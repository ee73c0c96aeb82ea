package cluster

import "encoding/json"

// Batch is all that one activation wrote to `state`, in order.
type Batch struct {
	Unit   string
	Turn   uint64
	Writes []Write
}

// Write sets or deletes one path of the tree. It is absolute: it says what is there
// afterwards, never a difference.
type Write struct {
	Path   []string
	Value  json.RawMessage // JSON; unused with Delete
	Delete bool
}
