package registrar

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/goccy/go-yaml"
)

// ErrUsers is about a file of users that cannot be read.
var ErrUsers = errors.New("registrar: users")

// File is users in a YAML file: `alice: password`, or `alice: {password: …}`, or
// `alice: {ha1: …}` (MD5 of user:realm:password in hex). It is read again when it has
// changed; a file that cannot be read then leaves what was. Safe for concurrent use.
type File struct {
	path string

	mu    sync.Mutex
	seen  os.FileInfo
	when  time.Time
	users map[string]Secret
	err   error
}

// OpenFile reads a file of users. ErrUsers.
func OpenFile(path string) (*File, error) {
	f := &File{path: path}
	f.read()
	return f, f.err
}

// User finds a user in what the file says now; it is looked at once a second at most.
func (f *File) User(now time.Time, name string) (Secret, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now.Sub(f.when) >= time.Second {
		f.when = now
		if st, err := os.Stat(f.path); err == nil && (f.seen == nil || !st.ModTime().Equal(f.seen.ModTime()) || st.Size() != f.seen.Size()) {
			f.read()
		}
	}
	s, ok := f.users[name]
	return s, ok
}

func (f *File) read() {
	f.seen, _ = os.Stat(f.path)
	b, err := os.ReadFile(f.path)
	if err != nil {
		f.err = fmt.Errorf("%w: %w", ErrUsers, err)
		return
	}
	users, err := readUsers(b)
	if err != nil {
		f.err = fmt.Errorf("%w: %s: %w", ErrUsers, f.path, err)
		return
	}
	f.users, f.err = users, nil
}

func readUsers(b []byte) (map[string]Secret, error) {
	var raw map[string]any
	if err := yaml.Unmarshal(b, &raw); err != nil {
		first, _, _ := strings.Cut(err.Error(), "\n") // the library draws the lines around it, passwords and all
		return nil, errors.New(first)
	}
	users := map[string]Secret{}
	for name, v := range raw {
		s, err := readSecret(v)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		users[name] = s
	}
	return users, nil
}

func readSecret(v any) (s Secret, err error) {
	fields, ok := v.(map[string]any)
	if !ok {
		fields = map[string]any{"password": v}
	}
	for k, v := range fields {
		text, ok := v.(string)
		if !ok {
			return s, fmt.Errorf("%s must be text: put it into quotes", k) // 0123 would be 83
		}
		switch k {
		case "password":
			s.Password = text
		case "ha1":
			s.HA1 = text
		default:
			return s, fmt.Errorf("no field %q; there are password and ha1", k)
		}
	}
	if s == (Secret{}) {
		return s, errors.New("a password or ha1 is needed")
	}
	return s, nil
}
