package tui

import (
	"github.com/charmbracelet/bubbles/key"
	"github.com/charmbracelet/x/ansi"
)

// footer draws as many of the keys as fit, whole ones only, the most useful first.
func footer(t theme, bindings []key.Binding, width int) string {
	line := ""
	for _, b := range bindings {
		h := b.Help()
		item := t.key.Render(h.Key) + " " + t.dim.Render(h.Desc)
		if line != "" {
			item = "  " + item
		}
		if ansi.StringWidth(line)+ansi.StringWidth(item) > width {
			continue
		}
		line += item
	}
	return line
}

// arrows stands for the two keys that choose from a list.
func arrows(k keyMap, does string) key.Binding {
	return key.NewBinding(key.WithKeys(append(k.Up.Keys(), k.Down.Keys()...)...), key.WithHelp("↑ ↓", does))
}

// named returns the binding with another description, for a screen where it means something narrower.
func named(b key.Binding, does string) key.Binding {
	return key.NewBinding(key.WithKeys(b.Keys()...), key.WithHelp(b.Help().Key, does))
}
