package wav_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/callwright/callwright/media/g711"
	"github.com/callwright/callwright/media/wav"
)

// file builds a WAVE file chunk by chunk.
func file(chunks ...[]byte) []byte {
	body := append([]byte("WAVE"), bytes.Join(chunks, nil)...)
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
}

func chunk(id string, body []byte) []byte {
	b := binary.LittleEndian.AppendUint32([]byte(id), uint32(len(body)))
	b = append(b, body...)
	if len(body)%2 == 1 {
		b = append(b, 0)
	}
	return b
}

func format(tag, channels, rate, bits int) []byte {
	le := binary.LittleEndian
	block := channels * bits / 8
	b := le.AppendUint16(nil, uint16(tag))
	b = le.AppendUint16(b, uint16(channels))
	b = le.AppendUint32(b, uint32(rate))
	b = le.AppendUint32(b, uint32(rate*block))
	b = le.AppendUint16(b, uint16(block))
	return le.AppendUint16(b, uint16(bits))
}

func extensible(tag int, base []byte) []byte {
	b := slices.Clone(base)
	binary.LittleEndian.PutUint16(b, 0xfffe)
	b = append(b, 22, 0, 16, 0, 4, 0, 0, 0, byte(tag), 0)
	return append(b, "\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"...)
}

func words(xs ...int16) []byte {
	var b []byte
	for _, x := range xs {
		b = binary.LittleEndian.AppendUint16(b, uint16(x))
	}
	return b
}

