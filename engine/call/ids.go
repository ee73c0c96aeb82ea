package call

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
)

// magic begins every branch of RFC 3261 (§8.1.1.7).
const magic = "z9hG4bK"

// id draws the next 16 hex digits of the seed's sequence. Tags and branches from it
// cannot be guessed by who does not know the seed (RFC 3261 §19.3), and are the same
// again in a replay.
func (u *UA) id() string {
	d := u.draw()
	return hex.EncodeToString(d[:8])
}

func (u *UA) branch() string { return magic + u.id() }

// number draws a number below n.
func (u *UA) number(n uint64) uint64 {
	d := u.draw()
	return binary.BigEndian.Uint64(d[:]) % n
}

func (u *UA) draw() [32]byte {
	u.s.Count++
	var b [40]byte
	copy(b[:], u.cfg.Seed[:])
	binary.BigEndian.PutUint64(b[32:], u.s.Count)
	return sha256.Sum256(b[:])
}

// statelessTag is the To tag of an answer without a transaction: a function of the
// request alone (RFC 3261 §8.2.7).
func (u *UA) statelessTag(m *Message) string {
	h := sha256.New()
	h.Write(u.cfg.Seed[:])
	for _, s := range []string{m.Branch, m.SentBy, m.CallID, m.From.Tag, m.Method} {
		h.Write([]byte(s))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}
