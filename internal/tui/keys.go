package tui

import "github.com/charmbracelet/bubbles/key"

// keyMap is every key of the program. Nothing else matches a key by name.
type keyMap struct {
	Enter, Tab, Up, Down, PageUp, PageDown, Top, Bottom                             key.Binding
	Apply, ApplySolution, Edit, Run, Next, Previous, Evidence, Hint, Solution, Skip key.Binding
	Wide                                                                            key.Binding
	Reset, Output, ClusterUp, Help, Back, Quit, Interrupt, Agree                    key.Binding
}

func newKeyMap() keyMap {
	bind := func(help, does string, keys ...string) key.Binding {
		return key.NewBinding(key.WithKeys(keys...), key.WithHelp(help, does))
	}
	return keyMap{
		Enter:    bind("enter", "do what comes next", "enter"),
		Tab:      bind("tab", "answer the question", "tab"),
		Up:       bind("↑", "up", "up", "k"),
		Down:     bind("↓", "down", "down", "j"),
		PageUp:   bind("pgup", "page up", "pgup", "b"),
		PageDown: bind("space", "page down", "pgdown", " "),
		Top:      bind("g", "top", "home", "g"),
		Bottom:   bind("G", "end", "end", "G"),
		Apply:    bind("a", "apply", "a"),

		ApplySolution: bind("S", "apply the solution", "S"),

		Edit:      bind("E", "edit", "E"),
		Run:       bind("r", "run", "r"),
		Next:      bind("n", "next step", "n", "right"),
		Previous:  bind("p", "previous step", "p", "left"),
		Evidence:  bind("e", "evidence", "e"),
		Hint:      bind("h", "hint", "h"),
		Solution:  bind("s", "solution", "s"),
		Skip:      bind("s", "skip the question", "s"),
		Wide:      bind("w", "wide", "w"),
		Reset:     bind("R", "reset the lab", "R"),
		Output:    bind("o", "full output", "o"),
		ClusterUp: bind("u", "bring the cluster up", "u"),
		Help:      bind("?", "help", "?"),
		Back:      bind("esc", "back", "esc"),
		Quit:      bind("q", "quit", "q"),
		Interrupt: bind("ctrl+c", "interrupt", "ctrl+c"),
		Agree:     bind("y", "yes", "y"),
	}
}

// helpLine is one row of the help screen.
type helpLine struct{ keys, does string }

// all lists every key with what it does, for the help screen.
func (k keyMap) all() []helpLine {
	return []helpLine{
		{"enter", "do what comes next; the line above the keys says what that is"},
		{"a  E", "apply the step's manifest, or your own; E edits your own"},
		{"r", "run the command of the step"},
		{"tab", "answer the question of the step"},
		{"s  S", "skip a question, else show the solution; S applies it"},
		{"h", "show the next hint"},
		{"o", "the whole output of the last command"},
		{"w", "give the lesson the whole width, or the steps their place again"},
		{"e", "what the checks saw: rows and reasons"},
		{"n  →", "next step"},
		{"p  ←", "previous step"},
		{"↑ ↓  j k", "scroll by a line, or choose from a list"},
		{"space  b", "scroll by a page (also pgdn, pgup)"},
		{"g  G", "to the top, to the end (also home, end)"},
		{"R", "reset the lab: remove all that was made in it (asks first)"},
		{"u", "bring the cluster up again when it is lost"},
		{"ctrl+c", "interrupt what is running; a second time: quit"},
		{"?", "this list"},
		{"esc", "close this, or go back to the list of labs"},
		{"q", "quit; podlab remembers where you were"},
	}
}
