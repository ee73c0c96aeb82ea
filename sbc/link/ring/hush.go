package ring

import (
	"encoding/binary"
	"fmt"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	ebpflink "github.com/cilium/ebpf/link"

	"github.com/callwright/callwright/sbc/stack"
)

const (
	skbBegin = 76 // of __sk_buff: data and data_end
	skbEnd   = 80

	tcxNext = -1
	tcxDrop = 2
)

// hush keeps the kernel's network stack from what the ring has taken already. The
// kernel lets go of it when the process ends, however it ends.
type hush struct {
	link ebpflink.Link
}

// set makes the program fit the addresses.
func (h *hush) set(device int, own []stack.Address, first, ports uint16) error {
	prog, err := ebpf.NewProgram(&ebpf.ProgramSpec{Name: "callwright_hush", Type: ebpf.SchedCLS, License: "MIT",
		Instructions: hushed(own, first, ports)})
	if err != nil {
		return fmt.Errorf("BPF program: %w", err)
	}
	defer prog.Close()
	if h.link != nil {
		return h.link.Update(prog)
	}
	h.link, err = ebpflink.AttachTCX(ebpflink.TCXOptions{Interface: device, Program: prog, Attach: ebpf.AttachTCXIngress})
	if err != nil {
		return fmt.Errorf("BPF program at the device (tcx, Linux 6.6): %w", err)
	}
	return nil
}

func (h *hush) close() {
	if h.link != nil {
		h.link.Close()
	}
}

// hushed drops UDP to our ports of each address; R2 is the frame, R3 its end. What has
// options, extension headers or fragments is left to the kernel, which finds no whole
// datagram in it.
func hushed(own []stack.Address, first, ports uint16) asm.Instructions {
	code := asm.Instructions{
		asm.LoadMem(asm.R2, asm.R1, skbBegin, asm.Word),
		asm.LoadMem(asm.R3, asm.R1, skbEnd, asm.Word),
	}
	for i, a := range own {
		next := fmt.Sprintf("next%d", i)
		block := hushIPv6(a, next)
		if a.IP.Is4() {
			block = hushIPv4(a, next)
		}
		block = append(block,
			asm.HostTo(asm.BE, asm.R5, asm.Half), // the port
			asm.Sub.Imm(asm.R5, int32(first)),
			asm.JGE.Imm(asm.R5, int32(ports), next),
			asm.Mov.Imm(asm.R0, tcxDrop),
			asm.Return(),
		)
		code = append(append(code, block...), asm.Mov.Imm(asm.R0, 0).WithSymbol(next))
	}
	return append(code, asm.Mov.Imm(asm.R0, tcxNext), asm.Return())
}

// within makes sure that size bytes of the frame are there.
func within(size int32, next string) asm.Instructions {
	return asm.Instructions{asm.Mov.Reg(asm.R4, asm.R2), asm.Add.Imm(asm.R4, size), asm.JGT.Reg(asm.R4, asm.R3, next)}
}

// unless goes on to next if a field differs from its bytes on the wire.
func unless(off int16, size asm.Size, wire []byte, next string) asm.Instructions {
	var b [4]byte
	copy(b[:], wire)
	return asm.Instructions{asm.LoadMem(asm.R5, asm.R2, off, size),
		asm.JNE.Imm32(asm.R5, int32(binary.NativeEndian.Uint32(b[:])), next)}
}

func hushIPv4(a stack.Address, next string) asm.Instructions {
	ip := a.IP.As4()
	code := within(offIP+20+8, next)
	code = append(code, unless(offKind, asm.Half, []byte{0x08, 0x00}, next)...)
	code = append(code, unless(offIP, asm.Byte, []byte{0x45}, next)...)
	code = append(code, unless(offProt4, asm.Byte, []byte{protUDP}, next)...)
	code = append(code, unless(offDst4, asm.Word, ip[:], next)...)
	code = append(code, asm.LoadMem(asm.R5, asm.R2, offFrag4, asm.Half), asm.HostTo(asm.BE, asm.R5, asm.Half),
		asm.And.Imm(asm.R5, 0x3fff), asm.JNE.Imm(asm.R5, 0, next))
	return append(code, asm.LoadMem(asm.R5, asm.R2, offIP+20+2, asm.Half))
}

func hushIPv6(a stack.Address, next string) asm.Instructions {
	ip := a.IP.As16()
	code := within(offIP+40+8, next)
	code = append(code, unless(offKind, asm.Half, []byte{0x86, 0xdd}, next)...)
	code = append(code, unless(offNext6, asm.Byte, []byte{protUDP}, next)...)
	for i := range int16(4) {
		code = append(code, unless(offDst6+4*i, asm.Word, ip[4*i:4*i+4], next)...)
	}
	return append(code, asm.LoadMem(asm.R5, asm.R2, offIP+40+2, asm.Half))
}
