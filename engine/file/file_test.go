package file

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// reach is an edge for an app with one folder of its own and one elsewhere.
func reach(t *testing.T) (do func(Request) Result, own, other string) {
	t.Helper()
	dir, other := t.TempDir(), t.TempDir()
	e := New(Config{Dir: dir, Secrets: filepath.Join(dir, "secrets"),
		Folders: func(app string, write bool) ([]string, error) {
			if write {
				return []string{"out"}, nil
			}
			return []string{"out", other}, nil
		},
		Denied: func(app, what, name string) error { return errors.New(what + " " + name) },
		Names: func(app, what, name string) error {
			if name == "SHUT" {
				return errors.New(what + " " + name)
			}
			return nil
		}})
	t.Cleanup(e.Close)
	return func(r Request) Result {
		r.App = "crm"
		answers := make(chan Result, 1)
		e.Do(r, func(res Result) { answers <- res })
		return <-answers
	}, filepath.Join(dir, "crm", "out"), other
}

func TestFilesAreReadAndWritten(t *testing.T) {
	do, own, other := reach(t)
	for _, r := range []Request{{Do: Write, Name: "out/a/b.txt", Data: []byte("one")}, {Do: Append, Name: "out/a/b.txt", Data: []byte(" two")}} {
		if res := do(r); res.Error != nil {
			t.Fatal(res.Error)
		}
	}
	if res := do(Request{Do: Read, Name: "out/a/b.txt"}); string(res.Data) != "one two" {
		t.Errorf("%+v", res)
	}
	if res := do(Request{Do: Read, Name: "out/x/../a/b.txt", Offset: 4, Limit: 2}); string(res.Data) != "tw" {
		t.Errorf("%+v", res)
	}
	if res := do(Request{Do: List, Name: "out"}); len(res.Entries) != 1 || !res.Entries[0].Folder || res.Entries[0].Name != "a" {
		t.Errorf("%+v", res)
	}
	if res := do(Request{Do: Delete, Name: "out/a/b.txt"}); res.Error != nil || res.None {
		t.Errorf("%+v", res)
	}
	for _, what := range []string{Read, Delete} {
		if res := do(Request{Do: what, Name: "out/a/b.txt"}); res.Error != nil || !res.None {
			t.Errorf("%s of what is gone: %+v", what, res)
		}
	}
	os.WriteFile(filepath.Join(other, "c"), []byte("far"), 0o600)
	if res := do(Request{Do: Read, Name: other + "/c"}); string(res.Data) != "far" {
		t.Errorf("%+v", res)
	}
	if left, _ := filepath.Glob(own + "/a/*"); len(left) != 0 {
		t.Errorf("left over: %v", left)
	}
}

func TestNothingElseIsReached(t *testing.T) {
	do, own, other := reach(t)
	os.MkdirAll(own, 0o700)
	outside := filepath.Join(t.TempDir(), "secret")
	os.WriteFile(outside, []byte("secret"), 0o600)
	os.WriteFile(filepath.Join(own, "big"), make([]byte, MaxBytes+1), 0o600)
	os.Symlink(outside, filepath.Join(own, "link"))
	os.Symlink(filepath.Dir(outside), filepath.Join(own, "dir"))
	if err := syscall.Mkfifo(filepath.Join(own, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		r    Request
		want string
	}{
		{Request{Do: Read, Name: "/etc/passwd"}, "Denied: read /etc"},
		{Request{Do: Read, Name: "out/../../../etc/passwd"}, "Denied: read"},
		{Request{Do: Read, Name: "../crm/out/a"}, "Denied: read"},
		{Request{Do: Read, Name: "outside/a"}, "Denied: read outside"},
		{Request{Do: List, Name: "."}, "Denied: read ."},
		{Request{Do: Write, Name: other + "/c", Data: []byte("x")}, "Denied: write " + other},
		{Request{Do: Delete, Name: other + "/c"}, "Denied: write"},
		{Request{Do: Read, Name: "out/link"}, "Error: out/link: path escapes"},
		{Request{Do: Append, Name: "out/link", Data: []byte("x")}, "Error: out/link: path escapes"},
		{Request{Do: Read, Name: "out/dir/secret"}, "path escapes"},
		{Request{Do: List, Name: "out/dir"}, "path escapes"},
		{Request{Do: Write, Name: "out/dir/x", Data: []byte("x")}, "path escapes"},
		{Request{Do: Read, Name: "out/pipe"}, "no plain file"},
		{Request{Do: Append, Name: "out/pipe"}, "out/pipe"},
		{Request{Do: Read, Name: "out"}, "no plain file"},
		{Request{Do: Read, Name: "out/big"}, "RangeError: out/big has 65537 bytes"},
		{Request{Do: Write, Name: "out/a", Data: make([]byte, MaxBytes+1)}, "RangeError: 65537 bytes"},
		{Request{Do: Read, Name: "a\x00b"}, "BadOption"},
		{Request{Do: Env, Name: "SHUT"}, "Denied: env SHUT"},
		{Request{Do: Secret, Name: "SHUT"}, "Denied: secrets SHUT"},
	} {
		if res := do(c.r); res.Error == nil || !strings.Contains(res.Error.Error(), c.want) {
			t.Errorf("%s %q: %v, want %s", c.r.Do, c.r.Name, res.Error, c.want)
		}
	}
	if text, _ := os.ReadFile(outside); string(text) != "secret" {
		t.Errorf("a file outside is now %q", text)
	}
}

func TestSecretsAndEnvironment(t *testing.T) {
	do, own, _ := reach(t)
	t.Setenv("CALLWRIGHT_TEST_ENV", "yes")
	if res := do(Request{Do: Env, Name: "CALLWRIGHT_TEST_ENV"}); string(res.Data) != "yes" {
		t.Errorf("%+v", res)
	}
	if res := do(Request{Do: Secret, Name: "key"}); !res.None {
		t.Errorf("without a directory: %+v", res)
	}
	secrets := filepath.Join(own, "..", "..", "secrets")
	os.MkdirAll(secrets, 0o700)
	file := filepath.Join(secrets, "key")
	os.WriteFile(file, []byte("s3cret\n"), 0o600)
	if res := do(Request{Do: Secret, Name: "key"}); string(res.Data) != "s3cret" {
		t.Errorf("%+v", res)
	}
	os.Chmod(file, 0o644)
	if res := do(Request{Do: Secret, Name: "key"}); res.Error == nil || !strings.Contains(res.Error.Message, "chmod 600") {
		t.Errorf("a secret that all may read: %+v", res)
	}
	if res := do(Request{Do: Secret, Name: "../crm/out"}); res.Error == nil {
		t.Errorf("out of the directory: %+v", res)
	}
}

// Writes of one name at once do not meet: the file is always one of them, whole.
func TestOneNameWrittenAtOnce(t *testing.T) {
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() {
			for range 20 {
				if err := write(root, "a", Request{Do: Write, Data: bytes.Repeat([]byte{byte('0' + i)}, 4000)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	data, _ := os.ReadFile(filepath.Join(dir, "a"))
	if len(data) != 4000 || len(bytes.Trim(data, string(data[:1]))) != 0 {
		t.Errorf("%d bytes, of more than one write", len(data))
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.part")); len(left) > 0 {
		t.Errorf("left %v", left)
	}
}
