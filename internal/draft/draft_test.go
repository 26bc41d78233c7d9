package draft

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func folder(t *testing.T) Folder { return In(filepath.Join(t.TempDir(), "work")) }

func text(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func begin(t *testing.T, f Folder, start string) (path string, begun bool) {
	t.Helper()
	begun, err := f.Begin("proxy", "mend-it", start)
	if err != nil {
		t.Fatal(err)
	}
	return f.Path("proxy", "mend-it"), begun
}

func TestADraftIsBegunOnceAndItsOwnersAlone(t *testing.T) {
	f := folder(t)
	path, begun := begin(t, f, "start\n")
	if !begun || text(t, path) != "start\n" || !strings.HasSuffix(filepath.ToSlash(path), "/work/proxy/mend-it.yaml") {
		t.Errorf("%s, %v", path, begun)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if err := os.WriteFile(path, []byte("mine\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, begun := begin(t, f, "another start\n"); begun || text(t, path) != "mine\n" {
		t.Error("what the learner wrote is lost")
	}
	data, err := f.Read("proxy", "mend-it", 2)
	if err != nil || string(data) != "min" {
		t.Errorf("%q %v", data, err)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("left beside it: %v %v", entries, err)
	}
}

func TestManyBeginOneDraft(t *testing.T) {
	f := folder(t)
	var all sync.WaitGroup
	for _, start := range []string{"a\n", "b\n", "c\n", "d\n"} {
		all.Go(func() {
			if _, err := f.Begin("proxy", "mend-it", start); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got := text(t, f.Path("proxy", "mend-it")); len(got) != 2 {
		t.Errorf("%q", got)
	}
}

// at is when the drafts of the tests are put aside.
func at() time.Time { return time.Date(2026, 11, 21, 8, 45, 0, 0, time.UTC) }

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func putAside(t *testing.T, f Folder, want ...string) {
	t.Helper()
	starts := map[string]string{"mend-it": "start\n", "another": "x\n"}
	kept, err := f.PutAside("proxy", starts, at())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, kept); diff != "" {
		t.Error(diff)
	}
	for step := range starts {
		if exists(f.Path("proxy", step)) {
			t.Errorf("%s does not begin anew", step)
		}
	}
}

func TestWhatWasWrittenIsKeptAtAReset(t *testing.T) {
	f := folder(t)
	path, another := f.Path("proxy", "mend-it"), f.Path("proxy", "another")
	dir := filepath.Dir(path)
	first := filepath.Join(dir, "kept-2026-11-21T084500", "mend-it.yaml")
	second := filepath.Join(dir, "kept-2026-11-21T084500-2", "another.yaml")
	third := filepath.Join(dir, "kept-2026-11-21T084500-2", "mend-it.yaml")

	write(t, path, "first\n")
	putAside(t, f, first)
	write(t, path, "start\n") // nothing of hers
	putAside(t, f)
	write(t, path+"~", "an editor's backup\n")
	write(t, path, "third\n")
	write(t, another, "y\n") // as long as what its step begins with
	putAside(t, f, second, third)
	putAside(t, f) // nothing there

	if text(t, first) != "first\n" || text(t, second) != "y\n" || text(t, third) != "third\n" || text(t, path+"~") != "an editor's backup\n" {
		t.Error("what was written is lost")
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 3 {
		t.Errorf("left behind: %v %v", entries, err)
	}
}

func TestAFolderInThePlaceOfTheFileStandsInNoOnesWay(t *testing.T) {
	f := folder(t)
	path := f.Path("proxy", "mend-it")
	write(t, filepath.Join(path, "notes"), "mine\n")
	kept := filepath.Join(filepath.Dir(path), "kept-2026-11-21T084500", "mend-it.yaml")
	putAside(t, f, kept)
	if text(t, filepath.Join(kept, "notes")) != "mine\n" {
		t.Error("what was in it is lost")
	}
}

func TestWithoutLinksAFileThatIsThereStays(t *testing.T) {
	noLinks := func(string, string) error { return errors.ErrUnsupported }
	path := filepath.Join(t.TempDir(), "mend-it.yaml")
	if err := create(path, "start\n", noLinks); err != nil || text(t, path) != "start\n" {
		t.Errorf("%v", err)
	}
	appears := func(string, string) error {
		write(t, path, "mine\n")
		return errors.ErrUnsupported
	}
	if err := create(path, "start\n", appears); err != nil || text(t, path) != "mine\n" {
		t.Errorf("%v", err)
	}
	if err := createUnlinked(path, "start\n"); err != nil || text(t, path) != "mine\n" {
		t.Errorf("%v: what was there was overwritten", err)
	}
}

func TestWhatIsNoFileIsNotRead(t *testing.T) {
	f := folder(t)
	if _, err := f.Read("proxy", "mend-it", 10); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
	if err := os.MkdirAll(f.Path("proxy", "mend-it"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Read("proxy", "mend-it", 10); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("%v", err)
	}
}

func TestAFolderThatCannotBeMade(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := In(file).Begin("proxy", "mend-it", "start\n"); err == nil {
		t.Error("no error")
	}
}
