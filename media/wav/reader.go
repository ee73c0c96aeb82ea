package wav

import (
	"encoding/binary"
	"io"

	"github.com/callwright/callwright/media/g711"
)

// Reader gives the samples of one file, channels mixed down to mono.
type Reader struct {
	Format
	r     io.Reader
	left  int64 // bytes of the data chunk not read yet; -1: until the end of r
	buf   []byte
	ready []byte // part of buf that was read and not given out
	err   error
}

// NewReader reads the header of r. r is read in blocks of 8 KiB; if it is an
// io.Seeker, Skip seeks.
func NewReader(r io.Reader) (*Reader, error) {
	f, size, err := readHeader(r)
	if err != nil {
		return nil, err
	}
	return &Reader{Format: f, r: r, left: size, buf: make([]byte, 8192)}, nil
}

// Read fills out with mono samples and says how many. At the end, or where a file is
// cut off, it gives 0 and io.EOF; a trailing part of a sample is dropped.
func (d *Reader) Read(out []int16) (int, error) {
	if len(out) == 0 {
		return 0, nil
	}
	step := d.frame()
	if len(d.ready) < step && !d.fill(step) {
		return 0, d.err
	}
	n := min(len(out), len(d.ready)/step)
	for i := range n {
		out[i] = d.mono(d.ready[i*step:])
	}
	d.ready = d.ready[n*step:]
	return n, nil
}

// fill reads until at least need bytes are ready.
func (d *Reader) fill(need int) bool {
	have := copy(d.buf, d.ready)
	for have < need && d.err == nil {
		want := int64(len(d.buf) - have)
		if d.left >= 0 {
			want = min(want, d.left)
		}
		if want == 0 {
			d.err = io.EOF
			break
		}
		n, err := d.r.Read(d.buf[have : have+int(want)])
		have += n
		if d.left >= 0 {
			d.left -= int64(n)
		}
		d.err = err
	}
	d.ready = d.buf[:have]
	return have >= need
}

func (d *Reader) mono(b []byte) int16 {
	if d.Channels == 1 {
		return d.sample(b)
	}
	width := d.frame() / 2
	return int16((int32(d.sample(b)) + int32(d.sample(b[width:]))) / 2)
}

func (d *Reader) sample(b []byte) int16 {
	switch d.Encoding {
	case PCM8:
		return (int16(b[0]) - 128) << 8
	case ALaw:
		return g711.ALawToLinear[b[0]]
	case ULaw:
		return g711.ULawToLinear[b[0]]
	default:
		return int16(binary.LittleEndian.Uint16(b))
	}
}

// Skip passes over up to n samples (of all channels at once) and says how many
// there were.
func (d *Reader) Skip(n int64) (int64, error) {
	step := int64(d.frame())
	done := min(n, int64(len(d.ready))/step)
	d.ready = d.ready[done*step:]
	if s, ok := d.r.(io.Seeker); ok && len(d.ready) == 0 && d.err == nil {
		skipped, err := d.seek(s, (n-done)*step)
		done += skipped / step
		if err != nil {
			return done, err
		}
	}
	var scrap [512]int16
	for done < n {
		k, err := d.Read(scrap[:min(n-done, int64(len(scrap)))])
		done += int64(k)
		if err == io.EOF {
			return done, nil
		}
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

// seek moves over at most n bytes, and not past the end of the file.
func (d *Reader) seek(s io.Seeker, n int64) (int64, error) {
	at, err := s.Seek(0, io.SeekCurrent)
	if err != nil {
		return 0, nil // not really a seeker: Skip reads instead
	}
	end, err := s.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, err
	}
	n = max(0, min(n, end-at))
	if d.left >= 0 {
		n = min(n, d.left)
	}
	n -= n % int64(d.frame())
	if _, err := s.Seek(at+n, io.SeekStart); err != nil {
		return 0, err
	}
	if d.left >= 0 {
		d.left -= n
	}
	return n, nil
}
