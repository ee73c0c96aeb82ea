package flow

import "github.com/callwright/callwright/sandbox"

// Faces is the table of all that scripts can name. Each name of the script API is
// either here as built, or under NotBuilt, so that it says so. What the sandbox has of
// its own (state, log, race, console, timers) is not in it.
func Faces() []sandbox.Face {
	return []sandbox.Face{functionsFace(), callFace(), playbackFace(), recordingFace(),
		conferenceFace(), memberFace(), socketFace(), appFace(), metricsFace(), scheduleFace(), kvFace(), registrarFace(), filesFace(), secretsFace(), envFace()}
}

// kinds says how each operation of the table begins, and the sandbox's own ones. Names
// are CLASS.METHOD.
var kinds = map[string]kind{
	".sleep":         {make: func() verb { return &sleep{} }},
	".setTimeout":    {make: func() verb { return &sleep{} }},
	".clearTimeout":  {make: func() verb { return &clearTimeout{} }},
	".conference":    {make: func() verb { return &conference{} }},
	".state.watch":   {make: func() verb { return &watchState{} }},
	".state.unwatch": {make: func() verb { return &unwatch{} }},
	".state.commit":  {make: func() verb { return &commit{} }},

	".bridge":   {make: func() verb { return &bridging{} }, audio: true},
	"Call.dial": {make: func() verb { return &dial{} }, live: true},
	"App.dial":  {make: func() verb { return &appDial{} }},

	"Call.checkpoint": {make: func() verb { return &checkpoint{} }, live: true},
	"Call.silence":    {make: func() verb { return &hush{} }, audio: true},
	"Call.digits":     {make: func() verb { return &nextDigits{} }, audio: true},
	"Call.ring":       {make: func() verb { return &ring{} }, live: true},
	"Call.progress":   {make: func() verb { return &progress{} }, live: true},
	"Call.answer":     {make: func() verb { return &answer{} }, live: true},
	"Call.reject":     {make: func() verb { return &reject{} }, live: true},
	"Call.redirect":   {make: func() verb { return &redirect{} }, live: true},
	"Call.hangup":     {make: func() verb { return &hangup{} }},
	"Call.request":    {make: func() verb { return &inCall{} }, live: true},
	"Call.message":    {make: func() verb { return &message{} }, live: true},
	"Call.info":       {make: func() verb { return &info{} }, live: true},
	"Call.notify":     {make: func() verb { return &notify{} }, live: true},
	"Call.refer":      {make: func() verb { return &refer{} }, live: true},
	"Call.transfer":   {make: func() verb { return &transfer{} }, live: true},
	"Call.mute":       {make: func() verb { return &mute{} }, live: true},
	"Call.unmute":     {make: func() verb { return &mute{} }, live: true},
	"Call.play":       {make: func() verb { return &play{} }, audio: true},
	"Call.gather":     {make: func() verb { return &gather{} }, audio: true},
	"Call.echo":       {make: func() verb { return &echo{} }, audio: true},
	"Call.record":     {make: func() verb { return &record{} }, audio: true},
	"Call.sendDigits": {make: func() verb { return &sendDigits{} }, audio: true},

	".ws":               {make: func() verb { return &socket{} }},
	"Socket.send":       {make: func() verb { return &socketAsk{} }},
	"Socket.ping":       {make: func() verb { return &socketAsk{} }},
	"Socket.close":      {make: func() verb { return &socketAsk{} }},
	".fetch":            {make: func() verb { return &fetching{} }},
	".lock":             {make: func() verb { return &lock{} }},
	"App.use":           {make: func() verb { return &useApp{} }},
	"App.every":         {make: func() verb { return &every{} }},
	"App.limit":         {make: func() verb { return &limit{} }},
	"App.calls":         {make: func() verb { return &listCalls{} }},
	"App.call":          {make: func() verb { return &oneCall{} }},
	"App.emit":          {make: func() verb { return &emit{} }},
	"App.rollback":      {make: func() verb { return &rollback{} }},
	"App.at":            {make: func() verb { return &once{} }},
	"Schedule.cancel":   {make: func() verb { return &steering{} }},
	"Metrics.counter":   {make: func() verb { return &figure{} }},
	"Metrics.gauge":     {make: func() verb { return &figure{} }},
	"Metrics.histogram": {make: func() verb { return &figure{} }},
	"Registrar.lookup":  {make: func() verb { return &lookupUser{} }},
	"Registrar.kick":    {make: func() verb { return &kickUser{} }},
	"Kv.get":            {make: func() verb { return &kvGet{} }},
	"Kv.put":            {make: func() verb { return &kvWrite{} }},
	"Kv.incr":           {make: func() verb { return &kvWrite{} }},
	"Kv.delete":         {make: func() verb { return &kvWrite{} }},
	"Kv.list":           {make: func() verb { return &kvList{} }},

	"Files.read":   {make: func() verb { return &reaching{} }},
	"Files.write":  {make: func() verb { return &reaching{} }},
	"Files.append": {make: func() verb { return &reaching{} }},
	"Files.list":   {make: func() verb { return &reaching{} }},
	"Files.delete": {make: func() verb { return &reaching{} }},
	"Secrets.get":  {make: func() verb { return &reaching{} }},
	"Env.get":      {make: func() verb { return &reaching{} }},

	"Playback.pause":   {make: func() verb { return &steering{} }},
	"Playback.resume":  {make: func() verb { return &steering{} }},
	"Playback.stop":    {make: func() verb { return &steering{} }},
	"Playback.seek":    {make: func() verb { return &steering{} }},
	"Playback.gain":    {make: func() verb { return &steering{} }},
	"Recording.pause":  {make: func() verb { return &steering{} }},
	"Recording.resume": {make: func() verb { return &steering{} }},
	"Recording.stop":   {make: func() verb { return &steering{} }},
	"Recording.mask":   {make: func() verb { return &steering{} }},
	"Recording.unmask": {make: func() verb { return &steering{} }},
	"Recording.mark":   {make: func() verb { return &steering{} }},

	"Conference.join":    {make: func() verb { return &join{} }, audio: true},
	"Conference.members": {make: func() verb { return &members{} }},
	"Conference.get":     {make: func() verb { return &getMember{} }},
	"Conference.mute":    {make: func() verb { return &changeMembers{} }},
	"Conference.unmute":  {make: func() verb { return &changeMembers{} }},
	"Conference.deaf":    {make: func() verb { return &changeMembers{} }},
	"Conference.undeaf":  {make: func() verb { return &changeMembers{} }},
	"Conference.hold":    {make: func() verb { return &changeMembers{} }},
	"Conference.unhold":  {make: func() verb { return &changeMembers{} }},
	"Conference.gain":    {make: func() verb { return &gainMembers{} }},
	"Conference.kick":    {make: func() verb { return &kick{} }},
	"Conference.admit":   {make: func() verb { return &admit{} }},
	"Conference.floor":   {make: func() verb { return &giveFloor{} }},
	"Conference.lock":    {make: func() verb { return &lockRoom{} }},
	"Conference.unlock":  {make: func() verb { return &lockRoom{} }},
	"Conference.play":    {make: func() verb { return &roomPlay{} }},
	"Conference.say":     {make: func() verb { return &roomPlay{} }},
	"Conference.move":    {make: func() verb { return &move{} }},
	"Conference.split":   {make: func() verb { return &split{} }},
	"Conference.merge":   {make: func() verb { return &merge{} }},
	"Conference.matrix":  {make: func() verb { return &matrix{} }},
	"Conference.record":  {make: func() verb { return &roomRecord{} }},
	"Conference.set":     {make: func() verb { return &setRoom{} }},
	"Conference.end":     {make: func() verb { return &endRoom{} }},
}

