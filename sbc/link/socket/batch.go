package socket

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/callwright/callwright/sbc/link"
)

const slot = link.MaxData + 4 // of one datagram; MaxData+1 bytes are told

// Recv implements link.Link.
func (l *Link) Recv(ps []link.Packet, wait time.Duration) (int, error) {
	if need := len(ps) * slot; len(l.buffers) < need {
		l.buffers = make([]byte, need)
	}
	if n, err := l.collect(ps); n > 0 || err != nil {
		return n, err
	}
	if err := l.poll(wait); err != nil {
		return 0, err
	}
	return l.collect(ps)
}

// poll finds the sockets that have something: at the next period while media flows,
// by blocking when there is none.
func (l *Link) poll(wait time.Duration) error {
	now := time.Now()
	if now.Sub(l.came) < idleAfter {
		if rest := period - now.Sub(l.polled); wait != 0 && rest > 0 && l.ready < readyMax {
			if wait > 0 {
				rest = min(rest, wait)
			}
			time.Sleep(rest)
		}
		wait = 0
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.closed.Load() {
		return l.gone("recv")
	}
	n, errn := waitEvents(l.epoll, l.events[:], wait)
	l.polled = time.Now()
	l.ready, l.at, l.left = n, 0, 0
	l.polls++
	if errn != 0 && errn != unix.EINTR {
		return fmt.Errorf("link: socket: poll: %w", errn)
	}
	return nil
}

// collect reads one datagram of each ready socket: phones have no more within a
// period, and the epoll is level-triggered, so that a socket that has more is told
// again and none is read in vain. One told twice in a row is flooded, or was held up:
// it is read more often, for behind a stranger's datagrams its owner's wait. A flood
// on one port beyond 4000 packets a second drops in the kernel, at no other port's
// cost.
func (l *Link) collect(ps []link.Packet) (int, error) {
	if l.at == l.ready || len(ps) == 0 {
		return 0, nil
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.closed.Load() {
		return 0, l.gone("recv")
	}
	n := 0
	for n < len(ps) && l.at < l.ready {
		index := int(l.events[l.at].Fd)
		if index < 0 {
			drainWake(l.wake)
			l.at++
			continue
		}
		if l.left == 0 {
			l.left = l.share(index)
		}
		b := l.buffers[n*slot : n*slot+link.MaxData+1 : (n+1)*slot]
		size, from, errn := receive(l.fds[index], b)
		if l.left--; errn != 0 || l.left == 0 {
			l.at, l.left = l.at+1, 0
		}
		if errn != 0 {
			continue // nothing more there, or an ICMP error
		}
		ps[n] = link.Packet{Data: b[:size], Port: l.first + uint16(index), Remote: from}
		n++
	}
	if n > 0 {
		l.came = l.polled
	}
	return n, nil
}

// share is how many datagrams are read of a socket in this poll.
func (l *Link) share(index int) int {
	again := l.told[index] == l.polls-1
	l.told[index] = l.polls
	if again {
		return burst
	}
	return 1
}

// Send implements link.Link.
func (l *Link) Send(ps []link.Packet) (int, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.closed.Load() {
		return 0, l.gone("send")
	}
	sent := 0
	for i := range ps {
		index := int(ps[i].Port) - int(l.first)
		if index < 0 || index >= len(l.fds) {
			return sent, fmt.Errorf("%w: %d", link.ErrPort, ps[i].Port)
		}
		if errn := transmit(l.fds[index], ps[i].Data, ps[i].Remote, l.addr.Is6()); errn != 0 {
			l.refused.Add(1)
			continue
		}
		sent++
	}
	return sent, nil
}
