// Package draft keeps the manifests that a learner writes: one file of her own for each step that asks for one. It never
// loses what she wrote.
package draft

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Folder is where the drafts of one course are. Nothing of it exists before the first draft.
type Folder struct{ dir string }

// In returns the drafts under the folder.
func In(dir string) Folder { return Folder{dir} }

// Path returns where the draft of a step is, or will be.
func (f Folder) Path(lab, step string) string {
	return filepath.Join(f.dir, lab, step+".yaml")
}

// Begin writes what the step begins with into the draft, unless there is one already; begun says whether it did.
func (f Folder) Begin(lab, step, start string) (begun bool, err error) {
	path := f.Path(lab, step)
	if exists(path) {
		return false, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return false, fmt.Errorf("make the folder of your manifests: %w", err)
	}
	if err := create(path, start, os.Link); err != nil {
		return false, fmt.Errorf("write your manifest: %w", err)
	}
	return true, nil
}

// Read returns the draft, or the beginning of one that is longer than most bytes.
func (f Folder) Read(lab, step string, most int) ([]byte, error) {
	file, err := os.Open(f.Path(lab, step))
	if err != nil {
		return nil, fmt.Errorf("read your manifest: %w", err)
	}
	defer func() { _ = file.Close() }() // it was only read
	if info, err := file.Stat(); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("read your manifest: %s is not a regular file", file.Name())
	}
	data, err := io.ReadAll(io.LimitReader(file, int64(most)+1))
	if err != nil {
		return nil, fmt.Errorf("read your manifest: %w", err)
	}
	return data, nil
}

// PutAside takes the drafts of a lab out of the way, so that each step begins anew, and returns where those are kept that
// say something else than what their step begins with (starts, by step). A reset keeps them in a folder of its own, named
// after the time: no editor saves its backups there.
func (f Folder) PutAside(lab string, starts map[string]string, now time.Time) (kept []string, err error) {
	steps := slices.DeleteFunc(slices.Sorted(maps.Keys(starts)), func(step string) bool { return !exists(f.Path(lab, step)) })
	if len(steps) == 0 {
		return nil, nil
	}
	aside, err := makeNew(filepath.Join(f.dir, lab, now.Format("kept-2006-01-02T150405")))
	if err != nil {
		return nil, fmt.Errorf("put your manifest aside: %w", err)
	}
	defer func() { _ = os.Remove(aside) }() // which fails as long as something is in it
	for _, step := range steps {
		moved := filepath.Join(aside, step+".yaml")
		err := os.Rename(f.Path(lab, step), moved)
		// Only what was moved is looked at: nothing that is saved meanwhile can slip through.
		switch {
		case err == nil && says(moved, starts[step]):
			err = os.Remove(moved)
		case err == nil:
			kept = append(kept, moved)
		}
		if err != nil {
			return kept, fmt.Errorf("put your manifest aside: %w", err)
		}
	}
	return kept, nil
}

// makeNew makes a folder that was not there: one of the name, else with the first free number from 2 on.
func makeNew(name string) (string, error) {
	for dir, i := name, 2; ; i++ {
		err := os.Mkdir(dir, 0o700)
		if !errors.Is(err, fs.ErrExist) {
			return dir, err
		}
		dir = fmt.Sprintf("%s-%d", name, i)
	}
}

// says tells whether the file is known to hold just the text.
func says(path, text string) bool {
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() != int64(len(text)) {
		return false
	}
	data, err := os.ReadFile(path)
	return err == nil && string(data) == text
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// create writes a new file, whole or not at all. A file that appeared meanwhile stays as it is.
func create(path, text string, link func(from, to string) error) (err error) {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(tmp.Name())) }()
	if err := fill(tmp, text); err != nil {
		return err
	}
	if err := link(tmp.Name(), path); err == nil || exists(path) {
		return nil
	}
	return createUnlinked(path, text)
}

// createUnlinked is for a file system without links: for a moment the file is there and not yet whole.
func createUnlinked(path, text string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil
	case err != nil:
		return err
	}
	if err := fill(file, text); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// fill writes text through to the disk and closes the file.
func fill(f *os.File, text string) error {
	_, err := f.WriteString(text)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}
