package lesson

import (
	"fmt"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// MaxManifest is the size of the largest manifest that ParseManifest reads, in bytes.
const MaxManifest = maxYAML

// ParseManifest reads a manifest in a file of its own, as strictly as one of a lesson. File is what messages call it. The
// error is a Mistakes, with all that is wrong.
func ParseManifest(file string, data []byte) ([]*unstructured.Unstructured, error) {
	if len(data) > maxYAML {
		return nil, tooLong(string(data), place{file: file})
	}
	r := &reader{file: file}
	if !r.takeText(data) || r.findManifestControls() {
		return nil, r.found
	}
	objects, mistakes := parseManifest(string(r.src), place{file: file})
	if len(mistakes) > 0 {
		mistakes.Sort()
		return nil, mistakes
	}
	return objects, nil
}

// findManifestControls says which lines hold a control character. A reference to one by its number is a text like any other here.
func (r *reader) findManifestControls() bool {
	for i, start := range r.lines {
		line := string(r.src[start:r.offset(i+1)])
		if at := firstControl(line); at >= 0 {
			c, _ := utf8.DecodeRuneInString(line[at:])
			r.mistake(r.pos(start+at), "control character %s: a manifest is plain text", fmt.Sprintf("%U", c))
		}
	}
	return len(r.found) > 0
}
