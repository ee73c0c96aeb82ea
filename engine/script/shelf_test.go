package script

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/callwright/callwright/sandbox"
)

// TestFollow gives a brain's versions to another one by the log's batches, and by a
// snapshot: it serves what the first served over its own older files, until they change.
func TestFollow(t *testing.T) {
	dirA, dirB := t.TempDir(), t.TempDir()
	write(t, dirA, numbered(1))
	write(t, dirB, numbered(1))
	standby := NewShelf(func(sandbox.Batch) {})
	shelf := NewShelf(func(b sandbox.Batch) {
		if err := standby.Apply(b); err != nil {
			t.Error(err)
		}
	})
	a := openKept(t, dirA, t.TempDir())
	a.Follow(shelf, false)
	first, _ := a.standing("main")
	write(t, dirA, numbered(2))
	write(t, dirA, map[string]string{"extra.js": routes("77") + flow, "gone.js": routes("88") + flow})
	a.Reload("")
	write(t, dirA, map[string]string{"gone.js": ""})
	if err := os.Remove(filepath.Join(dirA, "gone.js")); err != nil {
		t.Fatal(err)
	}
	a.Reload("")
	second, _ := a.standing("main")

	text, err := standby.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	taken := NewShelf(func(sandbox.Batch) {})
	if err := taken.Restore(text); err != nil {
		t.Fatal(err)
	}
	b := openKept(t, dirB, t.TempDir())
	b.Follow(taken, true)
	if v, _ := b.standing("main"); v != second || v == first {
		t.Errorf("main serves %s, want %s", v, second)
	}
	if v, _ := b.standing("extra"); v == "" {
		t.Error("an app without a file here does not serve")
	}
	if v, _ := b.standing("gone"); v != "" {
		t.Error("an app that is gone serves")
	}
	if _, err := b.store.get("main", first); err != nil {
		t.Errorf("the version of older calls: %v", err)
	}
	write(t, dirB, numbered(3))
	b.Reload("")
	serves(t, b, "3", "main")

	c := openKept(t, dirB, t.TempDir()) // its own restart: the file counts
	c.Follow(taken, false)
	serves(t, c, "3", "main")
}
