package cluster

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"
)

const victimEnv = "CALLWRIGHT_CLUSTER_VICTIM"

// TestMain turns the test binary into the brain that TestKill kills.
func TestMain(m *testing.M) {
	if dir := os.Getenv(victimEnv); dir != "" {
		victim(dir)
		return
	}
	os.Exit(m.Run())
}

// victim writes batches whose two leaves must always agree and reports each number
// that a commit has answered for.
func victim(dir string) {
	tr := newTree()
	conf := tr.config(dir)
	conf.SnapshotEvery = 8 << 10 // so that kills fall into snapshots too
	s, err := Open(conf)
	if err != nil {
		fmt.Println("failed", err)
		os.Exit(1)
	}
	tr.sink = s.Submit
	n, _ := strconv.Atoi(tr.get("left"))
	for {
		for range 1 + rand.IntN(20) {
			n++
			v := strconv.Itoa(n)
			tr.write(set(uint64(n), "left", v, "last/"+strconv.Itoa(n%50), v, "right", v))
		}
		committed := strconv.Itoa(n)
		if rand.IntN(3) > 0 {
			continue
		}
		done := make(chan error, 1)
		s.CommitAsync(func(err error) { done <- err })
		if err := <-done; err != nil {
			fmt.Println("failed", err)
			os.Exit(1)
		}
		fmt.Println(committed)
	}
}

func TestKill(t *testing.T) {
	dir := t.TempDir()
	for round := range 10 {
		committed := killAfter(t, dir, rand.IntN(150)*round/9)
		s, tr := open(t, dir)
		left, _ := strconv.Atoi(tr.get("left"))
		if left < committed {
			t.Fatalf("round %d: state is at %d, but %d was committed", round, left, committed)
		}
		if tr.get("right") != tr.get("left") {
			t.Fatalf("round %d: torn batch: left %s, right %s", round, tr.get("left"), tr.get("right"))
		}
		for n := max(left-49, 1); n <= left; n++ { // no batch before it is missing
			if got := tr.get("last/" + strconv.Itoa(n%50)); got != strconv.Itoa(n) {
				t.Fatalf("round %d: batch %d lost: %s", round, n, got)
			}
		}
		shut(t, s)
	}
}

// killAfter runs a victim on dir, kills it after it has reported so many commits and
// a little more, and returns the last number it reported.
func killAfter(t *testing.T, dir string, reports int) (committed int) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), victimEnv+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill := func() { cmd.Process.Kill() }
	lines := bufio.NewScanner(out)
	for seen := 0; lines.Scan(); seen++ {
		n, err := strconv.Atoi(lines.Text())
		if err != nil {
			t.Errorf("victim: %s", lines.Text())
			break
		}
		committed = n
		if seen == reports {
			time.AfterFunc(rand.N(3*time.Millisecond), kill)
		}
	}
	kill()
	cmd.Wait()
	return committed
}
