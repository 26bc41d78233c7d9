package images

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// Every folder is an image that podlab knows, under the folder's name and a tag of its own.
func TestNames(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var folders, known []string
	for _, e := range entries {
		if e.IsDir() {
			folders = append(folders, e.Name())
		}
	}
	for _, name := range Names() {
		folder, tag, _ := strings.Cut(name, ":")
		if tag == "" || tag == "latest" {
			t.Errorf("%s has no tag of its own", name)
		}
		known = append(known, folder)
	}
	if !slices.Equal(known, folders) {
		t.Errorf("the Dockerfiles name %q, the folders are %q", known, folders)
	}
}
