package signal

import "strings"

// names are the header fields this package and the core look for, by their lower
// case and compact forms (RFC 3261 §7.3.3 and the registry). It is read only.
var names = map[string]string{
	"via": "Via", "v": "Via", "from": "From", "f": "From", "to": "To", "t": "To", "call-id": "Call-ID", "i": "Call-ID",
	"cseq": "CSeq", "contact": "Contact", "m": "Contact", "max-forwards": "Max-Forwards",
	"content-length": "Content-Length", "l": "Content-Length", "content-type": "Content-Type", "c": "Content-Type",
	"content-encoding": "Content-Encoding", "e": "Content-Encoding", "record-route": "Record-Route", "route": "Route",
	"require": "Require", "proxy-require": "Proxy-Require", "supported": "Supported", "k": "Supported",
	"unsupported": "Unsupported", "accept": "Accept", "allow": "Allow", "reason": "Reason", "retry-after": "Retry-After",
	"subject": "Subject", "s": "Subject", "refer-to": "Refer-To", "r": "Refer-To", "referred-by": "Referred-By", "b": "Referred-By",
	"event": "Event", "o": "Event", "allow-events": "Allow-Events", "u": "Allow-Events", "session-expires": "Session-Expires",
	"x": "Session-Expires", "accept-contact": "Accept-Contact", "a": "Accept-Contact", "identity": "Identity", "y": "Identity",
	"user-agent": "User-Agent", "server": "Server", "warning": "Warning", "expires": "Expires",
	"authorization": "Authorization", "proxy-authorization": "Proxy-Authorization",
	"www-authenticate": "WWW-Authenticate", "proxy-authenticate": "Proxy-Authenticate",
	"p-asserted-identity": "P-Asserted-Identity", "diversion": "Diversion", "alert-info": "Alert-Info",
}

// canonical brings back the long form of a name; one that is not known stays.
func canonical(name string) string {
	if c, ok := names[name]; ok {
		return c
	}
	if c, ok := names[strings.ToLower(name)]; ok {
		return c
	}
	return name
}
