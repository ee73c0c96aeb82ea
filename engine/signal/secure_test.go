package signal

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"github.com/callwright/callwright/engine/call"
)

// authority issues certificates for tests. Times are those of a bubble, too.
type authority struct {
	t    *testing.T
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	pool *x509.CertPool
	n    int64
}

func newAuthority(t *testing.T) *authority {
	a := &authority{t: t, pool: x509.NewCertPool()}
	a.key = a.newKey()
	a.cert = a.sign(&x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, a.key, nil)
	a.pool.AddCert(a.cert)
	return a
}

func (a *authority) newKey() *ecdsa.PrivateKey {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	return k
}

func (a *authority) sign(c *x509.Certificate, key *ecdsa.PrivateKey, by *x509.Certificate) *x509.Certificate {
	a.n++
	c.SerialNumber, c.Subject = big.NewInt(a.n), pkix.Name{CommonName: "test"}
	c.NotBefore, c.NotAfter = time.Unix(0, 0), time.Unix(1<<33, 0)
	if by == nil {
		by = c
	}
	der, err := x509.CreateCertificate(rand.Reader, c, by, &key.PublicKey, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return cert
}

// put writes NAME.crt and NAME.key for names and addresses.
func (a *authority) put(dir, name string, names ...string) *x509.Certificate {
	c := &x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	for _, n := range names {
		if ip := net.ParseIP(n); ip != nil {
			c.IPAddresses = append(c.IPAddresses, ip)
		} else {
			c.DNSNames = append(c.DNSNames, n)
		}
	}
	key := a.newKey()
	cert := a.sign(c, key, a.cert)
	raw, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	for ext, block := range map[string]*pem.Block{".crt": {Type: "CERTIFICATE", Bytes: cert.Raw}, ".key": {Type: "EC PRIVATE KEY", Bytes: raw}} {
		if err := os.WriteFile(filepath.Join(dir, name+ext), pem.EncodeToMemory(block), 0o600); err != nil {
			a.t.Fatal(err)
		}
	}
	return cert
}

func (a *authority) ring(dir string, clients *x509.CertPool) *Keyring {
	k, err := OpenKeyring(dir, clients, slog.New(slog.DiscardHandler))
	if err != nil {
		a.t.Fatal(err)
	}
	return k
}

var secureServer = netip.MustParseAddrPort("127.0.0.1:5061")

func (b *bench) serveTLS(t *testing.T, config *tls.Config) {
	ln, err := b.net.Listen(secureServer)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		if err := b.ServeTLS(ln, config); err != nil {
			t.Error(err)
		}
	}()
	synctest.Wait()
}

func options(f call.Flow) call.Send {
	return call.Send{Flow: f, Branch: "b", Msg: &call.Message{
		Method: "OPTIONS", URI: "sip:x@127.0.0.1", CallID: "1", CSeq: 1, Branch: "z9hG4bKx", SentBy: "127.0.0.1",
		Vias: []string{"SIP/2.0/TLS 127.0.0.1;branch=z9hG4bKx;rport"},
		From: call.Party{URI: "sip:a@x", Tag: "1"}, To: call.Party{URI: "sip:b@x"},
	}}
}

// Two edges speak over TLS: one connection does for both directions, and only for the name
// that its certificate bears.
func TestTLS(t *testing.T) {
	a, dir := newAuthority(t), t.TempDir()
	a.put(dir, "one", "sip.example.com", "127.0.0.1")
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{})
		b.serveTLS(t, a.ring(dir, nil).Server())
		inputs := make(chan call.Input, 10)
		phone := New(Config{Sink: func(in call.Input) { inputs <- in }, Dial: b.net.Dialer(client), TLS: &tls.Config{RootCAs: a.pool}})
		defer phone.Close()
		f := call.Flow{Transport: "tls", Local: "127.0.0.1:5061", Remote: secureServer.String(), Name: "sip.example.com"}
		for range 3 {
			phone.Send(options(f))
			if r, ok := (<-inputs).(call.Received); !ok || r.Msg.Status != 200 || r.Flow.Transport != "tls" {
				t.Fatalf("%+v", r)
			}
		}
		if n := b.Counters()["tls/opened"]; n != 1 {
			t.Errorf("%d connections", n)
		}
		f.Name = "other.example.com"
		phone.Send(options(f))
		if in, ok := (<-inputs).(call.SendFailed); !ok || !strings.Contains(in.Why, "other.example.com") {
			t.Errorf("a certificate of another name: %+v", in)
		}
		f.Name = "" // its address is in the certificate, too
		phone.Send(options(f))
		if r, ok := (<-inputs).(call.Received); !ok || r.Msg.Status != 200 {
			t.Errorf("%+v", r)
		}
		back := b.inputs()[0].(call.Received).Flow
		b.Send(options(back)) // the client's own connection leads back to it
		if r, ok := (<-inputs).(call.Received); !ok || r.Msg.Method != "OPTIONS" || r.Msg.Status != 0 {
			t.Errorf("%+v", r)
		}
	})
}

