package main

import (
	"archive/tar"
	"bytes"
	"strings"
	"testing"
)

// entry is one file of an archive, or a link.
type entry struct{ name, content, link string }

func archive(t *testing.T, entries ...entry) *bytes.Buffer {
	t.Helper()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Size: int64(len(e.content)), Mode: 0o644, Typeflag: tar.TypeReg}
		if e.link != "" {
			h.Typeflag, h.Linkname = tar.TypeSymlink, e.link
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(e.content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &buf
}

func TestLayersThatAreSharedCountOnce(t *testing.T) {
	layers, err := read(archive(t,
		entry{name: "base/layer.tar", content: strings.Repeat("b", 4000)},
		entry{name: "one/layer.tar", content: strings.Repeat("1", 1000)},
		entry{name: "two/layer.tar", link: "../one/layer.tar"},
		entry{name: "manifest.json", content: `[{"RepoTags":["one:1"],"Layers":["base/layer.tar","one/layer.tar"]},
			{"RepoTags":["two:2"],"Layers":["base/layer.tar","two/layer.tar"]}]`},
	))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	want := "    0.004 MB  one:1 two:2\n    0.001 MB  one:1 two:2\n    0.005 MB  in 2 layers\n"
	if total := printTable(&out, layers); total != 5000 || out.String() != want {
		t.Errorf("%d bytes:\n%s", total, out.String())
	}
}

func TestALayerThatIsNotThereIsAnError(t *testing.T) {
	_, err := read(archive(t, entry{name: "manifest.json", content: `[{"RepoTags":["one:1"],"Layers":["base/layer.tar"]}]`}))
	if err == nil || !strings.Contains(err.Error(), "base/layer.tar") {
		t.Errorf("got %v", err)
	}
}
