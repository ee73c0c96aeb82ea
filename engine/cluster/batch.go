package cluster

import "github.com/callwright/callwright/sandbox"

// Batch is all that one activation wrote to `state`, named by unit and turn.
type Batch = sandbox.Batch

// Write is one change of a Batch.
type Write = sandbox.Write
