package sandbox

// Face describes one class of host objects, or (Class "") the functions that
// scripts import from 'callwright'. Faces are data given by the engine: the host
// makes the objects, checks arguments and names operations from them alone.
type Face struct {
	Class   string
	Doc     string
	Methods []Method
	Fields  []Field
	// Events that on, once, off, and events accept on this object. An object with
	// events has those four methods.
	Events []string
	// Bus: an event whose name holds a colon ("crm:changed") is known, whatever it is.
	Bus bool
	// Serves are events whose listeners answer: a Called input with the object's handle
	// and the event is answered by what the first listener gives that gives anything.
	Serves []string
	// Verdicts are, by event of Serves, methods that the event's object has. Calling one
	// says { verdict: NAME, args: […] }, which it returns, too; what the listener gives
	// goes first.
	Verdicts map[string][]string
	// Promises are promise fields ("ended"), settled by the event of that name.
	Promises []string
	// Export is the name under which 'callwright' exports the one object of this
	// class, whose handle is that name too. "App" has "app" without saying so.
	Export string
	// NotBuilt are names of the API that this release does not have yet: reading
	// one throws an Error "call.hold is not built yet".
	NotBuilt []string
}

// Field is a property read from the object's snapshot. Writable: the script may
// assign it and it travels back (call.vars); JSON only.
type Field struct {
	Name, Type, Doc string
	Writable        bool
	// Part: the field is an object of that class, whose handle is "OBJECT.FIELD".
	Part string
	// Version: the field is the version of the app that runs, and in no snapshot.
	Version bool
}

// Method is one verb.
type Method struct {
	Name    string
	Doc     string
	Params  []Param  // positional
	Options []Option // of a last argument object; nil: takes none
	// Returns is the class of the result: "" for plain JSON. With Handle, the call
	// returns an object of that class at once (it is thenable and resolves to the
	// operation's result); its handle is "op:N". Otherwise a promise of an object
	// of that class, whose handle and fields are the result's "$handle", "$fields".
	Returns string
	Handle  bool
	// Value: no operation; returns {"$value": Name, …args} at once (play('a.wav')).
	Value bool
	// Remote: no operation; returns at once an object whose every property is a function.
	// Calling one is the operation of this method, with "function", its name, and "args",
	// the list of its arguments, beside the method's own (app.use('billing').price(1)).
	Remote bool
	// Tell: the operation has no result: the call gives undefined at once, and nothing
	// of it is in the journal.
	Tell bool
	// Global: a global of that name instead of an export of 'callwright' (fetch).
	Global bool
	// Local: no operation; the host does it itself: "race", and what Hears.
	Local bool
	// Hears: its one argument is a function that listens for that event of the object.
	Hears string
	// Brief: the functions among its arguments are not asked after the operation's
	// end, and are let go then. Otherwise they live as long as the unit.
	Brief bool
	// ResultType is the TypeScript type of the result, for the .d.ts test.
	ResultType string
}

// Param is a positional parameter.
type Param struct {
	Name     string
	Type     Type
	Optional bool
	Rest     bool // takes all further arguments, as an array
}

// Option is a named option with its default.
type Option struct {
	Name     string
	Type     Type
	Default  any // nil: absent
	Doc      string
	NotBuilt bool // known by name; giving it throws "not built yet"
}

// Type is what a value must be, and how it travels.
type Type string

const (
	String   Type = "string"
	Number   Type = "number"
	Integer  Type = "integer"
	Boolean  Type = "boolean"
	Duration Type = "duration" // ms number or '5s', '200ms', '1m', '2h'; travels as ms
	Source   Type = "source"   // a string, a value ({"$value"}) or a list of those; travels as a list
	Object   Type = "object"   // any JSON object
	Any      Type = "any"      // any JSON
	Function Type = "function" // travels as {"$fn": id}
	Pattern  Type = "pattern"  // RegExp or function; a RegExp travels as {"$re": source, "flags": …} and is asked like a function: {"$fn": id}
	Strings  Type = "strings"  // array of strings
	Handle   Type = "handle"   // a host object; travels as its handle, {"$handle": "call"}
	Selector Type = "selector" // member id, member object, array of them, or {tag,…} object
	Payload  Type = "payload"  // a string or bytes; travels as {"text"} or {"base64"}
	// Enums are written "'a'|'b'|3".
)
