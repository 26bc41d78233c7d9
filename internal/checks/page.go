package checks

import (
	"fmt"
	"strings"
)

// Group is kinds of check that look at the same part of the world.
type Group struct {
	Title string
	Kinds []Kind
}

// Groups returns every kind, in the order of Kinds.
func Groups() []Group {
	return []Group{
		{"Kubernetes", kubernetesKinds()},
		{"Inside containers", containerKinds()},
		{"On the node", nodeKinds()},
		{"Change over time", changeKinds()},
		{"Made of others", groupKinds()},
	}
}

// Named returns the kind of the name, or a message that ends with the name that may be meant.
func Named(name string) (Kind, error) {
	var names []string
	for _, kind := range Kinds() {
		if kind.Name == name {
			return kind, nil
		}
		names = append(names, kind.Name)
	}
	return Kind{}, fmt.Errorf("there is no kind of check %q%s", name, orOneOf(name, names))
}

// Summary is the first sentence of what the kind says, without its full stop.
func (k Kind) Summary() string {
	first, _, _ := strings.Cut(k.Says, ". ")
	return strings.TrimSuffix(first, ".")
}

// Page is what the author of a lesson needs to know of the kind, in Markdown.
func (k Kind) Page() string {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s\n\n%s\n\n```yaml check\n", k.Name, k.Says)
	for _, line := range k.Examples {
		fmt.Fprintf(&b, "- %s\n", line)
	}
	b.WriteString("```\n\n")
	writeFields(&b, k.Fields)
	if k.Shows != "" {
		fmt.Fprintf(&b, "\n**Evidence:** %s\n", k.Shows)
	}
	if k.CannotTell != "" {
		fmt.Fprintf(&b, "\n**Cannot tell:** %s\n", k.CannotTell)
	}
	fmt.Fprintf(&b, "\n### %s in an ask block\n\n%s\n\n", k.Name, k.AskSays)
	for _, line := range k.AskExamples {
		fmt.Fprintf(&b, "- `%s`\n", line) // an ask block has one answer, so each example stands alone
	}
	b.WriteString("\n")
	writeFields(&b, k.AskFields)
	return b.String()
}

func writeFields(b *strings.Builder, of any) {
	b.WriteString("| field | meaning |\n|---|---|\n")
	for _, f := range FieldDocs(of) {
		fmt.Fprintf(b, "| `%s` | %s |\n", f.Name, strings.ReplaceAll(f.Doc, "|", `\|`))
	}
}
