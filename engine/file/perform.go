package file

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
)

func (e *Edge) perform(r Request) (Result, error) {
	switch {
	case r.Name == "" || len(r.Name) > maxPathLen || strings.ContainsRune(r.Name, 0):
		return Result{}, &Error{"BadOption", fmt.Sprintf("%.80q is no name", r.Name)}
	case len(r.Data) > MaxBytes:
		return Result{}, &Error{"RangeError", fmt.Sprintf("%d bytes at once, at most %d: append the rest", len(r.Data), MaxBytes)}
	case r.Do == Env:
		return e.env(r)
	case r.Do == Secret:
		return e.secret(r)
	}
	root, rel, err := e.open(r)
	if err != nil {
		return Result{}, plain(r.Name, err)
	}
	defer root.Close()
	res, err := within(root, rel, r)
	if errors.Is(err, fs.ErrNotExist) && r.Do != Write && r.Do != Append {
		return Result{None: true}, nil
	}
	return res, plain(r.Name, err)
}

// plain names what the script has named instead of where that is.
func plain(name string, err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return fmt.Errorf("%s: %w", name, at.Err)
	}
	return err
}

// open finds the granted folder that a name is in. One of the app's own is made when it
// is written to first.
func (e *Edge) open(r Request) (*os.Root, string, error) {
	write := r.Do == Write || r.Do == Append || r.Do == Delete
	folders, err := e.cfg.Folders(r.App, write)
	if err != nil {
		return nil, "", &Error{"Denied", err.Error()}
	}
	name := path.Clean(r.Name)
	for _, f := range folders {
		rel, ok := below(path.Clean(f), name)
		if !ok {
			continue
		}
		dir := filepath.FromSlash(path.Clean(f))
		if !filepath.IsAbs(dir) {
			if e.cfg.Dir == "" {
				return nil, "", errors.New("this engine keeps no files of apps")
			}
			dir = filepath.Join(e.cfg.Dir, r.App, dir)
			if err := os.MkdirAll(dir, 0o700); err != nil {
				return nil, "", err
			}
		}
		root, err := os.OpenRoot(dir)
		return root, rel, err
	}
	what := "read"
	if write {
		what = "write"
	}
	return nil, "", &Error{"Denied", e.cfg.Denied(r.App, what, folderOf(name, r.Do)).Error()}
}

// below is the rest of a name in a folder; "." is the app's whole directory.
func below(folder, name string) (string, bool) {
	if name == folder {
		return ".", true
	}
	if folder == "." {
		return name, !path.IsAbs(name) && name != ".." && !strings.HasPrefix(name, "../")
	}
	rest, ok := strings.CutPrefix(name, strings.TrimSuffix(folder, "/")+"/")
	return rest, ok
}

func folderOf(name, do string) string {
	if do == List {
		return name
	}
	return path.Dir(name)
}

func within(root *os.Root, name string, r Request) (Result, error) {
	switch r.Do {
	case Read:
		return read(root, name, r)
	case List:
		return list(root, name)
	case Delete:
		err := root.Remove(name)
		return Result{}, err
	case Write, Append:
		return Result{}, write(root, name, r)
	}
	return Result{}, &Error{"BadOption", r.Do}
}

// regular opens a plain file; a pipe or a device must neither block nor do anything.
func regular(root *os.Root, name string, flag int) (*os.File, os.FileInfo, error) {
	f, err := root.OpenFile(name, flag|syscall.O_NONBLOCK, 0o600)
	if err != nil {
		return nil, nil, err
	}
	st, err := f.Stat()
	if err == nil && !st.Mode().IsRegular() {
		err = errors.New("it is no plain file")
	}
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, st, nil
}

func read(root *os.Root, name string, r Request) (Result, error) {
	f, st, err := regular(root, name, os.O_RDONLY)
	if err != nil {
		return Result{}, err
	}
	defer f.Close()
	limit := r.Limit
	if limit <= 0 {
		if limit = MaxBytes; st.Size()-r.Offset > MaxBytes {
			return Result{}, &Error{"RangeError", fmt.Sprintf("%s has %d bytes, at most %d are read at once: give offset and limit", r.Name, st.Size(), MaxBytes)}
		}
	}
	data, err := io.ReadAll(io.NewSectionReader(f, r.Offset, min(limit, MaxBytes)))
	return Result{Data: data}, err
}

// write replaces a file whole: a reader sees the old one or the new one.
func write(root *os.Root, name string, r Request) error {
	if dir := path.Dir(name); dir != "." {
		if err := root.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	if r.Do == Append {
		f, _, err := regular(root, name, os.O_WRONLY|os.O_APPEND|os.O_CREATE)
		if err != nil {
			return err
		}
		_, err = f.Write(r.Data)
		return errors.Join(err, f.Close())
	}
	part := fmt.Sprintf("%s.%s.part", name, rand.Text()) // two may write one name at once
	f, err := root.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(r.Data)
	if err = errors.Join(err, f.Close()); err == nil {
		err = root.Rename(part, name)
	}
	if err != nil {
		_ = root.Remove(part)
	}
	return err
}

func list(root *os.Root, name string) (Result, error) {
	f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return Result{}, err
	}
	defer f.Close()
	entries, err := f.ReadDir(maxNames + 1)
	if err != nil && err != io.EOF {
		return Result{}, err
	}
	if len(entries) > maxNames {
		return Result{}, &Error{"RangeError", fmt.Sprintf("the folder holds more than %d names", maxNames)}
	}
	res := Result{Entries: []Entry{}}
	for _, x := range entries {
		st, err := x.Info()
		if err != nil || !st.Mode().IsRegular() && !st.IsDir() {
			continue // gone meanwhile, or nothing a script may open
		}
		res.Entries = append(res.Entries, Entry{x.Name(), st.IsDir(), st.Size(), st.ModTime().UnixMilli()})
	}
	return res, nil
}

func (e *Edge) env(r Request) (Result, error) {
	if err := e.cfg.Names(r.App, "env", r.Name); err != nil {
		return Result{}, &Error{"Denied", err.Error()}
	}
	v, ok := os.LookupEnv(r.Name)
	return Result{Data: []byte(v), None: !ok}, nil
}

func (e *Edge) secret(r Request) (Result, error) {
	if err := e.cfg.Names(r.App, "secrets", r.Name); err != nil {
		return Result{}, &Error{"Denied", err.Error()}
	}
	root, err := os.OpenRoot(e.cfg.Secrets)
	if err != nil {
		return Result{None: true}, nil
	}
	defer root.Close()
	f, st, err := regular(root, r.Name, os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return Result{None: true}, nil
	}
	if err != nil {
		return Result{}, plain(r.Name, err)
	}
	defer f.Close()
	if st.Mode().Perm()&0o077 != 0 {
		return Result{}, fmt.Errorf("secret %s: others may read its file (mode %04o): chmod 600", r.Name, st.Mode().Perm())
	}
	data, err := io.ReadAll(io.LimitReader(f, MaxBytes))
	return Result{Data: []byte(strings.TrimRight(string(data), "\r\n"))}, err
}
