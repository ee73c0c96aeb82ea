package signal

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/callwright/callwright/engine/call"
)

// conn is a connection: one goroutine reads, one writes what is queued.
type conn struct {
	edge   *Edge
	remote netip.AddrPort
	flow   call.Flow
	queue  chan outgoing
	done   chan struct{} // closed with the connection
	leaves bool          // it is counted by itself

	mu     sync.Mutex
	out    pipe // nil while being dialled
	closed bool
}

// pipe is what a connection writes to. Close does not wait for the peer.
type pipe interface {
	io.WriteCloser
	SetWriteDeadline(time.Time) error
}

// outgoing is a message in the queue. Behind one that is last nothing follows.
type outgoing struct {
	data   []byte
	branch string // to tell if it could not be written
	last   bool
}

// start runs the connection's goroutines.
func (c *conn) start(nc net.Conn) {
	c.begin(nc)
	go c.read(nc)
}

// begin runs the goroutine that writes.
func (c *conn) begin(out pipe) {
	c.mu.Lock()
	c.out = out
	closed := c.closed
	c.mu.Unlock()
	if closed {
		out.Close()
	}
	c.edge.conns.Add(1) // newConn counted the one that reads
	go c.write(out)
}

func (c *conn) add(what string) { c.edge.count.add(c.flow.Transport + "/" + what) }

func (c *conn) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	c.closed = true
	close(c.done)
	if c.out != nil {
		c.out.Close()
	}
}

// put queues a message; false if the connection is gone, or so slow that it is given
// up now.
func (c *conn) put(o outgoing) bool {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return false
	}
	select {
	case c.queue <- o:
		c.mu.Unlock()
		return true
	default:
	}
	c.mu.Unlock()
	c.add("queue-full")
	c.close()
	return false
}

// write sends the queue until the connection ends, and then tells what of it stayed
// behind.
func (c *conn) write(out pipe) {
	defer c.edge.conns.Done()
	defer c.edge.forget(c)
	for {
		select {
		case o := <-c.queue:
			out.SetWriteDeadline(time.Now().Add(c.edge.config.WriteTimeout))
			if _, err := out.Write(o.data); err != nil {
				c.close()
				c.edge.failed(o.branch, err.Error())
			}
			if half, ok := out.(interface{ CloseWrite() error }); ok && o.last {
				half.CloseWrite()
			}
		case <-c.done:
			c.drain("connection closed")
			return
		}
	}
}

func (c *conn) drain(why string) {
	for {
		select {
		case o := <-c.queue:
			c.edge.failed(o.branch, why)
		default:
			return
		}
	}
}

// read cuts the stream into messages (RFC 3261 §18.3) until it ends or cannot be cut
// any more.
func (c *conn) read(nc net.Conn) {
	defer c.edge.conns.Done()
	if err := c.shake(nc); err != nil {
		c.close()
		return
	}
	r := bufio.NewReaderSize(nc, maxLine+2)
	in := inlet{c.flow, c.remote, func(b []byte) { c.put(outgoing{data: b}) }}
	wait := c.edge.config.FirstMessage
	for {
		nc.SetReadDeadline(time.Now().Add(wait))
		if err := c.keepAlive(r); err != nil {
			c.finish(err)
			return
		}
		nc.SetReadDeadline(time.Now().Add(c.edge.config.Message))
		m, err := next(r)
		if err != nil {
			c.finish(err)
			return
		}
		if m.lost || !c.edge.admits(in, &m.frame) {
			c.hangUp(nc, in, m)
			return
		}
		c.edge.take(in, m.frame, m.wrong)
		wait = c.edge.config.Idle
	}
}

// finish ends reading, and the connection with it. What is queued is given up.
func (c *conn) finish(err error) {
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		c.add("timeout")
	}
	c.close()
}

// lingering is how long the rest of a stream is thrown away after its last answer: to
// close at once would reset the connection, and the answer could be lost.
const lingering = time.Second

// hangUp answers the last message that is read from this stream, and closes.
func (c *conn) hangUp(nc net.Conn, in inlet, m cut) {
	in.reply = func(b []byte) { c.put(outgoing{data: b, last: true}) }
	c.edge.take(in, m.frame, m.wrong)
	nc.SetReadDeadline(time.Now().Add(lingering))
	io.Copy(io.Discard, io.LimitReader(nc, 1<<20))
	c.close()
}

// keepAlive waits for the first byte of a message. Empty lines before it are a ping;
// two of them want one back (RFC 5626 §3.5.1).
func (c *conn) keepAlive(r *bufio.Reader) error {
	for ends := 0; ; {
		b, err := r.ReadByte()
		switch {
		case err != nil:
			return err
		case b == '\n':
			if ends++; ends%2 == 0 {
				c.add("keepalive")
				c.put(outgoing{data: []byte("\r\n")})
			}
		case b != '\r':
			return r.UnreadByte()
		}
	}
}

// cut is a message cut from a stream. It is lost if its end cannot be found, and so
// the beginning of the next.
type cut struct {
	frame
	wrong *fault
	lost  bool
}

// Faults of streams only.
func tooLarge() *fault { return &fault{513, call.Phrase(513), "too-large"} }
func tooLong() *fault  { return bad("line-too-long", "Header Line Too Long") }
func noLength() *fault { return bad("no-content-length", "Missing Content-Length Header Field") }

// next reads one message. The error is the end of the stream.
func next(r *bufio.Reader) (cut, error) {
	var head []byte
	for {
		line, err := r.ReadSlice('\n')
		head = append(head, line...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			return lost(head, tooLong()), nil
		case err != nil:
			return cut{}, err
		case len(head) > maxMessage:
			return lost(head, tooLarge()), nil
		}
		if len(bytes.TrimRight(line, "\r\n")) == 0 {
			break
		}
	}
	f, wrong := scan(head)
	switch n, has, unfit := f.length(); {
	case unfit != nil:
		return cut{f, unfit, true}, nil
	case !has:
		return cut{f, noLength(), true}, nil
	case len(head)+n > maxMessage:
		return cut{f, tooLarge(), true}, nil
	default:
		f.body = make([]byte, n)
		_, err := io.ReadFull(r, f.body)
		return cut{f, wrong, false}, err
	}
}

func lost(head []byte, why *fault) cut {
	f, _ := scan(head)
	return cut{f, why, true}
}
