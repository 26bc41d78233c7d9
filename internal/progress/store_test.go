package progress

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/gofrs/flock"
	"github.com/google/go-cmp/cmp"
)

func open(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func read(t *testing.T, s *Store) Progress {
	t.Helper()
	p, err := s.Read()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestOpenMakesNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "podlab")
	if got := read(t, open(t, dir)); got.Last != (Place{}) || len(got.Courses) != 0 {
		t.Errorf("progress of a new learner: %+v", got)
	}
	if exists(dir) {
		t.Errorf("%s exists although nothing was saved", dir)
	}
}

func TestProgressOutlivesTheStore(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state", "podlab")
	s := open(t, dir)
	must(t, s.Visit("podlab", "solo", "look"))
	must(t, s.Visit("podlab", "duo", "create-the-pod"))
	must(t, s.Done("podlab", "duo", "create-the-pod"))
	must(t, s.Visit("podlab", "duo", "count"))
	must(t, s.Done("podlab", "duo", "count"))
	must(t, s.Done("podlab", "duo", "create-the-pod")) // again: no second entry

	want := Progress{Version: 1, Last: Place{"podlab", "duo"}, Courses: map[string]map[string]Lab{"podlab": {
		"solo": {Step: "look"},
		"duo":  {Step: "count", Done: []string{"create-the-pod", "count"}},
	}}}
	again := open(t, dir)
	if diff := cmp.Diff(want, read(t, again)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}

	must(t, again.Forget("podlab", "duo"))
	got := read(t, s)
	if diff := cmp.Diff(Lab{}, got.Lab("podlab", "duo")); diff != "" {
		t.Errorf("forgotten lab (-want +got)\n%s", diff)
	}
	if got.Lab("podlab", "solo").Step != "look" || got.Last.Lab != "duo" {
		t.Errorf("forgetting one lab changed more: %+v", got)
	}
}

func TestFileIsReadable(t *testing.T) {
	s := open(t, t.TempDir())
	must(t, s.Visit("/courses/a&b", "duo", "count"))
	got, err := os.ReadFile(s.Path())
	must(t, err)
	want := `{
  "version": 1,
  "last": {
    "course": "/courses/a&b",
    "lab": "duo"
  },
  "courses": {
    "/courses/a&b": {
      "duo": {
        "step": "count"
      }
    }
  }
}
`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestDamagedFileIsMovedAside(t *testing.T) {
	for name, damaged := range map[string]string{
		"cut short":     `{"version": 1, "last": {"cou`,
		"empty":         "",
		"no version":    `{"last": {}}`,
		"another shape": `{"version": 1, "courses": ["duo"]}`,
		"two values":    `{"version": 1}{"version": 1}`,
		"not an object": `[]`,
		"zeros":         "\x00\x00\x00\x00",
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, fileName)
			must(t, os.WriteFile(path, []byte(damaged), 0o600))
			s := open(t, dir)

			warnings := s.Warnings()
			if len(warnings) != 1 || !strings.Contains(warnings[0], "is damaged") {
				t.Fatalf("warnings: %q", warnings)
			}
			asides, err := filepath.Glob(path + ".corrupt-*")
			must(t, err)
			if len(asides) != 1 || !strings.Contains(warnings[0], asides[0]) {
				t.Fatalf("%q does not name the file aside %q", warnings[0], asides)
			}
			kept, err := os.ReadFile(asides[0])
			must(t, err)
			if string(kept) != damaged {
				t.Errorf("kept %q, want %q", kept, damaged)
			}
			must(t, s.Visit("c", "duo", "one"))
			if again := s.Warnings(); len(again) != 0 {
				t.Errorf("warned twice: %q", again)
			}
		})
	}
}

func TestFileDamagedMeanwhile(t *testing.T) {
	s := open(t, t.TempDir())
	for range 2 { // the second one, within the same second, must not take the first one's place
		must(t, os.WriteFile(s.Path(), []byte("{"), 0o600))
		must(t, s.Done("c", "duo", "one"))
	}
	asides, err := filepath.Glob(s.Path() + ".corrupt-*")
	must(t, err)
	if len(asides) != 2 || len(s.Warnings()) != 2 {
		t.Errorf("files aside: %q, want 2 and as many warnings", asides)
	}
	if !read(t, s).Lab("c", "duo").IsDone("one") {
		t.Error("the change was not made")
	}
}

func TestNewerFileIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	newer := []byte(`{"version": 2, "last": "anything", "courses": 7}`)
	must(t, os.WriteFile(s.Path(), newer, 0o600))

	_, openErr := Open(dir)
	for verb, err := range map[string]error{
		"open": openErr, "visit": s.Visit("c", "duo", "one"), "done": s.Done("c", "duo", "one"), "forget": s.Forget("c", "duo"),
	} {
		if !errors.Is(err, ErrNewer) {
			t.Errorf("%s: %v, want ErrNewer", verb, err)
		}
	}
	want := s.Path() + " was written by a newer podlab; update podlab to go on where you were (its version is 2, this podlab knows 1)"
	if openErr == nil || openErr.Error() != want {
		t.Errorf("said %q, want %q", openErr, want)
	}
	if got, err := os.ReadFile(s.Path()); err != nil || string(got) != string(newer) {
		t.Errorf("the file is now %q (%v)", got, err)
	}
}

func TestFolderThatCannotBe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, nil, 0o600))
	s := &Store{dir: filepath.Join(file, "podlab")}
	if err := s.Visit("c", "duo", "one"); err == nil || !strings.HasPrefix(err.Error(), "make the state folder: ") {
		t.Errorf("got %v", err)
	}
}

func TestHeldLock(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for the lock's whole time")
	}
	s := open(t, t.TempDir())
	other := flock.New(filepath.Join(s.dir, lockName))
	must(t, other.Lock())
	if err := s.Visit("c", "duo", "one"); err == nil || !strings.Contains(err.Error(), "another podlab has held ") {
		t.Errorf("got %v", err)
	}
	must(t, other.Unlock())
	must(t, s.Visit("c", "duo", "one"))
}

func TestGoroutinesLoseNothing(t *testing.T) {
	dir := t.TempDir()
	const stores, steps = 4, 10
	var writers sync.WaitGroup
	for i := range stores {
		s := open(t, dir)
		writers.Go(func() { doSteps(t, s, i, steps) })
		writers.Go(func() { readWhole(t, s, steps) })
	}
	writers.Wait()
	wantAll(t, dir, stores, steps)
}

// TestProcessesLoseNothing runs this test's own binary several times at once as so many podlabs.
func TestProcessesLoseNothing(t *testing.T) {
	if dir := os.Getenv("PROGRESS_TEST_DIR"); dir != "" {
		var i int
		_, err := fmt.Sscan(os.Getenv("PROGRESS_TEST_WRITER"), &i)
		must(t, err)
		doSteps(t, open(t, dir), i, 10)
		return
	}
	self, err := os.Executable()
	must(t, err)
	dir := t.TempDir()
	var writers sync.WaitGroup
	for i := range 4 {
		writers.Go(func() {
			cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestProcessesLoseNothing$")
			cmd.Env = append(os.Environ(), "PROGRESS_TEST_DIR="+dir, fmt.Sprint("PROGRESS_TEST_WRITER=", i))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("writer %d: %v\n%s", i, err, out)
			}
		})
	}
	writers.Wait()
	wantAll(t, dir, 4, 10)
}

func doSteps(t *testing.T, s *Store, writer, steps int) {
	for n := range steps {
		if err := s.Done("c", "duo", fmt.Sprintf("step-%d-%d", writer, n)); err != nil {
			t.Error(err)
		}
		if err := s.Visit("c", fmt.Sprint("lab-", writer), fmt.Sprint("step-", n)); err != nil {
			t.Error(err)
		}
	}
}

// readWhole sees whole files only, however many writers there are.
func readWhole(t *testing.T, s *Store, times int) {
	for range times {
		if _, err := s.Read(); err != nil {
			t.Error(err)
		}
	}
	if w := s.Warnings(); len(w) != 0 {
		t.Errorf("a reader saw half a file: %q", w)
	}
}

func wantAll(t *testing.T, dir string, writers, steps int) {
	t.Helper()
	p := read(t, open(t, dir))
	if got := len(p.Lab("c", "duo").Done); got != writers*steps {
		t.Errorf("%d steps done, want %d", got, writers*steps)
	}
	for i := range writers {
		if got, want := p.Lab("c", fmt.Sprint("lab-", i)).Step, fmt.Sprint("step-", steps-1); got != want {
			t.Errorf("lab-%d is at %q, want %q", i, got, want)
		}
	}
}
