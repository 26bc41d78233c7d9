package tui

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
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
	source, err = plainEdges(withoutDecoration(source))
	if err != nil {
		return "", err
	}
	text, err = render.Render(source, diagram.DefaultConfig())
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

// plainEdges writes the edges of a flowchart in the one form that the library draws: "A -- text --> B" is "A -->|text| B", and
// a longer arrow a short one. An edge that has no such form is an error: the library leaves it out, and often its boxes, without
// a word.
func plainEdges(source string) (string, error) {
	if kind := strings.TrimSpace(source); !strings.HasPrefix(kind, "graph") && !strings.HasPrefix(kind, "flowchart") {
		return source, nil
	}
	edges := edges()
	lines := strings.Split(source, "\n")
	for i, line := range lines {
		var failed error
		title := strings.HasPrefix(strings.TrimSpace(line), "subgraph ")
		lines[i] = edges.ReplaceAllStringFunc(line, func(found string) string {
			plain, ok := plainEdge(edges.FindStringSubmatch(found))
			if !ok || title && plain != found {
				failed = fmt.Errorf("draw the diagram: cannot draw %q", strings.TrimSpace(line))
			}
			return plain
		})
		if failed != nil {
			return "", failed
		}
	}
	return strings.Join(lines, "\n"), nil
}

// edges matches, in a line of a flowchart: what stands in quotes, in a box or between bars, where an arrow is none; an arrow; an
// arrow with its text inside, as its beginning, the text and its end; and an arrow's beginning that has no end.
func edges() *regexp.Regexp {
	const (
		quoted  = `"[^"]*"`
		boxed   = quoted + `|\[(?:` + quoted + `|[^"\]])*\]|\((?:` + quoted + `|[^")])*\)|\{(?:` + quoted + `|[^"}])*\}`
		arrow   = `<?(?:-{2,}[->xo]|={2,}[=>xo]|-\.+-[>xo]?)|~{3,}`
		special = `"<|\[\](){}`
	)
	// The text of an arrow ends where its dash comes twice, or, for a dot, a dash behind it.
	within := func(begin, dash, then, end string) string {
		text := quoted + `|[^` + dash + special + `]|` + dash + `[^` + then + special + `]|<[^` + then + special + `]`
		return `|(<?` + begin + `)((?:` + text + `)+?)(` + end + `)`
	}
	return regexp.MustCompile(`(` + boxed + `)|\|([^|]*)\||(` + arrow + `)` +
		within(`--`, `\-`, `\-`, `-{2,}[->xo]`) + within(`==`, `=`, `=`, `={2,}[=>xo]`) + within(`-\.`, `\.`, `\-`, `\.+-[>xo]?`) +
		`|--|==|-\.`)
}

// plainEdge returns what edges matched as the library draws it, false if it does not.
func plainEdge(found []string) (string, bool) {
	boxed, label, arrow := found[1], found[2], found[3]
	switch {
	case boxed != "":
		return boxed, true
	case arrow != "":
		return shortArrow(arrow)
	case found[0][0] == '|':
		return "|" + plainLabel(label) + "|", true
	}
	for within := found[4:]; len(within) > 0; within = within[3:] {
		if within[0] != "" {
			return arrowWith(within[0], within[1], within[2])
		}
	}
	return found[0], false
}

// arrowWith returns the arrow with its text behind it.
func arrowWith(begin, text, end string) (string, bool) {
	if end[0] == '.' {
		end = "-" + end
	}
	arrow, ok := shortArrow(strings.TrimRight(begin, "-=.") + end)
	label := strings.TrimSpace(strings.ReplaceAll(plainLabel(text), `"`, ""))
	return arrow + "|" + label + "|", ok && label != "" && !strings.Contains(label, "|")
}

// plainLabel keeps the text of an arrow on one line.
func plainLabel(text string) string {
	return regexp.MustCompile(`<br\s*/?>`).ReplaceAllString(text, " ")
}

// shortArrow returns the arrow at its shortest, and whether the library draws it.
func shortArrow(arrow string) (string, bool) {
	line := strings.Trim(arrow, "<>xo")
	head, end, _ := strings.Cut(arrow, line)
	switch {
	case strings.Contains(line, "."):
		line = "-.-"
	case end == "":
		line = line[:3]
	default:
		line = line[:2]
	}
	short := head + line + end
	return short, slices.Contains([]string{"-->", "---", "-.->", "-.-", "==>", "===", "<-->", "--x", "--o"}, short)
}