func all(t *testing.T, r io.Reader) (wav.Format, []int16) {
	t.Helper()
	d, err := wav.NewReader(r)
	if err != nil {
		t.Fatal(err)
	}
	var out []int16
	buf := make([]int16, 7)
	for {
		n, err := d.Read(buf)
		out = append(out, buf[:n]...)
		if err == io.EOF {
			return d.Format, out
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestReadsWhatPeopleHave(t *testing.T) {
	list := chunk("LIST", []byte("INFOodd"))
	streamed := file(chunk("fmt ", format(1, 1, 8000, 16)), chunk("data", words(1, 2, 3)))
	binary.LittleEndian.PutUint32(streamed[40:], 0xffffffff)
	died := slices.Clone(streamed)
	binary.LittleEndian.PutUint32(died[40:], 0)
	for name, c := range map[string]struct {
		in   []byte
		want []int16
		f    wav.Format
	}{
		"16 bit": {file(chunk("fmt ", format(1, 1, 8000, 16)), chunk("data", words(1, -2, 32767, -32768))),
			[]int16{1, -2, 32767, -32768}, wav.Format{Rate: 8000, Channels: 1, Encoding: wav.PCM16}},
		"8 bit": {file(chunk("fmt ", format(1, 1, 11025, 8)), chunk("data", []byte{0, 128, 255})),
			[]int16{-32768, 0, 32512}, wav.Format{Rate: 11025, Channels: 1, Encoding: wav.PCM8}},
		"stereo": {file(chunk("fmt ", format(1, 2, 48000, 16)), chunk("data", words(100, 300, 32767, 32767, -32768, -32768))),
			[]int16{200, 32767, -32768}, wav.Format{Rate: 48000, Channels: 2, Encoding: wav.PCM16}},
		"stereo 8 bit": {file(chunk("fmt ", format(1, 2, 22050, 8)), chunk("data", []byte{128, 130})),
			[]int16{256}, wav.Format{Rate: 22050, Channels: 2, Encoding: wav.PCM8}},
		"A-law": {file(chunk("fmt ", format(6, 1, 8000, 8)), chunk("fact", []byte{3, 0, 0, 0}), chunk("data", []byte{0xaa, 0x2a, 0xd5})),
			[]int16{32256, -32256, 8}, wav.Format{Rate: 8000, Channels: 1, Encoding: wav.ALaw}},
		"u-law": {file(chunk("fmt ", append(format(7, 1, 8000, 8), 0, 0)), chunk("data", []byte{0x80, 0xff})),
			[]int16{g711.FromULaw(0x80), 0}, wav.Format{Rate: 8000, Channels: 1, Encoding: wav.ULaw}},
		"LIST of odd size first": {file(list, chunk("fmt ", format(1, 1, 16000, 16)), list, chunk("data", words(5, 6)), list),
			[]int16{5, 6}, wav.Format{Rate: 16000, Channels: 1, Encoding: wav.PCM16}},
		"extensible": {file(chunk("fmt ", extensible(1, format(1, 1, 44100, 16))), chunk("data", words(9))),
			[]int16{9}, wav.Format{Rate: 44100, Channels: 1, Encoding: wav.PCM16}},
		"size unknown": {streamed, []int16{1, 2, 3}, wav.Format{Rate: 8000, Channels: 1, Encoding: wav.PCM16}},
		"writer died":  {died, []int16{1, 2, 3}, wav.Format{Rate: 8000, Channels: 1, Encoding: wav.PCM16}},
		"cut off in a sample": {streamed[:len(streamed)-1], []int16{1, 2},
			wav.Format{Rate: 8000, Channels: 1, Encoding: wav.PCM16}},
		"no samples": {file(chunk("fmt ", format(1, 1, 8000, 16)), chunk("data", nil)), nil,
			wav.Format{Rate: 8000, Channels: 1, Encoding: wav.PCM16}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, r := range []io.Reader{bytes.NewReader(c.in), iotest.OneByteReader(bytes.NewReader(c.in))} {
				f, got := all(t, r)
				if f != c.f || !slices.Equal(got, c.want) {
					t.Errorf("got %+v %v, want %+v %v", f, got, c.f, c.want)
				}
			}
		})
	}
}

func TestRefusesWithReason(t *testing.T) {
	data := chunk("data", words(1))
	lying := append(chunk("fmt ", format(1, 1, 8000, 16)), "JUNK\xff\xff\xff\xf0"...)
	for name, c := range map[string]struct {
		in   []byte
		kind error
		says string
	}{
		"empty":        {nil, wav.ErrNotWAV, "ends"},
		"MP3":          {[]byte("ID3\x04\x00 and so on, quite long"), wav.ErrNotWAV, `"ID3\x04"`},
		"AIFF in RIFF": {[]byte("RIFF\x04\x00\x00\x00AVI LIST"), wav.ErrNotWAV, "RIFF"},
		"no data":      {file(chunk("fmt ", format(1, 1, 8000, 16))), wav.ErrBroken, "data chunk"},
		"no fmt":       {file(data), wav.ErrBroken, "before fmt"},
		"24 bit":       {file(chunk("fmt ", format(1, 1, 8000, 24)), data), wav.ErrUnsupported, "24 bits"},
		"float":        {file(chunk("fmt ", format(3, 1, 8000, 32)), data), wav.ErrUnsupported, "0x0003"},
		"ADPCM":        {file(chunk("fmt ", extensible(2, format(1, 1, 8000, 16))), data), wav.ErrUnsupported, "0x0002"},
		"6 channels":   {file(chunk("fmt ", format(1, 6, 8000, 16)), data), wav.ErrUnsupported, "6 channels"},
		"0 channels":   {file(chunk("fmt ", format(1, 0, 8000, 16)), data), wav.ErrUnsupported, "0 channels"},
		"96 kHz":       {file(chunk("fmt ", format(1, 1, 96000, 16)), data), wav.ErrUnsupported, "96000 Hz"},
		"0 Hz":         {file(chunk("fmt ", format(1, 1, 0, 16)), data), wav.ErrUnsupported, "0 Hz"},
		"tiny fmt":     {file(chunk("fmt ", []byte{1, 0}), data), wav.ErrBroken, "2 bytes"},
		"huge fmt":     {file(chunk("fmt ", make([]byte, 5000)), data), wav.ErrBroken, "5000 bytes"},
		"huge chunk":   {file(lying), wav.ErrBroken, "before the data"},
		"chunk flood":  {file(bytes.Repeat(chunk("JUNK", nil), 1000)), wav.ErrBroken, "256 chunks"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := wav.NewReader(bytes.NewReader(c.in))
			if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error is %v, want %v saying %q", err, c.kind, c.says)
			}
		})
	}
}

