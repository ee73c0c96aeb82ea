package prompt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"syscall"
	"time"

	"github.com/callwright/callwright/media/control"
)

// webLimit is how long a server may take until its answer begins.
const webLimit = 10 * time.Second

// fetch reads a URL to a writer. It goes only where the brain said: the URL's own host,
// and those it named for redirects; to addresses that are not public only if told.
func fetch(ctx context.Context, w *control.Web, to io.Writer) error {
	client, err := WebClient(w)
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.GetUrl(), nil)
	if err != nil {
		return err
	}
	res, err := client.Do(req)
	if err != nil {
		return shortened(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the server answered %s", res.Status)
	}
	_, err = io.Copy(to, res.Body)
	return err
}

// shortened drops the URL, which the caller says already.
func shortened(err error) error {
	if ue, ok := errors.AsType[*url.Error](err); ok {
		return ue.Err
	}
	return err
}

// WebClient is a client that reaches what w allows and nothing else. Its idle
// connections are the caller's to close.
func WebClient(w *control.Web) (*http.Client, error) {
	u, err := url.Parse(w.GetUrl())
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return nil, fmt.Errorf("%.200q is no http or https URL", w.GetUrl())
	}
	own := hostPort(u)
	dial := net.Dialer{Timeout: webLimit, ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err == nil && !public(at.Addr()) && !w.GetPrivate() {
			return fmt.Errorf("%s is not a public address", at.Addr())
		}
		return err
	}}
	return &http.Client{
		Transport: &http.Transport{DialContext: dial.DialContext, TLSHandshakeTimeout: webLimit, ResponseHeaderTimeout: webLimit},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			at := hostPort(r.URL)
			switch {
			case len(via) > 5:
				return errors.New("more than 5 redirects")
			case at != own && !slices.Contains(w.GetHosts(), at):
				return fmt.Errorf("it leads to %s, which is not granted", at)
			}
			return nil
		},
	}, nil
}

func hostPort(u *url.URL) string {
	if u.Port() != "" {
		return u.Host
	}
	if u.Scheme == "https" {
		return net.JoinHostPort(u.Hostname(), "443")
	}
	return net.JoinHostPort(u.Hostname(), "80")
}

func public(a netip.Addr) bool {
	a = a.Unmap()
	return a.IsGlobalUnicast() && !a.IsPrivate() && !sharedSpace.Contains(a) && !nat64.Contains(a)
}

var (
	sharedSpace = netip.MustParsePrefix("100.64.0.0/10") // RFC 6598
	nat64       = netip.MustParsePrefix("64:ff9b::/96")  // RFC 6052: may lead to any IPv4 address
)
