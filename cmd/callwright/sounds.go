package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/callwright/callwright/media/dsp"
	"github.com/callwright/callwright/media/wav"
)

const phoneRate = 8000

// sounds are the files of a call: what is said and what is heard. It belongs to the
// phone's goroutine.
type sounds struct {
	in, out *os.File
	reader  *wav.Reader
	bank    *dsp.Bank // nil: the file has the phone's rate
	convert *dsp.Resampler
	raw     []int16
	ready   []int16 // samples at the phone's rate that wait to be said
	room    []int16
	ended   bool
	writer  *wav.Writer
	failed  error
}

// openSounds opens a file to say and makes one for what is heard; "" is none.
func openSounds(play, record string) (*sounds, error) {
	s := &sounds{raw: make([]int16, 960)}
	if play != "" {
		if err := s.openPlay(play); err != nil {
			s.close()
			return nil, fmt.Errorf("--play %s: %w", play, err)
		}
	}
	if record != "" {
		var err error
		if s.out, err = os.Create(record); err == nil {
			s.writer, err = wav.NewWriter(s.out, phoneRate, 1)
		}
		if err != nil {
			s.close()
			return nil, fmt.Errorf("--record: %w", err)
		}
	}
	return s, nil
}

func (s *sounds) openPlay(path string) (err error) {
	if s.in, err = os.Open(path); err != nil {
		return err
	}
	if s.reader, err = wav.NewReader(s.in); err != nil {
		return err
	}
	if s.reader.Rate != phoneRate {
		if s.bank, err = dsp.NewBank(s.reader.Rate, phoneRate, dsp.Fine); err != nil {
			return err
		}
		s.convert = dsp.NewAligned(s.bank)
		s.room = make([]int16, max(s.bank.MaxOut(len(s.raw)), s.bank.MaxTail()))
	}
	return nil
}

// speak fills a frame from the file, with silence behind its end.
func (s *sounds) speak(frame []int16) {
	for len(s.ready) < len(frame) && !s.ended && s.reader != nil {
		s.load()
	}
	n := copy(frame, s.ready)
	s.ready = s.ready[n:]
	clear(frame[n:])
}

func (s *sounds) load() {
	n, err := s.reader.Read(s.raw)
	if s.convert == nil {
		s.ready = append(s.ready, s.raw[:n]...)
	} else {
		s.ready = append(s.ready, s.room[:s.convert.Resample(s.room, s.raw[:n])]...)
	}
	if err == nil {
		return
	}
	s.ended = true
	if s.convert != nil {
		s.ready = append(s.ready, s.room[:s.convert.Flush(s.room)]...)
	}
	if !errors.Is(err, io.EOF) {
		s.failed = err
	}
}

func (s *sounds) hear(frame []int16) {
	if s.writer == nil || s.failed != nil {
		return
	}
	s.failed = s.writer.Write(frame)
}

// close tells whatever went wrong with the files.
func (s *sounds) close() error {
	return errors.Join(s.failed, closeAll(s.in, s.out))
}
