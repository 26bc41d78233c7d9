# Thin on purpose: the work is in Go, in assets/setup and in tools/. "make" alone lists the targets.
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null)

# No VCS stamp from Go: in a folder that another user owns, git refuses to answer and the build would fail.
GO_BUILD := go build -buildvcs=false -trimpath -ldflags '-X main.version=$(VERSION)'

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z][a-z0-9]*:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## make Docker, the node image and the lab images ready; safe to run again
	@assets/setup/setup.sh

.PHONY: build
build: ## build bin/podlab
	@tools/tick.sh 'build: compiling podlab' $(GO_BUILD) -o bin/podlab ./cmd/podlab

.PHONY: run
run: setup build ## set up, build, and open podlab; without a terminal, verify every lab line by line
	@if [ -t 0 ] && [ -t 1 ] && [ "$$TERM" != dumb ]; then bin/podlab; else bin/podlab verify; fi

.PHONY: test
test: ## prove everything: lint, unit, cross, end to end, node image; sets up first
	@tools/test.sh

.PHONY: unit
unit: ## run the tests that need no cluster, with the race detector
	@RACE='$(RACE)' tools/unit.sh

unit: RACE ?= -race

.PHONY: e2e
e2e: ## run the tests that use a real cluster (after make setup)
	@tools/e2e.sh

.PHONY: boot
boot: ## boot the offline node image with kind's own command line (after make setup)
	@cd assets/node && go test -tags e2e -count=1 -v -timeout 20m .

.PHONY: lint
lint: ## check style, budgets and the arrows between packages; and the shell scripts
	@tools/lint.sh

.PHONY: fmt
fmt: ## format the Go code
	@tools/golangci.sh fmt

.PHONY: golden
golden: ## rewrite the recorded screens and reports that tests compare with; read the diff
	@tools/golden.sh

.PHONY: fuzz
fuzz: ## run each fuzz target for FUZZTIME (30s)
	@tools/fuzz.sh $(or $(FUZZTIME),30s)

.PHONY: cross
cross: ## build for Linux, macOS and Windows on amd64 and arm64
	@tools/cross.sh

.PHONY: docs
docs: ## write again the pages that are made from the code; read the diff
	@go generate ./...

.PHONY: bench
bench: setup ## measure podlab beside kind, in one run; print the figures
	@cd internal/cli && go test -buildvcs=false -tags bench -run '^TestBench$$' -count=1 -timeout 45m

.PHONY: honesty
honesty: setup ## try to make checks lie, on a real cluster, each case HONESTY_N times (50); print the table
	@tools/honesty.sh

.PHONY: weigh
weigh: setup ## print what the lab images weigh together, layer by layer
	@go run -buildvcs=false ./assets/setup/weigh $$(sed -n 's,^LABEL podlab.image=,podlab/,p' assets/images/*/Dockerfile)

.PHONY: pictures
pictures: setup ## draw the pictures of the README from a real walk through lab duo
	@PODLAB_PICTURES=$(CURDIR)/assets/pictures go test -buildvcs=false -tags e2e -run TestALearnerWalksDuo -count=1 ./internal/e2e

.PHONY: clean
clean: ## remove what was built here (podlab clean removes what podlab made in Docker)
	@rm -rf bin dist
