package control

// This file is the shape of the link as both ends see it; grpc.go and memory.go
// carry it.

// HubEvent is something a worker's link tells the brain. The hub hands events of
// one worker over in order, on a goroutine of that link; the sink must not block.
//
// Up of an instance that is up already means that its connection broke and came back
// within the suspicion time: what was under way may be lost either way, so the brain
// says its target states again. After Down an instance never comes Up again.
type HubEvent struct {
	Worker string // Hello.Name
	Kind   HubEventKind
	Hello  *Hello     // Up
	Report *Report    // Reported
	Beat   *Heartbeat // Beaten
	Offer  *Offer     // Offered
	Stowed uint64     // Kept: the number of the turn
	Why    string     // Down: a sentence for the log
}

// HubEventKind says which field of a HubEvent is set.
type HubEventKind int

const (
	Up HubEventKind = iota + 1
	Down
	Reported
	Beaten
	Offered // what a worker kept of a brain before; once after an Up of its first link to this epoch
	Kept    // the stows of a turn are kept
)

// Commander is what the brain needs of a link: Send queues t for a worker behind
// everything sent before and never blocks. A worker that is not up gives
// ErrNoWorker; one whose queue is full is closed and gives ErrSlowWorker.
type Commander interface {
	Send(worker string, t *Turn) error
}

// Worker is what a worker process offers its end of the link. All methods are
// called on the link's goroutine; Obey must not block.
type Worker interface {
	// Hello describes the worker anew at each (re)connection.
	Hello() *Hello
	// Obey carries out the commands of one turn, in order.
	Obey(epoch uint64, t *Turn)
	// Load is asked once a heartbeat; counters may be nil except about once a second.
	Load() (load uint32, counters []*Counter)
	// Connected and Disconnected tell of the brain; audio goes on in between.
	Connected(epoch uint64)
	Disconnected(why string)
}

// Fillable is a Worker that knows by itself when it can carry no more, whatever its
// capacity says. It is asked once a heartbeat.
type Fillable interface{ Full() bool }

// Reporter takes a worker's events to its brain. Report never blocks. Events are kept
// until a brain has said that it needs them no more (Turn.heard), and told again to a
// brain that comes later; when too many wait the oldest are dropped and counted.
type Reporter interface {
	Report(e *Event)
}