// A peer that opens a TLS connection and says nothing, or no TLS, is not waited for longer
// than FirstMessage; and Close waits for none of them.
func TestTLSWithoutHandshake(t *testing.T) {
	a, dir := newAuthority(t), t.TempDir()
	a.put(dir, "one", "127.0.0.1")
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{})
		b.serveTLS(t, a.ring(dir, nil).Server())
		dial := func() net.Conn {
			c, err := b.net.Dialer(client)(t.Context(), secureServer)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { c.Close() })
			return c
		}
		began := time.Now()
		if _, err := dial().Read(make([]byte, 1)); err == nil || time.Since(began) != 30*time.Second {
			t.Errorf("a silent peer: %v after %v", err, time.Since(began))
		}
		c := dial()
		go c.Write([]byte("OPTIONS sip:x SIP/2.0\r\n\r\n"))
		if _, err := c.Read(make([]byte, 1)); err == nil {
			if _, err = c.Read(make([]byte, 100)); err == nil {
				_, err = c.Read(make([]byte, 100))
			}
			if err == nil {
				t.Error("no TLS, and the connection goes on")
			}
		}
		dial() // in the middle of nothing while the edge closes
		synctest.Wait()
		began = time.Now()
		b.Close()
		if d := time.Since(began); d != 0 {
			t.Errorf("closing took %v", d)
		}
	})
}

// shakeWith joins a client to a ring in memory and brings back whom the client has met.
func shakeWith(server *tls.Config, client *tls.Config) (*x509.Certificate, error) {
	a, b := net.Pipe()
	deadline := time.Now().Add(time.Minute)
	a.SetDeadline(deadline)
	b.SetDeadline(deadline)
	defer a.Close()
	go func() {
		defer b.Close()
		s := tls.Server(b, server)
		if s.Handshake() == nil {
			s.Write([]byte("x"))
		}
	}()
	c := tls.Client(a, client)
	if _, err := c.Read(make([]byte, 1)); err != nil { // TLS 1.3: a refused client learns it here
		return nil, err
	}
	return c.ConnectionState().PeerCertificates[0], nil
}

func TestKeyring(t *testing.T) {
	a, dir := newAuthority(t), t.TempDir()
	if _, err := OpenKeyring(dir, nil, slog.Default()); !errors.Is(err, ErrCertificate) {
		t.Errorf("an empty directory: %v", err)
	}
	one, two := a.put(dir, "1", "one.example.com"), a.put(dir, "2", "two.example.com", "*.two.example.com")
	k := a.ring(dir, nil)
	meet := func(name string) *x509.Certificate {
		t.Helper()
		c, err := shakeWith(k.Server(), &tls.Config{RootCAs: a.pool, ServerName: name, InsecureSkipVerify: name == "nobody"})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return c
	}
	for name, want := range map[string]*x509.Certificate{"one.example.com": one, "two.example.com": two, "a.two.example.com": two, "nobody": one} {
		if !meet(name).Equal(want) {
			t.Errorf("%s is shown another certificate", name)
		}
	}
	again := a.put(dir, "1", "one.example.com")
	if !meet("one.example.com").Equal(one) {
		t.Error("the directory is looked at for each handshake")
	}
	k.looked = time.Time{}
	if !meet("one.example.com").Equal(again) {
		t.Error("a new certificate is not shown")
	}
	os.WriteFile(filepath.Join(dir, "1.key"), []byte("no key"), 0o600)
	k.looked = time.Time{}
	if !meet("one.example.com").Equal(again) {
		t.Error("a broken file has replaced a good one")
	}
}

// A listener that wants clients' certificates takes those of its authority only.
func TestMutualTLS(t *testing.T) {
	a, stranger, dir := newAuthority(t), newAuthority(t), t.TempDir()
	a.put(dir, "1", "sip.example.com")
	k := a.ring(dir, a.pool)
	for what, issuer := range map[string]*authority{"known": a, "foreign": stranger, "none": nil} {
		config := &tls.Config{RootCAs: a.pool, ServerName: "sip.example.com"}
		if issuer != nil {
			own := t.TempDir()
			issuer.put(own, "c", "client.example.com")
			pair, err := tls.LoadX509KeyPair(own+"/c.crt", own+"/c.key")
			if err != nil {
				t.Fatal(err)
			}
			config.Certificates = []tls.Certificate{pair}
		}
		if _, err := shakeWith(k.Server(), config); (err == nil) != (what == "known") {
			t.Errorf("a client with %s certificate: %v", what, err)
		}
	}
}

