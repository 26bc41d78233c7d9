//go:build e2e

package e2e

import (
	"fmt"
	"html"
	"image/color"
	"os"
	"path/filepath"
	"slices"
	"strings"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/vt"
)

// A character's width and height in a picture, in SVG's units.
const (
	charWidth  = 8.4
	lineHeight = 17
	margin     = 12
)

// shown are the screens that the README shows.
var shown = []string{"catalogue", "duo-step-3", "duo-evidence"}

// keepPicture draws the screen into PODLAB_PICTURES, if that names a folder. "make pictures" does.
func (s *screen) keepPicture(name string) {
	s.t.Helper()
	dir := os.Getenv("PODLAB_PICTURES")
	if dir == "" || !slices.Contains(shown, name) {
		return
	}
	if err := os.WriteFile(filepath.Join(dir, name+".svg"), []byte(picture(s.emu)), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

// picture draws what is on the emulator's screen.
func picture(emu *vt.SafeEmulator) string {
	var b strings.Builder
	width, height := float64(emu.Width())*charWidth+2*margin, emu.Height()*lineHeight+2*margin
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%d" font-family="ui-monospace, Menlo, Consolas, monospace" font-size="14">`+"\n", width, height)
	b.WriteString(`<rect width="100%" height="100%" rx="8" fill="#1b1d23"/>` + "\n")
	for y := range emu.Height() {
		drawLine(&b, emu, y)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// drawLine writes each run of cells of one look as a text of its own, at its exact place.
func drawLine(b *strings.Builder, emu *vt.SafeEmulator, y int) {
	for x := 0; x < emu.Width(); {
		from, look, text := x, lookOf(emu.CellAt(x, y)), ""
		for x < emu.Width() && lookOf(emu.CellAt(x, y)) == look {
			content := " "
			if c := emu.CellAt(x, y); c != nil && c.Content != "" {
				content = c.Content
			}
			text += content
			x++
		}
		if strings.TrimSpace(text) == "" {
			continue
		}
		fmt.Fprintf(b, `<text x="%.1f" y="%d" xml:space="preserve" textLength="%.1f" %s>%s</text>`+"\n", margin+float64(from)*charWidth,
			margin+(y+1)*lineHeight-4, float64(x-from)*charWidth, look, html.EscapeString(text))
	}
}

// lookOf returns a cell's colour and weight as SVG attributes.
func lookOf(c *uv.Cell) string {
	look := `fill="#d7dae0"`
	if c == nil {
		return look
	}
	if c.Style.Fg != nil {
		look = fmt.Sprintf(`fill="%s"`, hex(c.Style.Fg))
	}
	if c.Style.Attrs&uv.AttrBold != 0 {
		look += ` font-weight="bold"`
	}
	if c.Style.Attrs&uv.AttrFaint != 0 {
		look += ` opacity="0.6"`
	}
	if c.Style.Attrs&uv.AttrItalic != 0 {
		look += ` font-style="italic"`
	}
	return look
}

func hex(c color.Color) string {
	r, g, b, _ := c.RGBA()
	return fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)
}
