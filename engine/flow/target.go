package flow

// Target is the user part (percent-decoded) and the host of a SIP, SIPS or tel URI:
// what routes are matched against.
func Target(uri string) (user, host string) { return userAndHost(uri) }
