package phone

import (
	"fmt"
	"net"
	"time"

	"github.com/callwright/callwright/engine/call"
	"github.com/callwright/callwright/media/sdp"
)

// talk begins or changes the media, as offer and answer have settled it.
func (p *phone) talk(a sdp.Agreement) {
	p.media = a
	if p.agreed {
		state := "media changed"
		if a.Held() {
			state = "held"
		}
		p.mark(state)
		return
	}
	p.agreed = true
}

// hold offers the call anew: on hold we still send, and hear nothing.
func (p *phone) hold(on bool) {
	if !p.report.Answered || p.leaving {
		return
	}
	p.local.Hold, p.local.Version = on, p.local.Version+1
	p.step(call.Reinvite{Leg: p.leg, Media: p.local})
}

// pickUp is the moment of the answer.
func (p *phone) pickUp() {
	p.report.Answered = true
	p.answered = time.Now()
	p.frames.Reset(frameTime) // a frame is sent when it has been spoken: the first after 20 ms
	p.report.SetupMs = float64(p.answered.Sub(p.began).Microseconds()) / 1000
	p.hangup.Reset(p.cfg.limit())
	if p.cfg.Digits != "" {
		p.keysAt.Reset(digitsDelay)
	}
}

// speak sends the frames that are due: one a tick, or several when ticks were lost.
func (p *phone) speak() {
	if !p.report.Answered && !(p.incoming && p.cfg.Early) || p.leaving || p.ended {
		return // early media is heard, not answered
	}
	if p.cfg.Quiet != nil && !p.mouth.keys.busy() && p.cfg.Quiet() {
		p.resting = true
		p.frames.Stop()
		return
	}
	due := p.due()
	if due > p.owed+5 {
		p.owed = due - 5 // the machine stood still; the past is not made up for
	}
	for ; p.owed < due; p.owed++ {
		b := p.mouth.next(p.media)
		if p.media.Send && p.media.Remote.Port() != 0 {
			// A port not open yet answers by ICMP: the next frame may do better.
			p.cfg.RTP.WriteTo(b, net.UDPAddrFromAddrPort(p.media.Remote))
		}
	}
	if p.pressing && !p.mouth.keys.busy() {
		p.pressing = false
		p.report.DigitsSent = true
		p.mark("digits sent")
		p.leaveIfDone()
	}
}

// due is how many frames should have been sent since the answer.
func (p *phone) due() int { return int(time.Since(p.answered) / frameTime) }

// rise goes on after a rest: time has passed for the other side too (RFC 3550 §5.1).
func (p *phone) rise() {
	if !p.resting {
		return
	}
	p.resting = false
	p.mouth.timestamp += uint32(max(p.due()-p.owed, 0)) * frameSamples
	p.owed = max(p.due(), p.owed)
	p.frames.Reset(frameTime)
}

// press puts keys behind those that wait.
func (p *phone) press(keys string) {
	ps, err := parseDigits(keys)
	if err != nil || p.media.EventType == 0 {
		p.mark(fmt.Sprintf("digits %s not sent", keys))
		return
	}
	p.mouth.keys.todo = append(p.mouth.keys.todo, ps...)
}

// hear takes one packet.
func (p *phone) hear(a packet) {
	first := p.receiver.take(a.data, a.at.Sub(p.began), func(frame []int16) {
		if p.cfg.Heard != nil {
			p.cfg.Heard(frame)
		}
		if p.ear.listen(frame) {
			p.report.Heard = true
			p.mark(fmt.Sprintf("heard %g Hz", p.cfg.Expect))
			p.leaveIfDone()
		}
	})
	if first {
		p.mark("first RTP")
	}
}

// leaveIfDone hangs up once all that was asked for has happened, if no duration was
// given and a tone was what the call was for.
func (p *phone) leaveIfDone() {
	if p.cfg.Duration > 0 || p.cfg.Expect == 0 || !p.report.Answered {
		return
	}
	if p.report.Heard && (p.cfg.Digits == "" || p.report.DigitsSent) {
		p.leave()
	}
}