func functionsFace() sandbox.Face {
	return sandbox.Face{
		Doc: "what scripts import from 'callwright'",
		Methods: []sandbox.Method{
			{Name: "conference", Doc: "opens a conference by its name", Returns: "Conference", ResultType: "Conference",
				Params:  []sandbox.Param{{Name: "name", Type: sandbox.String}},
				Options: roomOptions()},
			{Name: "sleep", Doc: "waits", Params: []sandbox.Param{{Name: "duration", Type: sandbox.Duration}}, ResultType: "void"},
			lockMethod(), fetchMethod(), wsMethod(), bridgeMethod(),
			{Name: "play", Doc: "a source to play", Value: true, Params: []sandbox.Param{{Name: "source", Type: sandbox.Source}}, ResultType: "Value"},
			{Name: "tone", Doc: "a tone to play", Value: true, Params: []sandbox.Param{{Name: "spec", Type: sandbox.String}}, ResultType: "Value"},
			{Name: "silence", Doc: "silence to play", Value: true, Params: []sandbox.Param{{Name: "duration", Type: sandbox.Duration}}, ResultType: "Value"},
			{Name: "say", Doc: "a text to speak", Value: true, Params: []sandbox.Param{{Name: "text", Type: sandbox.String}}, ResultType: "Value",
				Options: append(speechChoices(), sandbox.Option{Name: "lang", Type: sandbox.String}, sandbox.Option{Name: "ssml", Type: sandbox.Boolean})},
			spokenMethod("number", sandbox.Param{Name: "n", Type: sandbox.Number}),
			spokenMethod("digits", sandbox.Param{Name: "n", Type: "string|number"}),
			spokenMethod("money", sandbox.Param{Name: "n", Type: sandbox.Number}, sandbox.Param{Name: "currency", Type: sandbox.String}),
			spokenMethod("date", sandbox.Param{Name: "date", Type: sandbox.Any}, sandbox.Param{Name: "zone", Type: sandbox.String, Optional: true}),
		},
		NotBuilt: []string{"queue", "park", "unpark", "menu", "stream",
			"agent", "amd", "siprec", "http", "trunk", "route", "acl", "ban", "fraud",
			"identity", "topology", "lookup", "pickup", "voicemail", "twiml", "jambonz", "voxengine"},
	}
}

// spokenMethod makes a source that is spoken, in a language.
func spokenMethod(name string, params ...sandbox.Param) sandbox.Method {
	return sandbox.Method{Name: name, Doc: "something to speak", Value: true, ResultType: "Value",
		Params: append(params, sandbox.Param{Name: "lang", Type: sandbox.String, Optional: true}), Options: speechChoices()}
}

func speechChoices() []sandbox.Option {
	return []sandbox.Option{{Name: "voice", Type: sandbox.String}, missing("engine")}
}

// missing is an option of the script API that this release does not have.
func missing(name string) sandbox.Option {
	return sandbox.Option{Name: name, Type: sandbox.Any, NotBuilt: true}
}
