# What a person types. `make run` and `make test` need a Debian 12 with a Swift toolchain, and install the rest.

SHELL := /bin/bash
DEPTH ?= 3
BASE_PORT ?= 5000
COHERENCE ?= push
ZOOKEEPER ?=
CLUSTER_TESTS ?= Tests/ClusterTests
CYCLES ?= 60
SEEDS ?= 2000
BINARIES ?= source
DEPLOY_TESTS ?= Tests/Deploy
EXAMPLES ?= 2000
TARGETS ?=
QUICK ?=
PARTS ?=
JOBS ?= 1

# The Swift runtime inside the binaries: they start faster, hold less memory, and run where no Swift is installed.
RELEASE := -c release --static-swift-stdlib

.PHONY: help run test build echo-build install-build install-test lint unit docs-check cluster-test chaos model simulate \
	simulate-build simulate-long scale-report sanitize soak schemathesis fuzz images vagrant compose test-deploy \
	builds install-bench bench ratchet ratchet-check clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## Start a tree of 7 nodes on this machine, try it, stop it on Ctrl-C (ZOOKEEPER=1: recorded in ZooKeeper)
	@if [ "$(ZOOKEEPER)" = 1 ]; then scripts/install.sh zookeeper; fi
	@scripts/run.sh $(DEPTH) $(BASE_PORT) $(COHERENCE) $(ZOOKEEPER)

test: install-test lint docs-check builds ratchet-check unit simulate cluster-test ## Run every test (style, documents, units, simulated and real clusters)
	@echo "make test: all passed"

# An optimising build is one process for the most part: two of them take little longer than one.
builds: install-build
	@$(MAKE) --no-print-directory -j2 echo-build simulate-build

# One product after the other: Swift builds one or all, and of all only the tests need most.
build: install-build ## Build cachenode and kvctl for release
	@for product in cachenode kvctl; do scripts/swift.sh build $(RELEASE) --product $$product || exit 1; done

echo-build: build
	@scripts/swift.sh build $(RELEASE) --product httpecho

install-build:
	@scripts/install.sh build

install-test:
	@scripts/install.sh test

install-bench: install-test
	@scripts/install.sh bench

lint: ## Check the style of every Swift file
	@swift format lint --strict --parallel --recursive Package.swift Sources Tests

docs-check: ## Check the OpenAPI document, the page made from it, and that docs/http.md names tests that exist
	@.venv/bin/python docs/api/check.py
	@.venv/bin/python docs/check_http.py

# The tests against a real ZooKeeper measure how long the loop stands still: nothing runs beside them.
unit: ## Run the unit tests
	@scripts/swift.sh test --skip RealServerTests
	@scripts/swift.sh test --skip-build --filter RealServerTests

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

schemathesis: build ## Ask a node some 20,000 things that its /openapi.json allows or forbids (EXAMPLES: for each operation)
	@scripts/schemathesis.sh $(EXAMPLES)

scale-report: simulate-build ## Measure simulated trees of 10 to 16 levels, 65,535 nodes: tables here, picture in docs/scale.svg (10 minutes, 4 GB)
	@.build-simulate/release/simulate --depths 10..16 --report --plot docs/scale.svg

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

# One process for each module's tests: what one leaks is told with that module's name. Not in kvctl's, where Foundation leaks
# (in Process.run, and where it reads files).
LEAKS_SOUGHT := UVHTTPTests ZooKeeperTests CacheNodeTests
LEAKS_BORNE := kvctlTests
sanitize: ## Run the unit tests under AddressSanitizer, which also finds leaks
	@for module in $(LEAKS_SOUGHT) $(LEAKS_BORNE); do \
		case " $(LEAKS_SOUGHT) " in *" $$module "*) leaks=1 ;; *) leaks=0 ;; esac; \
		CANOPY_SANITIZER=address ASAN_OPTIONS=detect_leaks=$$leaks scripts/swift.sh test --sanitize=address \
			--disable-xctest --scratch-path .build-asan --filter "^$$module\." || exit 1; done

soak: ## Watch memory and descriptors of 7 nodes under mixed load for MINUTES (20)
	@cd Tests/ClusterTests && CANOPY_BIN_DIR=$(CURDIR)/.build/release $(CURDIR)/.venv/bin/python -m soak \
		--minutes $(or $(MINUTES),20) --plot $(CURDIR)/.build/soak.svg
	@echo "plot: .build/soak.svg"

images: $(if $(filter prebuilt,$(BINARIES)),build) ## Build the container images (BINARIES=prebuilt: from binaries made here, on a Debian 12)
	@scripts/images.sh $(BINARIES)

vagrant: $(if $(filter prebuilt,$(BINARIES)),images) ## Start a tree in containers with Vagrant (DEPTH, COHERENCE)
	@cd vagrant && TREE_DEPTH=$(DEPTH) COHERENCE=$(COHERENCE) vagrant up
	@echo "It ends with: (cd vagrant; vagrant destroy -f)"

compose: COMPOSE := docker compose $(if $(filter 4,$(DEPTH)),--env-file depth-4.env)
compose: $(if $(filter prebuilt,$(BINARIES)),images) ## Start a tree in containers with Docker Compose (DEPTH 3 or 4, COHERENCE)
	@case "$(DEPTH)" in 3 | 4) ;; *) echo "DEPTH is '$(DEPTH)': 3 or 4 is allowed, compose.yaml has no others" >&2; exit 2 ;; esac
	@cd compose && COHERENCE=$(COHERENCE) $(COMPOSE) up --wait && $(COMPOSE) exec -T cli kvctl tree
	@echo "It ends with: (cd compose; $(COMPOSE) down --volumes)"

# A docker that has no Compose v2 gets it from where install.sh has put it.
test-deploy: ## Start trees with Vagrant and Docker Compose, break them, mend them, end them (needs an empty docker engine, and root)
	@scripts/install.sh deploy
	@$(MAKE) --no-print-directory images BINARIES=prebuilt
	@if ! docker compose version >/dev/null 2>&1; then export DOCKER_CONFIG=$(CURDIR)/.build-docker; fi; \
		CANOPY_BIN_DIR=$(CURDIR)/.build/release .venv/bin/python -m pytest -q $(DEPLOY_TESTS)

fuzz: install-build ## Give every parser MINUTES (30) of inputs that libFuzzer makes up (TARGETS: some of Tests/Fuzz; JOBS at a time)
	@JOBS=$(JOBS) scripts/fuzz.sh "$$(awk 'BEGIN { printf "%d", $(or $(MINUTES),30) * 60 }')" $(TARGETS)

clean: ## Remove everything that was built
	@rm -rf .build .build-* .venv .venv-* .nginx
