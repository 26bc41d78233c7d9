package tui

import (
	"strings"

	"github.com/charmbracelet/bubbles/cursor"
	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/podlab/podlab/internal/lesson"
)

// answerInput is an answer being written, or a choice being made, under its question.
type answerInput struct {
	block   int
	choices []string
	pick    int
	several bool         // several choices are right together
	marked  map[int]bool // the chosen ones, with several
	input   textinput.Model
	theme   theme
}

func newAnswerInput(t theme, block int, ask lesson.Ask) *answerInput {
	in := textinput.New()
	in.Prompt = "  > "
	in.CharLimit = 200
	in.PromptStyle, in.TextStyle, in.Cursor.Style = t.accent, t.strong, t.accent.Reverse(true)
	in.Cursor.SetMode(cursor.CursorStatic) // a blink would redraw the screen for nothing
	in.Focus()
	return &answerInput{block: block, choices: ask.Choices, several: ask.Several, marked: map[int]bool{}, input: in, theme: t}
}

func (a *answerInput) lines(width int) []string {
	if a.several {
		return []string{"  " + a.theme.dim.Render(cut("a letter or space marks one; mark each that is right", width-2))}
	}
	if len(a.choices) > 0 {
		return []string{"  " + a.theme.dim.Render(cut("↑ ↓ or a letter to choose, enter to answer", width-2))}
	}
	a.input.Width = max(width-len(a.input.Prompt)-2, 1)
	return []string{a.input.View(), "  " + a.theme.dim.Render(cut("enter to answer, esc to leave", width-2))}
}

// value is the answer as it stands: a choice's own text, the marked ones line by line, or what was typed.
func (a *answerInput) value() string {
	if a.several {
		var chosen []string
		for n, c := range a.choices {
			if a.marked[n] {
				chosen = append(chosen, c)
			}
		}
		return strings.Join(chosen, "\n")
	}
	if len(a.choices) > 0 {
		return a.choices[a.pick]
	}
	return a.input.Value()
}

// press changes the answer.
func (a *answerInput) press(msg tea.KeyMsg) {
	if len(a.choices) == 0 {
		a.input, _ = a.input.Update(msg) // its only commands are the blink and the clipboard, which are not used
		return
	}
	switch msg.Type {
	case tea.KeyUp:
		a.pick = max(a.pick-1, 0)
	case tea.KeyDown:
		a.pick = min(a.pick+1, len(a.choices)-1)
	case tea.KeySpace:
		a.marked[a.pick] = !a.marked[a.pick]
	default:
		a.choose(string(msg.Runes))
	}
}

func (a *answerInput) choose(name string) {
	for n := range a.choices {
		if name == letter(n) {
			a.pick = n
			a.marked[n] = !a.marked[n]
		}
	}
}

// letter names a choice. Digits would be mistaken for answers.
func letter(n int) string { return string(rune('a' + n%26)) }
