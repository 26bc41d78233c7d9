package tui

import (
	"errors"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/exp/golden"

	"github.com/podlab/podlab/internal/lesson"
)

func TestDiagramIsDrawnWithoutItsDecoration(t *testing.T) {
	text, err := asciiDiagrams{}.draw(duoDiagram, 80)
	if err != nil {
		t.Fatal(err)
	}
	golden.RequireEqual(t, text)
}

func TestDecorationIsDropped(t *testing.T) {
	source := "graph TD\n  %% a remark\n  a --> b\n  class a x\n  classDef x fill:#fff\n  click a call\n  style a fill:#000\n" +
		"  linkStyle 0 stroke:#000\n  accDescr: words\n  accDescr {\n  more\n  }\n  classic --> c"
	want := "graph TD\n  a --> b\n  classic --> c"
	if got := withoutDecoration(source); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	classes := "classDiagram\n  class Pod"
	if got := withoutDecoration(classes); got != classes {
		t.Errorf("a class diagram lost its classes: %q", got)
	}
}

func TestEdgesOfEveryFormAreDrawn(t *testing.T) {
	for from, want := range map[string]string{
		"A -- text --> B":                      "A -->|text| B",
		"A-- two words -->B":                   "A-->|two words|B",
		"A --text--> B":                        "A -->|text| B",
		`A -- "in quotes" --> B`:               "A -->|in quotes| B",
		"A -- read-only --- B":                 "A ---|read-only| B",
		"A -. text .-> B":                      "A -.->|text| B",
		"A == text ==> B":                      "A ==>|text| B",
		"A -- one --> B -- two --> C":          "A -->|one| B -->|two| C",
		"A --- B -- text --> C":                "A --- B -->|text| C",
		"A ----> B":                            "A --> B",
		"A ====> B":                            "A ==> B",
		"A -->|text| B":                        "A -->|text| B",
		"A --x B --> C":                        "A --x B --> C",
		"A <--> B":                             "A <--> B",
		`A["x -- y"] --> B[a -- b] --> C{{c}}`: `A["x -- y"] --> B[a -- b] --> C{{c}}`,
	} {
		source := "graph LR\n  " + from
		if got := strings.TrimPrefix(plainEdges(source), "graph LR\n  "); got != want {
			t.Errorf("%s: got %s, want %s", from, got, want)
		}
	}
	sequence := "sequenceDiagram\n  A -- text --> B"
	if got := plainEdges(sequence); got != sequence {
		t.Errorf("another diagram was changed: %s", got)
	}
	drawn, err := asciiDiagrams{}.draw("graph LR\n  A -- mounts --> B", 80)
	if err != nil || !strings.Contains(drawn, "mounts") || !strings.Contains(drawn, "│ B │") {
		t.Errorf("%v\n%s", err, drawn)
	}
}

func TestDiagramThatDoesNotFit(t *testing.T) {
	wide := "graph LR\n  a[" + strings.Repeat("containerd", 6) + "] --> b[" + strings.Repeat("kubelet", 9) + "]"
	if _, err := (asciiDiagrams{}).draw(wide, 20); !errors.Is(err, errTooWide) {
		t.Errorf("got %v, want %v", err, errTooWide)
	}
}

// brokenDiagrams stands for what the library may do with a source it was never tried on.
type brokenDiagrams struct{ err error }

func (b brokenDiagrams) draw(string, int) (string, error) { return "", b.err }

func TestDiagramAlwaysHasItsWords(t *testing.T) {
	block := lesson.Mermaid{Source: duoDiagram, Alt: "One shim, three children."}
	for name, p := range map[string]painter{
		"drawn":  {width: 80, diagrams: asciiDiagrams{}},
		"broken": {width: 80, diagrams: brokenDiagrams{errTooWide}},
	} {
		text := strings.Join(p.diagram(block), "\n")
		if !strings.Contains(text, "One shim, three children.") {
			t.Errorf("%s: no words in\n%s", name, text)
		}
		if drawn := strings.Contains(text, "┌"); drawn != (name == "drawn") {
			t.Errorf("%s: boxes drawn: %v", name, drawn)
		}
	}
}

func TestGarbageIsAnErrorNotAPanic(t *testing.T) {
	for _, source := range []string{"", "no diagram", "graph TD\n  -->", "sequenceDiagram\n  A->", "graph TD\n  subgraph x\n  a"} {
		text, err := asciiDiagrams{}.draw(source, 40)
		for line := range strings.SplitSeq(text, "\n") {
			if ansi.StringWidth(line) > 40 {
				t.Errorf("%q: a line of %d columns (%v)", source, ansi.StringWidth(line), err)
			}
		}
	}
}
