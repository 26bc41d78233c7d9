package tui

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/podlab/podlab/internal/lesson"
	"github.com/podlab/podlab/internal/runner"
)

// Drafts keeps the manifests that the learner writes, one file for each step that asks for one. Begin, Read and PutAside
// work on files: the terminal calls them in commands only.
type Drafts interface {
	// Path returns where the learner's file of the step is, or will be, as a person would write it.
	Path(lab, step string) string
	// Command returns what applies the file in a shell.
	Command(lab, step string) string
	// Editor returns the name of the learner's editor, "" if there is none.
	Editor() string
	// EditorMissed says that the editor that the learner chose is not there, "" if it is.
	EditorMissed() string
	// Edit returns the editor with the step's file, ready to run in the terminal.
	Edit(lab, step string) tea.ExecCommand
	// Begin writes what the step begins with into the file, unless there is one.
	Begin(lab, step, start string) error
	// Read returns what the file says, or the beginning of what is too long for a manifest.
	Read(lab, step string) ([]byte, error)
	// PutAside takes the lab's files out of the way and returns where the learner's own words are kept.
	PutAside(lab string, starts map[string]string) (kept []string, err error)
}

// draft is what is known of the learner's file of one step.
type draft struct {
	begun bool  // it was written, or read
	same  bool  // it is as it was when her editor opened it, and so was not applied
	err   error // what is wrong with it, or why it could not be had
}

// draftRef names the edit block that a message is about.
type draftRef struct {
	lab         lesson.Lab
	step, block int
}

func (r draftRef) stepID() string { return r.lab.Steps[r.step].ID }

type (
	// draftBegunMsg says that the learner's file is there, and what it says; edit says what for.
	draftBegunMsg struct {
		at   draftRef
		edit bool
		text []byte
		err  error
	}
	// editorEndedMsg says that the learner came back from her editor, and what the file said before.
	editorEndedMsg struct {
		at     draftRef
		before []byte
		err    error
	}
	// draftReadMsg carries what the learner's file says; same, that it says what it said before.
	draftReadMsg struct {
		at      draftRef
		same    bool
		objects []*unstructured.Unstructured
		err     error
	}
	// putAsideMsg says that the files of a lab were taken out of the way after its reset.
	putAsideMsg struct {
		kept []string
		err  error
	}
)

// beginDraft makes sure that the learner has a file, to edit it or to apply it as it is.
func (m *model) beginDraft(block int, edit bool) tea.Cmd {
	if m.running() {
		m.notice = "Wait for what is running, or interrupt it with ctrl+c."
		return nil
	}
	start, ok := m.lab.at().Blocks[block].(lesson.Edit)
	if !ok {
		return nil
	}
	m.pending = "edit"
	m.showBlock(m.lab.step, block)
	at, drafts := draftRef{m.lab.lab, m.lab.step, block}, m.drafts
	return func() tea.Msg {
		if err := drafts.Begin(at.lab.ID, at.stepID(), start.Source); err != nil {
			return draftBegunMsg{at, edit, nil, err}
		}
		text, err := drafts.Read(at.lab.ID, at.stepID())
		return draftBegunMsg{at, edit, text, err}
	}
}

// foldDraft takes what became of a file, and goes on from there.
func (m *model) foldDraft(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case draftBegunMsg:
		return m.draftBegun(msg)
	case editorEndedMsg:
		if msg.err != nil {
			m.endDraft(msg.at, fmt.Errorf("the editor %s did not end well: %w", m.drafts.Editor(), msg.err))
			return nil
		}
		return m.readDraft(msg.at, msg.before)
	case draftReadMsg:
		if msg.same {
			m.notEdited(msg.at)
			return nil
		}
		m.endDraft(msg.at, msg.err)
		if msg.err == nil && m.lab.lab.ID == msg.at.lab.ID {
			m.ask("apply", runner.ApplyOwn{Step: msg.at.step, Block: msg.at.block, Objects: msg.objects})
		}
	case putAsideMsg:
		m.pending = ""
		if msg.err != nil {
			m.notice = oneLine(msg.err.Error())
		} else if len(msg.kept) > 0 {
			m.notice = "The lab is back at its start. What you wrote is kept: " + oneLine(msg.kept[len(msg.kept)-1])
		}
	}
	return nil
}

