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
		`A -- "open(2)" --> B`:                 "A -->|open(2)| B",
		`A -- "x --> y [z]" --> B`:             "A -->|x --> y [z]| B",
		"A -- a<br/>b --> B":                   "A -->|a b| B",
		"A -- read-only --- B":                 "A ---|read-only| B",
		"A -. text .-> B":                      "A -.->|text| B",
		"A -. v1.2 ..- B":                      "A -.-|v1.2| B",
		"A == text ==> B":                      "A ==>|text| B",
		"A <-- text --> B":                     "A <-->|text| B",
		"A -- text --x B":                      "A --x|text| B",
		"A -- one --> B -- two --> C":          "A -->|one| B -->|two| C",
		"A --- B -- text --> C":                "A --- B -->|text| C",
		"A ----> B":                            "A --> B",
		"A ---- B":                             "A --- B",
		"A ====> B":                            "A ==> B",
		"A -..-> B":                            "A -.-> B",
		"A -->|text| B":                        "A -->|text| B",
		"A -->|a<br>b| B":                      "A -->|a b| B",
		"A -->|a -- b --> c| B":                "A -->|a -- b --> c| B",
		"A --x B --> C":                        "A --x B --> C",
		"A <--> B":                             "A <--> B",
		`A["x -- y"] --> B[a -- b] --> C{{c}}`: `A["x -- y"] --> B[a -- b] --> C{{c}}`,
		`A["x -- y --> z"] -- t --> B`:         `A["x -- y --> z"] -->|t| B`,
		`A(x ----> y) --> B{"] -- } --> ("}`:   `A(x ----> y) --> B{"] -- } --> ("}`,
		"subgraph s [one -- two --> three]":    "subgraph s [one -- two --> three]",
	} {
		got, err := plainEdges("graph LR\n  " + from)
		if got = strings.TrimPrefix(got, "graph LR\n  "); got != want || err != nil {
			t.Errorf("%s: got %s, want %s (%v)", from, got, want, err)
		}
	}
	sequence := "sequenceDiagram\n  A -- text --> B"
	if got, err := plainEdges(sequence); got != sequence || err != nil {
		t.Errorf("another diagram was changed: %s (%v)", got, err)
	}
}

// What the library would leave out without a word is not drawn at all: the author's words stand in its place.
func TestEdgesThatCannotBeDrawnAreAnError(t *testing.T) {
	for _, edge := range []string{
		"A -- text\n  B --> C", "A -- a -- b --> C", "A -- a[b] --> C", `A -- "a | b" --> C`, "A ~~~ B", "A <==> B", "A>x -- y] --> B",
		"subgraph one -- two\n  A --> B\n  end", "subgraph one -- two --> three\n  A --> B\n  end",
	} {
		if text, err := (asciiDiagrams{}).draw("graph LR\n  "+edge, 80); err == nil {
			t.Errorf("%s: drawn as\n%s", edge, text)
		}
	}
}

func TestEveryBoxAndTextOfAnEdgeIsDrawn(t *testing.T) {
	for edge, texts := range map[string][]string{
		"A -- mounts --> B":                  {"│ A ├", "mounts", "│ B │"},
		`A -- "open(2)" --> B`:               {"│ A ├", "open(2)", "│ B │"},
		"A -- a<br/>b --> B":                 {"│ A ├", "a─b", "│ B │"},
		"A -->|a -- b --> c| B":              {"│ A ├", "a─--─b─-->─c", "│ B │"},
		`A["x -- y --> z"] --> B`:            {"│ x -- y --> z ├", "│ B │"},
		"subgraph s [one]\n  A --> B\n  end": {"one", "│ A ├", "│ B │"},
	} {
		drawn, err := asciiDiagrams{}.draw("graph LR\n  "+edge, 80)
		for _, text := range texts {
			if err != nil || !strings.Contains(drawn, text) {
				t.Errorf("%s: no %q (%v)\n%s", edge, text, err, drawn)
			}
		}
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
