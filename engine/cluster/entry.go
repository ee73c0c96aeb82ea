package cluster

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
)

// An entry is a version byte, the CRC-32C of what follows, and JSON. The sum is
// ours because the write-ahead log verifies only the last batch of its open segment.
const (
	entryVersion = 1
	entryHeader  = 1 + 4
)

// The records are apart from Batch so that renaming a field in Go cannot change
// the files. Fields a reader does not know are skipped.
type entryRecord struct {
	Run     string        `json:"run"` // the process run that wrote it
	Batches []batchRecord `json:"b"`
}

type batchRecord struct {
	Unit   string        `json:"u"`
	Turn   uint64        `json:"t"`
	Writes []writeRecord `json:"w"`
}

type writeRecord struct {
	Path   []string        `json:"p"`
	Value  json.RawMessage `json:"v,omitempty"`
	Delete bool            `json:"d,omitempty"`
}

// encodeEntry returns one log entry in memory of its own. It fails only when a
// Value is not JSON.
func encodeEntry(run string, batches []Batch) ([]byte, error) {
	record := entryRecord{Run: run, Batches: make([]batchRecord, len(batches))}
	for i, b := range batches {
		writes := make([]writeRecord, len(b.Writes))
		for j, w := range b.Writes {
			writes[j] = writeRecord{Path: w.Path, Value: w.Value, Delete: w.Delete}
			if w.Delete {
				writes[j].Value = nil
			}
		}
		record.Batches[i] = batchRecord{Unit: b.Unit, Turn: b.Turn, Writes: writes}
	}
	var out bytes.Buffer
	out.Write(make([]byte, entryHeader))
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false) // values come back byte for byte, but for blanks
	if err := enc.Encode(record); err != nil {
		return nil, fmt.Errorf("cluster: encode entry: %w", err)
	}
	entry := out.Bytes()
	entry[0] = entryVersion
	copy(entry[1:entryHeader], appendSum(entry[entryHeader:]))
	return entry, nil
}

// checkEntry verifies version and sum without decoding.
func checkEntry(entry []byte) error {
	if len(entry) < entryHeader {
		return fmt.Errorf("%w: entry of %d bytes", ErrCorrupt, len(entry))
	}
	if entry[0] != entryVersion {
		return fmt.Errorf("%w: entry version %d, this release reads %d", ErrVersion, entry[0], entryVersion)
	}
	want, got := binary.BigEndian.Uint32(entry[1:entryHeader]), sum(entry[entryHeader:])
	if want != got {
		return fmt.Errorf("%w: entry checksum %08x, want %08x", ErrCorrupt, got, want)
	}
	return nil
}

// decodeEntry returns the run that wrote the entry and its batches, in memory of
// their own.
func decodeEntry(entry []byte) (run string, batches []Batch, err error) {
	if err := checkEntry(entry); err != nil {
		return "", nil, err
	}
	var record entryRecord
	if err := json.Unmarshal(entry[entryHeader:], &record); err != nil {
		return "", nil, fmt.Errorf("%w: entry: %w", ErrCorrupt, err)
	}
	batches = make([]Batch, len(record.Batches))
	for i, b := range record.Batches {
		writes := make([]Write, len(b.Writes))
		for j, w := range b.Writes {
			writes[j] = Write{Path: w.Path, Value: w.Value, Delete: w.Delete}
		}
		batches[i] = Batch{Unit: b.Unit, Turn: b.Turn, Writes: writes}
	}
	return record.Run, batches, nil
}

func sum(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

func appendSum(b []byte) []byte { return binary.BigEndian.AppendUint32(nil, sum(b)) }
