package tui

import (
	"io"
	"os"

	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"
)

// theme is every style of the screen. It belongs to one renderer, so that two terminals in one process may differ.
type theme struct {
	markdown string // glamour's style: "dark", "light" or "notty"

	title, dim, strong, key         lipgloss.Style
	good, bad, warn, accent, banner lipgloss.Style
}

func newTheme(out io.Writer, dark, noColor bool) theme {
	if out == nil {
		out = os.Stdout
	}
	r := lipgloss.NewRenderer(out)
	r.SetHasDarkBackground(dark) // never asked of the terminal: its answer would arrive as keys
	if noColor {
		r.SetColorProfile(termenv.Ascii)
	}
	colour := func(light, dark string) lipgloss.Style {
		return r.NewStyle().Foreground(lipgloss.AdaptiveColor{Light: light, Dark: dark})
	}
	t := theme{
		markdown: "light",
		title:    colour("18", "117").Bold(true),
		dim:      colour("243", "245"),
		strong:   r.NewStyle().Bold(true),
		key:      colour("18", "117").Bold(true),
		good:     colour("28", "78"),
		bad:      colour("160", "203").Bold(true),
		warn:     colour("130", "215"),
		accent:   colour("25", "75").Bold(true),
		banner:   r.NewStyle().Bold(true).Foreground(lipgloss.Color("15")).Background(lipgloss.Color("160")),
	}
	switch {
	case r.ColorProfile() == termenv.Ascii:
		t.markdown = "notty" // glamour's other styles colour regardless
	case dark:
		t.markdown = "dark"
	}
	return t
}
