// Package e2e holds the tests that run the real podlab against a real cluster, as a learner, an author or a CI job would.
// They are behind the build tag e2e; "make e2e" runs them. Nothing here is mocked.
package e2e