var webServer = netip.MustParseAddrPort("127.0.0.1:8088")

// openWeb opens a WebSocket to a bench.
func (b *bench) openWeb(t *testing.T, header http.Header, protocols ...string) (*websocket.Conn, error) {
	carrier := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return b.net.Dialer(client)(ctx, webServer)
	}}
	ws, r, err := websocket.Dial(t.Context(), "ws://127.0.0.1:8088/", &websocket.DialOptions{
		HTTPClient: &http.Client{Transport: carrier}, HTTPHeader: header, Subprotocols: protocols,
	})
	if r != nil && r.Body != nil && err != nil {
		r.Body.Close()
	}
	carrier.CloseIdleConnections()
	return ws, err
}

func (b *bench) serveWS(t *testing.T) {
	ln, err := b.net.Listen(webServer)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		if err := b.ServeWS(ln, nil); err != nil {
			t.Error(err)
		}
	}()
	synctest.Wait()
}

func TestWebSocket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{})
		b.serveWS(t)
		for what, try := range map[string]func() (*websocket.Conn, error){
			"another protocol": func() (*websocket.Conn, error) { return b.openWeb(t, nil, "chat") },
			"a foreign page": func() (*websocket.Conn, error) {
				return b.openWeb(t, http.Header{"Origin": {"https://evil.example"}}, "sip")
			},
		} {
			if ws, err := try(); err == nil {
				ws.CloseNow()
				t.Errorf("%s is let in", what)
			}
		}
		ws, err := b.openWeb(t, nil, "sip")
		if err != nil {
			t.Fatal(err)
		}
		defer ws.CloseNow()
		say := func(data []byte, want string) {
			t.Helper()
			if err := ws.Write(t.Context(), websocket.MessageText, data); err != nil {
				t.Fatal(err)
			}
			if _, got, err := ws.Read(t.Context()); err != nil || !strings.HasPrefix(string(got), want) {
				t.Fatalf("%q: %q %v", data, got, err)
			}
		}
		say(with("Max-Forwards"), "SIP/2.0 200") // no Content-Length is needed: the message has an end
		say([]byte("\r\n\r\n"), "\r\n")
		say(with("CSeq"), "SIP/2.0 400")
		in := b.inputs()[0].(call.Received)
		if in.Flow.Transport != "ws" || in.Flow.Local != webServer.String() {
			t.Errorf("flow %+v", in.Flow)
		}
		b.Send(options(in.Flow))
		if _, got, err := ws.Read(t.Context()); err != nil || !strings.HasPrefix(string(got), "OPTIONS ") {
			t.Errorf("%q %v", got, err)
		}
		read := make(chan error, 1)
		go func() { _, _, err := ws.Read(t.Context()); read <- err }()
		time.Sleep(time.Hour + 30*time.Second) // its pings are answered by the read; a pipe takes ours between two of them
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := ws.Ping(ctx); err != nil {
			t.Errorf("no pong: %v", err)
		}
		b.Close()
		<-read
		gone := b.inputs()
		if len(gone) != 1 || b.entered != 0 || len(b.perSource) != 0 {
			t.Errorf("%d inputs, %d connections of %v", len(gone), b.entered, b.perSource)
		}
	})
}

// A WebSocket whose client no longer answers is closed, and what is sent to it fails.
func TestWebSocketGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{})
		b.serveWS(t)
		ws, err := b.openWeb(t, nil, "sip")
		if err != nil {
			t.Fatal(err)
		}
		defer ws.CloseNow()
		if err := ws.Write(t.Context(), websocket.MessageText, with("Max-Forwards")); err != nil {
			t.Fatal(err)
		}
		ws.Read(t.Context())
		time.Sleep(2 * time.Minute) // without a Read there is no pong
		if n := b.Counters()["ws/timeout"]; n != 1 {
			t.Errorf("%d time-outs", n)
		}
		b.Send(options(b.inputs()[0].(call.Received).Flow))
		if in, ok := b.inputs()[1].(call.SendFailed); !ok || in.Branch != "b" {
			t.Errorf("%+v", b.inputs())
		}
	})
}
