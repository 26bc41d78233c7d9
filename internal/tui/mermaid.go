package tui

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/pgavlin/mermaid-ascii/pkg/diagram"
	"github.com/pgavlin/mermaid-ascii/pkg/render"
)

// errTooWide means that the diagram does not fit beside the steps.
var errTooWide = errors.New("wider than this pane")

// diagrams draws a Mermaid source with characters, no wider than width.
type diagrams interface {
	draw(source string, width int) (string, error)
}

// asciiDiagrams draws with the mermaid-ascii library.
type asciiDiagrams struct{}

// draw returns an error for a source that the library cannot draw, also where it panics, and errTooWide.
func (asciiDiagrams) draw(source string, width int) (text string, err error) {
	defer func() {
		if r := recover(); r != nil {
			text, err = "", fmt.Errorf("draw the diagram: %v", r)
		}
	}()
	// Asked to fit a width, or with less padding, the library draws the frames of nested boxes through each other.
	text, err = render.Render(plainEdges(withoutDecoration(source)), diagram.DefaultConfig())
	if err != nil {
		return "", fmt.Errorf("draw the diagram: %w", err)
	}
	text = trimBlank(clean(text))
	for line := range strings.SplitSeq(text, "\n") {
		if ansi.StringWidth(strings.TrimRight(line, " ")) > width {
			return "", errTooWide
		}
	}
	return text, nil
}

// decoration matches lines that say how a diagram looks or is described. The library takes some of them for boxes.
func decoration() *regexp.Regexp {
	return regexp.MustCompile(`^\s*(?:(?:class|classDef|click|style|linkStyle)\s|%%|accDescr|accTitle)`)
}

func withoutDecoration(source string) string {
	if strings.HasPrefix(strings.TrimSpace(source), "classDiagram") {
		return source // "class" is content there
	}
	drop := decoration()
	var kept []string
	block := false // inside "accDescr { ... }"
	for line := range strings.SplitSeq(source, "\n") {
		if block {
			block = !strings.Contains(line, "}")
			continue
		}
		if drop.MatchString(line) {
			block = strings.Contains(line, "{") && !strings.Contains(line, "}") && strings.Contains(line, "accDescr")
			continue
		}
		kept = append(kept, line)
	}
	return strings.Join(kept, "\n")
}

// plainEdges writes the edges of a flowchart in the one form that the library draws. It leaves out the others, and often their
// boxes, without a word: "A -- text --> B" is "A -->|text| B", and a longer arrow a short one.
func plainEdges(source string) string {
	if kind := strings.TrimSpace(source); !strings.HasPrefix(kind, "graph") && !strings.HasPrefix(kind, "flowchart") {
		return source
	}
	// A text that follows the arrow's beginning at once has no x or o in front: that would be the arrow's end.
	const text = `(?:\s+"?((?:[^-|"<>\[\](){}]|-[^-|"<>\[\](){}])+?)"?|([^-.=\sxo|"<>\[\](){}](?:[^-|"<>\[\](){}]|-[^-|"<>\[\](){}])*?))\s*`
	for _, edge := range []struct{ from, to string }{
		{`-{3,}>`, `-->`},
		{`-{4,}`, `---`},
		{`={3,}>`, `==>`},
		{`-\.{2,}->`, `-.->`},
		{`(^|[^-<])--` + text + `(--[->])`, `$1$4|$2$3|`},
		{`(^|[^=<])==` + text + `(==[=>])`, `$1$4|$2$3|`},
		{`(^|[^<])-\.` + text + `\.(->?)`, `$1-.$4|$2$3|`},
	} {
		source = regexp.MustCompile(`(?m)`+edge.from).ReplaceAllString(source, edge.to)
	}
	return source
}
