package node_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/podlab/podlab/internal/node"
)

// look runs Script's file here, for this process, whose root is this machine's.
func look(t *testing.T, path string) (node.File, error) {
	t.Helper()
	request, err := node.FileRequest(os.Getpid(), path)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("sh", "-c", node.Script+request).Output()
	if err != nil {
		t.Fatal(err)
	}
	return node.ParseFile("here", os.Getpid(), path, out)
}

// Names have what a shell would take for its own, and links lead around.
func TestScriptFollowsNames(t *testing.T) {
	dir := t.TempDir()
	odd := "it's $(a) *\n\"x\"\\ -n\n"
	for _, name := range []string{odd, "plain"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	links := map[string]string{
		"to odd": odd, "absolute": dir + "/plain", "above": "../../../../../../../../.." + dir + "//./plain", "here": ".",
		"dangling": "none", "loop": "loop", "chain0": "plain",
	}
	for i := range 41 {
		links["chain"+strconv.Itoa(i+1)] = "chain" + strconv.Itoa(i)
	}
	for name, to := range links {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{
		odd: odd, "to odd": odd, "absolute": "plain", "above": "plain", "here/here/../" + filepath.Base(dir) + "/plain": "plain",
		"dangling": "", "loop": "", "plain/": "", "plain/..": "", "none/../plain": "", "chain39": "plain", "chain40": "",
	} {
		f, err := look(t, dir+"/"+name)
		// The kernel is the judge.
		content, kernel := os.ReadFile(dir + "/" + name)
		if err != nil || string(f.Body) != want || f.Exists != (want != "") || string(content) != want {
			t.Errorf("%q: %+v, %v; want %q; the kernel says %q, %v", name, f, err, want, content, kernel)
		}
	}
}

func TestScriptTellsKinds(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/long", []byte(strings.Repeat("x", 65538)), 0o640); err != nil {
		t.Fatal(err)
	}
	long, err := look(t, dir+"/long")
	if err != nil || !long.Cut || long.Size != 65538 || len(long.SHA256) != 64 || long.Mode != "640" || long.UID != os.Getuid() {
		t.Errorf("a long file: size %d, hash %q, mode %s, cut %t, %v", long.Size, long.SHA256, long.Mode, long.Cut, err)
	}
	for path, kind := range map[string]string{dir: "directory", "/": "directory", "/dev/null": "device"} {
		if f, err := look(t, path); err != nil || f.Kind != kind {
			t.Errorf("%s: %+v, %v; want a %s", path, f, err, kind)
		}
	}
}
