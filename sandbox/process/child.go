package process

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/callwright/callwright/sandbox"
)

// child is a script-host process as its parent knows it. It takes frames from the
// moment it is made; the process itself comes up meanwhile.
type child struct {
	cmd   *exec.Cmd
	conn  *net.UnixConn
	out   *sender
	board *board
	tree  tree
	log   firstBytes // of its standard error

	pid    atomic.Int64
	loaded chan loaded   // takes one answer
	exited chan struct{} // closed when the process has been waited for
	over   chan struct{} // closed when nothing more comes of it
	fate   fate          // readable then

	gen     atomic.Pointer[Generation]
	hung    atomic.Bool // the watchdog ended it
	dog     watchdog
	settled bool         // its generation knows of its death; under Generation.mu
	jobs    atomic.Int64 // answers that are waited for
}

// fate is how a child ended.
type fate struct {
	Unit, Place string // guilty, if any
	Hung        bool   // the watchdog ended it
	Status      string // "exit status 2", "signal: killed"
	Said        string // the beginning of its standard error
	Stopped     bool   // it was asked to, and was done with everything
}

// own says whether what ran is to blame: not for a signal of somebody else's, nor for
// an error of this package (exit code 1), nor when it has been told already (spent).
func (f *fate) own() bool {
	return f.Hung || !f.Stopped && f.Status != "" && f.Status != "signal: killed" && f.Status != "exit status 1" && !f.spent()
}

func (f *fate) spent() bool { return f.Status == fmt.Sprint("exit status ", spent) }

// newChild starts a process. It does not wait for it: what is put is queued.
func newChild(command []string, faces []sandbox.Face, state *sandbox.State) (*child, error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("process: socket pair: %w", err)
	}
	near, far := os.NewFile(uintptr(pair[0]), "child"), os.NewFile(uintptr(pair[1]), "parent")
	conn, err := net.FileConn(near)
	near.Close()
	if err != nil {
		far.Close()
		return nil, fmt.Errorf("process: socket pair: %w", err)
	}
	b, page, err := newBoard()
	if err != nil {
		far.Close()
		conn.Close()
		return nil, err
	}
	c := &child{conn: conn.(*net.UnixConn), board: b, tree: tree{state: state},
		loaded: make(chan loaded, 1), exited: make(chan struct{}), over: make(chan struct{})}
	c.out = newSender(conn)
	c.dog.c = c
	c.cmd = exec.Command(command[0], command[1:]...)
	c.cmd.ExtraFiles = []*os.File{far, page}
	c.cmd.Stderr = &c.log
	// Nothing of ours but the Go runtime's own settings: a crash is one line, and
	// two threads of scripts' work are enough for an isolate and the collector.
	c.cmd.Env = []string{"GOTRACEBACK=none", "GOMAXPROCS=2"}
	if zone, set := os.LookupEnv("TZ"); set {
		c.cmd.Env = append(c.cmd.Env, "TZ="+zone)
	}
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	c.out.put(kindPrepare, &preparation{Faces: faces})
	go c.out.run()
	go c.live(far, page)
	go c.listen()
	return c, nil
}

// live is the process's whole life, on one thread: the signal that Linux sends at a
// parent's death belongs to the thread that forked (prctl(2)).
func (c *child) live(files ...*os.File) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(c.exited)
	err := c.cmd.Start()
	for _, f := range files {
		f.Close()
	}
	if err != nil {
		c.fate.Status = err.Error()
		c.conn.Close()
		return
	}
	c.pid.Store(int64(c.cmd.Process.Pid))
	if err := c.cmd.Wait(); err != nil {
		c.fate.Status = err.Error()
	}
}

// listen takes what the child sends until the socket closes, then settles its end.
func (c *child) listen() {
	r := newReader(c.conn)
	var err error
	for err == nil {
		var k kind
		var b []byte
		if k, b, err = r.next(); err == nil {
			err = c.take(k, b)
		}
	}
	c.tree.end(ending{})
	c.dog.stop()
	c.out.close()
	c.conn.Close() // the child reads its end and exits, if it still can
	c.bury()
	if errors.Is(err, errGarbled) {
		c.fate.Said += " " + err.Error()
	}
	c.fate.Hung = c.hung.Load()
	if unit, place, on := c.board.verdict(); on && c.fate.own() {
		c.fate.Unit, c.fate.Place = unit, place
	}
	c.fate.Said = strings.TrimSpace(c.log.String() + c.fate.Said)
	c.board.close()
	close(c.over)
	if g := c.gen.Load(); g != nil {
		g.died(c)
	}
}

