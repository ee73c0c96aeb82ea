package cluster

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// crashed returns a directory as a kill would leave it after n committed batches: a
// copy taken while the store is open.
func crashed(t *testing.T, n int) string {
	t.Helper()
	live := t.TempDir()
	s, tr := open(t, live)
	for i := 1; i <= n; i++ {
		tr.write(set(uint64(i), "n", strconv.Itoa(i), "same", strconv.Itoa(i)))
		if err := s.Commit(t.Context()); err != nil { // an entry each
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(live)); err != nil {
		t.Fatal(err)
	}
	shut(t, s)
	return dir
}

func segment(t *testing.T, dir string) string {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(dir, "*.wal"))
	if len(files) != 1 {
		t.Fatalf("segments %v", files)
	}
	return files[0]
}

// lastEntry returns where the n-th entry's text stands in the segment.
func lastEntry(t *testing.T, text []byte, n int) (begin, end int) {
	t.Helper()
	mark := []byte(`"v":` + strconv.Itoa(n) + `}`)
	if begin = bytes.Index(text, []byte(`"t":`+strconv.Itoa(n)+`,`)); begin < 0 {
		t.Fatal("entry not found")
	}
	return begin, bytes.LastIndex(text, mark) + len(mark)
}

// TestTruncatedTail cuts the file inside its last record, byte after byte: the batch
// before it is whole every time.
func TestTruncatedTail(t *testing.T) {
	const n = 4
	source := crashed(t, n)
	text, err := os.ReadFile(segment(t, source))
	if err != nil {
		t.Fatal(err)
	}
	begin, end := lastEntry(t, text, n)
	for cut := begin - 40; cut < end; cut += 9 {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(source)); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(segment(t, dir), int64(cut)); err != nil {
			t.Fatal(err)
		}
		s, tr := open(t, dir)
		if tr.get("n") != strconv.Itoa(n-1) || tr.get("same") != tr.get("n") {
			t.Errorf("cut at %d: n %s same %s, want %d", cut, tr.get("n"), tr.get("same"), n-1)
		}
		tr.write(set(9, "n", "9")) // and the log goes on
		if err := s.Commit(t.Context()); err != nil {
			t.Errorf("cut at %d: %v", cut, err)
		}
		shut(t, s)
	}
}

func flip(t *testing.T, path string, at int) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := make([]byte, 1)
	if _, err := f.ReadAt(b, int64(at)); err != nil {
		t.Fatal(err)
	}
	b[0] ^= 0x10
	if _, err := f.WriteAt(b, int64(at)); err != nil {
		t.Fatal(err)
	}
}

func TestDamagedRecords(t *testing.T) {
	const n = 4
	source := crashed(t, n)
	text, err := os.ReadFile(segment(t, source))
	if err != nil {
		t.Fatal(err)
	}
	begin, _ := lastEntry(t, text, n)
	middle, _ := lastEntry(t, text, n-1)

	t.Run("last, after a crash", func(t *testing.T) { // cannot be told from a torn write
		dir := t.TempDir()
		os.CopyFS(dir, os.DirFS(source))
		flip(t, segment(t, dir), begin)
		s, tr := open(t, dir)
		if tr.get("n") != strconv.Itoa(n-1) {
			t.Errorf("n %s, want %d", tr.get("n"), n-1)
		}
		shut(t, s)
	})
	t.Run("last, after a close", func(t *testing.T) {
		dir := t.TempDir()
		os.CopyFS(dir, os.DirFS(source))
		s, tr := open(t, dir)
		tr.write(set(77, "n", "77"))
		shut(t, s)
		text, _ := os.ReadFile(segment(t, dir))
		at, _ := lastEntry(t, text, 77)
		flip(t, segment(t, dir), at)
		refused(t, dir, ErrCorrupt)
	})
	t.Run("earlier", func(t *testing.T) {
		dir := t.TempDir()
		os.CopyFS(dir, os.DirFS(source))
		flip(t, segment(t, dir), middle)
		refused(t, dir, ErrCorrupt)
	})
	t.Run("newer release", func(t *testing.T) {
		dir := t.TempDir()
		s, _ := open(t, dir)
		if err := s.raft.Apply([]byte("\x09anything"), 0).Error(); err != nil {
			t.Fatal(err)
		}
		shut(t, s)
		refused(t, dir, ErrVersion)
	})
	t.Run("log removed", func(t *testing.T) {
		dir := filed(t)
		for _, name := range []string{segment(t, dir), filepath.Join(dir, "wal-meta.db")} {
			if err := os.Remove(name); err != nil {
				t.Fatal(err)
			}
		}
		refused(t, dir, ErrCorrupt)
	})
	t.Run("snapshots removed", func(t *testing.T) {
		dir := filed(t)
		if err := os.RemoveAll(filepath.Join(dir, "snapshots")); err != nil {
			t.Fatal(err)
		}
		refused(t, dir, ErrCorrupt)
	})
	t.Run("snapshot", func(t *testing.T) {
		dir := filed(t)
		files, _ := filepath.Glob(filepath.Join(dir, "snapshots", "*", "state.bin"))
		flip(t, files[0], 20)
		refused(t, dir, nil)
	})
	t.Run("metadata", func(t *testing.T) {
		dir := filed(t)
		if err := os.WriteFile(filepath.Join(dir, "wal-meta.db"), []byte("not a database"), 0o600); err != nil {
			t.Fatal(err)
		}
		refused(t, dir, nil)
	})
}

