package lesson

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/yuin/goldmark"
	markdown "github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
)

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
	r.checkStepID(step)
	r.steps = append(r.steps, step)
	r.ids = map[string]bool{}
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
	for _, other := range r.steps {
		if other.ID == step.ID {
			r.mistake(step.Pos, "step id %q is taken by line %d: change the title, or add an id such as {#%s-again}", step.ID, other.Pos.Line, step.ID)
			return
		}
	}
}

// endStep gives the current step's checks their ids, and says so if the step is empty.
func (r *reader) endStep() {
	if len(r.steps) == 0 {
		return
	}
	step := &r.steps[len(r.steps)-1]
	if len(step.Blocks) == 0 && step.Title != "" && !r.hasMistakeFrom(step.Pos.Line) {
		r.mistake(step.Pos, "step %q has no content", step.Title)
	}
	for _, b := range step.Blocks {
		check, _ := b.(Check)
		for i := range check.Specs {
			spec := &check.Specs[i]
			if spec.ID == "" {
				spec.ID = freeID(spec.Kind, r.ids)
			}
		}
	}
}

// hasMistakeFrom tells whether anything from the line on was refused; the step is then not empty, only unreadable.
func (r *reader) hasMistakeFrom(line int) bool {
	for _, m := range r.found {
		if m.Pos.Line >= line {
			return true
		}
	}
	return false
}

// freeID returns the kind, or the kind with the first free number from 2 on, and takes it.
func freeID(kind string, taken map[string]bool) string {
	id := kind
	for n := 2; taken[id]; n++ {
		id = fmt.Sprintf("%s-%d", kind, n)
	}
	taken[id] = true
	return id
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
