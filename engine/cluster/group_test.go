package cluster

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/raft"
)

// bench is a group of members in one process, joined in memory: each call runs in
// virtual time when its test is in a bubble.
type bench struct {
	t     *testing.T
	dir   string
	list  []Member
	nodes map[string]*node
	cut   map[string]bool // members that nobody hears
}

// node is one member's present life.
type node struct {
	name  string
	tree  *tree
	store *Store
	wire  *raft.InmemTransport
	leads chan error // Lead has returned
	stop  context.CancelFunc
}

func newBench(t *testing.T, names ...string) *bench {
	b := &bench{t: t, dir: t.TempDir(), nodes: map[string]*node{}, cut: map[string]bool{}}
	for _, name := range names {
		b.list = append(b.list, Member{Name: name, Addr: name, Witness: strings.HasPrefix(name, "w")})
	}
	for _, name := range names {
		b.start(name, b.list)
	}
	return b
}

// start begins a life of a member; without founders it waits to be added.
func (b *bench) start(name string, founders []Member) *node {
	b.t.Helper()
	_, wire := raft.NewInmemTransportWithTimeout(raft.ServerAddress(name), 200*time.Millisecond)
	n := &node{name: name, tree: newTree(), wire: wire, leads: make(chan error, 1)}
	conf := n.tree.config(filepath.Join(b.dir, name))
	conf.Name = name
	conf.SnapshotEvery = 16 << 10
	conf.Group = &Group{Members: founders, Witness: strings.HasPrefix(name, "w"), HTTP: name + ":8080", transport: wire}
	b.nodes[name] = n
	b.connect()
	var err error
	if n.store, err = Join(conf); err != nil {
		b.t.Fatal(err)
	}
	n.tree.sink = n.store.Submit
	var ctx context.Context
	ctx, n.stop = context.WithCancel(b.t.Context())
	if !conf.Group.Witness {
		go func() { n.leads <- n.store.Lead(ctx) }()
	}
	return n
}

// connect wires all members that are not cut off, and nobody else.
func (b *bench) connect() {
	for name, n := range b.nodes {
		n.wire.DisconnectAll()
		for peer, p := range b.nodes {
			if name != peer && !b.cut[name] && !b.cut[peer] {
				n.wire.Connect(raft.ServerAddress(peer), p.wire)
			}
		}
	}
}

func (b *bench) isolate(names ...string) {
	clear(b.cut)
	for _, name := range names {
		b.cut[name] = true
	}
	b.connect()
}

// kill ends a member's life. A store that has lost its leadership may not have written
// all that was queued, which is what the errors say.
func (b *bench) kill(n *node) {
	b.t.Helper()
	delete(b.nodes, n.name)
	b.connect()
	n.stop()
	n.store.Close()
}

func (b *bench) close() {
	for _, n := range b.nodes {
		b.kill(n)
	}
}

// active waits for the one brain that may act, other than those who did before.
func (b *bench) active(but ...*node) *node {
	b.t.Helper()
	for range 2000 {
		for _, n := range b.nodes {
			if n.store.Held() && !contains(but, n) {
				b.one()
				return n
			}
		}
		time.Sleep(5 * time.Millisecond)
	}
	b.t.Fatal("nobody became active")
	return nil
}

func contains(list []*node, n *node) bool {
	for _, other := range list {
		if other == n {
			return true
		}
	}
	return false
}

// one checks that at most one brain may act.
func (b *bench) one() {
	b.t.Helper()
	var held []string
	for name, n := range b.nodes {
		if n.store.Held() {
			held = append(held, fmt.Sprint(name, " at epoch ", n.store.Epoch()))
		}
	}
	if len(held) > 1 {
		b.t.Errorf("more than one may act: %v", held)
	}
}

func commit(t *testing.T, n *node, turn uint64, pairs ...string) {
	t.Helper()
	n.tree.write(set(turn, pairs...))
	if err := n.store.Commit(t.Context()); err != nil {
		t.Fatalf("%s: %v", n.name, err)
	}
}

