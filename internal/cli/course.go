package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/lesson"
	"github.com/podlab/podlab/internal/shell"
)

// ownCourse is how podlab's own course is called in messages and in the learner's progress.
const ownCourse = "labs"

// loadCourse reads the whole course and returns all of its mistakes, before anything starts.
func (a *app) loadCourse() (lesson.Course, error) {
	fsys, root, err := a.courseFiles()
	if err != nil {
		return lesson.Course{}, err
	}
	return load(fsys, root)
}

// courseFiles returns the files of the course, and what messages call its folder.
func (a *app) courseFiles() (fsys fs.FS, root string, err error) {
	if a.course == "" {
		return a.Labs, ownCourse, nil
	}
	if info, err := os.Stat(a.course); err != nil || !info.IsDir() {
		return nil, "", usageError{fmt.Errorf("--course %s: no such folder", a.course)}
	}
	return os.DirFS(a.course), filepath.ToSlash(filepath.Clean(a.course)), nil
}

// loadNearMisses reads the near-misses of a course that could be read.
func (a *app) loadNearMisses(course lesson.Course) ([]lesson.NearMiss, error) {
	fsys, root, err := a.courseFiles()
	if err != nil {
		return nil, err
	}
	return lesson.LoadNearMisses(fsys, root, course)
}

func load(fsys fs.FS, root string) (lesson.Course, error) {
	course, err := lesson.Load(fsys, root)
	var mistakes lesson.Mistakes
	if err != nil && !errors.As(err, &mistakes) {
		return lesson.Course{}, err
	}
	mistakes = append(mistakes, checks.Validate(course)...)
	mistakes = append(mistakes, commandMistakes(course)...)
	if len(mistakes) > 0 {
		mistakes.Sort()
		return lesson.Course{}, mistakes
	}
	return course, nil
}

// commandMistakes finds the commands that podlab's shell would refuse.
func commandMistakes(course lesson.Course) lesson.Mistakes {
	var mistakes lesson.Mistakes
	for _, lab := range course.Labs {
		for _, step := range lab.Steps {
			for _, b := range step.Blocks {
				run, ok := b.(lesson.Run)
				if !ok {
					continue
				}
				mistakes = append(mistakes, scriptMistakes(run)...)
			}
		}
	}
	return mistakes
}

func scriptMistakes(run lesson.Run) lesson.Mistakes {
	var wrong shell.Mistakes
	if !errors.As(shell.Parse(run.Script), &wrong) {
		return nil
	}
	var mistakes lesson.Mistakes
	for _, m := range wrong {
		pos := run.Pos
		pos.Line, pos.Column = pos.Line+m.Line, m.Column // the script begins on the line after the fence
		mistakes = append(mistakes, lesson.Mistake{Pos: pos, Message: "run: " + m.Message})
	}
	return mistakes
}

// courseKey names the course in the learner's progress.
func (a *app) courseKey() string {
	if a.course == "" {
		return ownCourse
	}
	if abs, err := filepath.Abs(a.course); err == nil {
		return abs
	}
	return a.course
}

// pick returns the named labs in the course's order, or all of them if none is named.
func pick(course lesson.Course, ids []string) ([]lesson.Lab, error) {
	if len(ids) == 0 {
		return course.Labs, nil
	}
	wanted := map[string]bool{}
	for _, id := range ids {
		if _, ok := course.Lab(id); !ok {
			return nil, usageError{fmt.Errorf("there is no lab %q (see: podlab list)", id)}
		}
		wanted[id] = true
	}
	var labs []lesson.Lab
	for _, lab := range course.Labs {
		if wanted[lab.ID] {
			labs = append(labs, lab)
		}
	}
	return labs, nil
}
