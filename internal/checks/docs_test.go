package checks_test

import (
	"flag"
	"fmt"
	"os"
	"reflect"
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

A check may have an ` + "`id`" + ` beside its kind. A field that the kind does not know, and a value that can never be true, are mistakes of the lesson.

## Verdicts

| verdict | it means |
|---|---|
| ` + "`pass`" + ` | The cluster makes it true. The evidence has the rows that prove it. |
| ` + "`not-yet`" + ` | It is not true, or not yet. The result has what was wanted, what was found, and the reason if one is known. |
| ` + "`cannot-tell`" + ` | podlab could not look: the API, the node or Docker did not answer, or what they said does not fit together. The result has the way out. |

A pod that does not exist is ` + "`not-yet`" + `. So is a pod that is being deleted and, for the kinds that look at the node, a pod with a container that does not run.

The API and the node are looked at one after the other. A container that only one of the two knows is starting, ending or being replaced, and
the verdict is ` + "`not-yet`" + `. If the API says that a pod runs and the node shows nothing of it at all, the verdict is ` + "`cannot-tell`" + `.

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
	b.WriteString(intro)
	for _, kind := range checks.Kinds() {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n", kind.Name, kind.Says)
		example(&b, "check", "- ", kind.Examples)
		fields(&b, kind.Fields)
		fmt.Fprintf(&b, "\n### %s in an ask block\n\n%s\n\n", kind.Name, kind.AskSays)
		example(&b, "ask", "", kind.AskExamples)
		fields(&b, kind.AskFields)
	}
	return b.String()
}

// example writes what an author would. An ask block has one answer, so each of its examples stands alone.
func example(b *strings.Builder, word, prefix string, lines []string) {
	if word == "ask" {
		for _, line := range lines {
			fmt.Fprintf(b, "- `%s`\n", line)
		}
		b.WriteString("\n")
		return
	}
	fmt.Fprintf(b, "```yaml %s\n", word)
	for _, line := range lines {
		fmt.Fprintf(b, "%s%s\n", prefix, line)
	}
	b.WriteString("```\n\n")
}

func fields(b *strings.Builder, of any) {
	b.WriteString("| field | meaning |\n|---|---|\n")
	for _, field := range reflect.VisibleFields(reflect.TypeOf(of)) {
		tag := field.Tag
		if field.Anonymous {
			continue
		}
		fmt.Fprintf(b, "| `%s` | %s |\n", tag.Get("yaml"), tag.Get("doc"))
	}
}
