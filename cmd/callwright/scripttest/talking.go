package scripttest

import (
	"fmt"
	"net"
	"time"
)

// settling is how long a new talker may take to be heard.
const settling = 500 * time.Millisecond

// talking lets two phones speak, each in a tone of its own, and checks that each hears
// the other for d without a gap longer than maxGap.
func (b *bench) talking(x, y *handset, d, maxGap time.Duration) error {
	lx, err := x.present()
	if err != nil {
		return err
	}
	ly, err := y.present()
	if err != nil {
		return err
	}
	for _, h := range []*handset{x, y} {
		tone := &sound{hz: []float64{h.pitch}}
		h.mouth.say(tone.voice(settling + d))
	}
	if err := b.wait(settling); err != nil {
		return err
	}
	x.forget()
	y.forget()
	if err := b.wait(d); err != nil {
		return err
	}
	if err := x.follows(lx, y, maxGap); err != nil {
		return err
	}
	return y.follows(ly, x, maxGap)
}

// follows checks what a phone heard since it last looked for another's tone.
func (h *handset) follows(l *line, other *handset, maxGap time.Duration) error {
	if !l.up() {
		return h.gone(l, "talk")
	}
	m := newMatcher(&sound{hz: []float64{other.pitch}})
	audio, _ := h.ear.since(0)
	gap, longest := 0, 0
	const window = rate / 50
	for i := 0; i+window <= len(audio); i += window {
		if gap++; m.dominates(audio[i : i+window]) {
			gap = 0
		}
		longest = max(longest, gap)
	}
	if g := time.Duration(longest) * 20 * time.Millisecond; g > maxGap {
		return fmt.Errorf("%s hears %s with a gap of %v, %v is allowed; heard instead: %s", h.name, other.name, g, maxGap, h.describe())
	}
	return nil
}

// sendSIP sends raw SIP from a socket of its own, and gives the first answer.
func (b *bench) sendSIP(raw string) (string, error) {
	sip, rtp, hop, err := b.engine.Sockets()
	if err != nil {
		return "", err
	}
	rtp.Close()
	defer sip.Close()
	if _, err := sip.WriteTo([]byte(raw), net.UDPAddrFromAddrPort(hop)); err != nil {
		return "", err
	}
	sip.SetReadDeadline(time.Now().Add(2 * time.Second))
	answer := make([]byte, 65536)
	n, _, err := sip.ReadFrom(answer)
	if err != nil {
		return "", nil // none came
	}
	return string(answer[:n]), nil
}
