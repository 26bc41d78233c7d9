package kube

import (
	"context"
	"slices"
	"sync"
)

// warnings are what the API server warned of in the requests of one context: others use the client at the same time.
type warnings struct {
	mu    sync.Mutex
	texts []string
}

// warningsKey is the key of a context's warnings.
type warningsKey struct{}

// withWarnings returns a context whose requests collect their warnings.
func withWarnings(ctx context.Context) (context.Context, *warnings) {
	w := &warnings{}
	return context.WithValue(ctx, warningsKey{}, w), w
}

// all returns the warnings so far, each once.
func (w *warnings) all() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.texts)
}

// warningHandler gives each warning to its request's context. client-go would print them; those that nobody collects are dropped.
type warningHandler struct{}

// HandleWarningHeaderWithContext implements rest.WarningHandlerWithContext.
func (warningHandler) HandleWarningHeaderWithContext(ctx context.Context, code int, _, text string) {
	w, ok := ctx.Value(warningsKey{}).(*warnings)
	if !ok || code != 299 || text == "" {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.Contains(w.texts, text) {
		w.texts = append(w.texts, text)
	}
}
