package checks

import (
	"encoding"
	"reflect"
	"regexp"
	"testing"
)

// reads says whether the field's type takes the text.
func reads(t reflect.Type, text string) bool {
	return reflect.New(t).Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text)) == nil
}

func TestFieldTypesTakeTheWordsOfTheSchema(t *testing.T) {
	for of, words := range wordsOf() {
		for _, word := range words {
			if !reads(of, word) {
				t.Errorf("%v does not take %q", of, word)
			}
		}
		if reads(of, "no such word") {
			t.Errorf("%v takes any word", of)
		}
	}
}

// TestPatternsAllowWhatFieldTypesTake tries texts of all sorts on all types: what the type takes, its pattern must allow.
func TestPatternsAllowWhatFieldTypesTake(t *testing.T) {
	texts := []string{
		"demoduo", "a.b-c", "a", "0", "7", "+3", "-1", "2/2", "0/1", "web/app", "a.b/app", "Pod", "EndpointSlice", "A_B", "x.y", "/", "/data/a b", "644", "0o644",
		">= 3", "<=2.5", "!= 0", "== 1", " 3 ", "1e3", ".5", "=7", "containerd-shim-runc-v2", "0x162e", "5678", "0b11", "1_000", "10s", "1m30s", "1.5s", "1500ms",
		"", " ", "a b", "a/b", "A b", "data", "x", "%", ">", "s",
	}
	for of, pattern := range patternsOf() {
		taken := 0
		for _, text := range texts {
			if reads(of, text) {
				taken++
				if !regexp.MustCompile(pattern).MatchString(text) {
					t.Errorf("%v takes %q, and the pattern %s does not", of, text, pattern)
				}
			}
		}
		if taken == 0 || regexp.MustCompile(pattern).MatchString("") {
			t.Errorf("%v takes %d of the texts; its pattern is %s", of, taken, pattern)
		}
	}
}
