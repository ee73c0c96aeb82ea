# Callwright: everything a newcomer or the CI runs. `make help` lists it.

GO          ?= go
BIN         := bin/callwright
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
TYPESCRIPT  := typescript@5.9.3
PROTOC_GEN_GO      := google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12
PROTOC_GEN_GO_GRPC := google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.2
# Programs the tests talk to, and the compiler the race detector needs, as
# program:package of Debian.
TEST_TOOLS  := gcc:gcc sipp:sip-tester baresip:baresip-core ip:iproute2
BUILD_FLAGS := -trimpath
TEST_FLAGS  := -race -shuffle=on -parallel 4 -timeout 20m
FUZZTIME    ?= 20s
BENCH       ?= .
PROTO       := media/control/control.proto
GENERATED   := media/control/control.pb.go media/control/control_grpc.pb.go
HASHES      := media/control/control.sum media/kernel/kernel.sum
KERNELS     := $(sort $(wildcard media/kernel/_asm/*)) media/kernel/avx2_amd64.s media/kernel/avx2_amd64.go

.DEFAULT_GOAL := help
.PHONY: help build run test race bench fuzz soak lint generate check \
        setup format vet staticcheck tidy hashes types plain benchonce

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## the static binary, bin/callwright (no cgo)
	CGO_ENABLED=0 $(GO) build $(BUILD_FLAGS) -o $(BIN) ./cmd/callwright

run: build ## the whole engine on this machine, with the scripts that ship
	$(BIN) run $(ARGS)

test: setup ## all tests: raced, shuffled, with sipp and baresip
	$(GO) test $(TEST_FLAGS) ./...

race: setup ## the tests ten times over, for races that hide (PKG=./engine/... narrows)
	$(GO) test -race -shuffle=on -count=10 -timeout 60m $(or $(PKG),./...)

bench: ## Go benchmarks (BENCH=regexp narrows); `callwright bench` measures whole processes
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchmem ./...

fuzz: ## every fuzz target for FUZZTIME (20s) each
	@set -e; for f in $$(grep -rl --include='*_test.go' '^func Fuzz' .); do \
	  for t in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' $$f); do \
	    echo "== $$(dirname $$f) $$t"; \
	    $(GO) test -run '^$$' -fuzz "^$$t$$" -fuzztime $(FUZZTIME) $$(dirname $$f); \
	  done; done

soak: setup ## calls at 200/s for ten minutes, a reload every second (SOAK=1m, RATE=50)
	$(GO) test ./cmd/callwright -run '^TestSoak$$' -count=1 -v -timeout 60m -soak $(or $(SOAK),10m) -soak.rate $(or $(RATE),200)

lint: format vet staticcheck tidy ## gofmt, vet, staticcheck, go.mod in order

generate: ## rebuilds the assembly, the protobuf code (needs protoc), and their hashes
	cd media/kernel/_asm && $(GO) run . -out ../avx2_amd64.s -stubs ../avx2_amd64.go -pkg kernel
	sha256sum $(KERNELS) > media/kernel/kernel.sum
	@command -v protoc >/dev/null || { echo "make generate: protoc is missing (Debian: protobuf-compiler)" >&2; exit 1; }
	d=$$(mktemp -d) && trap 'rm -rf "$$d"' EXIT && \
	GOBIN=$$d $(GO) install $(PROTOC_GEN_GO) && GOBIN=$$d $(GO) install $(PROTOC_GEN_GO_GRPC) && \
	PATH="$$d:$$PATH" protoc --go_out=. --go_opt=paths=source_relative \
	  --go-grpc_out=. --go-grpc_opt=paths=source_relative $(PROTO)
	sha256sum $(PROTO) $(GENERATED) > media/control/control.sum

check: lint hashes types test plain benchonce ## what CI runs

# What follows is used by the targets above.

setup:
	@missing=; for t in $(TEST_TOOLS); do \
	  PATH="$$PATH:/usr/sbin:/sbin" command -v "$${t%%:*}" >/dev/null || missing="$$missing $${t##*:}"; done; \
	[ -z "$$missing" ] && exit 0; \
	if ! command -v apt-get >/dev/null; then \
	  echo "make test: please install:$$missing" >&2; exit 1; fi; \
	if [ "$$(id -u)" = 0 ]; then as=; \
	elif sudo -n true 2>/dev/null; then as="sudo -n"; \
	else echo "make test: needs root to install packages; please run: sudo apt-get install -y$$missing" >&2; exit 1; fi; \
	echo "installing$$missing"; \
	$$as apt-get update -q && $$as env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends$$missing

format:
	@out=$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go')); \
	[ -z "$$out" ] || { echo "not formatted by gofmt:" >&2; echo "$$out" >&2; exit 1; }

vet:
	$(GO) vet ./...

staticcheck:
	$(GO) run $(STATICCHECK) ./...

tidy:
	$(GO) mod tidy -diff

plain: # what uses kernels, by their plain twins
	CALLWRIGHT_KERNELS=plain $(GO) test ./media/... ./mixer/...

hashes:
	@sha256sum --quiet -c $(HASHES) || { echo "generated code does not fit its source: make generate" >&2; exit 1; }

types:
	@if ! command -v npx >/dev/null; then echo "types: SKIPPED, node is not installed (tsc --noEmit on scripts)"; \
	elif [ ! -f scripts/tsconfig.json ]; then echo "types: SKIPPED, there is no scripts/tsconfig.json"; \
	else npx --yes -p $(TYPESCRIPT) tsc --noEmit -p scripts; fi

benchonce:
	$(GO) test -run '^$$' -bench . -benchtime 1x -short ./...
