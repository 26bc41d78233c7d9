package draft

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

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

func TestWhatWasWrittenIsKeptAtAReset(t *testing.T) {
	f := folder(t)
	starts := map[string]string{"mend-it": "start\n", "another": "x\n"}
	write := func(s string) {
		path, _ := begin(t, f, "start\n")
		if err := os.WriteFile(path, []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	path := f.Path("proxy", "mend-it")
	for _, step := range []struct {
		text string
		kept []string
	}{
		{"first\n", []string{path + "~"}},
		{"start\n", nil}, // nothing of hers
		{"second\n", []string{path + "~2"}},
		{"third\n", []string{path + "~3"}},
	} {
		write(step.text)
		kept, err := f.PutAside("proxy", starts)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(step.kept, kept); diff != "" {
			t.Error(diff)
		}
		if exists(path) {
			t.Error("the step does not begin anew")
		}
	}
	if text(t, path+"~") != "first\n" || text(t, path+"~2") != "second\n" || text(t, path+"~3") != "third\n" {
		t.Error("what was written is lost")
	}
	if kept, err := f.PutAside("proxy", starts); err != nil || kept != nil {
		t.Errorf("nothing there: %v %v", kept, err)
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
