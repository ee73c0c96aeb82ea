package wav

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// ErrFull is the end of what a RIFF file can hold.
var ErrFull = errors.New("wav: file has reached 4 GiB")

// HeaderSize is how many bytes of a written file come before its samples.
const HeaderSize = 44

// maxData leaves room for the header in RIFF's 32 bit size.
const maxData = 1<<32 - 1 - HeaderSize

// File is what a Writer writes to; *os.File is one.
type File interface {
	io.WriterAt
	Truncate(size int64) error
}

// Writer appends 16 bit PCM to a file.
type Writer struct {
	f        File
	rate     int
	channels int
	size     int64 // bytes of samples
	buf      []byte
}

// NewWriter empties f and writes a header of a file without samples.
func NewWriter(f File, rate, channels int) (*Writer, error) {
	if rate < MinRate || rate > MaxRate || channels < 1 || channels > 2 {
		return nil, fmt.Errorf("%w: %d channels at %d Hz", ErrUnsupported, channels, rate)
	}
	if err := f.Truncate(0); err != nil {
		return nil, err
	}
	w := &Writer{f: f, rate: rate, channels: channels}
	return w, w.writeHeader()
}

// Existing is a file that may hold samples already; *os.File is one with its Stat.
type Existing interface {
	File
	io.ReaderAt
}

// Append goes on at the end of a file of size bytes that a Writer has made, whatever its
// header promises: who wrote it may have died between the samples and the header. One
// too short for a header is begun anew; one of another format is refused.
func Append(f Existing, size int64, rate, channels int) (*Writer, error) {
	if size < HeaderSize {
		return NewWriter(f, rate, channels)
	}
	got, _, err := readHeader(io.NewSectionReader(f, 0, HeaderSize))
	if err != nil {
		return nil, err
	}
	if want := (Format{Rate: rate, Channels: channels, Encoding: PCM16}); got != want {
		return nil, fmt.Errorf("%w: it is %s of %d channels at %d Hz, not %s of %d at %d", ErrUnsupported,
			got.Encoding, got.Channels, got.Rate, want.Encoding, want.Channels, want.Rate)
	}
	block := int64(2 * channels)
	w := &Writer{f: f, rate: rate, channels: channels, size: min(size-HeaderSize, maxData) / block * block}
	return w, w.writeHeader()
}

// Write appends samples, those of two channels interleaved, left first. The header
// is written after them, so that it never promises what is not there: two system
// calls a Write.
func (w *Writer) Write(samples []int16) error {
	if w.size+2*int64(len(samples)) > maxData {
		return ErrFull
	}
	w.buf = w.buf[:0]
	for _, x := range samples {
		w.buf = binary.LittleEndian.AppendUint16(w.buf, uint16(x))
	}
	if _, err := w.f.WriteAt(w.buf, HeaderSize+w.size); err != nil {
		return err
	}
	w.size += int64(len(w.buf))
	return w.writeHeader()
}

// Truncate cuts the file to the first n samples of each channel.
func (w *Writer) Truncate(n int64) error {
	size := n * 2 * int64(w.channels)
	if size >= w.size {
		return nil
	}
	w.size = size
	if err := w.writeHeader(); err != nil { // first: a header may promise less than there is
		return err
	}
	return w.f.Truncate(HeaderSize + size)
}

// Samples is how many samples of each channel were written.
func (w *Writer) Samples() int64 { return w.size / 2 / int64(w.channels) }

// Bytes is the size of the file.
func (w *Writer) Bytes() int64 { return HeaderSize + w.size }

func (w *Writer) writeHeader() error {
	block := 2 * w.channels
	le := binary.LittleEndian
	b := make([]byte, 0, HeaderSize)
	b = append(b, "RIFF"...)
	b = le.AppendUint32(b, uint32(HeaderSize-8+w.size))
	b = append(b, "WAVEfmt "...)
	b = le.AppendUint32(b, 16)
	b = le.AppendUint16(b, tagPCM)
	b = le.AppendUint16(b, uint16(w.channels))
	b = le.AppendUint32(b, uint32(w.rate))
	b = le.AppendUint32(b, uint32(w.rate*block))
	b = le.AppendUint16(b, uint16(block))
	b = le.AppendUint16(b, 16)
	b = append(b, "data"...)
	b = le.AppendUint32(b, uint32(w.size))
	_, err := w.f.WriteAt(b, 0)
	return err
}
