//go:build e2e

package main

import (
	"strings"
	"testing"

	"github.com/podlab/podlab/assets/images"
)

// All lab images together keep to their budget.
func TestTheLabImagesKeepToTheirBudget(t *testing.T) {
	var names []string
	for _, name := range images.Names() {
		names = append(names, "podlab/"+name)
	}
	var table strings.Builder
	err := run(&table, names)
	t.Logf("\n%s", table.String())
	if err != nil {
		t.Error(err)
	}
	for _, name := range names {
		if !strings.Contains(table.String(), name) {
			t.Errorf("%s was not weighed", name)
		}
	}
}