func TestSkip(t *testing.T) {
	samples := make([]int16, 10000)
	for i := range samples {
		samples[i] = int16(i)
	}
	whole := file(chunk("fmt ", format(1, 1, 8000, 16)), chunk("data", words(samples...)), chunk("LIST", make([]byte, 9000)))
	for name, r := range map[string]func() io.Reader{
		"seeking": func() io.Reader { return bytes.NewReader(whole) },
		"reading": func() io.Reader { return iotest.HalfReader(bytes.NewReader(whole)) },
	} {
		t.Run(name, func(t *testing.T) {
			d, err := wav.NewReader(r())
			if err != nil {
				t.Fatal(err)
			}
			one := make([]int16, 1)
			for _, want := range []int16{0, 101, 9002} {
				if n, err := d.Read(one); n != 1 || err != nil || one[0] != want {
					t.Fatalf("sample %d (%d, %v), want %d", one[0], n, err, want)
				}
				d.Skip(map[int16]int64{0: 100, 101: 8900}[want])
			}
			if n, err := d.Skip(1 << 60); n != 10000-9003 || err != nil {
				t.Errorf("skipped %d to the end, %v; want %d", n, err, 10000-9003)
			}
			if n, err := d.Read(one); n != 0 || err != io.EOF {
				t.Errorf("read %d past the end, %v", n, err)
			}
		})
	}
}

// After each step of the writer a reader finds all that was written before.
func TestPlayableWhileWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.wav")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := wav.NewWriter(f, 8000, 2)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		raw, _ := os.ReadFile(path)
		if got := binary.LittleEndian.Uint32(raw[40:]); int(got) != i*8 || len(raw) != wav.HeaderSize+i*8 {
			t.Fatalf("header promises %d bytes, file has %d, want %d", got, len(raw)-wav.HeaderSize, i*8)
		}
		if f, got := all(t, bytes.NewReader(raw)); f.Channels != 2 || len(got) != 2*i {
			t.Fatalf("%d samples of %+v, want %d", len(got), f, 2*i)
		}
		if err := w.Write([]int16{1, 3, 5, 7}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Truncate(3); err != nil || w.Samples() != 3 || w.Bytes() != 44+12 {
		t.Errorf("truncated to %d samples, %d bytes, %v", w.Samples(), w.Bytes(), err)
	}
	raw, _ := os.ReadFile(path)
	if n := binary.LittleEndian.Uint32(raw[40:]); n != 12 || len(raw) != 44+12 {
		t.Errorf("header promises %d bytes, the file has %d after the cut", n, len(raw)-44)
	}
	if _, got := all(t, bytes.NewReader(raw)); !slices.Equal(got, []int16{2, 6, 2}) {
		t.Errorf("file holds %v after the cut", got)
	}
	if _, err := wav.NewWriter(f, 7000, 1); !errors.Is(err, wav.ErrUnsupported) {
		t.Errorf("7 kHz gives %v", err)
	}
}

func FuzzReader(f *testing.F) {
	f.Add(file(chunk("fmt ", format(1, 2, 8000, 16)), chunk("data", words(1, 2, 3, 4))))
	f.Add(file(chunk("LIST", []byte("odd")), chunk("fmt ", extensible(7, format(7, 1, 8000, 8))), chunk("data", []byte{1})))
	f.Add([]byte("RIFF\x00\x00\x00\x00WAVEdata"))
	f.Fuzz(func(t *testing.T, in []byte) {
		d, err := wav.NewReader(bytes.NewReader(in))
		if err != nil {
			return
		}
		total, buf := 0, make([]int16, 1000)
		for {
			n, err := d.Read(buf)
			if total += n; total > len(in) {
				t.Fatalf("more samples than bytes")
			}
			if err != nil {
				return
			}
			d.Skip(3)
		}
	})
}
