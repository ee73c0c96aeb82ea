package ring

import (
	"encoding/binary"
	"fmt"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"github.com/callwright/callwright/sbc/stack"
)

const (
	wholeFrame = 1 << 18

	offKind  = 12 // in an Ethernet frame
	offIP    = 14
	offFrag4 = offIP + 6
	offProt4 = offIP + 9
	offDst4  = offIP + 16
	offNext6 = offIP + 6
	offDst6  = offIP + 24

	kindIPv4 = 0x0800
	kindARP  = 0x0806
	kindIPv6 = 0x86dd
	protUDP  = 17
	protND   = 58
)

// filter is the classic BPF program that lets into the ring what the stack could use:
// ARP, neighbour discovery, and what is for our addresses; of one that is the kernel's
// only UDP to our ports, and fragments.
func filter(own []stack.Address, first, ports uint16) ([]unix.SockFilter, error) {
	take := bpf.RetConstant{Val: wholeFrame}
	program := []bpf.Instruction{bpf.LoadAbsolute{Off: offKind, Size: 2}, bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: kindARP, SkipTrue: 1}, take}
	var four, six []bpf.Instruction
	for _, a := range own {
		if a.IP.Is4() {
			four = append(four, forIPv4(a, first, ports)...)
		} else {
			six = append(six, forIPv6(a)...)
		}
	}
	six = append(six, // neighbour discovery goes to groups
		bpf.LoadAbsolute{Off: offNext6, Size: 1}, bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: protND, SkipTrue: 3},
		bpf.LoadAbsolute{Off: offDst6, Size: 2}, bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: 0xff02, SkipTrue: 1}, take)
	for _, part := range []struct {
		kind uint32
		code []bpf.Instruction
	}{{kindIPv4, four}, {kindIPv6, six}} {
		program = append(program, bpf.LoadAbsolute{Off: offKind, Size: 2},
			bpf.JumpIf{Cond: bpf.JumpEqual, Val: part.kind, SkipTrue: 1}, bpf.Jump{Skip: uint32(len(part.code)) + 1})
		program = append(append(program, part.code...), bpf.RetConstant{})
	}
	program = append(program, bpf.RetConstant{})
	raw, err := bpf.Assemble(program)
	if err != nil {
		return nil, fmt.Errorf("socket filter: %w", err)
	}
	code := make([]unix.SockFilter, len(raw))
	for i, r := range raw {
		code[i] = unix.SockFilter{Code: r.Op, Jt: r.Jt, Jf: r.Jf, K: r.K}
	}
	return code, nil
}

// forIPv4 goes on behind its end when a packet is not for the address.
func forIPv4(a stack.Address, first, ports uint16) []bpf.Instruction {
	ip := a.IP.As4()
	take := bpf.RetConstant{Val: wholeFrame}
	mine := []bpf.Instruction{take}
	if a.Kernel {
		mine = []bpf.Instruction{
			bpf.LoadAbsolute{Off: offProt4, Size: 1}, bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: protUDP, SkipTrue: 8},
			bpf.LoadAbsolute{Off: offFrag4, Size: 2}, bpf.JumpIf{Cond: bpf.JumpBitsNotSet, Val: 0x3fff, SkipTrue: 1}, take,
			bpf.LoadMemShift{Off: offIP}, bpf.LoadIndirect{Off: offIP + 2, Size: 2},
			bpf.JumpIf{Cond: bpf.JumpLessThan, Val: uint32(first), SkipTrue: 2},
			bpf.JumpIf{Cond: bpf.JumpGreaterOrEqual, Val: uint32(first) + uint32(ports), SkipTrue: 1}, take,
		}
	}
	head := []bpf.Instruction{bpf.LoadAbsolute{Off: offDst4, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: binary.BigEndian.Uint32(ip[:]), SkipTrue: uint8(len(mine))}}
	return append(head, mine...)
}

func forIPv6(a stack.Address) []bpf.Instruction {
	ip := a.IP.As16()
	var code []bpf.Instruction
	for i := range uint32(4) {
		code = append(code, bpf.LoadAbsolute{Off: offDst6 + 4*i, Size: 4},
			bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: binary.BigEndian.Uint32(ip[4*i:]), SkipTrue: uint8(7 - 2*i)})
	}
	return append(code, bpf.RetConstant{Val: wholeFrame})
}

func attach(fd int, code []unix.SockFilter) error {
	prog := unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]}
	if err := unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &prog); err != nil {
		return fmt.Errorf("socket filter: %w", err)
	}
	return nil
}
