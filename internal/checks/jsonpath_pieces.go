package checks

import (
	"strconv"
	"strings"

	"k8s.io/client-go/util/jsonpath"
)

// pathPiece is a part of a path: its fields up to a bracket, or one bracket. Each value is looked into on its own, for
// client-go gives up the whole path when one list of several is too short for an index.
type pathPiece string

// pieces cuts the path before and after each of its brackets. It is whole if client-go cannot read a piece alone.
func (p jsonPath) pieces() []pathPiece {
	text := p.String()
	var pieces []pathPiece
	from := 0
	cut := func(to int) {
		if to > from {
			pieces = append(pieces, pathPiece("{"+text[from:to]+"}"))
		}
		from = to
	}
	depth, quote := 0, byte(0)
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case depth > 0 && (c == '\'' || c == '"'):
			quote = c
		case c == '[':
			if depth == 0 {
				cut(i)
			}
			depth++
		case c == ']':
			if depth--; depth == 0 {
				cut(i + 1)
			}
		}
	}
	cut(len(text))
	for _, piece := range pieces {
		if _, err := pathNodes(string(piece)); err != nil || strings.HasSuffix(string(piece), ".}") {
			return []pathPiece{pathPiece(p)}
		}
	}
	return pieces
}

// of returns what the piece finds in each of the values.
func (p pathPiece) of(values []any) ([]any, error) {
	// The parser is not made for two at once: it is read anew for each look.
	parsed := jsonpath.New("path").AllowMissingKeys(true)
	if err := parsed.Parse(string(p)); err != nil {
		return nil, err
	}
	var all []any
	for _, value := range p.singly(values) {
		found, err := parsed.FindResults(value)
		if err != nil && !p.isShort(value, err) {
			return nil, err
		}
		for _, results := range found {
			for _, v := range results {
				all = append(all, v.Interface())
			}
		}
	}
	return all, nil
}

// singly returns the values that the piece is to look into. A filter gets each item of a list in a list of its own.
func (p pathPiece) singly(values []any) []any {
	var all []any
	for _, value := range values {
		list, ok := value.([]any)
		switch {
		case value == nil:
		case ok && strings.HasPrefix(string(p), "{[?"):
			for _, item := range list {
				all = append(all, []any{item})
			}
		default:
			all = append(all, value)
		}
	}
	return all
}

// isShort says whether the error means that nothing is there: a list is too short for the one index, or an item's for a
// filter's. Of a range or several indexes, some items may be there, and the error stays one.
func (p pathPiece) isShort(value any, err error) bool {
	list, ok := value.([]any)
	_, notOne := strconv.Atoi(strings.Trim(string(p), "{[]}"))
	filter := strings.HasPrefix(string(p), "{[?")
	return strings.HasPrefix(err.Error(), "array index out of bounds") && (notOne == nil || filter || ok && len(list) == 0)
}
