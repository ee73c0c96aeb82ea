package supervise

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// Spec says how one child is started and stopped.
type Spec struct {
	Name  string // "brain", "sbc-1", "mixer-1"
	Args  []string
	Grace time.Duration // between SIGTERM and SIGKILL
	// Sockets are inherited under their names; the supervisor keeps them open from one
	// life of the child to the next, so what arrives in between waits in them.
	Sockets []Socket
}

// Socket is a listening socket that a child inherits.
type Socket struct {
	Name string // such as "udp 127.0.0.1:5060"
	File *os.File
}

// child keeps one process alive. Its fields but pipe belong to the keep goroutine.
type child struct {
	spec Spec
	sup  *Supervisor

	stop    chan struct{} // closed: end it and start it no more
	kill    chan struct{} // holds a token: end it hard, start it again
	stopped chan struct{} // closed when keep has returned

	mu   sync.Mutex
	pipe *os.File // the supervisor's end of notices; nil between two lives
}

func newChild(s *Supervisor, spec Spec) *child {
	return &child{
		spec: spec, sup: s,
		stop: make(chan struct{}), kill: make(chan struct{}, 1), stopped: make(chan struct{}),
	}
}

// keep runs on a goroutine of its own until stop.
func (c *child) keep() {
	runtime.LockOSThread() // see doc.go: the parent-death signal is the thread's
	defer close(c.stopped)
	var pause backoff
	for {
		began := time.Now()
		end := c.live()
		c.sup.over(c)
		select {
		case <-c.stop:
			return
		default:
		}
		again := pause.next(time.Since(began))
		c.sup.ended(c, end, again)
		wait := time.NewTimer(again)
		select {
		case <-c.stop:
			wait.Stop()
			return
		case <-wait.C:
		}
	}
}

// ending is how a life of a child ended.
type ending struct {
	lived bool   // false: the process could not be made
	err   error  // nil: exit code 0
	code  int    // -1: by a signal
	last  string // its own words about why, without "callwright: "
}

// live starts the process and waits for its end, however it comes.
func (c *child) live() ending {
	notices, ours, err := os.Pipe()
	if err != nil {
		return ending{err: err}
	}
	reports, theirs, err := os.Pipe()
	if err != nil {
		notices.Close()
		ours.Close()
		return ending{err: err}
	}
	out := &lines{name: c.spec.Name, to: c.sup.cfg.Line}
	cmd := exec.Command(c.sup.cfg.Program, c.spec.Args...)
	cmd.Env = append(os.Environ(), lifelineEnv+"="+lifelineFiles)
	cmd.ExtraFiles = []*os.File{notices, theirs} // files 3 and 4
	first := Notice{Secret: c.sup.cfg.Secret}
	for _, s := range c.spec.Sockets {
		cmd.ExtraFiles = append(cmd.ExtraFiles, s.File)
		first.Sockets = append(first.Sockets, s.Name)
	}
	cmd.Stdout, cmd.Stderr = out, out
	// A process group of its own: Ctrl-C is for the supervisor, which knows the order.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	err = cmd.Start()
	notices.Close()
	theirs.Close()
	if err != nil {
		ours.Close()
		reports.Close()
		return ending{err: err}
	}
	c.setPipe(ours)
	c.tell(first)
	read := make(chan struct{})
	go func() {
		defer close(read)
		c.sup.read(c, reports)
	}()
	err = c.wait(cmd)
	c.setPipe(nil)
	<-read
	out.flush()
	return ending{lived: true, err: err, code: cmd.ProcessState.ExitCode(), last: out.reason}
}

// wait returns when the process has ended; it makes it end when asked to.
func (c *child) wait(cmd *exec.Cmd) error {
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	stop, hard := c.stop, (<-chan time.Time)(nil)
	for {
		select {
		case err := <-exited:
			return err
		case <-stop:
			stop = nil
			cmd.Process.Signal(syscall.SIGTERM)
			hard = time.After(c.spec.Grace)
		case <-c.kill:
			cmd.Process.Kill()
		case <-hard:
			c.sup.log(c.spec.Name, "does not end in "+c.spec.Grace.String()+", killed")
			cmd.Process.Kill()
		}
	}
}

func (c *child) setPipe(p *os.File) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pipe != nil {
		c.pipe.Close()
	}
	c.pipe = p
}

// tell writes a notice; a child that is not there or does not read misses it.
func (c *child) tell(n Notice) {
	b, err := json.Marshal(n)
	if err != nil {
		panic("supervise: a notice is plain data: " + err.Error())
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pipe == nil {
		return
	}
	c.pipe.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
	if _, err := c.pipe.Write(append(b, '\n')); err != nil && !errors.Is(err, syscall.EPIPE) {
		c.sup.log(c.spec.Name, "does not read its lifeline")
	}
}

// read takes a child's reports until it ends.
func (s *Supervisor) read(c *child, r io.ReadCloser) {
	defer r.Close()
	sc := bufio.NewScanner(r)
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		var rep Report
		if err := json.Unmarshal(sc.Bytes(), &rep); err != nil {
			s.log(c.spec.Name, "sent a report that is none")
			continue
		}
		s.reported(c, rep)
	}
}
