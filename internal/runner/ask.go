package runner

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/lesson"
)

// question is an ask block made ready: its fact understood. As a check it holds when the right answer is known, and is
// among the choices if there are any.
type question struct {
	ask  lesson.Ask
	fact checks.Fact // nil when the lesson holds the answer
}

func newQuestion(ask lesson.Ask) (*question, error) {
	if ask.Answer.Kind == "" {
		return &question{ask: ask}, nil
	}
	fact, mistakes := checks.ParseFact(ask.Answer)
	if len(mistakes) > 0 {
		return nil, mistakes
	}
	return &question{ask, fact}, nil
}

func (q *question) Kind() string  { return "ask" }
func (q *question) Title() string { return q.ask.Prompt }

// Begin lets the fact note what it must remember.
func (q *question) Begin(ctx context.Context, c checks.Cluster) bool {
	b, ok := q.fact.(checks.Beginner)
	return !ok || b.Begin(ctx, c)
}

func (q *question) Eval(ctx context.Context, c checks.Cluster) checks.Result {
	truth, r := q.truth(ctx, c)
	r.Want = "an answer that the cluster knows"
	if r.Verdict != checks.Pass {
		return r
	}
	r.Got = truth
	offered := func(choice string) bool { return checks.GradeAsk(q.ask, choice, truth) }
	if len(q.ask.Choices) > 0 && !q.ask.Several && !slices.ContainsFunc(q.ask.Choices, offered) {
		r.Verdict, r.Want = checks.NotYet, "one of "+strings.Join(q.ask.Choices, ", ")
	}
	return r
}

// truth returns the right answer. The result says Pass when it is known.
func (q *question) truth(ctx context.Context, c checks.Cluster) (string, checks.Result) {
	if q.fact == nil {
		return checks.Truth(q.ask), checks.Result{Verdict: checks.Pass}
	}
	return q.fact.Value(ctx, c)
}

// grade compares an answer with the cluster's, or with the lesson's. A wrong answer does not give the right one away: its
// reason is the author's words on it.
func (q *question) grade(ctx context.Context, answer string, c checks.Cluster) checks.Result {
	limited, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	var truth string
	result := guarded(func() (r checks.Result) {
		truth, r = q.truth(limited, c)
		return r
	})
	if result.Verdict != checks.Pass {
		return checks.Result{Verdict: checks.CannotTell, Got: strings.TrimSpace(answer), Why: cmp.Or(result.Why, result.Got), Try: result.Try, Again: result.Again}
	}
	result.Got = strings.TrimSpace(answer)
	if checks.GradeAsk(q.ask, answer, truth) {
		result.Want = truth
		return result
	}
	return checks.Result{Verdict: checks.NotYet, Got: result.Got, Why: checks.ExplainWrong(q.ask, answer, truth)}
}

func (r *Runner) answer(ctx context.Context, req Answer) {
	q, err := r.open.plan.question(req.Step, req.Block)
	if err != nil {
		r.emit(RequestFailed{Err: err})
		return
	}
	r.open.early.drop(req) // an earlier answer to the same question
	result := q.grade(ctx, req.Text, r.open.looker.glance(r.open.looker.moment(), q))
	r.emit(Answered{Step: req.Step, Block: req.Block, Answer: req.Text, Result: result})
	if result.Verdict == checks.CannotTell && ctx.Err() == nil {
		r.open.early.keep(req, q)
		r.open.looker.lookAgain()
	}
}

// regrade grades the answers that came before the cluster knew the right one.
func (r *Runner) regrade(ctx context.Context, lab *openLab, m *moment) {
	for req, q := range lab.early.all() {
		result := q.grade(ctx, req.Text, lab.looker.glance(m, q))
		if result.Verdict != checks.CannotTell && ctx.Err() == nil && lab.early.take(req) {
			r.emit(Answered{Step: req.Step, Block: req.Block, Answer: req.Text, Result: result})
		}
		if result.Again > 0 { // nothing else may change until then
			time.AfterFunc(result.Again, lab.looker.lookAgain)
		}
	}
}

// earlyAnswers are answers that wait to be graded: a learner may predict faster than a container starts.
type earlyAnswers struct {
	mu  sync.Mutex
	ask map[Answer]*question
}

func (e *earlyAnswers) keep(a Answer, q *question) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ask == nil {
		e.ask = map[Answer]*question{}
	}
	e.ask[a] = q
}

// drop forgets what was answered to the question before.
func (e *earlyAnswers) drop(a Answer) {
	e.mu.Lock()
	defer e.mu.Unlock()
	maps.DeleteFunc(e.ask, func(kept Answer, _ *question) bool { return kept.Step == a.Step && kept.Block == a.Block })
}

// take forgets the answer and says whether it still waited.
func (e *earlyAnswers) take(a Answer) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	_, ok := e.ask[a]
	delete(e.ask, a)
	return ok
}

func (e *earlyAnswers) forget() {
	e.mu.Lock()
	defer e.mu.Unlock()
	clear(e.ask)
}

func (e *earlyAnswers) all() map[Answer]*question {
	e.mu.Lock()
	defer e.mu.Unlock()
	return maps.Clone(e.ask)
}
