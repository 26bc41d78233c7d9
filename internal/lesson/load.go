package lesson

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
)

const (
	lessonFile = "lesson.md"
	maxFile    = 1 << 20 // bytes of the largest lesson
)

// Load reads a course folder: every directory in it that holds a lesson.md is a lab. Root is what messages put before
// the paths ("labs" makes labs/duo/lesson.md). The error is a Mistakes, with all that is wrong in all files, sorted.
// Beside an error the course holds what could be read, so that other packages can look there for mistakes of their own.
func Load(fsys fs.FS, root string) (Course, error) {
	c := loader{fsys: fsys, root: root}
	c.read()
	course := Course{Labs: c.ordered()}
	if len(c.found) > 0 {
		c.found.Sort()
		return course, c.found
	}
	return course, nil
}

// loader collects the labs of a course and all of their mistakes.
type loader struct {
	fsys  fs.FS
	root  string
	dirs  []string // of all labs, the unreadable ones too
	labs  []loaded
	found Mistakes
}

// loaded is a lab with the reader that knows where its needs are written.
type loaded struct {
	Lab
	dir    string
	reader *reader
}

func (c *loader) mistake(name, format string, args ...any) {
	c.found = append(c.found, Mistake{Position{File: path.Join(c.root, name)}, fmt.Sprintf(format, args...)})
}

func (c *loader) read() {
	dirs, err := fs.ReadDir(c.fsys, ".")
	if err != nil {
		c.mistake("", "cannot read the course: %v", bare(err))
		return
	}
	for _, d := range dirs {
		if info, err := fs.Stat(c.fsys, d.Name()); err == nil && info.IsDir() {
			c.readLab(d.Name())
		}
	}
	if len(c.labs) > 0 || len(c.found) > 0 {
		return
	}
	if _, err := fs.Stat(c.fsys, lessonFile); err == nil {
		c.mistake("", "this folder is a lab itself: give the folder above it")
		return
	}
	c.mistake("", "no lab here: a course is a folder of folders, each with a %s", lessonFile)
}

// readLab reads the lab in the directory, if there is one.
func (c *loader) readLab(dir string) {
	name := path.Join(dir, lessonFile)
	data, err := c.readFile("a lesson", name)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if firstControl(dir) >= 0 {
		c.mistake("", "the name of the folder %q holds a control character: rename it", dir)
		return
	}
	c.dirs = append(c.dirs, dir)
	if err != nil {
		c.mistake(name, "%v", bare(err))
		return
	}
	lab, r := readLesson(path.Join(c.root, name), dir, data)
	c.found = append(c.found, r.found...)
	c.labs = append(c.labs, loaded{lab, dir, r})
}

// readFile reads a file; what says what it is to be, for messages.
func (c *loader) readFile(what, name string) ([]byte, error) {
	info, err := fs.Stat(c.fsys, name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New(what + " must be a regular file")
	}
	f, err := c.fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxFile {
		return nil, errors.New(what + " of more than 1 MiB is not read")
	}
	return data, nil
}

// bare takes the path out of an error; the mistake names it already.
func bare(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