func (m *model) draftBegun(msg draftBegunMsg) tea.Cmd {
	switch {
	case msg.err != nil:
		m.endDraft(msg.at, msg.err)
	case !msg.edit:
		return func() tea.Msg { return parseDraft(msg.at, msg.text) }
	case m.drafts.Editor() == "":
		m.endDraft(msg.at, nil)
	default:
		return m.exec(m.drafts.Edit(msg.at.lab.ID, msg.at.stepID()), func(err error) tea.Msg { return editorEndedMsg{msg.at, msg.text, err} })
	}
	return nil
}

// readDraft reads what the learner's editor left in the file. Some editors come back at once, with the file still open in a
// window: what did not change is not taken for hers.
func (m *model) readDraft(at draftRef, before []byte) tea.Cmd {
	drafts := m.drafts
	return func() tea.Msg {
		text, err := drafts.Read(at.lab.ID, at.stepID())
		switch {
		case err != nil:
			return draftReadMsg{at: at, err: err}
		case bytes.Equal(text, before):
			return draftReadMsg{at: at, same: true}
		}
		return parseDraft(at, text)
	}
}

func parseDraft(at draftRef, text []byte) draftReadMsg {
	objects, err := lesson.ParseManifest(at.stepID()+".yaml", text)
	return draftReadMsg{at: at, objects: objects, err: err}
}

// notEdited notes that the file is as it was. What is known to be wrong with it stays.
func (m *model) notEdited(at draftRef) {
	m.endDraft(at, m.lab.drafts[at.step].err)
	if m.lab.lab.ID == at.lab.ID {
		d := m.lab.drafts[at.step]
		d.same = true
		m.lab.drafts[at.step] = d
		m.notice = "Your file did not change: nothing was applied. a applies it."
		m.showEnd(at.step, at.block)
	}
}

// endDraft notes what became of the file and shows it.
func (m *model) endDraft(at draftRef, err error) {
	if m.pending == "edit" {
		m.pending = ""
	}
	if m.lab.lab.ID != at.lab.ID {
		return
	}
	if err != nil {
		m.state.Err = nil // what the API server said of an earlier text
	}
	m.lab.drafts[at.step] = draft{begun: true, err: err}
	m.showEnd(at.step, at.block)
}

// putAside takes the learner's files of the lab out of the way. Nothing else is asked for until that is done.
func (m *model) putAside(lab lesson.Lab) tea.Cmd {
	starts := lab.Starts()
	if len(starts) == 0 {
		return nil
	}
	m.pending = "reset"
	drafts := m.drafts
	return func() tea.Msg {
		kept, err := drafts.PutAside(lab.ID, starts)
		return putAsideMsg{kept, err}
	}
}

// pressEdit handles the keys of a step in which the learner writes her own manifest.
func (m *model) pressEdit(msg tea.KeyMsg) (cmd tea.Cmd, taken bool) {
	blocks := m.lab.open(m.stepState(), isEdit)
	if len(blocks) == 0 {
		return nil, false
	}
	switch {
	case key.Matches(msg, m.keys.Edit):
		return m.beginDraft(blocks[0], true), true
	case key.Matches(msg, m.keys.Apply):
		return m.beginDraft(blocks[0], false), true
	case key.Matches(msg, m.keys.ApplySolution):
		if b, ok := m.lab.solution(m.stepState()); ok {
			m.apply(b)
		}
		return nil, true
	case key.Matches(msg, m.keys.Enter):
		a := m.next()
		if a.kind == doEdit {
			return m.beginDraft(a.block, true), true
		}
	}
	return nil, false
}

func isEdit(b lesson.Block) bool { _, ok := b.(lesson.Edit); return ok }

