package call

// Message is a SIP request or response as the core sees it: parsed where the core
// must decide, raw elsewhere. engine/signal makes it from the wire and writes it
// to the wire. Header names are canonical long forms ("Via", "Call-ID"); values
// are kept as they came.
type Message struct {
	Method string // of the request, or of the request a response answers (from CSeq)
	Status int    // 0: a request
	Reason string
	URI    string // Request-URI

	Branch  string // of the topmost Via
	SentBy  string // of the topmost Via, host[:port]
	From    Party
	To      Party
	CallID  string
	CSeq    uint32
	Contact string // URI of the first Contact, without brackets
	// ContactParams are that Contact's header parameters (";q=0.5;expires=60").
	ContactParams string   `json:",omitempty"`
	Routes        []string // Record-Route of a received message in order; Route of one to send
	Vias          []string // all, topmost first, raw; a response to a request carries them back

	Headers []Header // all others, in order
	Type    string   // Content-Type of Body
	Body    []byte
}

// Party is a From or To: display name, URI and tag.
type Party struct {
	Name string
	URI  string
	Tag  string
	// Params are further header parameters, raw (";x=y"), kept for the echo.
	Params string
}

// Header is one header field line.
type Header struct {
	Name, Value string
}

// Flow names the way a message came or shall go: transport, our listener and the
// peer. TCP connections have a number; a flow that is gone is opened anew to Remote.
type Flow struct {
	Transport string // "udp", "tcp", "tls", "ws", "wss"
	Local     string // ip:port of our listener
	Remote    string // ip:port
	Conn      uint64 // 0 for UDP
	// Name is whom a TLS certificate must speak for if we open the connection; "": Remote.
	Name string `json:",omitempty"`
}
