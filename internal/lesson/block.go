package lesson

import (
	"regexp"
	"slices"
	"strings"

	markdown "github.com/yuin/goldmark/ast"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// fenced is a fenced block that means something to podlab.
type fenced struct {
	word    string // apply, run, ...
	lang    string
	pos     Position // of the fence
	content string
	at      place // where the content lies
}

// languages returns the languages that a podlab word goes with.
func languages(word string) []string {
	switch word {
	case "apply", "edit", "check", "ask":
		return []string{"yaml"}
	case "run":
		return []string{"sh"}
	case "hint":
		return []string{"md", "text"}
	case "solution":
		return []string{"yaml", "md"}
	case "output":
		return []string{"text"}
	}
	return nil
}

func words() []string {
	return []string{"apply", "edit", "run", "check", "ask", "hint", "solution", "output"}
}

// fence reads a fenced block at the top level of the file.
func (r *reader) fence(n *markdown.FencedCodeBlock) {
	first := r.lineOf(n.Pos())
	last := first
	if l := n.Lines(); l.Len() > 0 {
		last = r.lineOf(l.At(l.Len() - 1).Start)
	}
	mark := string(r.src[n.Pos() : n.Pos()+3])
	closed := strings.HasPrefix(strings.TrimSpace(string(r.src[r.offset(last+1):r.offset(last+2)])), mark)
	if !closed {
		r.mistake(r.pos(n.Pos()), "this block is never closed: it needs a line %s at its end", mark)
		r.prose = len(r.src)
		return
	}
	if n.Info == nil {
		return
	}
	info := strings.Fields(string(n.Info.Segment.Value(r.src)))
	lang, word := "", ""
	if len(info) > 0 {
		lang = info[0]
	}
	if len(info) > 1 {
		word = info[1]
	}
	if lang == "mermaid" && word == "" {
		word = "mermaid"
	}
	if word == "" && languages(lang) == nil {
		return // it stays prose
	}
	r.flush(r.offset(first))
	r.prose = r.offset(last + 2)
	if r.rightWords(n, info) {
		at := place{r.file, first + 1, n.Pos() - r.offset(first)}
		r.block(fenced{word, lang, r.pos(n.Pos()), string(n.Lines().Value(r.src)), at})
	}
}

// rightWords checks what stands after the opening fence.
func (r *reader) rightWords(n *markdown.FencedCodeBlock, info []string) bool {
	pos := r.pos(n.Info.Segment.Start)
	if len(info) == 1 {
		if info[0] == "mermaid" {
			return true
		}
		r.mistake(pos, "the language comes first: write ```%s %s", languages(info[0])[0], info[0])
		return false
	}
	line := string(n.Info.Segment.Value(r.src))
	second := r.pos(n.Info.Segment.Start + len(info[0]) + strings.Index(line[len(info[0]):], info[1]))
	allowed := languages(info[1])
	switch {
	case allowed == nil:
		r.mistake(second, "unknown word %q after the language%s", info[1], didYouMean(info[1], words()))
	case !slices.Contains(allowed, info[0]):
		r.mistake(pos, "%q does not go with %q: write ```%s %s", info[1], info[0], allowed[0], info[1])
	case len(info) > 2:
		r.mistake(second, "nothing may follow the word %q", info[1])
	default:
		return true
	}
	return false
}

// refuseInside finds podlab's blocks inside lists and quotes, where they do not count.
func (r *reader) refuseInside(n markdown.Node) {
	_ = markdown.Walk(n, func(n markdown.Node, entering bool) (markdown.WalkStatus, error) {
		f, ok := n.(*markdown.FencedCodeBlock)
		if !ok || !entering || f.Info == nil {
			return markdown.WalkContinue, nil
		}
		info := strings.Fields(string(f.Info.Segment.Value(r.src)))
		if len(info) > 1 && languages(info[1]) != nil || len(info) == 1 && info[0] == "mermaid" {
			r.mistake(r.pos(f.Info.Segment.Start), "%q must not stand inside a list or a quote", info[len(info)-1])
		}
		return markdown.WalkContinue, nil
	})
}

// block reads the content of a block and puts it where it belongs.
func (r *reader) block(f fenced) {
	if len(r.steps) == 0 && f.word != "mermaid" {
		r.mistake(f.pos, "%q belongs in a step, after the first \"##\" heading", f.word)
		return
	}
	if strings.TrimSpace(f.content) == "" {
		r.mistake(f.pos, "this %q block is empty", f.word)
		return
	}
	switch f.word {
	case "apply":
		r.add(Apply{f.pos, f.content, r.manifest(f)})
	case "edit":
		r.written.note(f, nil)
		r.edit(f)
	case "run":
		r.add(Run{f.pos, f.content})
	case "check":
		r.add(Check{f.pos, r.checks(f)})
	case "ask":
		r.add(r.ask(f))
	case "hint":
		r.add(r.hint(f))
	case "solution":
		r.solution(f)
	case "output":
		r.output(f)
	case "mermaid":
		r.mermaid(f)
	}
}

func (r *reader) solution(f fenced) {
	s := Solution{Pos: f.pos, Source: f.content}
	if f.lang == "yaml" {
		s.Objects = r.manifest(f)
	}
	r.add(s)
}

func (r *reader) output(f fenced) {
	blocks := r.steps[len(r.steps)-1].Blocks
	ran := slices.ContainsFunc(blocks, func(b Block) bool { _, ok := b.(Run); return ok })
	if !ran {
		r.mistake(f.pos, "this output follows no \"sh run\" block of its step")
		return
	}
	r.add(Output{f.pos, f.content})
}

var (
	altLine  = regexp.MustCompile(`(?m)^[ \t]*accDescr[ \t]*:[ \t]*(\S.*)$`)
	altBlock = regexp.MustCompile(`(?m)^[ \t]*accDescr[ \t]*\{([^}]*)\}`)
)

// mermaid reads a diagram. Its text alternative is Mermaid's own: a line "accDescr: ..." or a block "accDescr { ... }".
func (r *reader) mermaid(f fenced) {
	alt := ""
	for _, form := range []*regexp.Regexp{altLine, altBlock} {
		if m := form.FindStringSubmatch(f.content); m != nil && alt == "" {
			alt = strings.Join(strings.Fields(m[1]), " ")
		}
	}
	if alt == "" {
		r.mistake(f.pos, "a diagram needs a line \"accDescr: ...\" that says the same in words")
		return
	}
	r.add(Mermaid{f.pos, f.content, alt})
}

func (r *reader) manifest(f fenced) []*unstructured.Unstructured {
	objects, mistakes := parseManifest(f.content, f.at)
	r.found = append(r.found, mistakes...)
	r.written.note(f, objects)
	return objects
}
