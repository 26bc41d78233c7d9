// Package draft keeps the manifests that a learner writes: one file of her own for each step that asks for one. It never
// loses what she wrote.
package draft

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
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
	if err := create(path, start); err != nil {
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
// say something else than what their step begins with (starts, by step).
func (f Folder) PutAside(lab string, starts map[string]string) (kept []string, err error) {
	for step, start := range starts {
		path, err := f.putAside(f.Path(lab, step), start)
		if err != nil {
			return kept, fmt.Errorf("put your manifest aside: %w", err)
		}
		if path != "" {
			kept = append(kept, path)
		}
	}
	slices.Sort(kept)
	return kept, nil
}

func (f Folder) putAside(path, start string) (kept string, err error) {
	data, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", nil
	case err != nil:
		return "", err
	case string(data) == start:
		return "", os.Remove(path)
	}
	kept = free(path + "~")
	return kept, os.Rename(path, kept)
}

// free returns the name, with the first number from 2 on for which there is no such file.
func free(name string) string {
	unused := name
	for i := 2; exists(unused); i++ {
		unused = fmt.Sprintf("%s%d", name, i)
	}
	return unused
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// create writes a new file, whole or not at all. A file that appeared meanwhile stays as it is.
func create(path, text string) (err error) {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(tmp.Name())) }()
	if err := fill(tmp, text); err != nil {
		return err
	}
	if err := os.Link(tmp.Name(), path); err == nil || exists(path) {
		return nil
	}
	return os.WriteFile(path, []byte(text), 0o600) // a file system without links
}

// fill writes text through to the disk and closes the file.
func fill(f *os.File, text string) error {
	_, err := f.WriteString(text)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}
