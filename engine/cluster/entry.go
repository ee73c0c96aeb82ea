package cluster

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"

	"github.com/callwright/callwright/sandbox"
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
	First   uint64        `json:"n"`   // number of the first batch within that run, from 1
	Batches []batchRecord `json:"b"`
	Lead    *Lead         `json:"lead,omitempty"` // a take-over
}

type batchRecord struct {
	Kind   string        `json:"k,omitempty"`
	Unit   string        `json:"u"`
	Turn   uint64        `json:"t"`
	Writes []writeRecord `json:"w"`
}

type writeRecord struct {
	Path   []string        `json:"p"`
	Value  json.RawMessage `json:"v,omitempty"`
	Delete bool            `json:"d,omitempty"`
	Splice *[2]int         `json:"s,omitempty"` // at, drop
}

func (w writeRecord) write() Write {
	out := Write{Path: w.Path, Value: w.Value, Delete: w.Delete}
	if w.Splice != nil {
		out.Splice = &sandbox.Splice{At: w.Splice[0], Drop: w.Splice[1]}
	}
	return out
}

func recordOf(w Write) writeRecord {
	out := writeRecord{Path: w.Path, Value: w.Value, Delete: w.Delete}
	if w.Delete {
		out.Value = nil
	}
	if w.Splice != nil {
		out.Splice = &[2]int{w.Splice.At, w.Splice.Drop}
	}
	return out
}

// entry is a decoded log entry.
type entry struct {
	run     string
	first   uint64
	batches []Batch
	lead    *Lead // of a take-over, nil else
}

// encode returns one log entry in memory of its own. It fails only when a
// Value is not JSON.
func (e entry) encode() ([]byte, error) {
	record := entryRecord{Run: e.run, First: e.first, Lead: e.lead, Batches: make([]batchRecord, len(e.batches))}
	for i, b := range e.batches {
		writes := make([]writeRecord, len(b.Writes))
		for j, w := range b.Writes {
			writes[j] = recordOf(w)
		}
		record.Batches[i] = batchRecord{Kind: b.Kind, Unit: b.Unit, Turn: b.Turn, Writes: writes}
	}
	var out bytes.Buffer
	out.Write(make([]byte, entryHeader))
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false) // values come back byte for byte, but for blanks
	if err := enc.Encode(record); err != nil {
		return nil, fmt.Errorf("cluster: encode entry: %w", err)
	}
	text := out.Bytes()
	text[0] = entryVersion
	copy(text[1:entryHeader], appendSum(text[entryHeader:]))
	return text, nil
}

// checkEntry verifies version and sum without decoding.
func checkEntry(text []byte) error {
	if len(text) < entryHeader {
		return fmt.Errorf("%w: entry of %d bytes", ErrCorrupt, len(text))
	}
	if text[0] != entryVersion {
		return fmt.Errorf("%w: entry version %d, this release reads %d", ErrVersion, text[0], entryVersion)
	}
	want, got := binary.BigEndian.Uint32(text[1:entryHeader]), sum(text[entryHeader:])
	if want != got {
		return fmt.Errorf("%w: entry checksum %08x, want %08x", ErrCorrupt, got, want)
	}
	return nil
}

// decodeEntry reads one log entry into memory of its own.
func decodeEntry(text []byte) (entry, error) {
	if err := checkEntry(text); err != nil {
		return entry{}, err
	}
	var record entryRecord
	if err := json.Unmarshal(text[entryHeader:], &record); err != nil {
		return entry{}, fmt.Errorf("%w: entry: %w", ErrCorrupt, err)
	}
	e := entry{run: record.Run, first: record.First, lead: record.Lead, batches: make([]Batch, len(record.Batches))}
	for i, b := range record.Batches {
		writes := make([]Write, len(b.Writes))
		for j, w := range b.Writes {
			writes[j] = w.write()
		}
		e.batches[i] = Batch{Kind: b.Kind, Unit: b.Unit, Turn: b.Turn, Writes: writes}
	}
	return e, nil
}

func sum(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

func appendSum(b []byte) []byte { return binary.BigEndian.AppendUint32(nil, sum(b)) }
