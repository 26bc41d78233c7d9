// Package runner walks a lab: it brings the cluster up, applies, runs commands, looks at the checks, and tells what happens
// as events. It knows no terminal, no kind and no Docker.
package runner
