package phone

import (
	"github.com/callwright/callwright/media/g711"
	"github.com/callwright/callwright/media/rtp"
	"github.com/callwright/callwright/media/sdp"
)

// mouth makes the packets that the phone sends, one a frame.
type mouth struct {
	speak     func([]int16)
	keys      keypad
	ssrc      uint32
	sequence  uint16
	timestamp uint32
	sent      int
	frame     [frameSamples]int16
	payload   [frameSamples]byte
	packet    [rtp.HeaderSize + frameSamples]byte
}

// next makes the packet of the next frame, in a buffer that the next call reuses.
func (m *mouth) next(a sdp.Agreement) []byte {
	p := rtp.Packet{Marker: m.sent == 0, Type: a.Codec.Type, Seq: m.sequence, Timestamp: m.timestamp, SSRC: m.ssrc}
	m.sequence++
	m.timestamp += frameSamples
	m.sent++
	clear(m.frame[:])
	if m.speak != nil {
		m.speak(m.frame[:]) // also while a key is pressed: speech goes on beneath
	}
	if e, ok := m.keys.next(p.Timestamp); ok {
		p.Type, p.Timestamp, p.Marker, p.Payload = a.EventType, e.timestamp, e.marker, e.payload[:]
	} else {
		p.Payload = m.encode(a.Codec.Name)
	}
	return m.packet[:p.Put(m.packet[:])]
}

func (m *mouth) encode(codec string) []byte {
	for i, x := range m.frame {
		if codec == "PCMA" {
			m.payload[i] = g711.LinearToALaw[uint16(x)>>4]
		} else {
			m.payload[i] = g711.LinearToULaw[uint16(x)>>2]
		}
	}
	return m.payload[:]
}
