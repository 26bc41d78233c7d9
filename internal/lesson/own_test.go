package lesson

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAManifestInAFileOfItsOwn(t *testing.T) {
	objects, err := ParseManifest("mine.yaml", []byte("\ufeff"+strings.ReplaceAll(pod, "\n", "\r\n")+"---\n"+strings.Replace(pod, "name: a", "name: b", 1)))
	if err != nil || len(objects) != 2 || objects[1].GetName() != "b" {
		t.Errorf("%v %v", objects, err)
	}
	html := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: '&#27;'}\n"
	if _, err := ParseManifest("mine.yaml", []byte(html)); err != nil {
		t.Errorf("a reference in a text: %v", err)
	}
	for name, tc := range map[string]struct{ text, want string }{
		"a mistake":         {strings.Replace(pod, "    image: a\n", "    image: a\n  volumeMounts: []\n", 1), `mine.yaml:9:3: Pod "a": unknown field "spec.volumeMounts" (did you mean "spec.containers[].volumeMounts"?)`},
		"all mistakes":      {pod + "  a: b\n---\na: [\n", "mine.yaml:9:3: Pod \"a\": unknown field \"spec.a\"\nmine.yaml:11:4: bad YAML: sequence end token ']' not found"},
		"nothing":           {"", "mine.yaml:1:1: no object in this manifest"},
		"control character": {pod + "# \x1b[2J\n", "mine.yaml:9:3: control character U+001B: a manifest is plain text"},
		"not text":          {"a: \xff\n", "mine.yaml:1:4: byte 0xff is not UTF-8 text"},
		"too large":         {strings.Repeat("#", maxYAML+1), "mine.yaml:1:1: 65537 bytes of YAML are too many: the most is 65536"},
	} {
		_, err := ParseManifest("mine.yaml", []byte(tc.text))
		if diff := cmp.Diff(tc.want, message(err)); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
}

// FuzzParseManifest holds that no file of a learner's makes podlab panic or hang, and that every mistake lies in the file.
func FuzzParseManifest(f *testing.F) {
	for _, b := range brokenManifests() {
		_, yaml, _ := strings.Cut(b.lesson, "~~~yaml apply\n")
		f.Add([]byte(yaml))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		objects, err := ParseManifest("mine.yaml", data)
		if err == nil {
			if len(objects) == 0 {
				t.Error("no object and no mistake")
			}
			return
		}
		var mistakes Mistakes
		if !errors.As(err, &mistakes) || len(mistakes) == 0 {
			t.Fatalf("not a list of mistakes: %v", err)
		}
		lines := strings.Count(strings.ReplaceAll(string(data), "\r", "\n"), "\n") + 2
		for _, m := range mistakes {
			if m.Pos.Line < 1 || m.Pos.Line > lines || strings.ContainsAny(m.Message, "\n\r") {
				t.Errorf("bad mistake: %q of %d lines", m.Error(), lines)
			}
		}
	})
}
