package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/callwright/callwright/cmd/callwright/supervise"
)

// brainSpec and its neighbours write the command lines of run's children. What they
// say is public; the secret goes through the lifeline.
func (p *plan) brainSpec() supervise.Spec {
	args := []string{"brain", p.scriptsFolder, "--http", p.httpAddr.String(), "--data", p.data, "--control", p.control,
		"--missed-heartbeats", strconv.Itoa(p.missed)}
	for _, l := range p.listeners {
		args = append(args, "--sip", l.String())
	}
	args = append(args, p.secure.args()...)
	args = append(args, "--digest", p.digest)
	if p.users != "" {
		args = append(args, "--users", p.users)
	}
	for _, n := range p.allowed {
		args = append(args, "--allow", n.String())
	}
	for _, w := range append(p.mixerSpecs(), p.sbcSpecs()...) {
		args = append(args, "--worker", w.Name)
	}
	return supervise.Spec{Name: "brain", Args: args, Grace: brainGrace, Sockets: p.sockets}
}

func (p *plan) sbcSpecs() []supervise.Spec {
	var specs []supervise.Spec
	for i, share := range p.shares {
		name := "sbc-" + strconv.Itoa(i+1)
		specs = append(specs, supervise.Spec{Name: name, Grace: workerGrace, Args: []string{
			"sbc", "--name", name, "--control", p.control, "--media", p.mediaIP.String(), "--rtp-ports", share.String(),
			"--link", p.link, "--media-device", p.device,
		}})
	}
	return specs
}

func (p *plan) mixerSpecs() []supervise.Spec {
	var specs []supervise.Spec
	for i := range p.mixers {
		name := "mixer-" + strconv.Itoa(i+1)
		specs = append(specs, supervise.Spec{Name: name, Grace: workerGrace, Args: []string{
			"mixer", "--name", name, "--control", p.control, "--prompts", p.scriptsFolder, "--recordings", p.data + "/recordings",
			"--cache", filepath.Join(p.data, "cache", name), "--say", p.say,
		}})
	}
	return specs
}

// orphanGrace is how long a child may take to end by itself once its supervisor is
// gone; nobody else would end it then.
const orphanGrace = 10 * time.Second

// childContext takes up the lifeline. The context ends on SIGTERM, or when the
// supervisor is gone.
func childContext(parent context.Context) (context.Context, context.CancelFunc, *supervise.Lifeline, error) {
	life, err := supervise.Inherited() // ErrAlone as it is: a role becomes its own keeper
	if alone(err) {
		return nil, nil, nil, err
	}
	if err != nil {
		return nil, nil, nil, refusal{err}
	}
	// The log goes to the supervisor by a pipe. Without a supervisor a line of it must
	// not end the brain before it has hung up its calls.
	signal.Ignore(syscall.SIGPIPE)
	ctx, cancel := signal.NotifyContext(parent, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		<-life.Gone
		cancel()
		time.Sleep(orphanGrace)
		fmt.Fprintln(os.Stderr, "callwright: supervisor gone, ended hard")
		os.Exit(exitFailed)
	}()
	return ctx, cancel, life, nil
}

// childLog writes lines that the supervisor forwards under the child's name.
func childLog() *slog.Logger { return slog.New(slog.NewTextHandler(os.Stderr, nil)) }
