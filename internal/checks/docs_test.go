package checks_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/podlab/podlab/internal/checks"
)

//go:generate go test -run TestDocs -update .

func TestMain(m *testing.M) {
	flag.Bool("update", false, "write docs/checks.md")
	m.Run()
}

const docs = "../../docs/checks.md"

// TestDocs keeps docs/checks.md as the check types say. With -update it writes the page.
func TestDocs(t *testing.T) {
	want := page()
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.WriteFile(docs, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, strings.ReplaceAll(string(got), "\r\n", "\n")); diff != "" {
		t.Errorf("docs/checks.md is stale: run go generate ./internal/checks (-want +got):\n%s", diff)
	}
}

const intro = `<!-- Made from internal/checks by "go generate ./internal/checks". Do not edit. -->

# Checks

A check block lists what must be true for a step to be done. Each check has one kind, and that kind's fields:

` + "```yaml check" + `
- ready: {pod: demoduo, containers: 2/2}
- nprocs: {pod: demoduo, net: 3, mnt: 1}
` + "```" + `

A field that the kind does not know, and a value that can never be true, are mistakes of the lesson. ` + "`podlab checks`" + ` lists the kinds,
` + "`podlab explain KIND`" + ` prints one's part of this page, and ` + "`podlab checks --schema`" + ` prints a JSON Schema for editors.

## Beside the kind

| field | meaning |
|---|---|
| ` + "`id`" + ` | The check's name, unique in its step. |
| ` + "`for: 5s`" + ` | It must have held for so long without a break, and hold now. A look at least every 12 seconds must have seen it, and the same runs of the same pod's containers: what nobody looked at did not hold. |
| ` + "`within: 30s`" + ` | The time limit of ` + "`podlab verify`" + ` for this check. When it is over, the verdict is the last one that was seen, with its mismatches. |
| ` + "`once: true`" + ` | It is enough that it held once (with ` + "`for`" + `, that it held for so long once): it stays passed until the lab is reset. |

Without ` + "`once`" + `, a check must be true now, and turns back when it is true no longer. [` + "`not`" + `](#not), [` + "`all`" + `](#all) and [` + "`any`" + `](#any) hold other
checks, and those hold others again; these fields stand beside the outermost one.

## Verdicts

| verdict | it means |
|---|---|
| ` + "`pass`" + ` | The cluster makes it true. The evidence has the rows that prove it. |
| ` + "`not-yet`" + ` | It is not true, or not yet. The result has what was wanted, what was found, and the reason if one is known. |
| ` + "`cannot-tell`" + ` | podlab could not look: the API, the node or Docker did not answer, or what they said does not fit together. The result has the way out. |

An error is never ` + "`pass`" + ` or ` + "`not-yet`" + `. This table says what becomes of what can go wrong; a test holds every row against every kind that it concerns.

VERDICTS
Processes are tied to containers by the container ID in their cgroup, never by their name or their place in a listing.

## What a check does not see

- A process that ` + "`kubectl exec`" + ` or a probe put into a container is left out of every count, and so are its children. But a process
  that an exec leaves behind in the background belongs to nobody once the exec has ended: the kernel gives it to the container's PID 1,
  and from then on it cannot be told from a child that the container started itself. It counts as the container's own.
- A passed check is looked at again when the API reports a change of the lab's pods, or while another check of the lab is not satisfied. Nothing tells podlab of a change
  that happens below Kubernetes, such as one more process in a container. While a check that looks at the node has not passed,
  podlab looks again by itself, after 5 seconds at the latest.
`

func page() string {
	var b strings.Builder
	b.WriteString(strings.Replace(intro, "VERDICTS\n", verdictTable(), 1))
	b.WriteString("\n## The kinds\n\n")
	for _, group := range checks.Groups() {
		var links []string
		for _, kind := range group.Kinds {
			links = append(links, fmt.Sprintf("[%s](#%s)", kind.Name, kind.Name))
		}
		fmt.Fprintf(&b, "- %s: %s\n", group.Title, strings.Join(links, ", "))
	}
	for _, kind := range checks.Kinds() {
		b.WriteString("\n" + kind.Page())
	}
	return b.String()
}

// verdictTable writes the rulings, which TestRulings holds row by row.
func verdictTable() string {
	var b strings.Builder
	b.WriteString("| what happens | verdict | |\n|---|---|---|\n")
	for _, row := range rulings() {
		fmt.Fprintf(&b, "| %s | `%s` | %s |\n", row.what, row.verdict, row.says)
	}
	return b.String() + "\n"
}
