package prompt

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/callwright/callwright/media/control"
)

// Limits of what is fetched or spoken.
const (
	maxFetched = 64 << 20 // bytes of one file
	maxText    = 10_000   // bytes spoken at once
	maxLoading = 16       // at once
	webFresh   = 5 * time.Minute
	loadLimit  = 60 * time.Second
	fullCache  = 512 << 20 // bytes of all
)

// Cache keeps what comes from elsewhere: files by HTTP, and speech. It is a directory
// of its own, which it bounds; a file in use outlives its removal. Safe on any
// goroutine.
type Cache struct {
	root *os.Root
	say  Speaker
	most int64 // bytes of all
	now  func() time.Time

	mu      sync.Mutex
	loading map[string]*load
}

// Speaker turns a text into a WAVE file.
type Speaker interface {
	Speak(ctx context.Context, s *control.Speech, to io.Writer) error
	// Name tells two engines, or settings of one, apart.
	Name() string
}

// load is a file on its way; who wants it too waits for done.
type load struct {
	done chan struct{}
	err  error
}

// NewCache uses dir, which it makes; say may be nil.
func NewCache(dir string, say Speaker) (*Cache, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("prompt: cache: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("prompt: cache: %w", err)
	}
	return &Cache{root: root, say: say, most: fullCache, now: time.Now, loading: map[string]*load{}}, nil
}

// Close gives the directory up.
func (c *Cache) Close() error { return c.root.Close() }

// web gives the file at a URL.
func (c *Cache) web(ctx context.Context, w *control.Web) (*os.File, error) {
	if c == nil {
		return nil, errors.New("this mixer fetches nothing")
	}
	age := webFresh
	if w.GetFresh() {
		age = 0
	}
	return c.get(ctx, "web", w.GetUrl(), age, func(ctx context.Context, to io.Writer) error { return fetch(ctx, w, to) })
}

// speech gives a text spoken.
func (c *Cache) speech(ctx context.Context, s *control.Speech) (*os.File, error) {
	switch {
	case c == nil || c.say == nil:
		return nil, errors.New("this mixer has no voice: start the engine with --say, such as --say 'espeak-ng --stdout'")
	case len(s.GetText()) > maxText || strings.ContainsRune(s.GetText(), 0):
		return nil, fmt.Errorf("a text of %d bytes, at most %d", len(s.GetText()), maxText)
	}
	key := strings.Join([]string{c.say.Name(), s.GetVoice(), s.GetLanguage(), fmt.Sprint(s.GetSsml()), s.GetText()}, "\x00")
	return c.get(ctx, "say", key, 0, func(ctx context.Context, to io.Writer) error { return c.say.Speak(ctx, s, to) })
}

// get opens what is kept under a key, or makes it. Of those who want the same at once,
// one makes it. age is how old it may be; 0 of speech: any.
func (c *Cache) get(ctx context.Context, kind, key string, age time.Duration, produce func(context.Context, io.Writer) error) (*os.File, error) {
	sum := sha256.Sum256([]byte(key))
	name := kind + "-" + hex.EncodeToString(sum[:16])
	for first := true; ; first = false {
		if f := c.kept(name, kind, age, first); f != nil {
			return f, nil
		}
		c.mu.Lock()
		l := c.loading[name]
		if l == nil {
			if len(c.loading) >= maxLoading {
				c.mu.Unlock()
				return nil, fmt.Errorf("%d files are being fetched already", maxLoading)
			}
			l = &load{done: make(chan struct{})}
			c.loading[name] = l
			go c.load(l, name, produce)
		}
		c.mu.Unlock()
		select {
		case <-l.done:
			if l.err != nil {
				return nil, l.err
			}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// kept opens a file that is there and young enough. After a load any age will do.
func (c *Cache) kept(name, kind string, age time.Duration, mind bool) *os.File {
	st, err := c.root.Stat(name)
	if err != nil || mind && kind == "web" && c.now().Sub(st.ModTime()) >= age {
		return nil
	}
	f, err := c.root.Open(name)
	if err != nil {
		return nil
	}
	return f
}

// load makes a file beside its place and moves it there whole.
func (c *Cache) load(l *load, name string, produce func(context.Context, io.Writer) error) {
	ctx, cancel := context.WithTimeout(context.Background(), loadLimit)
	defer cancel()
	part := name + ".part"
	l.err = c.write(ctx, part, produce)
	if l.err == nil {
		l.err = c.root.Rename(part, name)
	}
	if l.err != nil {
		c.root.Remove(part)
	}
	c.shrink(name)
	c.mu.Lock()
	delete(c.loading, name)
	c.mu.Unlock()
	close(l.done)
}

func (c *Cache) write(ctx context.Context, part string, produce func(context.Context, io.Writer) error) error {
	f, err := c.root.OpenFile(part, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return plain(err)
	}
	defer f.Close()
	if err := produce(ctx, &bounded{w: f, left: maxFetched}); err != nil {
		return err
	}
	return f.Close()
}

// bounded refuses what is too long.
type bounded struct {
	w    io.Writer
	left int64
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.left -= int64(len(p)); b.left < 0 {
		return 0, fmt.Errorf("more than %d MiB", maxFetched>>20)
	}
	return b.w.Write(p)
}

// shrink removes the oldest files until the cache is within its bound.
func (c *Cache) shrink(keep string) {
	d, err := c.root.Open(".")
	if err != nil {
		return
	}
	defer d.Close()
	list, _ := d.Readdir(-1)
	slices.SortFunc(list, func(a, b os.FileInfo) int { return b.ModTime().Compare(a.ModTime()) })
	total := int64(0)
	for _, f := range list {
		if total += f.Size(); total > c.most && f.Name() != keep && !strings.HasSuffix(f.Name(), ".part") {
			c.root.Remove(f.Name())
		}
	}
}
