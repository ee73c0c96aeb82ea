package ws

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/coder/websocket"
)

// link is one connection. run owns it; ask may be called from any goroutine.
type link struct {
	e      *Edge
	r      Request
	tell   func(Event)
	ctx    context.Context
	stop   context.CancelFunc
	queue  chan Ask      // to send, in order; a close is the last
	untold chan struct{} // a place for each message that may be read
	pings  atomic.Int32
	runs   sync.WaitGroup

	bye atomic.Pointer[Event] // how we have closed it
}

func newLink(e *Edge, r Request, tell func(Event)) *link {
	l := &link{e: e, r: r, tell: tell, queue: make(chan Ask, maxQueued), untold: make(chan struct{}, maxUntold)}
	l.ctx, l.stop = context.WithCancel(e.ctx)
	for range maxUntold {
		l.untold <- struct{}{}
	}
	return l
}

func (l *link) ask(a Ask) {
	switch a.Do {
	case Took:
		select {
		case l.untold <- struct{}{}:
		default: // more than were read
		}
		return
	case Close:
		l.bye.CompareAndSwap(nil, &Event{Kind: Closed, Code: cmp.Or(a.Code, Abnormal), Reason: a.Reason})
	}
	select {
	case l.queue <- a:
	default:
		if a.Do == Close { // what waits is not worth waiting for
			l.stop()
			return
		}
		go l.tell(Event{Kind: Done, N: a.N, Error: &Error{Name: "Busy", Message: fmt.Sprintf("%d messages wait to be sent already: await send()", maxQueued)}})
	}
}

// run opens the connection, serves it, and returns what is told last.
func (l *link) run() Event {
	defer l.stop()
	conn, err := l.open()
	if err != nil {
		return Event{Kind: Closed, Code: Abnormal, Error: err}
	}
	defer conn.CloseNow()
	l.tell(Event{Kind: Opened, Protocol: conn.Subprotocol()})
	l.runs.Go(func() { l.write(conn) })
	last := l.read(conn)
	l.stop()
	l.runs.Wait()
	return last
}

// read tells each message, as long as there is room for it.
func (l *link) read(conn Conn) Event {
	for {
		select {
		case <-l.untold:
		case <-l.ctx.Done():
			return l.ended(l.ctx.Err())
		}
		kind, data, err := conn.Read(l.ctx)
		if err != nil {
			return l.ended(err)
		}
		l.tell(Event{Kind: Received, Message: Message{Text: kind == websocket.MessageText, Data: data}})
	}
}

// ended says how a connection has ended, by what its reader was told.
func (l *link) ended(err error) Event {
	var peer websocket.CloseError
	if errors.As(err, &peer) {
		return Event{Kind: Closed, Code: int(peer.Code), Reason: peer.Reason, Clean: true}
	}
	if bye := l.bye.Load(); bye != nil {
		return *bye
	}
	e := Event{Kind: Closed, Code: Abnormal, Error: &Error{Name: "TypeError", Message: err.Error()}}
	switch {
	case l.e.ctx.Err() != nil:
		e.Code, e.Error.Message = Restart, "the engine is stopping"
	case errors.Is(err, websocket.ErrMessageTooBig):
		e.Code, e.Error.Message = int(websocket.StatusMessageTooBig), fmt.Sprintf("a message of more than %d bytes, which a journal cannot hold", MaxMessage)
	}
	return e
}

// write sends what is asked, until the connection is closed.
func (l *link) write(conn Conn) {
	for {
		select {
		case a := <-l.queue:
			switch a.Do {
			case Send:
				l.done(a, l.send(conn, a.Message))
			case Ping:
				l.ping(conn, a)
			case Close:
				if conn.Close(websocket.StatusCode(a.Code), a.Reason) == nil { // waits for the peer's, 5 s
					l.bye.Store(&Event{Kind: Closed, Code: a.Code, Reason: a.Reason, Clean: true})
				}
				l.stop()
				return
			}
		case <-l.ctx.Done():
			return
		}
	}
}

func (l *link) send(conn Conn, m Message) error {
	ctx, cancel := context.WithTimeout(l.ctx, patience)
	defer cancel()
	kind := websocket.MessageBinary
	if m.Text {
		kind = websocket.MessageText
	}
	return conn.Write(ctx, kind, m.Data)
}

// ping waits beside the queue: the answer may be long in coming.
func (l *link) ping(conn Conn, a Ask) {
	if l.pings.Add(1) > maxUntold {
		l.pings.Add(-1)
		l.done(a, errors.New("too many pings are under way"))
		return
	}
	l.runs.Go(func() {
		defer l.pings.Add(-1)
		ctx, cancel := context.WithTimeout(l.ctx, patience)
		defer cancel()
		l.done(a, conn.Ping(ctx))
	})
}

func (l *link) done(a Ask, err error) {
	e := Event{Kind: Done, N: a.N}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		e.Error = &Error{Name: "Timeout", Message: fmt.Sprintf("the peer took nothing for %v", patience)}
	case err != nil:
		e.Error = &Error{Name: "TypeError", Message: err.Error()}
	}
	l.tell(e)
}
