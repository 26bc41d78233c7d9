package lesson

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/yuin/goldmark"
	markdown "github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
)

// maxStepID is the number of characters of the longest step id: it becomes a file's name, which has at most 255 on most systems.
const maxStepID = 100

var explicitID = regexp.MustCompile(`^(.*?)\s*\{#([^{}]*)\}$`)

// startStep ends the step before and begins a new one at its heading.
func (r *reader) startStep(n *markdown.Heading) {
	line := r.lineOf(n.Pos())
	r.flush(r.offset(line))
	r.endStep()
	end := line + 1
	if n.Lines().Len() > 0 && r.src[n.Pos()] != '#' { // an underlined heading
		end = r.lineOf(n.Lines().At(n.Lines().Len()-1).Start) + 2
	}
	r.prose = r.offset(end)

	heading := strings.TrimSpace(strings.ReplaceAll(string(n.Lines().Value(r.src)), "\n", " "))
	step := Step{Pos: r.pos(n.Pos())}
	if m := explicitID.FindStringSubmatch(heading); m != nil {
		heading, step.ID = m[1], m[2]
		if !idPattern.MatchString(step.ID) {
			r.mistake(step.Pos, "step id %q: %s", step.ID, idRule)
		}
	}
	step.Title = plainText(heading)
	if step.ID == "" {
		step.ID = slug(step.Title)
	}
	r.before = len(r.found)
	r.checkStepID(step)
	r.steps = append(r.steps, step)
	r.ids, r.written = map[string]bool{}, written{}
}

func (r *reader) checkStepID(step Step) {
	if step.Title == "" {
		r.mistake(step.Pos, "a step needs a title after \"##\"")
		return
	}
	if step.ID == "" {
		r.mistake(step.Pos, "no id can be made of the title %q: add one, such as {#first-step}", step.Title)
		return
	}
	if len(step.ID) > maxStepID {
		r.mistake(step.Pos, "the step's id has %d characters: want at most %d; a short one goes after the title, such as {#first-step}", len(step.ID), maxStepID)
	}
	if line, taken := r.stepLine[step.ID]; taken {
		r.mistake(step.Pos, "step id %q is taken by line %d: change the title, or add an id such as {#%s-again}", step.ID, line, step.ID)
		return
	}
	r.stepLine[step.ID] = step.Pos.Line
}

// endStep gives the current step's checks their ids, and says so if the step is empty.
func (r *reader) endStep() {
	if len(r.steps) == 0 {
		return
	}
	step := &r.steps[len(r.steps)-1]
	if len(step.Blocks) == 0 && len(r.found) == r.before { // a step with a mistake is not empty, only unreadable
		r.mistake(step.Pos, "step %q has no content", step.Title)
	}
	var specs []*CheckSpec
	for _, b := range step.Blocks {
		check, _ := b.(Check)
		for i := range check.Specs {
			specs = append(specs, &check.Specs[i])
		}
	}
	nameChecks(specs, r.ids)
	r.checkEdit(*step)
}

// nameChecks gives each check that has no id of its own its kind as id; where that is taken, the kind and the first free number from 2 on.
func nameChecks(specs []*CheckSpec, taken map[string]bool) {
	last := map[string]int{}
	for _, spec := range specs {
		if spec.ID != "" {
			continue
		}
		for spec.ID == "" || taken[spec.ID] {
			last[spec.Kind]++
			spec.ID = spec.Kind
			if n := last[spec.Kind]; n > 1 {
				spec.ID = fmt.Sprintf("%s-%d", spec.Kind, n)
			}
		}
		taken[spec.ID] = true
	}
}

// slug makes an id of a title: "Count the processes!" becomes "count-the-processes". Letters beyond a to z are left out.
func slug(title string) string {
	var b strings.Builder
	for _, c := range strings.ToLower(title) {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			b.WriteRune(c)
		case c == '\'' || c == '’': // "pod's" becomes "pods"
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	return strings.TrimSuffix(b.String(), "-")
}

// plainText takes the Markdown out of a title.
func plainText(title string) string {
	if !strings.ContainsAny(title, "*_`[]<>\\&!") {
		return title
	}
	src := []byte(title)
	var b strings.Builder
	_ = markdown.Walk(goldmark.DefaultParser().Parse(text.NewReader(src)), func(n markdown.Node, entering bool) (markdown.WalkStatus, error) {
		if t, ok := n.(*markdown.Text); ok && entering {
			b.Write(t.Segment.Value(src))
		}
		return markdown.WalkContinue, nil
	})
	if b.Len() == 0 {
		return title
	}
	return b.String()
}