// editTodo says what is to be done about the step's own manifest, if anything is.
func (v *labView) editTodo(i int, editor string) action {
	d := v.drafts[v.step]
	var mistakes lesson.Mistakes
	with := ""
	if editor != "" {
		with = " with " + oneLine(editor)
	}
	switch {
	case editor == "" && !d.begun:
		return action{doEdit, i, "write the manifest above into your file"}
	case editor == "":
		return action{text: "there is no editor here: edit your file elsewhere, then a applies it"}
	case errors.As(d.err, &mistakes):
		return action{doEdit, i, "mend your manifest" + with}
	case d.begun:
		return action{doEdit, i, "edit your manifest again" + with}
	}
	return action{doEdit, i, "edit your manifest" + with}
}

// editDone says whether the learner's manifest was applied, or the solution in its place.
func (v *labView) editDone(st runner.StepState, i int) bool {
	_, solution, ok := v.at().Edit()
	return applied(st, i) || ok && applied(st, solution) || v.done(st)
}

// How long after an apply the checks of a right manifest may need to pass, and how long where one claims something about time.
const (
	settleTime = 10 * time.Second
	settleLong = 30 * time.Second
)

// settling says whether the learner's manifest was applied so lately that its checks may still pass by themselves.
func (v *labView) settling(st runner.StepState, now time.Time) bool {
	if len(v.open(st, isEdit)) == 0 || v.drafts[v.step].err != nil || v.done(st) {
		return false
	}
	var last time.Time
	for _, a := range st.Applies {
		if !a.Running && a.Err == nil && a.Ended.After(last) {
			last = a.Ended
		}
	}
	takesTime := slices.ContainsFunc(st.Checks, func(c runner.CheckState) bool { return c.Result.Again > 0 })
	since := now.Sub(last)
	return since < settleTime || takesTime && since < settleLong
}

// draft draws where the learner's file is and what is wrong with it.
func (d *pageDrawer) draft(i int) []string {
	step := d.view.at()
	lines := d.toCopy("Your file: " + d.drafts.Path(d.view.lab.ID, step.ID))
	lines = append(lines, d.toCopy("In a shell: "+d.drafts.Command(d.view.lab.ID, step.ID))...)
	if missed := d.drafts.EditorMissed(); missed != "" {
		lines = append(lines, indent(d.theme.warn.Render("! "), oneLine(missed), d.width)...)
	}
	state := d.view.drafts[d.view.step]
	if state.same {
		editor := oneLine(d.drafts.Editor())
		lines = append(lines, indent(d.theme.warn.Render("! "),
			"not applied: your file is as it was before "+editor+" ran. If "+editor+" still has it open, save it there; then a applies it", d.width)...)
	}
	var mistakes lesson.Mistakes
	switch {
	case errors.As(state.err, &mistakes):
		lines = append(lines, d.theme.bad.Render(cut("✗ not applied: "+plural(len(mistakes), "mistake")+" in your file", d.width)))
		for _, mistake := range mistakes {
			lines = append(lines, indent("  ", oneLine(mistake.Error()), d.width)...)
		}
	case state.err != nil:
		lines = append(lines, indent(d.theme.bad.Render("✗ "), oneLine(state.err.Error()), d.width)...)
	default:
		return append(lines, d.own(i)...)
	}
	return lines
}

// toCopy draws a text that a learner may want to copy: it is broken at blanks, where there are any.
func (d *pageDrawer) toCopy(text string) []string {
	lines := wrapCommand(clean(text), d.width-4)
	for n, line := range lines {
		first := "  "
		if n > 0 {
			first = "    "
		}
		lines[n] = d.theme.dim.Render(first + line)
	}
	return lines
}

// own says what became of the learner's manifest, and what of an earlier one is still there.
func (d *pageDrawer) own(i int) []string {
	lines := d.applied(i)
	if a := d.state.Applies[i]; !a.Running && a.Err == nil {
		for _, name := range a.Left {
			lines = append(lines, indent(d.theme.warn.Render("! "), oneLine(name)+" stays, though your file no longer names it", d.width)...)
		}
	}
	return lines
}
