package cli

import (
	"fmt"
	"io"
	"os"

	"github.com/charmbracelet/glamour"
	"github.com/charmbracelet/lipgloss"
	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/podlab/podlab/internal/checks"
)

func (a *app) explainCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "explain KIND",
		Short:             "Print all about one kind of check",
		Args:              usageArgs(cobra.ExactArgs(1)),
		ValidArgsFunction: completeKinds,
		RunE:              func(_ *cobra.Command, args []string) error { return a.explain(args[0]) },
	}
}

// explain prints the kind's page: as Markdown in a pipe, drawn in a terminal.
func (a *app) explain(name string) error {
	kind, err := checks.Named(name)
	if err != nil {
		return usageError{fmt.Errorf("%w (see: podlab checks)", err)}
	}
	page := kind.Page()
	if width, ok := screen(a.Out); ok {
		page = drawn(page, width, style())
	}
	_, err = io.WriteString(a.Out, page)
	return err
}

// screen returns the width of the terminal that is written to, in columns.
func screen(out io.Writer) (int, bool) {
	f, ok := out.(*os.File)
	if !ok || !isatty.IsTerminal(f.Fd()) || os.Getenv("TERM") == "dumb" {
		return 0, false
	}
	const usual, widest = 80, 110
	width, _, err := term.GetSize(int(f.Fd())) //nolint:gosec // a file descriptor is a small number
	if err != nil || width < 1 {
		width = usual
	}
	return min(width, widest), true
}

// style is the name of glamour's style that suits the terminal.
func style() string {
	switch {
	case os.Getenv("NO_COLOR") != "":
		return "notty"
	case lipgloss.HasDarkBackground():
		return "dark"
	}
	return "light"
}

// drawn returns a page of Markdown as a terminal shows it, or as it is if it cannot be drawn.
func drawn(page string, width int, style string) string {
	r, err := glamour.NewTermRenderer(glamour.WithStandardStyle(style), glamour.WithWordWrap(width))
	if err != nil {
		return page
	}
	text, err := r.Render(page)
	if err != nil {
		return page
	}
	return text
}

func completeKinds(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	var names []string
	for _, kind := range checks.Kinds() {
		if len(args) == 0 {
			names = append(names, kind.Name+"\t"+kind.Summary())
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
