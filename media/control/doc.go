// Package control is the wire contract between a brain and its workers (SBCs and
// mixers): the messages of control.proto, and both ends of the link that carries
// them. A link is one bidirectional gRPC stream (grpc.go) or its twin in memory
// (memory.go); everything else is the same code.
//
// The brain has a Hub: workers come up, report and go down as HubEvents; Send queues
// turns behind each other and never blocks. A worker process has a Client: it dials,
// says Hello, hands commands to its Worker and takes its events as a Reporter, and
// dials again for as long as it runs.
//
// Death of a worker is one of: its heartbeats stopped while our own timer ran on time
// (it is frozen); its connection closed and it did not come back within the suspicion
// time; its supervisor knows (Gone); its queue overran. A worker declared Down may
// not come back as the same instance: whatever it still carried has been given up, so
// its Client.Run ends with ErrReplaced and the process must start anew.
//
// Goroutines: the Hub has one that ticks for all links and three a link (one each
// blocked in receive, send and wait); the Client has two a link. All block on
// channels, timers and mutexes only, so the memory twin works in a synctest bubble.
// gRPC's own keepalive is not used: it notices a frozen peer after 10 s at best.
package control