// settle waits until a member's tree has what the test knows to be committed.
func settle(t *testing.T, n *node, path, want string) {
	t.Helper()
	for range 1000 {
		if n.tree.get(path) == want {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Errorf("%s: %s is %q, want %q", n.name, path, n.tree.get(path), want)
}

func TestThreeBrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "a", "b", "c")
		defer b.close()
		first := b.active()
		if err := <-first.leads; err != nil {
			t.Fatal(err)
		}
		commit(t, first, 1, "n", "1")
		for _, n := range b.nodes {
			settle(t, n, "n", "1")
		}
		epoch := first.store.Epoch()
		b.kill(first)
		second := b.active()
		if second.store.Epoch() <= epoch {
			t.Errorf("epoch %d after %d", second.store.Epoch(), epoch)
		}
		if second.tree.get("n") != "1" {
			t.Error("the successor has lost what was committed")
		}
		commit(t, second, 2, "n", "2")
		back := b.start(first.name, b.list)
		settle(t, back, "n", "2")
		st := back.store.Status()
		if st.Role != "standby" || st.Active.Brain != second.name || st.Active.HTTP != second.name+":8080" || len(st.Members) != 3 {
			t.Errorf("status of a standby: %+v", st)
		}
	})
}

// TestPartition cuts the active brain off while it writes: it stops by itself before
// another may act, what it could not commit is nowhere, and what it did is everywhere.
func TestPartition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "a", "b", "c")
		defer b.close()
		first := b.active()
		commit(t, first, 1, "kept", "1")
		b.isolate(first.name)
		first.tree.write(set(2, "kept", "2")) // believes, and is wrong
		failed := make(chan error, 1)
		first.store.CommitAsync(func(err error) { failed <- err })
		cut := time.Now()
		for b.one(); first.store.Held(); b.one() {
			time.Sleep(time.Millisecond)
		}
		if gone := time.Since(cut); gone > DefaultTimeout {
			t.Errorf("a brain alone may act for %v", gone)
		}
		<-first.store.Lost()
		second := b.active(first)
		if err := <-failed; err == nil {
			t.Error("a minority has committed")
		}
		if got := second.tree.get("kept"); got != "1" {
			t.Errorf("kept is %s", got)
		}
		commit(t, second, 3, "after", "1")
		b.isolate()
		b.kill(first)
		back := b.start(first.name, b.list)
		settle(t, back, "after", "1")
		if got := back.tree.get("kept"); got != "1" {
			t.Errorf("kept is %s where it was never committed", got)
		}
	})
}

// TestFrozenLease steps the clock over the lease between two renewals, as a stopped
// process finds it when it goes on: no timer has run, and it may not act.
func TestFrozenLease(t *testing.T) {
	s := newStore(Config{Group: &Group{}})
	s.acting.Store(true)
	s.extend(time.Now())
	if !s.Held() {
		t.Fatal("no lease")
	}
	s.opened = s.opened.Add(-DefaultTimeout) // as if that much had passed
	if s.Held() {
		t.Error("may act after a pause longer than its lease")
	}
	s.extend(time.Now().Add(-DefaultTimeout)) // the answer to a question asked before it
	if s.Held() {
		t.Error("an answer that waited proves nothing")
	}
}

func TestWitness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "a", "b", "w")
		defer b.close()
		first := b.active()
		commit(t, first, 1, "n", "1")
		// The other brain misses what the witness alone has beside the first.
		var other *node
		for _, n := range b.nodes {
			if n != first && n.name != "w" {
				other = n
			}
		}
		b.isolate(other.name)
		commit(t, first, 2, "n", "2")
		b.kill(first)
		b.isolate()
		if second := b.active(); second != other || second.tree.get("n") != "2" {
			t.Errorf("%s is active, n is %s", second.name, second.tree.get("n"))
		}
	})
}

