package checks

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/podlab/podlab/internal/lesson"
)

// compound claims something about other checks: that one does not hold, that all do, or that any does.
type compound struct {
	kind   string // "not", "all" or "any"
	checks []Check
}

type groupFields struct {
	Check any `yaml:"KIND" doc:"a check of any kind, with its fields"`
}

func groupKind(name, says, tells string, examples ...string) Kind {
	return Kind{
		Name: name, Says: says, Fields: groupFields{}, Examples: examples,
		Shows:       "The evidence of each check in it.",
		CannotTell:  tells,
		AskSays:     "The answer is yes or no.",
		AskFields:   groupFields{},
		AskExamples: []string{"answer: {" + examples[0] + "}"},
		check:       parseGroup,
		fact:        parseGroupFact,
	}
}

func notKind() Kind {
	return groupKind("not", "The check in it was looked at and does not hold. While there is nothing to look at (no such pod, a container that does "+
		"not run, one that is being replaced) this does not hold either: to claim that something is gone, use `absent`.",
		"If the check in it cannot tell: an error is no proof of the opposite.",
		"not: {ready: {pod: demoduo, containers: 2/2}}")
}

func allKind() Kind {
	return groupKind("all", "Every check in the list holds, at one moment. What does not is listed, all of it.",
		"If one of the checks cannot tell and none is known not to hold.",
		"all: [{ready: {pod: demoduo, containers: 2/2}}, {nprocs: {pod: demoduo, net: 3}}]")
}

func anyKind() Kind {
	return groupKind("any", "At least one check in the list holds: for what can be done in more than one right way.",
		"If one of the checks cannot tell and none holds.",
		"any: [{ready: {pod: demosolo, containers: 1/1}}, {ready: {pod: demoduo, containers: 2/2}}]")
}

func parseGroup(spec lesson.CheckSpec) (Check, lesson.Mistakes) {
	specs, mistakes := spec.Nested()
	g := compound{kind: spec.Kind}
	for _, s := range specs {
		check, wrong := Parse(s)
		mistakes = append(mistakes, wrong...)
		g.checks = append(g.checks, check)
	}
	return g, mistakes
}

// All claims that all the checks hold, at one moment.
func All(checks []Check) Check { return &stated{Check: compound{"all", checks}} }

// Kind returns "not", "all" or "any".
func (g compound) Kind() string { return g.kind }

// Title returns what the check list shows.
func (g compound) Title() string {
	var titles []string
	for _, check := range g.checks {
		titles = append(titles, check.Title())
	}
	return g.words(titles)
}

func (g compound) words(parts []string) string {
	switch {
	case len(parts) == 0:
		return ""
	case g.kind == "not":
		return "not: " + parts[0]
	case len(parts) == 1:
		return parts[0]
	case g.kind == "any":
		return strings.Join(parts, ", or ")
	}
	return strings.Join(parts, "; ")
}

// Begin lets every check note what it must remember.
func (g compound) Begin(ctx context.Context, c Cluster) bool {
	noted := true
	for i, check := range g.checks {
		if b, ok := check.(Beginner); ok {
			noted = b.Begin(ctx, g.part(c, i)) && noted
		}
	}
	return noted
}

func (g compound) part(c Cluster, i int) Cluster { return part{c, c.Memory().Part(fmt.Sprint(i))} }

// Eval looks at every check, at the one moment of c.
func (g compound) Eval(ctx context.Context, c Cluster) Result {
	results := make([]Result, len(g.checks))
	for i, check := range g.checks {
		results[i] = check.Eval(ctx, g.part(c, i))
	}
	r := g.judge(results)
	var wants []string
	for _, one := range results {
		wants = append(wants, one.Want)
		r.Again = sooner(r.Again, one.Again)
	}
	r.Want, r.Evidence = g.words(wants), g.evidence(results)
	return r
}

func (g compound) judge(results []Result) Result {
	switch g.kind {
	case "not":
		return negate(results[0])
	case "any":
		return anyOf(results)
	}
	return allOf(results)
}

