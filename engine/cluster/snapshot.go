package cluster

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
)

// A snapshot is a version byte, the length of a JSON header, the header, the tree's
// own bytes, and those of the other trees. raft's file store beneath keeps a CRC-64 of
// all of it.
const (
	snapshotVersion = 1
	maxTree         = 1 << 30 // what Open is willing to hold at once
)

type snapshotHeader struct {
	Bytes  int64      `json:"bytes"` // of the tree that follows
	Others []treePart `json:"others,omitempty"`
	// The trees have all batches of this run up to this number, and perhaps some after.
	Run   string `json:"run"`
	Batch uint64 `json:"n"`
	Lead  *Lead  `json:"lead,omitempty"` // the last take-over
}

// treePart is another tree; they follow each other in the header's order.
type treePart struct {
	Kind  string `json:"k"`
	Bytes int64  `json:"bytes"`
}

// readSnapshot returns the trees by kind; "" is the state's.
func readSnapshot(r io.Reader) (header snapshotHeader, trees map[string][]byte, err error) {
	header, err = readSnapshotHeader(r)
	if err != nil {
		return header, nil, err
	}
	trees = map[string][]byte{}
	for _, part := range append([]treePart{{Bytes: header.Bytes}}, header.Others...) {
		if part.Bytes < 0 || part.Bytes > maxTree {
			return header, nil, fmt.Errorf("%w: snapshot of %d bytes", ErrCorrupt, part.Bytes)
		}
		tree := make([]byte, part.Bytes)
		if _, err := io.ReadFull(r, tree); err != nil {
			return header, nil, fmt.Errorf("%w: snapshot: %w", ErrCorrupt, err)
		}
		trees[part.Kind] = tree
	}
	return header, trees, nil
}

func readSnapshotHeader(r io.Reader) (header snapshotHeader, err error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return header, fmt.Errorf("%w: snapshot header: %w", ErrCorrupt, err)
	}
	if head[0] != snapshotVersion {
		return header, fmt.Errorf("%w: snapshot version %d, this release reads %d", ErrVersion, head[0], snapshotVersion)
	}
	n := binary.BigEndian.Uint32(head[1:])
	if n > 1<<20 {
		return header, fmt.Errorf("%w: snapshot header of %d bytes", ErrCorrupt, n)
	}
	text := make([]byte, n)
	if _, err := io.ReadFull(r, text); err != nil {
		return header, fmt.Errorf("%w: snapshot header: %w", ErrCorrupt, err)
	}
	if err := json.Unmarshal(text, &header); err != nil {
		return header, fmt.Errorf("%w: snapshot header: %w", ErrCorrupt, err)
	}
	return header, nil
}

func writeSnapshot(w io.Writer, header snapshotHeader, trees map[string][]byte) error {
	header.Bytes, header.Others = int64(len(trees[""])), nil
	parts := [][]byte{trees[""]}
	for _, kind := range slices.Sorted(maps.Keys(trees)) {
		if n := len(trees[kind]); n > maxTree {
			return fmt.Errorf("%w: snapshot of %d bytes, at most %d", ErrTooLarge, n, maxTree)
		}
		if kind != "" {
			header.Others = append(header.Others, treePart{kind, int64(len(trees[kind]))})
			parts = append(parts, trees[kind])
		}
	}
	text, err := json.Marshal(header)
	if err != nil {
		return fmt.Errorf("cluster: snapshot header: %w", err)
	}
	head := binary.BigEndian.AppendUint32([]byte{snapshotVersion}, uint32(len(text)))
	for _, part := range append([][]byte{append(head, text...)}, parts...) {
		if _, err := w.Write(part); err != nil {
			return fmt.Errorf("cluster: write snapshot: %w", err)
		}
	}
	return nil
}
