package cli

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/podlab/podlab/internal/checks"
)

// listedKind is a kind of check as "podlab checks --json" shows it. The fields are those of a check block; Answer has those of an ask block.
type listedKind struct {
	Name       string            `json:"name"`
	Group      string            `json:"group"`
	Summary    string            `json:"summary"`
	Says       string            `json:"says"`
	Fields     []checks.FieldDoc `json:"fields"`
	Examples   []string          `json:"examples"`
	Evidence   string            `json:"evidence"`
	CannotTell string            `json:"cannotTell"`
	Answer     listedAnswer      `json:"answer"`
}

type listedAnswer struct {
	Says     string            `json:"says"`
	Fields   []checks.FieldDoc `json:"fields"`
	Examples []string          `json:"examples"`
}

func (a *app) checksCommand() *cobra.Command {
	schema := false
	cmd := &cobra.Command{
		Use:   "checks",
		Short: "List the kinds of checks that a lesson can use",
		Long: `checks lists the kinds of checks that a lesson can use. podlab explain KIND prints all about one of them.

With --schema it prints a JSON Schema of check blocks, for editors.`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			if schema {
				return printJSON(a.Out, checks.Schema())
			}
			return a.checks()
		},
	}
	a.jsonFlag(cmd)
	cmd.Flags().BoolVar(&schema, "schema", false, "print a JSON Schema of check blocks")
	cmd.MarkFlagsMutuallyExclusive("json", "schema")
	return cmd
}

func (a *app) checks() error {
	if a.json {
		return printJSON(a.Out, map[string]any{"kinds": listedKinds()})
	}
	w := tabwriter.NewWriter(a.Out, 0, 0, 2, ' ', 0)
	for i, group := range checks.Groups() {
		if i > 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "%s\n", group.Title)
		for _, kind := range group.Kinds {
			fmt.Fprintf(w, "  %s\t%s\n", kind.Name, kind.Summary())
		}
	}
	fmt.Fprintln(w, "\nAll about one of them: podlab explain KIND")
	return w.Flush()
}

func listedKinds() []listedKind {
	all := []listedKind{}
	for _, group := range checks.Groups() {
		for _, k := range group.Kinds {
			all = append(all, listedKind{
				Name: k.Name, Group: group.Title, Summary: k.Summary(), Says: k.Says, Fields: checks.FieldDocs(k.Fields), Examples: k.Examples,
				Evidence: k.Shows, CannotTell: k.CannotTell,
				Answer: listedAnswer{Says: k.AskSays, Fields: checks.FieldDocs(k.AskFields), Examples: k.AskExamples},
			})
		}
	}
	return all
}