// negate turns a pass into NotYet, and into a pass only what was looked at and found not to hold.
func negate(r Result) Result {
	switch {
	case r.Verdict == CannotTell:
		return r
	case r.Verdict == Pass:
		return Result{Verdict: NotYet, Got: "it holds: " + r.Got}
	case r.Vacant:
		return Result{Verdict: NotYet, Vacant: true, Got: r.Got, Why: r.Why}
	}
	return Result{Verdict: Pass, Got: r.Got}
}

func anyOf(results []Result) Result {
	var got, why []string
	joined := Result{Verdict: NotYet}
	for _, r := range results {
		switch r.Verdict {
		case Pass:
			return Result{Verdict: Pass, Got: r.Got}
		case CannotTell:
			joined.Verdict, joined.Try = CannotTell, r.Try
		case NotYet:
			joined.Vacant = joined.Vacant || r.Vacant
		}
		got, why = append(got, r.Got), append(why, r.Why)
		joined.Mismatches = append(joined.Mismatches, mismatchesOf(r)...)
	}
	joined.Got, joined.Why = listed(got), listed(why)
	return joined
}

func allOf(results []Result) Result {
	var got, why, unknown []string
	joined := Result{Verdict: Pass, Vacant: true}
	for _, r := range results {
		switch r.Verdict {
		case CannotTell:
			joined.Try = r.Try
			unknown = append(unknown, r.Got+": "+r.Why)
			continue
		case NotYet:
			joined.Verdict = NotYet
			joined.Vacant = joined.Vacant && r.Vacant
			joined.Mismatches = append(joined.Mismatches, mismatchesOf(r)...)
			got, why = append(got, r.Got), append(why, r.Why)
		}
	}
	switch {
	case joined.Verdict == NotYet:
		joined.Got, joined.Why, joined.Try = listed(got), listed(why), ""
	case len(unknown) > 0:
		return Result{Verdict: CannotTell, Got: "one of the checks cannot tell", Why: listed(unknown), Try: joined.Try}
	default:
		joined.Vacant, joined.Got = false, "all hold"
	}
	return joined
}

// mismatchesOf returns what differs in a result, which at the least is what it says as a whole.
func mismatchesOf(r Result) []Mismatch {
	if len(r.Mismatches) > 0 || r.Verdict != NotYet {
		return r.Mismatches
	}
	return []Mismatch{{Want: r.Want, Got: r.Got}}
}

// listed joins the texts that say something, each once.
func listed(texts []string) string {
	var said []string
	seen := map[string]bool{}
	for _, text := range texts {
		if text != "" && !seen[text] {
			said, seen[text] = append(said, text), true
		}
	}
	return strings.Join(said, "; ")
}

func (g compound) evidence(results []Result) Evidence {
	if len(results) == 1 {
		return results[0].Evidence
	}
	var all Evidence
	for i, r := range results {
		head := fmt.Sprintf("%s: %s", g.checks[i].Title(), r.Verdict)
		if r.Evidence.Command != "" {
			head += "   (" + r.Evidence.Command + ")"
		}
		all.Rows = append(append(all.Rows, head), r.Evidence.Rows...)
		all.Notes = append(all.Notes, r.Evidence.Notes...)
	}
	return all
}

// sooner returns the shorter of two waits, of which 0 is none.
func sooner(a, b time.Duration) time.Duration {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

type groupFact struct{ compound }

func parseGroupFact(spec lesson.CheckSpec) (Fact, lesson.Mistakes) {
	check, mistakes := parseGroup(spec)
	g, _ := check.(compound)
	return groupFact{g}, mistakes
}

// Value returns yes or no.
func (f groupFact) Value(ctx context.Context, c Cluster) (string, Result) {
	r := f.Eval(ctx, c)
	switch {
	case r.Verdict == Pass:
		return "yes", r
	case r.Verdict == NotYet && !r.Vacant:
		return "no", Result{Verdict: Pass, Got: r.Got, Evidence: r.Evidence}
	}
	return "", r
}
