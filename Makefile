# The two that matter: make scenarios, make test. make help lists all.
.DEFAULT_GOAL := help
SHELL := /bin/bash
GO ?= go
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.version=$(VERSION)
TOOL := $(GO) tool -modfile=tools.mod
# A number of inputs and not a time: when a time is up, Go before 1.27 may fail a target
# with "context deadline exceeded" (golang/go#75804).
FUZZTIME ?= 200000x
TESTFLAGS ?=
# The race detector needs cgo and a C compiler.
RACE := $(shell command -v $(or $(CC),cc) >/dev/null 2>&1 && [ "$$($(GO) env CGO_ENABLED)" = 1 ] && echo -race)

.PHONY: help build deps scenarios test test-short golden bench bench-smtp fuzz fmt lint vuln cover check clean

help: ## print the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## the static binary bin/strictmx, and the same for the container engine's architecture
	@mkdir -p bin
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/strictmx ./cmd/strictmx
	@scripts/engine-binary '$(GO)' '$(LDFLAGS)'

deps: ## install what the scenarios and tests need beside Go, make and a container engine
	@scripts/deps

scenarios: deps build ## the main job: every scenario against a real Postfix; images are built if missing
	bin/strictmx run $(ARGS)

test: ## every test, container ones too, with the race detector where there is a C compiler
	@scripts/deps test
	@[ -n "$(RACE)" ] || echo "test: no C compiler found: running without the race detector"
	$(GO) test $(RACE) -shuffle=on -timeout 45m $(TESTFLAGS) ./...

test-short: ## tests that need no container engine
	$(GO) test -short -shuffle=on ./...

golden: ## rewrite the golden files, then show what changed
	$(GO) test -short ./... -update || true
	git diff --stat

bench: deps build ## the figures of docs/performance.md
	$(GO) test -run '^$$' -bench . -benchmem $(BENCHFLAGS) ./...

bench-smtp: ## strictmx serve beside smtp-sink, with smtp-source of Debian's postfix as the client; MESSAGES=N a round
	$(GO) test -v -count 1 -tags smtptools -run 'TestThroughput|TestMemoryIsFlat|TestOpenSessions500' -timeout 30m ./cmd/strictmx

fuzz: ## every fuzz target with FUZZTIME inputs each
	@set -e; for pkg in $$($(GO) list ./...); do \
	  for f in $$($(GO) test -short -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
	    echo "$$pkg $$f"; $(GO) test -short -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x $$pkg; \
	  done; done

fmt: ## format
	$(TOOL) gofumpt -w .

lint: ## vet, staticcheck, formatting, module file
	$(GO) vet ./...
	$(GO) vet -tags smtptools ./cmd/strictmx
	$(TOOL) staticcheck ./...
	@out="$$($(TOOL) gofumpt -l .)"; [ -z "$$out" ] || { echo "not gofumpt'd:"; echo "$$out"; exit 1; }
	$(GO) mod tidy -diff

vuln: ## known vulnerabilities; needs the vulnerability database over the network
	$(TOOL) govulncheck ./...

cover: ## coverage as HTML
	$(GO) test -short -coverprofile coverage.out ./... && $(GO) tool cover -html coverage.out -o coverage.html

check: lint test ## what to run before a commit

clean: ## remove what was built, containers and images included
	@[ ! -x bin/strictmx ] || bin/strictmx clean --images
	rm -rf bin kept coverage.*
