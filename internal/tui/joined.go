package tui

import (
	"bytes"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

// The renderer breaks lines after these, though they stand in names, options and addresses, and miscounts a line that holds
// a "-". So it sees characters for private use in their place.
const (
	breaking = "-.,;+"
	standIns = '\uE001' // and those that follow
)

// joined puts the stand-ins into the words of a Markdown text, and leaves alone what is Markdown's own.
func joined(source string) string {
	src := []byte(source)
	var b strings.Builder
	done := 0
	put := func(from, to int, link bool) {
		b.Write(src[done:from])
		open := link && (from == 0 || src[from-1] != '<')
		if open { // a bare address is told by its dots: with brackets it is one without them
			b.WriteByte('<')
		}
		for i := from; i < to; i++ {
			n := strings.IndexByte(breaking, src[i])
			if n < 0 || !link && isMarkup(src, i) {
				b.WriteByte(src[i])
				continue
			}
			b.WriteString(standIn(n))
		}
		if open {
			b.WriteByte('>')
		}
		done = to
	}
	tree := goldmark.New(goldmark.WithExtensions(extension.GFM, extension.DefinitionList)).Parser().Parse(text.NewReader(src))
	_ = ast.Walk(tree, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		switch n := n.(type) {
		case *ast.Text:
			if entering && n.Segment.Start >= done {
				put(n.Segment.Start, n.Segment.Stop, false)
			}
		case *ast.AutoLink:
			label := n.Label(src)
			if at := bytes.Index(src[done:], label); entering && at >= 0 && bytes.Contains(label, []byte("://")) {
				put(done+at, done+at+len(label), true)
			}
		}
		return ast.WalkContinue, nil
	})
	b.Write(src[done:])
	return b.String()
}

// isMarkup says whether the character may mean something to Markdown: one after a backslash, the end of an entity, or one
// beside an emphasis, where letters and punctuation differ.
func isMarkup(src []byte, i int) bool {
	const beside = "\\*_~"
	if i > 0 && strings.IndexByte(beside, src[i-1]) >= 0 || i+1 < len(src) && strings.IndexByte(beside, src[i+1]) >= 0 {
		return true
	}
	word := src[bytes.LastIndexAny(src[:i], " \n")+1 : i]
	return src[i] == ';' && bytes.IndexByte(word, '&') >= 0
}

func standIn(n int) string { return string(rune(standIns + n)) }

// parted puts back what joined took out.
func parted(s string) string {
	for n := range len(breaking) {
		s = strings.ReplaceAll(s, standIn(n), breaking[n:n+1])
	}
	return s
}
