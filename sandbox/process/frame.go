package process

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"reflect"

	"github.com/callwright/callwright/sandbox"
)

// A frame is its length (4 bytes, little endian, of what follows), its kind (1 byte)
// and the value of that kind as codec.go writes it.

type kind byte

const (
	// To the child.
	kindPrepare  kind = iota + 1 // preparation
	kindLoad                     // order
	kindOpen                     // opening
	kindActivate                 // sandbox.Activation
	kindClose                    // string: the unit
	kindFound                    // found
	kindStop                     // bool
	kindTaken                    // taken
	// To the parent.
	kindPrepared // string: what failed, "" for nothing
	kindLoaded   // loaded
	kindResult   // sandbox.Result
	kindAccess   // access
	kindEnd      // ending
	kindTake     // taking
)

// maxFrame is more than any activation or result may come to; a longer frame is a
// fault and ends the child.
const maxFrame = 64 << 20

// preparation comes first, to a child that is to be warm.
type preparation struct{ Faces []sandbox.Face }

// order makes a child the host of a program.
type order struct {
	Program sandbox.Program
	Options sandbox.Options
}

// loaded answers an order: Error, or else what the program exports.
type loaded struct {
	Routes []sandbox.Route
	Flow   bool
	API    []string
	Author *sandbox.ScriptError // the author's error
	Other  string               // any other
}

type opening struct {
	Unit    string
	Kind    sandbox.UnitKind
	Seed    uint64
	History []sandbox.Input
	Ops     uint32
}

// access is sandbox.Access by the unit that runs. Node is the parent's number for
// what the child holds, 0 for unknown.
type access struct {
	Unit     string
	Do       sandbox.Action
	Path     []string
	Node     uint64
	Key      string
	Value    json.RawMessage
	At, Drop int
}

type found struct {
	JSON  json.RawMessage
	Node  uint64
	Error string
}

// taking asks for the tree, for a unit; Have is the version of the child's copy.
type taking struct {
	Unit string
	Have uint64
}

// taken grants it: with what the copy lacks, or Far, when the tree is too large to be
// copied and each access is asked for. Known: what the unit writes was written before.
type taken struct {
	Far, Known bool
	Delta      sandbox.Delta
}

// ending gives the tree back, with what was written to the copy.
type ending struct {
	Unit   string
	Turn   uint64
	Keep   bool
	Writes []sandbox.Write
}

// appendFrame appends one frame with the value p points to.
func appendFrame(b []byte, k kind, p any) []byte {
	start := len(b)
	b = append(b, 0, 0, 0, 0, byte(k))
	b = appendValue(b, reflect.ValueOf(p).Elem())
	binary.LittleEndian.PutUint32(b[start:], uint32(len(b)-start-4))
	return b
}

// reader takes frames from a connection.
type reader struct {
	r   *bufio.Reader
	buf []byte
}

func newReader(r io.Reader) *reader { return &reader{r: bufio.NewReaderSize(r, 64<<10)} }

// next returns the next frame; its bytes are good until the call after.
func (r *reader) next() (kind, []byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r.r, head[:]); err != nil {
		return 0, nil, err
	}
	n := binary.LittleEndian.Uint32(head[:])
	if n == 0 || n > maxFrame {
		return 0, nil, fmt.Errorf("%w: of %d bytes", errGarbled, n)
	}
	if cap(r.buf) < int(n) || cap(r.buf) > 1<<20 && n < 1<<16 {
		r.buf = make([]byte, n)
	}
	r.buf = r.buf[:n]
	if _, err := io.ReadFull(r.r, r.buf); err != nil {
		return 0, nil, err
	}
	return kind(r.buf[0]), r.buf[1:], nil
}
