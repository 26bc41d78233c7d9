package progress

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// replaceFile puts data in the place of the file, whole or not at all: a full disk or a kill leaves the old file.
// It is written here because renameio's portable form truncates the old file first on Windows.
func replaceFile(path string, data []byte) (err error) {
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return fmt.Errorf("save progress: %w", err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("save progress (%s is unchanged): %w", path, errors.Join(err, os.Remove(tmp.Name())))
		}
	}()
	if err := fill(tmp, data); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}

// fill writes data through to the disk and closes the file.
func fill(f *os.File, data []byte) error {
	_, err := f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// freeName returns name, or name with a number, so that taken says no.
func freeName(name string, taken func(string) bool) string {
	free := name
	for i := 2; taken(free); i++ {
		free = fmt.Sprintf("%s-%d", name, i)
	}
	return free
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
