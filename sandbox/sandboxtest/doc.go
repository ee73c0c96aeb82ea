// Package sandboxtest runs scripts against a fake host, for tests of scripts and of
// what is built on package sandbox:
//
//	h := sandboxtest.New(t, faces, map[string]string{"main.js": text})
//	r := h.Start("a")                    // open the unit and run its entry function
//	r = h.Complete("a", r.Ops[0], `{}`)  // answer its first operation
//
// It keeps each unit's history as the engine does, so that Reopen can rebuild one.
// Its methods wait for the result and fail the test when there is none.
package sandboxtest
