package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"

	"github.com/callwright/callwright/cmd/callwright/phone"
)

// takeCall is the softphone that is called.
func takeCall(ctx context.Context, args []string, f callFlags, stdout io.Writer) (err error) {
	if len(args) > 0 {
		return refusal{errors.New("call: --listen waits for a call; it takes no URI")}
	}
	cfg, files, err := listenConfig(f)
	if err != nil {
		return refusal{err}
	}
	defer func() {
		if e := files.close(); e != nil && err == nil {
			err = e
		}
	}()
	if !f.printJSON {
		fmt.Fprintln(stdout, "waiting at sip:"+cfg.SIP.LocalAddr().String())
	}
	return told(ctx, phone.Answer, cfg, f, stdout)
}

// listenConfig opens what a phone that is called needs.
func listenConfig(f callFlags) (cfg phone.Config, files *sounds, err error) {
	at, err := netip.ParseAddrPort(f.listen)
	if err != nil || at.Addr().IsUnspecified() {
		return cfg, nil, fmt.Errorf("call: --listen %s: an IP address of this machine with a port is needed, such as 127.0.0.1:5070", f.listen)
	}
	if files, err = openSounds(f.play, f.record); err != nil {
		return cfg, nil, err
	}
	cfg = phone.Config{
		Codec: f.codec, Digits: f.digits, Duration: f.duration, Expect: f.expect, Ring: f.ring, Refuse: f.reject,
		Speak: files.speak, Heard: files.hear,
	}
	rand.Read(cfg.Seed[:])
	if cfg.RTP, err = openRTP(at.Addr()); err == nil {
		if cfg.SIP, err = net.ListenPacket("udp", at.String()); err != nil {
			cfg.RTP.Close()
		}
	}
	if err != nil {
		files.close()
		return cfg, nil, bindError(err)
	}
	return cfg, files, nil
}