// TestChaos kills, cuts off and restarts members in a drawn order while the active one
// counts: nothing that was committed is lost, and never may two act.
func TestChaos(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seed := rand.Uint64()
		r := rand.New(rand.NewPCG(seed, 4))
		b := newBench(t, "a", "b", "c")
		defer b.close()
		defer func() {
			if t.Failed() {
				t.Logf("seed %d", seed)
			}
		}()
		committed, turn, epoch := 0, uint64(0), uint64(0)
		for range 15 {
			n := b.active()
			if got, _ := strconv.Atoi(n.tree.get("n")); got < committed {
				t.Fatalf("%s begins at %d, but %d was committed", n.name, got, committed)
			}
			if n.store.Epoch() <= epoch {
				t.Fatalf("epoch %d after %d", n.store.Epoch(), epoch)
			}
			epoch = n.store.Epoch()
			for range 1 + r.IntN(20) {
				turn++
				n.tree.write(set(turn, "n", strconv.Itoa(committed+1), "big/"+strconv.Itoa(r.IntN(9)), `"`+strings.Repeat("x", r.IntN(4000))+`"`))
				if err := n.store.Commit(t.Context()); err != nil {
					break
				}
				committed++
			}
			b.harm(r, n)
		}
	})
}

// harm does one bad thing and mends it after a while.
func (b *bench) harm(r *rand.Rand, active *node) {
	names := []string{"a", "b", "c"}
	victim := active
	if r.IntN(3) == 0 {
		victim = b.nodes[names[r.IntN(3)]]
	}
	pause := time.Duration(r.IntN(400)) * time.Millisecond
	switch r.IntN(3) {
	case 0:
		b.kill(victim)
	case 1:
		b.isolate(victim.name)
	case 2:
		active.store.Yield(b.t.Context(), "")
	}
	for range pause / (5 * time.Millisecond) {
		b.one()
		time.Sleep(5 * time.Millisecond)
	}
	b.isolate()
	for _, name := range names {
		if n := b.nodes[name]; n == nil {
			b.start(name, b.list)
		} else if n.store.Reason() != nil || active == n {
			b.kill(n) // what a keeper does with a brain that is no longer active
			b.start(name, b.list)
		}
	}
}

func TestAddRemoveTransfer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "a")
		defer b.close()
		first := b.active()
		if err := first.store.Successor(""); !errors.Is(err, ErrNoSuccessor) {
			t.Errorf("a brain alone can hand over: %v", err)
		}
		for i := range 40 { // more than a newcomer could read from the log
			commit(t, first, uint64(i), "n", strconv.Itoa(i), "big", `"`+strings.Repeat("x", 4000)+`"`)
		}
		for _, name := range []string{"b", "w"} {
			b.start(name, nil)
			if err := first.store.Add(Member{Name: name, Addr: name, Witness: name == "w"}); err != nil {
				t.Fatal(err)
			}
		}
		settle(t, b.nodes["b"], "n", "39")
		if err := first.store.Remove("a"); err == nil {
			t.Error("the active brain removed itself")
		}
		if err := first.store.Yield(t.Context(), "w"); !errors.Is(err, ErrNoSuccessor) {
			t.Errorf("handed over to a witness: %v", err)
		}
		began := time.Now()
		if err := first.store.Yield(t.Context(), "b"); err != nil {
			t.Fatal(err)
		}
		if second := b.active(); second.name != "b" || time.Since(began) > DefaultTimeout {
			t.Errorf("%s after %v", second.name, time.Since(began))
		}
		b.kill(first)
		if err := b.nodes["b"].store.Remove("a"); err != nil {
			t.Fatal(err)
		}
		if st := b.nodes["b"].store.Status(); len(st.Members) != 2 || !st.Members[1].Witness || !st.Members[0].Leader {
			t.Errorf("members: %+v", st.Members)
		}
	})
}

func TestFoundersKnowThemselves(t *testing.T) {
	conf := newTree().config(t.TempDir())
	conf.Name = "d"
	_, wire := raft.NewInmemTransport("d")
	conf.Group = &Group{Members: []Member{{Name: "a", Addr: "a"}}, transport: wire}
	if _, err := Join(conf); !errors.Is(err, ErrNotMember) {
		t.Errorf("a founder that is not on the list: %v", err)
	}
}
