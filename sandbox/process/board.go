package process

import (
	"bytes"
	"fmt"
	"os"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// board is a page of memory that a child shares with its parent: who runs, since the
// how-manieth beginning, and at which line. The child writes it; the parent reads the
// counter at any time and the texts once the child is dead.
type board struct{ page []byte }

const (
	boardSize  = 4096
	boardUnit  = 64 // offset: length in two bytes, then text
	boardPlace = 1088
	boardText  = 1000 // bytes of text at most
)

// newBoard makes a page and the file that another process maps it from.
func newBoard() (*board, *os.File, error) {
	fd, err := unix.MemfdCreate("board", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, nil, fmt.Errorf("process: board: %w", err)
	}
	f := os.NewFile(uintptr(fd), "board")
	if err := f.Truncate(boardSize); err != nil {
		f.Close()
		return nil, nil, fmt.Errorf("process: board: %w", err)
	}
	b, err := mapBoard(f)
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return b, f, nil
}

func mapBoard(f *os.File) (*board, error) {
	page, err := unix.Mmap(int(f.Fd()), 0, boardSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("process: board: %w", err)
	}
	return &board{page}, nil
}

func (b *board) close() { _ = unix.Munmap(b.page) }

// counter is odd while a unit runs.
func (b *board) counter() *atomic.Uint64 { return (*atomic.Uint64)(unsafe.Pointer(&b.page[0])) }

// trace is sandbox.Options.Trace.
func (b *board) trace(unit, place string) {
	c := b.counter()
	n := c.Load()
	switch {
	case unit == "" && place == "": // nothing runs, or the scratch unit of a load
		c.Store(n + n&1)
		return
	case place == "":
		b.write(boardUnit, unit)
		b.write(boardPlace, "")
		c.Store((n + 2) | 1)
		return
	}
	b.write(boardPlace, place)
}

// running tells what runs; n changes with each beginning.
func (b *board) running() (n uint64, on bool) {
	n = b.counter().Load()
	return n, n&1 == 1
}

// verdict is what stood on the board at the end.
func (b *board) verdict() (unit, place string, on bool) {
	_, on = b.running()
	return b.read(boardUnit), b.read(boardPlace), on
}

func (b *board) write(at int, text string) {
	text = text[:min(len(text), boardText)]
	b.page[at], b.page[at+1] = byte(len(text)), byte(len(text)>>8)
	copy(b.page[at+2:], text)
}

func (b *board) read(at int) string {
	n := min(int(b.page[at])|int(b.page[at+1])<<8, boardText)
	return string(bytes.Clone(b.page[at+2 : at+2+n]))
}
