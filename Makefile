# What a person types. `make run` and `make test` need a Debian 12 with a Swift toolchain, and install the rest.

SHELL := /bin/bash
DEPTH ?= 3
BASE_PORT ?= 5000
COHERENCE ?= push
ZOOKEEPER ?=
CLUSTER_TESTS ?= Tests/ClusterTests
CYCLES ?= 60
SEEDS ?= 2000
QUICK ?=
PARTS ?=

# The Swift runtime inside the binaries: they start faster, hold less memory, and run where no Swift is installed.
RELEASE := -c release --static-swift-stdlib

.PHONY: help run test build bench ratchet ratchet-check install-build install-test install-bench lint unit docs-check cluster-test chaos model simulate \
	simulate-build simulate-long sanitize clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## Start a tree of 7 nodes on this machine, try it, stop it on Ctrl-C (ZOOKEEPER=1: recorded in ZooKeeper)
	@if [ "$(ZOOKEEPER)" = 1 ]; then scripts/install.sh zookeeper; fi
	@scripts/run.sh $(DEPTH) $(BASE_PORT) $(COHERENCE) $(ZOOKEEPER)

test: install-test lint docs-check build ratchet-check unit simulate cluster-test ## Run every test (style, documents, units, simulated and real clusters)
	@echo "make test: all passed"

build: install-build ## Build cachenode and kvctl for release
	@scripts/swift.sh build $(RELEASE)

install-build:
	@scripts/install.sh build

install-test:
	@scripts/install.sh test

install-bench: install-test
	@scripts/install.sh bench

lint: ## Check the style of every Swift file
	@swift format lint --strict --parallel --recursive Package.swift Sources Tests

docs-check: ## Check the OpenAPI document and the page made from it
	@.venv/bin/python docs/api/check.py

unit: ## Run the unit tests
	@scripts/swift.sh test

cluster-test: ## Run whole trees of real processes through every promise
	@scripts/cluster-test.sh $(CLUSTER_TESTS)

# The switches that take a rule away are in this build alone.
SIMULATE := --scratch-path .build-simulate -c release -Xswiftc -DCANOPY_MUTATIONS --product simulate

simulate-build: install-build
	@scripts/swift.sh build $(SIMULATE)

simulate: simulate-build ## Live through SEEDS simulated clusters, and miss each rule of the link once it is taken away
	@.build-simulate/release/simulate --seeds "0..<$(SEEDS)" --jobs "$$(nproc)"
	@.build-simulate/release/simulate --mutation-gate --jobs "$$(nproc)"

simulate-long: simulate-build ## Live through 100,000 simulated clusters (half an hour)
	@.build-simulate/release/simulate --seeds "0..<100000" --jobs "$$(nproc)"

PYTHON_IN_BENCHMARKS = cd Tests/Benchmarks && $(CURDIR)/.venv/bin/python

bench: build install-bench ## Measure beside nginx, memcached and Redis, and write docs/performance.md (QUICK=1, PARTS)
	@$(PYTHON_IN_BENCHMARKS) -m bench $(if $(QUICK),--quick) $(PARTS)

ratchet-check: ## Check that a hit takes no more instructions than recorded
	@$(PYTHON_IN_BENCHMARKS) -m bench.ratchet

ratchet: build install-test ## Record how many instructions a hit takes now
	@$(PYTHON_IN_BENCHMARKS) -m bench.ratchet --renew

model: ## Search every order of events of the link's model, and without each of its rules (2 minutes)
	@scripts/install.sh model
	@Tests/Model/check.sh

chaos: ## Kill, stop, cut off and slow down real nodes under load, for about 4 minutes (CYCLES, SEED)
	@cd Tests/ClusterTests && CANOPY_BIN_DIR=$(CURDIR)/.build/release $(CURDIR)/.venv/bin/python -m chaos \
		--cycles $(CYCLES) $(if $(SEED),--seed $(SEED))

# Without leak detection: a simulated world is dropped in the middle of its story, with all that refers to each other.
sanitize: ## Run the server's unit tests under AddressSanitizer
	@CANOPY_SANITIZER=address ASAN_OPTIONS=detect_leaks=0 scripts/swift.sh test --sanitize=address --disable-xctest \
		--scratch-path .build-asan --filter 'UVHTTPTests|CacheNodeTests|ZooKeeperTests'

clean: ## Remove everything that was built
	@rm -rf .build .build-* .venv
