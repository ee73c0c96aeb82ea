package control

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

// wire pairs our errors with the status codes they travel as. ErrClosed is not among
// them: a hub that closes ends its streams in order, with OK.
func wire() []struct {
	err  error
	code codes.Code
} {
	return []struct {
		err  error
		code codes.Code
	}{
		{ErrSecret, codes.PermissionDenied},
		{ErrReplaced, codes.AlreadyExists},
		{ErrEpoch, codes.FailedPrecondition},
		{ErrHello, codes.InvalidArgument},
		{ErrSlowWorker, codes.ResourceExhausted},
		{ErrSilent, codes.DeadlineExceeded},
		{ErrGone, codes.Aborted},
	}
}

// Serve takes workers from ln, a unix socket or TCP on loopback, until Close (nil).
// Who may connect is for the socket's mode and the secret to say.
func (h *Hub) Serve(ln net.Listener) error {
	return h.serveOn(ln, server{hub: h})
}

// ServeTLS takes workers of other machines: their certificates are what cfg says, and
// stand for the secret. cfg must offer "h2".
func (h *Hub) ServeTLS(ln net.Listener, cfg *tls.Config) error {
	return h.serveOn(ln, server{hub: h, known: true}, grpc.Creds(credentials.NewTLS(cfg)))
}

func (h *Hub) serveOn(ln net.Listener, to server, opts ...grpc.ServerOption) error {
	s := grpc.NewServer(append(opts, grpc.ConnectionTimeout(helloTime))...)
	RegisterControlServer(s, to)
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		ln.Close()
		return ErrClosed
	}
	h.servers = append(h.servers, s)
	h.mu.Unlock()
	if err := s.Serve(ln); err != nil && !errors.Is(err, grpc.ErrServerStopped) {
		return fmt.Errorf("control: serve %v: %w", ln.Addr(), err)
	}
	return nil
}

type server struct {
	UnimplementedControlServer
	hub   *Hub
	known bool // who connects is, by certificate
}

func (s server) Link(stream grpc.BidiStreamingServer[ToBrain, ToWorker]) error {
	err := s.hub.serve(stream, s.known)
	if errors.Is(err, ErrClosed) {
		return nil
	}
	for _, w := range wire() {
		if errors.Is(err, w.err) {
			return status.Error(w.code, err.Error())
		}
	}
	return err
}

// DialGRPC returns a Dialer for a target such as "unix:/run/callwright/control.sock"
// or "127.0.0.1:7000". The connection is plain: it never leaves the machine.
func DialGRPC(target string) Dialer { return dialer(target, insecure.NewCredentials(), time.Second) }

// DialTLS returns a Dialer for brains on other machines: each time for the next of the
// targets, "10.0.0.1:7100", for only the active one of them takes workers.
func DialTLS(targets []string, cfg *tls.Config) Dialer {
	var next atomic.Uint64
	return func(ctx context.Context) (Conn, error) {
		target := targets[(next.Add(1)-1)%uint64(len(targets))]
		conn, err := dialer("passthrough:///"+target, credentials.NewTLS(cfg), fleetConnect)(ctx)
		if err == nil {
			next.Add(^uint64(0)) // if it is lost, it may be back
		}
		return conn, err
	}
}

// fleetConnect is how long one brain of several may take to answer.
const fleetConnect = 300 * time.Millisecond

func dialer(target string, creds credentials.TransportCredentials, connect time.Duration) Dialer {
	return func(ctx context.Context) (Conn, error) {
		conn, err := grpc.NewClient(target, grpc.WithTransportCredentials(creds),
			grpc.WithConnectParams(grpc.ConnectParams{Backoff: backoff.DefaultConfig, MinConnectTimeout: connect}))
		if err != nil {
			return nil, fmt.Errorf("dial %s: %w", target, err)
		}
		ctx, cancel := context.WithCancel(ctx)
		stream, err := NewControlClient(conn).Link(ctx)
		if err != nil {
			cancel()
			conn.Close()
			return nil, fmt.Errorf("dial %s: %w", target, err)
		}
		return grpcStream{stream, func() { cancel(); conn.Close() }}, nil
	}
}

type grpcStream struct {
	grpc.BidiStreamingClient[ToBrain, ToWorker]
	end func()
}

func (s grpcStream) Close() { s.end() }

// Recv gives a refusal as the error the hub had.
func (s grpcStream) Recv() (*ToWorker, error) {
	m, err := s.BidiStreamingClient.Recv()
	if err == nil {
		return m, nil
	}
	if errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w by the brain", ErrClosed)
	}
	for _, w := range wire() {
		if status.Code(err) == w.code {
			return nil, fmt.Errorf("%w (%w)", w.err, err)
		}
	}
	return nil, err
}

// stopServers lets the streams, which have failed by now, tell their workers so, and
// cuts off who does not listen.
func stopServers(servers []*grpc.Server) {
	for _, s := range servers {
		hard := time.AfterFunc(farewellTime, s.Stop)
		s.GracefulStop()
		hard.Stop()
	}
}
