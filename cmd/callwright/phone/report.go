package phone

import "time"

// Milestone is something worth telling about a call, and when after the dialling.
type Milestone struct {
	At   time.Duration `json:"-"`
	Ms   float64       `json:"ms"`
	What string        `json:"what"` // "INVITE sent", "180 Ringing", "first RTP" …
}

// Report is what became of a call.
type Report struct {
	URI        string      `json:"uri"`
	Answered   bool        `json:"answered"`
	Status     int         `json:"status"` // of the last final response to the INVITE, 0: none
	Reason     string      `json:"reason,omitempty"`
	EndedBy    string      `json:"endedBy,omitempty"` // "caller" (us), "callee", "engine" (a time-out)
	Cause      string      `json:"cause,omitempty"`
	SetupMs    float64     `json:"setupMs,omitempty"` // INVITE to 200
	TalkMs     float64     `json:"talkMs,omitempty"`
	Codec      string      `json:"codec,omitempty"`
	Expected   float64     `json:"expectedHz,omitempty"`
	Heard      bool        `json:"heard,omitempty"`
	Digits     string      `json:"digits,omitempty"`
	DigitsSent bool        `json:"digitsSent,omitempty"`
	RTP        Figures     `json:"rtp"`
	Milestones []Milestone `json:"milestones"`
}

// Figures are counts of RTP packets, telephone-events included.
type Figures struct {
	Sent     int     `json:"sent"`
	Received int     `json:"received"`
	Lost     int     `json:"lost"`     // by sequence number
	Late     int     `json:"late"`     // came after their time, not in the recording
	Dropped  int     `json:"dropped"`  // no RTP, or of no known payload type
	JitterMs float64 `json:"jitterMs"` // RFC 3550 §A.8
}
