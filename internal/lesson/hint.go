package lesson

import (
	"fmt"
	"strings"
)

// hint reads a hint. Its condition, if it has one, is the part up to the first line "---", and begins with a line "when:".
func (r *reader) hint(f fenced) Hint {
	h := Hint{Pos: f.pos, Markdown: strings.TrimRight(f.content, "\n")}
	first, _, _ := strings.Cut(f.content, "\n")
	if strings.TrimRight(first, " \t") != "when:" {
		return h
	}
	head, text, ok := cutLine(f.content, "---")
	if !ok {
		r.mistake(f.pos, "the condition of this hint never ends: it needs a line --- before the hint's text")
		return h
	}
	h.Markdown = strings.Trim(text, "\n")
	if strings.TrimSpace(text) == "" {
		r.mistake(f.pos, "this hint has a condition and no text")
	}
	f.content = head
	h.When = r.conditions(f)
	return h
}

// conditions reads the head of a hint. Its checks have ids of their own.
func (r *reader) conditions(f fenced) (specs []CheckSpec) {
	defer recoverAt(&r.found, f.pos)
	root, mistakes := parseYAML(f.content, f.at)
	r.found = append(r.found, mistakes...)
	when := entry(root, "when")
	if len(mistakes) > 0 || when == nil {
		return nil
	}
	d := decoder{at: f.at, whole: f.pos}
	for _, e := range d.unique(root) {
		if e != when {
			d.mistake(e.Key, "only the list of checks may stand under \"when\", found %q", keyText(e))
		}
	}
	r.found = append(r.found, d.mistakes...)
	ids := r.ids
	r.ids = map[string]bool{}
	defer func() { r.ids = ids }()
	specs = r.checkList(when.Value, f.at.of(when.Key), f)
	named := make([]*CheckSpec, len(specs))
	for i := range specs {
		named[i] = &specs[i]
		if specs[i].Within > 0 {
			r.mistake(specs[i].Pos, "the condition of a hint has no time limit: leave \"within\" out")
		}
	}
	nameChecks(named, r.ids)
	for i := range specs {
		specs[i].label = fmt.Sprintf("condition %q", specs[i].ID)
	}
	return specs
}

// cutLine cuts a text at the first line that is the mark.
func cutLine(text, mark string) (before, after string, found bool) {
	for line := range strings.Lines(text) {
		if strings.TrimRight(line, " \t\n") == mark {
			return before, text[len(before)+len(line):], true
		}
		before += line
	}
	return text, "", false
}