// bury waits for the process, with force if it does not go by itself.
func (c *child) bury() {
	patience := time.NewTimer(time.Second)
	defer patience.Stop()
	select {
	case <-c.exited:
	case <-patience.C:
		c.kill()
		<-c.exited
	}
}

// kill ends the process at once. The pid is not another's: nobody has waited for it
// while exited is open, or Process knows that it is done.
func (c *child) kill() {
	if c.pid.Load() != 0 {
		_ = c.cmd.Process.Kill()
	}
}

// take handles one frame from the child.
func (c *child) take(k kind, b []byte) error {
	switch k {
	case kindPrepared:
		c.dog.prepared()
		return nil
	case kindLoaded:
		var l loaded
		if err := decode(b, &l); err != nil {
			return err
		}
		select {
		case c.loaded <- l:
			c.done()
			return nil
		default:
			return fmt.Errorf("%w: loaded twice", errGarbled)
		}
	case kindStop:
		c.fate.Stopped = true
		return nil
	case kindTake:
		return c.grant(b)
	case kindAccess:
		return c.access(b)
	case kindEnd:
		var e ending
		if err := decode(b, &e); err != nil {
			return err
		}
		g := c.gen.Load()
		e.Keep = e.Keep && g != nil && g.mayWrite(c, e.Unit, e.Turn)
		c.tree.end(e)
		return nil
	case kindResult:
		var r sandbox.Result
		if err := decode(b, &r); err != nil {
			return err
		}
		c.tree.end(ending{}) // it should have ended before
		if g := c.gen.Load(); g != nil {
			g.result(c, r)
		}
		return nil
	}
	return fmt.Errorf("%w: kind %d from a child", errGarbled, k)
}

// grant gives the isolate the tree, for which it waits: on this goroutine, for nothing
// else can come from the child meanwhile.
func (c *child) grant(b []byte) error {
	var q taking
	if err := decode(b, &q); err != nil {
		return err
	}
	if c.tree.held() || c.jobs.Load() <= 0 {
		return fmt.Errorf("%w: the tree is taken by nobody", errGarbled)
	}
	c.dog.excuse(true) // the wait for another's activation
	c.tree.begin()
	c.dog.excuse(false)
	if q.Have != c.tree.copy {
		c.tree.copy = 0
	}
	var turn uint64
	if g := c.gen.Load(); g != nil {
		turn = g.turnOf(c, q.Unit)
	}
	t := c.tree.grant(q.Unit, turn)
	c.out.now(kindTaken, &t)
	return nil
}

// access answers the isolate that has the tree.
func (c *child) access(b []byte) error {
	var q access
	if err := decode(b, &q); err != nil {
		return err
	}
	if !c.tree.held() {
		return fmt.Errorf("%w: an access without the tree", errGarbled)
	}
	f := c.tree.do(q)
	c.out.now(kindFound, &f)
	return nil
}

// expect and done count the answers that are waited for; the watchdog runs meanwhile.
func (c *child) expect() {
	if c.jobs.Add(1) == 1 {
		c.dog.wake()
	}
}

func (c *child) done() { c.jobs.Add(-1) }

// owes says whether an answer is waited for in earnest: jobs may count some that
// nobody wants any more.
func (c *child) owes() bool {
	if _, on := c.board.running(); on {
		return true
	}
	g := c.gen.Load()
	return g == nil || g.owed(c)
}

// stop asks the child to finish what it has and go.
func (c *child) stop() {
	var last bool
	c.out.put(kindStop, &last)
}

// hang is the watchdog's verdict.
func (c *child) hang() {
	c.hung.Store(true)
	c.kill()
}

// discard ends a child that serves nobody.
func (c *child) discard() {
	c.conn.Close()
	c.kill()
}

// firstBytes keeps the beginning of what is written.
type firstBytes struct {
	mu sync.Mutex
	b  []byte
}

const maxSaid = 2048

func (f *firstBytes) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.b = append(f.b, p[:min(len(p), maxSaid-len(f.b))]...)
	return len(p), nil
}

func (f *firstBytes) String() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return string(f.b)
}
