package api

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// ErrToken tells of a token file that cannot be used.
var ErrToken = errors.New("api: token file")

const tokenBytes = 32

// Token reads the bearer token from a file, and makes file and token (mode 0600)
// if there is none. A file that others can read is refused: its token is no secret.
func Token(path string) (string, error) {
	token, err := ReadToken(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return token, err
	}
	raw := make([]byte, tokenBytes)
	rand.Read(raw) // never fails (Go 1.24)
	token = hex.EncodeToString(raw)
	// Written whole under another name first: a reader never sees half a token.
	tmp := fmt.Sprintf("%s.%d", path, os.Getpid())
	if err := os.WriteFile(tmp, []byte(token+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("%w: %w", ErrToken, err)
	}
	defer os.Remove(tmp)
	if err := os.Link(tmp, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("%w: %w", ErrToken, err)
	}
	return ReadToken(path) // another process may have been first
}

// ReadToken reads the token of a running engine.
func ReadToken(path string) (string, error) {
	st, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrToken, err)
	}
	if st.Mode().Perm()&0o077 != 0 {
		return "", fmt.Errorf("%w: %s has mode %04o, others can read it: chmod 600, or remove it for a new one", ErrToken, path, st.Mode().Perm())
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrToken, err)
	}
	token := strings.TrimSpace(string(b))
	if len(token) < 2*tokenBytes {
		return "", fmt.Errorf("%w: %s is too short to be a token; remove it for a new one", ErrToken, path)
	}
	return token, nil
}
