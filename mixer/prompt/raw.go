package prompt

import (
	"encoding/binary"
	"io"
	"path"
	"strings"

	"github.com/callwright/callwright/media/g711"
	"github.com/callwright/callwright/media/wav"
)

// raw is what the end of a name says of a file without a header.
type raw struct {
	rate  int
	width int                // bytes a sample
	law   func(b byte) int16 // of width 1
}

// rawOf knows the names that telephony gives: headerless G.711 at 8 kHz, and signed
// 16 bit little-endian ("sln16" is 16 kHz).
func rawOf(name string) (raw, bool) {
	name, _, _ = strings.Cut(name, "?")
	switch strings.ToLower(path.Ext(name)) {
	case ".ulaw", ".ul", ".pcmu":
		return raw{8000, 1, g711.FromULaw}, true
	case ".alaw", ".al", ".pcma":
		return raw{8000, 1, g711.FromALaw}, true
	case ".sln", ".raw", ".sln8":
		return raw{8000, 2, nil}, true
	case ".sln16":
		return raw{16000, 2, nil}, true
	case ".sln32":
		return raw{32000, 2, nil}, true
	case ".sln48":
		return raw{48000, 2, nil}, true
	}
	return raw{}, false
}

// readerOf gives the samples of a file and their rate.
func readerOf(name string, r io.Reader) (samples, int, error) {
	if form, ok := rawOf(name); ok {
		return &rawReader{raw: form, r: r, buf: make([]byte, 4096)}, form.rate, nil
	}
	w, err := wav.NewReader(r)
	if err != nil {
		return nil, 0, err
	}
	return w, w.Rate, nil
}

// rawReader reads samples without a header.
type rawReader struct {
	raw
	r     io.Reader
	buf   []byte
	ready []byte
}

func (f *rawReader) Read(out []int16) (int, error) {
	if len(f.ready) < f.width {
		have := copy(f.buf, f.ready)
		n, err := io.ReadAtLeast(f.r, f.buf[have:], f.width-have)
		if f.ready = f.buf[:have+n]; err != nil {
			if err == io.ErrUnexpectedEOF { // half a sample
				err = io.EOF
			}
			return 0, err
		}
	}
	n := min(len(out), len(f.ready)/f.width)
	for i := range n {
		if f.width == 1 {
			out[i] = f.law(f.ready[i])
		} else {
			out[i] = int16(binary.LittleEndian.Uint16(f.ready[2*i:]))
		}
	}
	f.ready = f.ready[n*f.width:]
	return n, nil
}

func (f *rawReader) Skip(n int64) (int64, error) {
	var scrap [512]int16
	done := int64(0)
	for done < n {
		k, err := f.Read(scrap[:min(n-done, int64(len(scrap)))])
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
