package lesson

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	markdown "github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// reader reads one lesson file. It collects mistakes and goes on.
type reader struct {
	file    string
	src     []byte // line ends are "\n"
	lines   []int  // the offset of each line
	found   Mistakes
	front   ast.Node // the front matter's root; nil where it could not be read
	frontAt place

	prose int // the offset from which the text is not yet in a block
	intro []Block
	steps []Step

	stepLine map[string]int  // the line of each step, by id
	before   int             // how many mistakes there were before the current step
	ids      map[string]bool // the ids that the author gave to checks of the current step
	written  written         // the manifests of the current step
}

// readLesson turns the bytes of a lesson file into a lab; dir is the name of its folder.
func readLesson(file, dir string, data []byte) (Lab, *reader) {
	r := &reader{file: file, stepLine: map[string]int{}}
	lab := Lab{ID: dir, File: file}
	if !r.take(data) {
		return lab, r
	}
	front, lines := frontMatter(string(r.src))
	if lines == 0 {
		r.noFrontMatter()
		return lab, r
	}
	if !r.readFront(&lab, dir, front) {
		return lab, r
	}
	r.prose = r.offset(lines)
	r.body()
	if len(r.steps) == 0 {
		r.mistake(Position{file, 1, 1}, `a lab has at least one step: begin it with a "##" heading`)
	}
	lab.Intro, lab.Steps = r.intro, r.steps
	return lab, r
}

// noFrontMatter says why there is none. Without it the file may be anything, so the rest is not read.
func (r *reader) noFrontMatter() {
	pos := Position{r.file, 1, 1}
	switch {
	case len(bytes.TrimSpace(r.src)) == 0:
		r.mistake(pos, "this lesson is empty")
	case bytes.HasPrefix(r.src, []byte("---\n")):
		r.mistake(pos, "the front matter never ends: it needs a second line ---")
	default:
		r.mistake(pos, "a lesson begins with front matter: a line ---, the fields, a line ---")
	}
}

func (r *reader) mistake(pos Position, format string, args ...any) {
	r.found = append(r.found, Mistake{pos, fmt.Sprintf(format, args...)})
}

// take brings the text into one shape: no byte order mark, "\n" at line ends. It returns false where it is not readable as text.
func (r *reader) take(data []byte) bool {
	return r.takeText(data) && !r.findControls() && !r.tooDeep()
}

func (r *reader) takeText(data []byte) bool {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	data = bytes.ReplaceAll(data, []byte("\r"), []byte("\n"))
	r.src, r.lines = data, []int{0}
	for i, c := range data {
		if c == '\n' {
			r.lines = append(r.lines, i+1)
		}
	}
	for i := 0; i < len(data); {
		c, size := utf8.DecodeRune(data[i:])
		if c == utf8.RuneError && size == 1 || c == 0 {
			r.mistake(r.pos(i), "byte 0x%02x is not UTF-8 text", data[i])
			return false
		}
		i += size
	}
	return true
}

var markers = regexp.MustCompile(`^(?:[ \t]*(?:>|[-+*][ \t]|[0-9]{1,9}[.)][ \t]))+`)

// tooDeep refuses quotes and lists nested beyond reason: the Markdown parser's time grows with the square of the depth.
func (r *reader) tooDeep() bool {
	const most = 200 // bytes of markers at the start of a line
	for i, start := range r.lines {
		if n := len(markers.Find(r.src[start:r.offset(i+1)])); n > most {
			r.mistake(r.pos(start), "lists and quotes are nested too deep here")
			return true
		}
	}
	return false
}

// lineOf returns the index of the line that holds the offset, from 0.
func (r *reader) lineOf(offset int) int {
	low, high := 0, len(r.lines)
	for high-low > 1 {
		if mid := (low + high) / 2; r.lines[mid] <= offset {
			low = mid
		} else {
			high = mid
		}
	}
	return low
}

// offset returns where a line starts, counted from 0; the end of the text for a line after the last.
func (r *reader) offset(line int) int {
	if line >= len(r.lines) {
		return len(r.src)
	}
	return r.lines[line]
}

func (r *reader) pos(offset int) Position {
	line := r.lineOf(offset)
	return Position{r.file, line + 1, utf8.RuneCount(r.src[r.lines[line]:offset]) + 1}
}

// body reads all that follows the front matter.
func (r *reader) body() {
	// The parser sees blanks for the front matter, so that its offsets are those of the file. Blocks are all that it looks for.
	view := bytes.Clone(r.src)
	for i := range r.prose {
		if view[i] != '\n' {
			view[i] = ' '
		}
	}
	doc := parser.NewParser(parser.WithBlockParsers(parser.DefaultBlockParsers()...)).Parse(text.NewReader(view))
	for n := doc.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *markdown.Heading:
			if n.Level == 2 {
				r.startStep(n)
			}
		case *markdown.FencedCodeBlock:
			r.fence(n)
		default:
			r.refuseInside(n)
		}
	}
	r.flush(len(r.src))
	r.endStep()
}

// add puts a block into the current step, or into the introduction.
func (r *reader) add(b Block) {
	if n := len(r.steps); n > 0 {
		r.steps[n-1].Blocks = append(r.steps[n-1].Blocks, b)
		return
	}
	r.intro = append(r.intro, b)
}

// flush makes a prose block of the text up to the offset that is in no block yet.
func (r *reader) flush(end int) {
	start := r.prose
	if start >= end {
		return
	}
	for line := r.lineOf(start); line < r.lineOf(end) && len(bytes.TrimSpace(r.src[start:r.offset(line+1)])) == 0; line++ {
		start = r.offset(line + 1)
	}
	if prose := strings.TrimRight(string(r.src[start:end]), " \t\n"); strings.TrimSpace(prose) != "" {
		r.add(Prose{Pos: r.pos(start), Markdown: prose})
	}
	r.prose = end
}
