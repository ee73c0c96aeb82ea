package sbc

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"sync/atomic"
	"time"

	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/media/trunk"
	"github.com/callwright/callwright/sbc/link"
	"github.com/callwright/callwright/sbc/relay"
)

// Config is what an SBC needs. Link and Trunk are the SBC's from New on: Run closes
// them.
type Config struct {
	Name      string // unique among the brain's workers
	Version   string
	Link      link.Link
	Trunk     trunk.Conn
	Media     netip.Addr // where phones reach the slice
	FirstPort uint16     // even
	Ports     uint16     // two a stream
	Reporter  control.Reporter
	Log       *slog.Logger // nil: none
	Rests     bool         // see relay.Config
}

// SBC implements control.Worker.
type SBC struct {
	cfg   Config
	relay *relay.Relay
	epoch uint64 // of the brain at hand
	made  map[string]uint64
	load  atomic.Uint32
	told  time.Time // when counters were told last
}

// New makes an SBC without streams.
func New(cfg Config) (*SBC, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	r, err := relay.New(relay.Config{Link: cfg.Link, Trunk: cfg.Trunk, FirstPort: cfg.FirstPort, Ports: cfg.Ports, Reporter: cfg.Reporter, Rests: cfg.Rests})
	if err != nil {
		return nil, fmt.Errorf("sbc %s: %w", cfg.Name, err)
	}
	return &SBC{cfg: cfg, relay: r, made: map[string]uint64{}}, nil
}

// Run carries media until ctx is done (nil) or the link or the trunk fails.
func (s *SBC) Run(ctx context.Context) error {
	if err := s.relay.Run(ctx); err != nil {
		return fmt.Errorf("sbc %s: %w", s.cfg.Name, err)
	}
	return nil
}

// Hello implements control.Worker.
func (s *SBC) Hello() *control.Hello {
	return &control.Hello{
		Kind: control.Kind_SBC, Name: s.cfg.Name, Version: s.cfg.Version, Pid: uint32(os.Getpid()),
		Capacity: uint32(s.cfg.Ports / 2), Trunk: s.cfg.Trunk.LocalAddr().String(),
		Media: s.cfg.Media.String(), FirstPort: uint32(s.cfg.FirstPort), Ports: uint32(s.cfg.Ports),
	}
}

// Connected implements control.Worker. A newer brain says what it still wants; what it
// does not, its Sweep drops.
func (s *SBC) Connected(epoch uint64) {
	s.epoch = epoch
	s.cfg.Log.Info("obeying", "epoch", epoch, "streams", len(s.made))
}

// sweep drops the streams that no brain of this epoch has spoken of.
func (s *SBC) sweep() {
	dropped := 0
	for id, made := range s.made {
		if made < s.epoch {
			s.drop(id, false)
			dropped++
		}
	}
	if dropped > 0 {
		s.cfg.Log.Warn("streams that the brain does not know are dropped", "streams", dropped)
	}
}

// Disconnected implements control.Worker: audio goes on. Why is in the link's log.
func (s *SBC) Disconnected(string) {
	s.cfg.Log.Info("without a brain, audio goes on", "streams", len(s.made))
}

// Load implements control.Worker; counters come about once a second.
func (s *SBC) Load() (uint32, []*control.Counter) {
	now := time.Now()
	if now.Sub(s.told) < time.Second {
		return s.load.Load(), nil
	}
	s.told = now
	return s.load.Load(), s.Counters()
}

// Counters may be called from any goroutine.
func (s *SBC) Counters() []*control.Counter {
	var cs []*control.Counter
	for _, c := range s.relay.Counters() {
		cs = append(cs, &control.Counter{Name: c.Name, Reason: c.Reason, Value: c.Value})
	}
	if l, counts := s.cfg.Link.(link.Counting); counts {
		for _, c := range l.Counters() {
			cs = append(cs, &control.Counter{Name: "link_dropped_total", Reason: c.Reason, Value: c.Value})
		}
	}
	t := s.cfg.Trunk.Counters()
	for _, c := range []*control.Counter{
		{Name: "trunk_dropped_total", Reason: "malformed", Value: t.Malformed},
		{Name: "trunk_dropped_total", Reason: "overflow", Value: t.Overflow},
		{Name: "trunk_dropped_total", Reason: "refused", Value: t.Refused},
	} {
		if c.Value > 0 {
			cs = append(cs, c)
		}
	}
	return cs
}
