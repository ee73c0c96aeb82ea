package sandbox

import "strings"

// confine throws when what is asked for is not the app's: with whole, when the place
// itself is to be listed or changed, else when the way to its own place does not go on
// with key.
func (p *place) confine(key string, whole bool) {
	only := p.r.only
	n := len(p.path)
	if n >= len(only) || !whole && key == only[n] {
		return // below its own place, or on the way to it: all paths begin on that way
	}
	if key == "toJSON" || key == "then" {
		return // asked by the engine, of nothing that is there
	}
	p.r.throw("Denied", "%s: the app is untrusted and has state.%s alone", strings.TrimSuffix(p.name(key), "."), strings.Join(only, "."))
}

// makeOnly makes the app's own place, so that its first write needs no other.
func (r *realm) makeOnly() {
	for i, key := range r.only {
		f, _ := r.tx.Do(Access{Do: HasChild, Path: r.only[:i], Key: key})
		if string(f.JSON) == "true" {
			continue
		}
		n, _ := parseNode([]byte("{}"))
		_, _ = r.tx.Do(Access{Do: Put, Path: r.only[:i], Key: key, Value: []byte("{}"), value: n})
	}
}
