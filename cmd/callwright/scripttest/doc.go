// Package scripttest runs the tests of scripts (*.test.js, *.test.ts): each test in a
// synctest bubble, against a whole engine that its caller makes (Engine), with phones
// that speak SIP and RTP, call and are called, and hear real audio. `callwright test` and the Go tests of the
// shipped scripts call Run.All with a *testing.T, without which there is no bubble.
//
// A test file is a generation of the sandbox like any app, with faces of its own: each
// act of the script ('callwright/test', stdlib/test.js) is an operation that arrives
// here, runs on a goroutine of its own, and is completed by an input. The goroutine of
// the test holds the only unit and goes through results and inputs in order. All
// goroutines end with the test.
//
// Time is the bubble's: it moves on when all wait. In it an endless loop of a script is
// not interrupted; whoever runs this process must bound its time.
package scripttest
