package sandbox

import (
	"encoding/json"
	"fmt"
	"slices"
)

// share is a hold on the tree that reaches one place alone. What runs in another process
// confines itself (see confine), so that its author reads why; this holds also when that
// process is no longer what it was.
type share struct {
	tx
	only []string
}

// Since is false: a copy would be of the whole tree.
func (s *share) Since(uint64) (Delta, bool) { return Delta{}, false }

// Write takes nothing, for there is no copy.
func (s *share) Write([]Write) (uint64, error) { return 0, s.denied(nil) }

func (s *share) denied(path []string) error {
	return fmt.Errorf("%w: %v is not of %v", ErrStatePath, path, s.only)
}

// Do is Txn's. What is beyond the share reads as nothing, and no node outside of it is
// named: naming it would be a way to it.
func (s *share) Do(a Access) (Found, error) {
	switch a.Do {
	case Nest, Keep, Undo:
		return s.tx.Do(a)
	}
	n := len(a.Path)
	if n >= len(s.only) && slices.Equal(a.Path[:len(s.only)], s.only) {
		return s.tx.Do(a)
	}
	if n >= len(s.only) || !slices.Equal(a.Path, s.only[:n]) || a.Key != s.only[n] {
		return s.beyond(a)
	}
	return s.onTheWay(a)
}

// onTheWay is a step from the root to the share: it may be looked for, and made.
func (s *share) onTheWay(a Access) (Found, error) {
	a.Node = nil
	switch a.Do {
	case HasChild:
		return s.tx.Do(a)
	case ReadChild:
		f, err := s.tx.Do(a)
		if len(a.Path)+1 == len(s.only) {
			return f, err
		}
		if f.Node == nil { // no place has anything of the app's below it
			return s.beyond(a)
		}
		return Found{JSON: f.JSON}, err
	case Put:
		has, _ := s.tx.Do(Access{Do: HasChild, Path: a.Path, Key: a.Key})
		if string(has.JSON) == "false" && string(a.Value) == string(someObject) {
			return s.tx.Do(Access{Do: Put, Path: a.Path, Key: a.Key, Value: someObject})
		}
	}
	return s.beyond(a)
}

func (s *share) beyond(a Access) (Found, error) {
	switch a.Do {
	case ReadChild:
		return Found{JSON: noValue}, nil
	case HasChild:
		return Found{JSON: json.RawMessage("false")}, nil
	case ReadKeys:
		return Found{JSON: someList}, nil
	case ReadLen:
		return Found{JSON: json.RawMessage("0")}, nil
	case ReadAll:
		return Found{JSON: json.RawMessage("null")}, nil
	}
	return Found{}, s.denied(append(slices.Clone(a.Path), a.Key))
}
