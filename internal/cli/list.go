package cli

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/podlab/podlab/internal/progress"
)

// listedLab is a lab as "podlab list --json" shows it.
type listedLab struct {
	ID      string   `json:"id"`
	Title   string   `json:"title"`
	Minutes int      `json:"minutes"`
	Needs   []string `json:"needs"`
	Steps   int      `json:"steps"`
	Done    int      `json:"done"` // steps that the learner has done
}

// comes says where on the course's path the lab stands; nothing for one to begin with.
func (l listedLab) comes() string {
	if len(l.Needs) == 0 {
		return ""
	}
	return "after " + strings.Join(l.Needs, ", ")
}

func (a *app) listCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the labs and how far you came",
		Args:  usageArgs(cobra.NoArgs),
		RunE:  func(*cobra.Command, []string) error { return a.list() },
	}
	a.jsonFlag(cmd)
	return cmd
}

func (a *app) list() error {
	course, err := a.loadCourse()
	if err != nil {
		return err
	}
	saved, err := a.saved()
	if err != nil {
		fmt.Fprintf(a.Err, "podlab: the progress cannot be shown: %v\n", err)
	}
	rows := make([]listedLab, 0, len(course.Labs))
	for _, lab := range course.Labs {
		row := listedLab{ID: lab.ID, Title: lab.Title, Minutes: lab.Minutes, Needs: append([]string{}, lab.Needs...), Steps: len(lab.Steps)}
		for _, step := range lab.Steps {
			if saved.Lab(a.courseKey(), lab.ID).IsDone(step.ID) {
				row.Done++
			}
		}
		rows = append(rows, row)
	}
	if a.json {
		return printJSON(a.Out, map[string]any{"labs": rows})
	}
	w := tabwriter.NewWriter(a.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "LAB\tTITLE\tMINUTES\tDONE\tCOMES")
	for _, r := range rows {
		fmt.Fprintf(w, "%s\t%s\t%d\t%d/%d\t%s\n", r.ID, r.Title, r.Minutes, r.Done, r.Steps, r.comes())
	}
	return w.Flush()
}

// saved returns the learner's progress, without making a state folder.
func (a *app) saved() (progress.Progress, error) {
	store, err := a.store()
	if err != nil {
		return progress.Progress{}, err
	}
	return store.Read()
}

// store opens the learner's progress and says what was wrong with it.
func (a *app) store() (*progress.Store, error) {
	store, err := progress.Open(stateHome()) // which makes the folder when there is something to write
	if err != nil {
		return nil, err
	}
	for _, warning := range store.Warnings() {
		fmt.Fprintf(a.Err, "podlab: %s\n", warning)
	}
	return store, nil
}
