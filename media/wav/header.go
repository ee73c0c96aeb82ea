package wav

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Errors of a file that cannot be read. What is wrong with it is in the text.
var (
	ErrNotWAV      = errors.New("wav: not a RIFF/WAVE file")
	ErrUnsupported = errors.New("wav: format not supported")
	ErrBroken      = errors.New("wav: broken file")
)

// Encoding is how a sample is stored.
type Encoding int

const (
	PCM8  Encoding = iota + 1 // unsigned
	PCM16                     // signed, little-endian
	ALaw                      // G.711
	ULaw                      // G.711
)

func (e Encoding) String() string {
	switch e {
	case PCM8:
		return "8 bit PCM"
	case PCM16:
		return "16 bit PCM"
	case ALaw:
		return "A-law"
	case ULaw:
		return "u-law"
	}
	return fmt.Sprintf("encoding %d", int(e))
}

// Format is what a file's header says of its samples.
type Format struct {
	Rate     int // Hz
	Channels int // 1 or 2
	Encoding Encoding
}

// frame is the size in bytes of one sample of all channels.
func (f Format) frame() int {
	if f.Encoding == PCM16 {
		return 2 * f.Channels
	}
	return f.Channels
}

// Limits on what comes before the samples.
const (
	MinRate      = 8000
	MaxRate      = 48000
	maxChunks    = 256      // before the data chunk
	maxSkipped   = 16 << 20 // bytes in them
	maxFormat    = 4096     // bytes of a fmt chunk
	riffHeader   = 12
	chunkHeader  = 8
	unknownSize  = 0xffffffff // written by programs that stream
	tagPCM       = 0x0001
	tagALaw      = 0x0006
	tagULaw      = 0x0007
	tagExtended  = 0xfffe
	extendedSize = 40
)

// subFormatTail is what follows the format tag in the GUID of every
// WAVE_FORMAT_EXTENSIBLE sub-format we know.
const subFormatTail = "\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"

// readHeader leaves r at the first sample. size is that of the data chunk, or -1
// if the header does not know it.
func readHeader(r io.Reader) (f Format, size int64, err error) {
	var head [riffHeader]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return f, 0, short(ErrNotWAV, "the file header", err)
	}
	if string(head[:4]) != "RIFF" || string(head[8:]) != "WAVE" {
		return f, 0, fmt.Errorf("%w: begins with %q", ErrNotWAV, head[:4])
	}
	skipped := int64(0)
	for range maxChunks {
		var ch [chunkHeader]byte
		if _, err := io.ReadFull(r, ch[:]); err != nil {
			return f, 0, short(ErrBroken, "the data chunk", err)
		}
		id, n := string(ch[:4]), int64(binary.LittleEndian.Uint32(ch[4:]))
		switch {
		case id == "data":
			return f, dataSize(n), formatKnown(f)
		case id == "fmt ":
			if f, err = readFormat(r, n); err != nil {
				return f, 0, err
			}
			continue
		}
		n += n & 1 // chunks are padded to even sizes
		if skipped += n; skipped > maxSkipped {
			return f, 0, fmt.Errorf("%w: %d bytes before the data chunk", ErrBroken, skipped)
		}
		if _, err := io.CopyN(io.Discard, r, n); err != nil {
			return f, 0, short(ErrBroken, fmt.Sprintf("chunk %q", id), err)
		}
	}
	return f, 0, fmt.Errorf("%w: no data among the first %d chunks", ErrBroken, maxChunks)
}

// dataSize treats a size of nothing, as of a file whose writer died before it came
// back to its header, like the size a streaming program writes.
func dataSize(n int64) int64 {
	if n == 0 || n >= unknownSize-1 {
		return -1
	}
	return n
}

func formatKnown(f Format) error {
	if f.Rate == 0 {
		return fmt.Errorf("%w: data before fmt chunk", ErrBroken)
	}
	return nil
}

func readFormat(r io.Reader, n int64) (Format, error) {
	if n < 16 || n > maxFormat {
		return Format{}, fmt.Errorf("%w: fmt chunk of %d bytes", ErrBroken, n)
	}
	b := make([]byte, n+n&1)
	if _, err := io.ReadFull(r, b); err != nil {
		return Format{}, short(ErrBroken, "the fmt chunk", err)
	}
	return parseFormat(b[:n])
}

func parseFormat(b []byte) (Format, error) {
	le := binary.LittleEndian
	tag, bits := le.Uint16(b), le.Uint16(b[14:])
	f := Format{Channels: int(le.Uint16(b[2:])), Rate: int(min(le.Uint32(b[4:]), 1<<30))}
	if tag == tagExtended {
		if len(b) < extendedSize || string(b[26:40]) != subFormatTail {
			return f, fmt.Errorf("%w: extensible format of an unknown kind", ErrUnsupported)
		}
		tag = le.Uint16(b[24:])
	}
	switch {
	case tag == tagPCM && bits == 8:
		f.Encoding = PCM8
	case tag == tagPCM && bits == 16:
		f.Encoding = PCM16
	case tag == tagALaw && bits == 8:
		f.Encoding = ALaw
	case tag == tagULaw && bits == 8:
		f.Encoding = ULaw
	default:
		return f, fmt.Errorf("%w: format %#04x of %d bits (PCM of 8 or 16 bits and G.711 are)",
			ErrUnsupported, tag, bits)
	}
	if f.Channels < 1 || f.Channels > 2 {
		return f, fmt.Errorf("%w: %d channels (1 and 2 are)", ErrUnsupported, f.Channels)
	}
	if f.Rate < MinRate || f.Rate > MaxRate {
		return f, fmt.Errorf("%w: %d Hz (%d to %d are)", ErrUnsupported, f.Rate, MinRate, MaxRate)
	}
	if align := int(le.Uint16(b[12:])); align != f.frame() {
		return f, fmt.Errorf("%w: block size %d for %d channels of %s", ErrBroken, align, f.Channels, f.Encoding)
	}
	return f, nil
}

// short tells a file that ends too early from one that cannot be read.
func short(kind error, where string, err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return fmt.Errorf("%w: ends before or in %s", kind, where)
	}
	return fmt.Errorf("wav: reading %s: %w", where, err)
}
