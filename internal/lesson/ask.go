package lesson

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/goccy/go-yaml/ast"
)

// question is an ask block as the author writes it.
type question struct {
	Prompt  string            `yaml:"prompt"`
	Choices []string          `yaml:"choices"`
	Several bool              `yaml:"several"`
	Answer  ast.Node          `yaml:"answer"`
	Explain string            `yaml:"explain"`
	Wrong   map[string]string `yaml:"wrong"`
}

func (r *reader) ask(f fenced) (ask Ask) {
	ask.Pos = f.pos
	defer recoverAt(&r.found, f.pos)
	root, mistakes := parseYAML(f.content, f.at)
	r.found = append(r.found, mistakes...)
	if len(mistakes) > 0 {
		return ask
	}
	var q question
	d := decoder{at: f.at, whole: f.pos}
	d.decode(root, reflect.ValueOf(&q).Elem())
	d.checkQuestion(root, q)
	ask.Prompt, ask.Choices, ask.Several, ask.Explain = q.Prompt, q.Choices, q.Several, q.Explain
	ask.Wrong = d.wrongAnswers(root, q)
	if list, ok := q.Answer.(*ast.SequenceNode); ok && q.Several {
		d.in("answer", func() { d.decode(list, reflect.ValueOf(&ask.Answers).Elem()) })
		d.checkAnswers(list, q, ask.Answers)
	}
	r.found = append(r.found, d.mistakes...)
	if isMapping(q.Answer) {
		ask.Answer, _ = r.oneKind(CheckSpec{Pos: f.at.of(q.Answer), at: f.at, source: f.content}, "an answer", entries(q.Answer))
		ask.Answer.ID, ask.Answer.label = ask.Answer.Kind, fmt.Sprintf("answer %q", ask.Answer.Kind)
		return ask
	}
	ask.Text, _ = scalarText(q.Answer)
	return ask
}

// checkQuestion looks at what the fields of an ask block say together.
func (d *decoder) checkQuestion(root ast.Node, q question) {
	d.require(root, "prompt", `this question has no "prompt"`)
	d.require(root, "answer", `this question has no "answer"`)
	text, isText := scalarText(q.Answer)
	_, isList := q.Answer.(*ast.SequenceNode)
	switch {
	case isList && !q.Several:
		d.mistake(q.Answer, "answer: want a text, or a fact as {kind: {field: value}}, found a list: several right choices need several: true")
	case isText && text != "" && q.Several:
		d.mistake(q.Answer, "answer: want a list of the right choices, or a fact as {kind: {field: value}}, found %s", describe(q.Answer))
	}
	choices := entry(root, "choices")
	if choices == nil {
		if q.Several && misspelt(root, "choices") == nil {
			d.mistake(entry(root, "several").Key, "several: there are no choices to choose from")
		}
		return
	}
	d.checkList(root, "choices", q.Choices)
	if _, ok := choices.Value.(*ast.SequenceNode); ok && len(q.Choices) < 2 {
		d.mistake(choices.Key, "choices: want two or more, found %d", len(q.Choices))
		return
	}
	if isText && !q.Several {
		d.oneOfChoices(q.Answer, text, q.Choices)
	}
}

func (d *decoder) oneOfChoices(n ast.Node, answer string, choices []string) {
	if len(choices) > 0 && !slices.Contains(choices, answer) {
		d.mistake(n, "answer %q is not one of the choices%s", answer, didYouMean(answer, choices))
	}
}

// checkAnswers looks at the right choices of a question that has several.
func (d *decoder) checkAnswers(list *ast.SequenceNode, q question, answers []string) {
	if len(list.Values) == 0 {
		d.mistake(list, "answer: want one or more of the choices, found none")
	}
	for i, n := range list.Values {
		if _, ok := scalarText(n); !ok {
			continue // a mistake already
		}
		d.oneOfChoices(n, answers[i], q.Choices)
		if slices.Contains(answers[:i], answers[i]) {
			d.mistake(n, "answer: %q is given twice", answers[i])
		}
	}
}

// wrongAnswers returns the explanations for wrong answers, in the order of the lesson.
func (d *decoder) wrongAnswers(root ast.Node, q question) []WrongAnswer {
	field := entry(root, "wrong")
	if field == nil {
		return nil
	}
	var all []WrongAnswer
	for _, e := range entries(field.Value) {
		answer := keyText(e)
		if emptyText(e.Value) {
			d.mistake(e.Key, "wrong: %q has no explanation", answer)
		}
		if len(q.Choices) > 0 && !slices.Contains(q.Choices, answer) {
			d.mistake(e.Key, "wrong: %q is not one of the choices%s", answer, didYouMean(answer, q.Choices))
		}
		all = append(all, WrongAnswer{answer, q.Wrong[answer], d.at.of(e.Key)})
	}
	return all
}
