package sandbox

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf16"
)

// mappedPlaces are the offsets in a bundle at which a segment of its source map begins
// (ECMA-426 §5): lines end with ';', segments with ',', and the first number of each is
// how many UTF-16 units it lies behind the one before. A line's first begins at its indent.
func mappedPlaces(sourceMap, code []byte) map[int]bool {
	var m struct{ Mappings string }
	_ = json.Unmarshal(sourceMap, &m) // the bundler wrote it; without it nothing is mapped
	places := map[int]bool{}
	start := 0
	for line := range strings.SplitSeq(m.Mappings, ";") {
		text := code[start:]
		if end := bytes.IndexByte(text, '\n'); end >= 0 {
			text = text[:end]
		}
		column := 0
		for segment := range strings.SplitSeq(line, ",") {
			if segment != "" {
				column += firstNumber(segment)
				at := byteOffset(text, column)
				indent := len(text[at:]) - len(bytes.TrimLeft(text[at:], " "))
				places[start+at+indent] = true
			}
		}
		if start += len(text) + 1; start > len(code) {
			break
		}
	}
	return places
}

const base64Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// firstNumber reads a base-64 VLQ: five bits a digit, the lowest first, whose own lowest
// is the sign.
func firstNumber(segment string) int {
	n := 0
	for i := range len(segment) {
		digit := strings.IndexByte(base64Digits, segment[i])
		n |= (digit & 31) << (5 * i)
		if digit < 32 || i == 5 {
			break
		}
	}
	if n&1 != 0 {
		return -(n >> 1)
	}
	return n >> 1
}

// byteOffset is where a line's UTF-16 unit lies in its UTF-8.
func byteOffset(line []byte, units int) int {
	for i, r := range string(line) {
		if units <= 0 {
			return i
		}
		units -= utf16.RuneLen(r)
	}
	return len(line)
}
