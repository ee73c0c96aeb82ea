package process

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// nobody is the user a child of root becomes.
const nobody = 65534

// confine takes from this process all that a script has no use for. What is open
// stays open; nothing more can be opened.
func confine() error {
	_ = time.Now().Local().String() // the zone is read from a file once, at first use
	if err := os.Chdir("/"); err != nil {
		return fmt.Errorf("process: confine: %w", err)
	}
	for what, n := range map[int]uint64{unix.RLIMIT_CORE: 0, unix.RLIMIT_FSIZE: 0, unix.RLIMIT_NOFILE: 64} {
		if err := unix.Setrlimit(what, &unix.Rlimit{Cur: n, Max: n}); err != nil {
			return fmt.Errorf("process: confine: limit %d: %w", what, err)
		}
	}
	if unix.Getuid() == 0 {
		if err := becomeNobody(); err != nil {
			return fmt.Errorf("process: confine: user: %w", err)
		}
	}
	// A change of user clears what the parent has asked for.
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0); err != nil {
		return fmt.Errorf("process: confine: %w", err)
	}
	return restrict()
}

func becomeNobody() error {
	if err := unix.Setgroups(nil); err != nil {
		return err
	}
	if err := unix.Setresgid(nobody, nobody, nobody); err != nil {
		return err
	}
	return unix.Setresuid(nobody, nobody, nobody)
}

// bound sets the limit of private memory. Past it the kernel refuses and the Go
// runtime ends the process: RLIMIT_AS would not even let it start.
func bound(heap, base int64) error {
	n := uint64(limit(heap, base))
	l := &unix.Rlimit{Cur: n, Max: n}
	if err := unix.Setrlimit(unix.RLIMIT_DATA, l); err != nil {
		return fmt.Errorf("process: memory limit: %w", err)
	}
	return nil
}

// privateMemory is what this process has of it now, in bytes: field 6 of statm, proc(5).
func privateMemory() int64 {
	b, err := os.ReadFile("/proc/self/statm")
	fields := strings.Fields(string(b))
	if err != nil || len(fields) < 6 {
		return 0
	}
	pages, _ := strconv.ParseInt(fields[5], 10, 64)
	return pages * int64(os.Getpagesize())
}

// restrict leaves all threads with the system calls that the Go runtime and this
// package's own reads and writes take (seccomp(2)); any other fails with EPERM.
func restrict() error {
	runtime.LockOSThread() // no_new_privs is the thread's; the filter takes it to all
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("process: confine: no_new_privs: %w", err)
	}
	code := filter(auditArch, allowed())
	prog := unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&prog)))
	if errno != 0 {
		return fmt.Errorf("process: confine: seccomp: %w", errno)
	}
	return nil
}

// Offsets in struct seccomp_data; numbers are in the machine's byte order, and both
// architectures here are little endian.
const (
	dataNumber = 0
	dataArch   = 4
	dataArg0   = 16
)

// filter is a program of the classic BPF kind.
func filter(arch uint32, allow []uint32) []unix.SockFilter {
	const (
		load = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
		eq   = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
		set  = unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K
		ret  = unix.BPF_RET | unix.BPF_K
	)
	code := []unix.SockFilter{
		{Code: load, K: dataArch},
		{Code: eq, K: arch, Jt: 1},
		{Code: ret, K: unix.SECCOMP_RET_KILL_PROCESS},
		{Code: load, K: dataNumber},
		// A new thread, yes; a new process, no. clone3 hides its flags in memory.
		{Code: eq, K: unix.SYS_CLONE3, Jf: 1},
		{Code: ret, K: unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)},
		{Code: eq, K: unix.SYS_CLONE, Jf: 4},
		{Code: load, K: dataArg0},
		{Code: set, K: unix.CLONE_THREAD, Jf: 1},
		{Code: ret, K: unix.SECCOMP_RET_ALLOW},
		{Code: ret, K: unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)},
	}
	for _, n := range allow {
		code = append(code,
			unix.SockFilter{Code: eq, K: n, Jf: 1},
			unix.SockFilter{Code: ret, K: unix.SECCOMP_RET_ALLOW})
	}
	return append(code, unix.SockFilter{Code: ret, K: unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)})
}

// allowed lists system calls, the most frequent first.
func allowed() []uint32 {
	return append([]uint32{
		unix.SYS_FUTEX, unix.SYS_READ, unix.SYS_WRITE, unix.SYS_EPOLL_PWAIT, unix.SYS_NANOSLEEP,
		unix.SYS_SCHED_YIELD, unix.SYS_MADVISE, unix.SYS_GETRUSAGE, unix.SYS_TGKILL, unix.SYS_RT_SIGRETURN,
		unix.SYS_MMAP, unix.SYS_MUNMAP, unix.SYS_MPROTECT, unix.SYS_MREMAP, unix.SYS_BRK, unix.SYS_MINCORE,
		unix.SYS_CLOCK_GETTIME, unix.SYS_CLOCK_NANOSLEEP, unix.SYS_GETTIMEOFDAY, unix.SYS_GETRANDOM,
		unix.SYS_READV, unix.SYS_WRITEV, unix.SYS_RECVFROM, unix.SYS_SENDTO, unix.SYS_RECVMSG, unix.SYS_SENDMSG,
		unix.SYS_CLOSE, unix.SYS_FCNTL, unix.SYS_FSTAT, unix.SYS_LSEEK, unix.SYS_SHUTDOWN,
		unix.SYS_EPOLL_CREATE1, unix.SYS_EPOLL_CTL, unix.SYS_EVENTFD2, unix.SYS_PIPE2,
		unix.SYS_RT_SIGACTION, unix.SYS_RT_SIGPROCMASK, unix.SYS_SIGALTSTACK, unix.SYS_RT_SIGTIMEDWAIT,
		unix.SYS_TIMER_CREATE, unix.SYS_TIMER_SETTIME, unix.SYS_TIMER_DELETE, unix.SYS_SETITIMER,
		unix.SYS_GETPID, unix.SYS_GETTID, unix.SYS_GETUID, unix.SYS_SET_ROBUST_LIST, unix.SYS_RSEQ, unix.SYS_MEMBARRIER,
		unix.SYS_SCHED_GETAFFINITY, unix.SYS_PRLIMIT64, unix.SYS_RESTART_SYSCALL, unix.SYS_EXIT, unix.SYS_EXIT_GROUP,
	}, allowedHere()...)
}
