package mixer

import (
	"sync/atomic"

	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/media/trunk"
	"github.com/callwright/callwright/mixer/playout"
)

// counters are written on the paths they count and read by control.
type counters struct {
	playout playout.Counters

	ticks, late, skipped, doubled atomic.Uint64

	received, unknown, token, kind, size, overflow atomic.Uint64

	underruns, overruns atomic.Uint64 // of operations that have ended
	talksLost           atomic.Uint64
	noticesLost         atomic.Uint64
	sendErrors          atomic.Uint64
	commands, unbuilt   atomic.Uint64
	stale               atomic.Uint64
}

// list is what a heartbeat brings.
func (c *counters) list(t trunk.Counters) []*control.Counter {
	out := make([]*control.Counter, 0, 32)
	add := func(name, reason string, v uint64) {
		out = append(out, &control.Counter{Name: name, Reason: reason, Value: v})
	}
	add("ticks_total", "", c.ticks.Load())
	add("ticks_off_time_total", "late", c.late.Load())
	add("ticks_off_time_total", "skipped", c.skipped.Load())
	add("ticks_off_time_total", "doubled", c.doubled.Load())
	add("frames_received_total", "", c.received.Load())
	add("frames_dropped_total", "unknown ssrc", c.unknown.Load())
	add("frames_dropped_total", "wrong token", c.token.Load())
	add("frames_dropped_total", "wrong codec", c.kind.Load())
	add("frames_dropped_total", "size", c.size.Load())
	add("frames_dropped_total", "overflow", c.overflow.Load())
	add("playout_packets_total", "late", c.playout.Late.Load())
	add("playout_packets_total", "early", c.playout.Early.Load())
	add("playout_packets_total", "doubled", c.playout.Doubled.Load())
	add("playout_frames_total", "lost", c.playout.Lost.Load())
	add("playout_frames_total", "concealed", c.playout.Concealed.Load())
	add("playout_frames_total", "skipped", c.playout.Skipped.Load())
	add("talkspurts_total", "", c.playout.Restarted.Load())
	add("prompt_underruns_total", "", c.underruns.Load())
	add("record_overruns_total", "", c.overruns.Load())
	add("events_dropped_total", "talk", c.talksLost.Load())
	add("events_dropped_total", "floor or levels", c.noticesLost.Load())
	add("send_errors_total", "", c.sendErrors.Load())
	add("commands_total", "", c.commands.Load())
	add("commands_refused_total", "not a mixer's", c.unbuilt.Load())
	add("commands_refused_total", "older epoch", c.stale.Load())
	add("trunk_records_total", "received", t.Received)
	add("trunk_records_total", "sent", t.Sent)
	add("trunk_records_dropped_total", "malformed", t.Malformed)
	add("trunk_records_dropped_total", "refused", t.Refused)
	add("trunk_records_dropped_total", "overflow", t.Overflow)
	return out
}
