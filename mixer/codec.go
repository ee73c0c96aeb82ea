package mixer

import (
	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/media/kernel"
	"github.com/callwright/callwright/media/trunk"
	"github.com/callwright/callwright/mixer/room"
)

// codec is what the trunk's payload types mean.
type codec struct {
	kind  uint8 // payload type
	rate  int   // Hz; 0: no codec
	width int   // bytes a sample
}

func codecOf(c control.Codec) codec {
	switch c {
	case control.Codec_PCMU:
		return codecOfType(trunk.TypePCMU)
	case control.Codec_PCMA:
		return codecOfType(trunk.TypePCMA)
	case control.Codec_L16_8000:
		return codecOfType(trunk.TypeL16)
	case control.Codec_L16_16000:
		return codecOfType(trunk.TypeL16At16k)
	}
	return codec{}
}

func codecOfType(t uint8) codec {
	switch t {
	case trunk.TypePCMU, trunk.TypePCMA:
		return codec{t, 8000, 1}
	case trunk.TypeL16:
		return codec{t, 8000, 2}
	case trunk.TypeL16At16k:
		return codec{t, 16000, 2}
	}
	return codec{}
}

// payload is the size of a frame's payload.
func (c codec) payload() int { return room.Frame(c.rate) * c.width }

func (c codec) decode(k *kernel.Kernels, out []int16, in []byte) {
	switch c.kind {
	case trunk.TypePCMU:
		k.DecodeULaw(out, in)
	case trunk.TypePCMA:
		k.DecodeALaw(out, in)
	default:
		k.DecodeL16(out, in)
	}
}

func (c codec) encode(k *kernel.Kernels, out []byte, in []int16) {
	switch c.kind {
	case trunk.TypePCMU:
		k.EncodeULaw(out, in)
	case trunk.TypePCMA:
		k.EncodeALaw(out, in)
	default:
		k.EncodeL16(out, in)
	}
}
