package control

import "errors"

// Errors of both ends. Over gRPC they travel as status codes (grpc.go).
var (
	// ErrNoWorker: no worker of that name is up.
	ErrNoWorker = errors.New("control: no such worker")
	// ErrSlowWorker: the worker does not take its commands; its link is closed.
	ErrSlowWorker = errors.New("control: worker's queue is full")
	// ErrSecret: the Hello bears the wrong secret.
	ErrSecret = errors.New("control: wrong secret")
	// ErrReplaced: this instance was declared down or another took its name. It must
	// start anew.
	ErrReplaced = errors.New("control: instance given up by the brain")
	// ErrEpoch: the speaker's epoch is older than one already obeyed.
	ErrEpoch = errors.New("control: older epoch")
	// ErrHello: the first message is no usable Hello, or none came in time.
	ErrHello = errors.New("control: bad hello")
	// ErrAlone: no brain for longer than a worker may carry on by itself.
	ErrAlone = errors.New("control: no brain")
	// ErrClosed: this end has been closed, or the other one in order.
	ErrClosed = errors.New("control: closed")
	// ErrSilent: the other end's heartbeats stopped.
	ErrSilent = errors.New("control: heartbeats stopped")
	// ErrGone: the supervisor saw the process end.
	ErrGone = errors.New("control: process ended")

	errDial = errors.New("control: no connection")
)
