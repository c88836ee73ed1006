# What a person types. `make run` and `make test` need a Debian 12 with a Swift toolchain, and install the rest.

SHELL := /bin/bash
DEPTH ?= 3
BASE_PORT ?= 5000
COHERENCE ?= push
ZOOKEEPER ?=
CLUSTER_TESTS ?= Tests/ClusterTests
CYCLES ?= 60
SEEDS ?= 2000

# The Swift runtime inside the binaries: they start faster, hold less memory, and run where no Swift is installed.
RELEASE := -c release --static-swift-stdlib

.PHONY: help run test build install-build install-test lint unit docs-check cluster-test chaos model simulate \
	simulate-build simulate-long sanitize soak clean

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

# One process for each module's tests: what one leaks is told with that module's name. Not in kvctl's, where Foundation leaks
# (in Process.run, and where it reads files), and not yet in the node's.
LEAKS_SOUGHT := UVHTTPTests ZooKeeperTests
LEAKS_BORNE := CacheNodeTests kvctlTests
sanitize: ## Run the unit tests under AddressSanitizer, which also finds leaks
	@for module in $(LEAKS_SOUGHT) $(LEAKS_BORNE); do \
		case " $(LEAKS_SOUGHT) " in *" $$module "*) leaks=1 ;; *) leaks=0 ;; esac; \
		CANOPY_SANITIZER=address ASAN_OPTIONS=detect_leaks=$$leaks scripts/swift.sh test --sanitize=address \
			--disable-xctest --scratch-path .build-asan --filter "^$$module\." || exit 1; done

soak: ## Watch memory and descriptors of 7 nodes under mixed load for MINUTES (20)
	@cd Tests/ClusterTests && CANOPY_BIN_DIR=$(CURDIR)/.build/release $(CURDIR)/.venv/bin/python -m soak \
		--minutes $(or $(MINUTES),20) --plot $(CURDIR)/.build/soak.svg
	@echo "plot: .build/soak.svg"

clean: ## Remove everything that was built
	@rm -rf .build .build-* .venv