// filed returns a closed directory whose log begins after its snapshot.
func filed(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	s, tr := open(t, dir)
	for i := range 3 * trailing {
		tr.write(set(uint64(i), "n", strconv.Itoa(i)))
		if err := s.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.snapshot(); err != nil {
		t.Fatal(err)
	}
	shut(t, s)
	return dir
}

// refused expects Open to fail within a second, naming the directory, and to leave it unlocked.
func refused(t *testing.T, dir string, want error) {
	t.Helper()
	for range 2 {
		begun := time.Now()
		s, err := Open(newTree().config(dir))
		if err == nil {
			s.Close()
			t.Fatal("opened")
		}
		if want != nil && !errors.Is(err, want) {
			t.Errorf("error %v, want %v", err, want)
		}
		if errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), dir) {
			t.Errorf("unclear: %v", err)
		}
		if d := time.Since(begun); d > time.Second {
			t.Errorf("took %v", d)
		}
	}
}

func TestTreeRefusesSnapshot(t *testing.T) {
	dir := filed(t)
	conf := newTree().config(dir)
	conf.Restore = func([]byte) error { return errors.New("quota") }
	if _, err := Open(conf); !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), "quota") {
		t.Errorf("error %v", err)
	}
}

// mounted gives a small file system of its own; without root the test cannot be made.
func mounted(t *testing.T, options string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, options); err != nil {
		t.Skipf("needs root to mount a small disk: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

func TestReadOnlyDirectory(t *testing.T) {
	dir := mounted(t, "size=1m")
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	_, err := Open(newTree().config(dir))
	if !errors.Is(err, syscall.EROFS) || !strings.Contains(err.Error(), dir) {
		t.Errorf("error %v", err)
	}
	_, err = Open(newTree().config(filepath.Join(dir, "below")))
	if !errors.Is(err, syscall.EROFS) {
		t.Errorf("error %v", err)
	}
	var path *fs.PathError
	if !errors.As(err, &path) {
		t.Errorf("error %v names no path", err)
	}
}

func TestDiskTooSmall(t *testing.T) {
	dir := mounted(t, "size=900k")
	if _, err := Open(newTree().config(dir)); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("error %v, want ENOSPC", err)
	}
}

// TestFullDisk fills the disk under an open store: commits fail and say why, nothing
// else stops, and when there is room again all that was written is kept.
func TestFullDisk(t *testing.T) {
	dir := mounted(t, "size=4m")
	s, tr := open(t, dir)
	text, _ := json.Marshal(strings.Repeat("x", 50<<10))
	ballast := filepath.Join(dir, "ballast")
	fill(t, ballast)
	var err error
	turn := uint64(0)
	for ; err == nil && turn < 200; turn++ {
		tr.write(set(turn, "big", string(text), "n", strconv.FormatUint(turn, 10)))
		err = s.Commit(t.Context())
	}
	if !errors.Is(err, ErrDisk) || !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("after %d batches: %v, want ErrDisk and ENOSPC", turn, err)
	}
	tr.write(set(turn, "after", "1"))
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	for begun := time.Now(); time.Since(begun) < 2*time.Second; {
		if err = s.Commit(t.Context()); err == nil { // those waiting at a failed attempt are told
			break
		}
	}
	if err != nil {
		t.Fatalf("with room again: %v", err)
	}
	want := tr.String()
	shut(t, s)
	s, tr = open(t, dir)
	defer shut(t, s)
	if got := tr.String(); got != want {
		t.Errorf("%d bytes after reopening, want %d", len(got), len(want))
	}
}

func TestCloseOnFullDisk(t *testing.T) {
	dir := mounted(t, "size=4m")
	s, tr := open(t, dir)
	fill(t, filepath.Join(dir, "ballast"))
	text, _ := json.Marshal(strings.Repeat("x", 50<<10))
	for i := range 120 {
		tr.write(set(uint64(i), "big", string(text)))
	}
	err := s.Close()
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "batches not stored") {
		t.Errorf("close: %v", err)
	}
}

// fill takes all room that is left.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	block := make([]byte, 64<<10)
	for err == nil {
		_, err = f.Write(block)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
}
