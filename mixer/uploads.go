package mixer

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/mixer/prompt"
	"github.com/callwright/callwright/mixer/record"
)

// Limits of an upload.
const (
	mostRetries = 10
	firstPause  = time.Second      // before the second try; doubled for each further one
	uploadLimit = 10 * time.Minute // of one try
)

// upload sends a finished recording away, on a goroutine of its own.
func (d *desk) upload(c *control.Upload) error {
	if done, err := d.known(c.GetOp()); done {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	o := &op{id: c.GetOp(), upload: cancel}
	d.ops.add(o)
	go func() {
		defer cancel()
		n, err := d.send(ctx, c)
		end := &control.Done{Op: o.id, Reason: prompt.Finished, Bytes: uint64(n)}
		switch {
		case ctx.Err() != nil:
			end.Reason = prompt.Stopped
		case err != nil:
			end.Reason, end.Error = prompt.Failed, fmt.Sprintf("upload of %q: %v", c.GetPath(), err)
		}
		d.finish(o, end)
	}()
	return nil
}

// send tries until the server has taken the file.
func (d *desk) send(ctx context.Context, c *control.Upload) (n int64, err error) {
	client, err := prompt.WebClient(c.GetTo())
	if err != nil {
		return 0, err
	}
	defer client.CloseIdleConnections()
	for try := uint32(0); ; try++ {
		if n, err = d.put(ctx, client, c); err == nil || try >= min(c.GetRetries(), mostRetries) {
			return n, err
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(firstPause << try):
		}
	}
}

func (d *desk) put(ctx context.Context, client *http.Client, c *control.Upload) (int64, error) {
	f, size, err := openRecorded(d.roots.Recordings, c.GetPath())
	if err != nil {
		return 0, err
	}
	defer f.Close()
	ctx, cancel := context.WithTimeout(ctx, uploadLimit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, c.GetTo().GetUrl(), f)
	if err != nil {
		return 0, err
	}
	req.ContentLength = size
	req.Header.Set("Content-Type", "audio/wav")
	res, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	if res.StatusCode/100 != 2 {
		return 0, fmt.Errorf("the server answered %s", res.Status)
	}
	return size, nil
}

func openRecorded(root *os.Root, path string) (*os.File, int64, error) {
	if root == nil {
		return nil, 0, record.ErrPath
	}
	name := filepath.FromSlash(path)
	st, err := root.Stat(name)
	if err != nil {
		return nil, 0, err
	}
	if !st.Mode().IsRegular() {
		return nil, 0, fs.ErrInvalid
	}
	f, err := root.Open(name)
	return f, st.Size(), err
}
