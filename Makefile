# What a person types. `make run` and `make test` need a Debian 12 with a Swift toolchain, and install the rest.

SHELL := /bin/bash
DEPTH ?= 3
BASE_PORT ?= 5000
COHERENCE ?= push
ZOOKEEPER ?=
CLUSTER_TESTS ?= Tests/ClusterTests
CYCLES ?= 60
SEEDS ?= 2000
MINUTES ?= 30
TARGETS ?=
JOBS ?= 1

# The Swift runtime inside the binaries: they start faster, hold less memory, and run where no Swift is installed.
RELEASE := -c release --static-swift-stdlib

.PHONY: help run test build install-build install-test lint unit docs-check cluster-test chaos model simulate \
	simulate-build simulate-long sanitize fuzz clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## Start a tree of 7 nodes on this machine, try it, stop it on Ctrl-C (ZOOKEEPER=1: recorded in ZooKeeper)
	@if [ "$(ZOOKEEPER)" = 1 ]; then scripts/install.sh zookeeper; fi
	@scripts/run.sh $(DEPTH) $(BASE_PORT) $(COHERENCE) $(ZOOKEEPER)

test: install-test lint docs-check build unit simulate cluster-test ## Run every test (style, documents, units, simulated and real clusters)
	@echo "make test: all passed"

build: install-build ## Build cachenode and kvctl for release
	@scripts/swift.sh build $(RELEASE)

install-build:
	@scripts/install.sh build

install-test:
	@scripts/install.sh test

lint: ## Check the style of every Swift file
	@swift format lint --strict --parallel --recursive Package.swift Sources Tests

docs-check: ## Check the OpenAPI document and the page made from it
	@.venv/bin/python docs/api/check.py

unit: ## Run the unit tests
	@scripts/swift.sh test

cluster-test: ## Run whole trees of real processes through every promise
	@CANOPY_BIN_DIR=$(CURDIR)/.build/release .venv/bin/python -m pytest -q $(CLUSTER_TESTS)

# The switches that take a rule away are in this build alone.
SIMULATE := --scratch-path .build-simulate -c release -Xswiftc -DCANOPY_MUTATIONS --product simulate

simulate-build: install-build
	@scripts/swift.sh build $(SIMULATE)

simulate: simulate-build ## Live through SEEDS simulated clusters, and miss each rule of the link once it is taken away
	@.build-simulate/release/simulate --seeds "0..<$(SEEDS)" --jobs "$$(nproc)"
	@.build-simulate/release/simulate --mutation-gate --jobs "$$(nproc)"

simulate-long: simulate-build ## Live through 100,000 simulated clusters (half an hour)
	@.build-simulate/release/simulate --seeds "0..<100000" --jobs "$$(nproc)"

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

fuzz: install-build ## Give every parser MINUTES of inputs that libFuzzer makes up (TARGETS: some of Tests/Fuzz; JOBS at a time)
	@JOBS=$(JOBS) scripts/fuzz.sh "$$(awk 'BEGIN { printf "%d", $(MINUTES) * 60 }')" $(TARGETS)

clean: ## Remove everything that was built
	@rm -rf .build .build-* .venv
