package flow

import (
	"encoding/base64"
	"fmt"
	"unicode/utf8"

	"github.com/callwright/callwright/engine/file"
	"github.com/callwright/callwright/sandbox"
)

// reaching is files.…, secrets.get and env.get: the edge performs it and answers with
// Reached.
type reaching struct {
	Path     string `json:"path"`
	Name     string `json:"name"`
	Data     string `json:"data"`
	Encoding string `json:"encoding"`
	Offset   int64  `json:"offset"`
	Limit    int64  `json:"limit"`
}

type reached struct{ file.Result }

// reachDo names what each operation asks of the edge.
var reachDo = map[string]string{"Files.read": file.Read, "Files.write": file.Write, "Files.append": file.Append, "Files.list": file.List,
	"Files.delete": file.Delete, "Secrets.get": file.Secret, "Env.get": file.Env}

func (v *reaching) begin(o *operation) {
	r := file.Request{App: o.u.app, Do: v.do(o), Name: v.Path + v.Name, Data: []byte(v.Data), Offset: v.Offset, Limit: v.Limit}
	o.masked = r.Do == file.Secret
	switch {
	case v.Offset < 0 || v.Limit < 0 || v.Limit > file.MaxBytes:
		o.fail(badOption(fmt.Sprintf("%s: offset is at least 0, and limit at most %d", o.name(), file.MaxBytes)))
		return
	case v.Encoding == "base64":
		data, err := base64.StdEncoding.DecodeString(v.Data)
		if err != nil {
			o.fail(badOption(o.name() + ": the data is no base64"))
			return
		}
		r.Data = data
	}
	o.f.emit(Reach{Unit: o.u.id, Op: o.n, Request: r})
}

func (v *reaching) do(o *operation) string { return reachDo[o.class+"."+o.method] }

func (v *reaching) step(o *operation, e event) {
	r, ok := e.(reached)
	if !ok {
		return
	}
	switch do := v.do(o); {
	case r.Error != nil:
		o.fail(hostError(r.Error.Name, o.name()+": "+r.Error.Message))
	case do == file.Delete:
		o.complete(!r.None)
	case r.None:
		o.complete(nil)
	case do == file.List:
		o.completeWithin(r.Entries)
	case do == file.Write || do == file.Append:
		o.complete(nil)
	case v.Encoding == "base64":
		o.completeWithin(base64.StdEncoding.EncodeToString(r.Data))
	case !utf8.Valid(r.Data):
		o.fail(hostError("TypeError", fmt.Sprintf("%s: %s is no UTF-8 text; read it with { encoding: 'base64' }", o.name(), v.Path+v.Name)))
	default:
		if do == file.Secret && len(r.Data) > 3 { // short ones would blot out half the log
			o.u.secrets = append(o.u.secrets, string(r.Data))
		}
		o.completeWithin(string(r.Data))
	}
}

// completeWithin completes with what one entry of a journal can hold.
func (o *operation) completeWithin(v any) {
	raw := encode(v)
	if len(raw) > maxResult {
		o.fail(hostError("RangeError", fmt.Sprintf("%s: %d bytes in the journal, at most %d: ask for less", o.name(), len(raw), maxResult)))
		return
	}
	o.complete(raw)
}

func filesFace() sandbox.Face {
	path := sandbox.Param{Name: "path", Type: sandbox.String}
	data := sandbox.Param{Name: "data", Type: sandbox.String}
	encoding := sandbox.Option{Name: "encoding", Type: "'text'|'base64'", Default: "text"}
	return sandbox.Face{Class: "Files", Export: "files", Doc: "files below the folders the app was granted",
		Methods: []sandbox.Method{
			{Name: "read", Doc: "a file's text", ResultType: "string | null", Params: []sandbox.Param{path},
				Options: []sandbox.Option{{Name: "offset", Type: sandbox.Integer, Default: 0}, {Name: "limit", Type: sandbox.Integer}, encoding}},
			{Name: "write", Doc: "replaces a file", ResultType: "void", Params: []sandbox.Param{path, data}, Options: []sandbox.Option{encoding}},
			{Name: "append", Doc: "adds to a file", ResultType: "void", Params: []sandbox.Param{path, data}, Options: []sandbox.Option{encoding}},
			{Name: "list", Doc: "what a folder holds", ResultType: "FileEntry[] | null", Params: []sandbox.Param{path}},
			{Name: "delete", Doc: "removes a file", ResultType: "boolean", Params: []sandbox.Param{path}},
		}}
}

func secretsFace() sandbox.Face {
	return sandbox.Face{Class: "Secrets", Export: "secrets", Doc: "secrets the app was granted",
		Methods: []sandbox.Method{{Name: "get", Doc: "a secret", ResultType: "string | null", Params: []sandbox.Param{{Name: "name", Type: sandbox.String}}}}}
}

func envFace() sandbox.Face {
	return sandbox.Face{Class: "Env", Export: "env", Doc: "names of the environment the app was granted",
		Methods: []sandbox.Method{{Name: "get", Doc: "a value", ResultType: "string | null", Params: []sandbox.Param{{Name: "name", Type: sandbox.String}}}}}
}
