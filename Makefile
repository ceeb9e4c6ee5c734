# `make` or `make help` lists what can be made. It needs git, make, a compiler of C and C++, perl and rustup's
# cargo; the tests need a JDK 17, Maven and Redis too. What is missing is installed where that may be, else named.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

CARGO ?= cargo
KAFKA := .kafka/libs

# One profile and one set of features everywhere, so that dependencies are compiled once.
TEST := $(CARGO) test --locked
# Tests to run, by a part of their name: make test ONLY=delivery
ONLY ?=
# The mode of delivery of the tests that do not choose their own.
DELIVERY ?= exactly_once

.PHONY: help
help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# An example is built beside it, as the tests' dependencies turn on features of the worker's: without one cargo would compile
# two hundred crates in two ways.
.PHONY: demo
demo: compilers ## The whole pipeline on embedded parts: no network, no Java, done within 20 s of its start
	$(CARGO) build --locked --bin newswire --example corpus
	"$${CARGO_TARGET_DIR:-target}"/debug/newswire demo

.PHONY: test
test: compilers kafka redis prometheus ## All tests, against a real Apache Kafka; some: ONLY=delivery; in the other mode: DELIVERY=at_least_once
	NEWSWIRE_TEST_DELIVERY=$(DELIVERY) $(TEST) -- $(ONLY)

.PHONY: crash
crash: compilers kafka redis ## Workers and brokers killed at random, then an oracle; sizes: CRASH_URLS=600 CRASH_KILLS=10 and more
	$(TEST) --test suite -- --ignored --exact --nocapture crash::the_long_form_loses_nothing_and_doubles_nothing

.PHONY: cost
cost: compilers kafka ## Exactly once against at least once, in one run: ratios of time and CPU
	$(TEST) --test suite -- --ignored --exact --nocapture cost::exactly_once_against_at_least_once

.PHONY: load
load: compilers kafka ## 20,000 URLs through a real Kafka and a restart: pages a second, peak memory, what is left
	$(TEST) --test suite -- --ignored --exact --nocapture load::twenty_thousand_urls_of_eight_thousand_pages_go_through_a_restart

# How many pages, and how often they are read.
PAGES ?= 5000
ROUNDS ?= 3
# PEER=1: beside a worker in Python that does the same.
PEER ?=

.PHONY: bench
bench: compilers kafka ## The whole worker on pages of real size, beside `newswire extract` on the same: PAGES=5000 ROUNDS=3 PEER=1
	$(CARGO) build --release --locked --bin newswire --example corpus --example site
	target/release/examples/corpus target/corpus $(PAGES)
	test -z "$(PEER)" || { python3 -m venv target/peer && target/peer/bin/pip install -q -r benches/peer/requirements.txt; }
	$(if $(PEER),BENCH_PEER="$(CURDIR)/target/peer/bin/python") BENCH_ROUNDS=$(ROUNDS) BENCH_BUILD="$(CURDIR)/target/release" BENCH_CORPUS="$(CURDIR)/target/corpus" \
	    $(TEST) --test suite -- --ignored --exact --nocapture bench::the_whole_worker_against_extraction_alone

# 200000 lean pages are a gigabyte in the site's memory, and some minutes.
GROWN ?= 32000

.PHONY: growth
growth: compilers kafka ## What a page costs after 2,000 and after GROWN=32000 of them or more, with 1, 12 and 120 partitions
	$(CARGO) build --release --locked --bin newswire --example corpus --example site
	target/release/examples/corpus target/growth $(GROWN) lean
	BENCH_BUILD="$(CURDIR)/target/release" BENCH_CORPUS="$(CURDIR)/target/growth" BENCH_SIZES="2000 8000 $(GROWN)" \
	    $(TEST) --test suite -- --ignored --exact --nocapture bench::as_much_a_page_however_many_pages_and_partitions

.PHONY: scaling
scaling: compilers kafka redis ## 1, 2 and 4 workers with a quarter of a core each, on Redis (root)
	$(CARGO) build --release --locked --bin newswire --example corpus --example site
	target/release/examples/corpus target/lean 16000 lean
	BENCH_BUILD="$(CURDIR)/target/release" BENCH_CORPUS="$(CURDIR)/target/lean" \
	    $(TEST) --test suite -- --ignored --exact --nocapture scaling::quarters_of_a_core_add_up

# PICTURES=1: the dashboards of the day as pictures too, in target/ (python3 with venv and pip).
PICTURES ?=

.PHONY: fault-day
fault-day: compilers kafka redis prometheus ## A live set is broken in six ways, one after the other: which alert fires, when, and what is lost; PICTURES=1
	test -z "$(PICTURES)" || { python3 -m venv target/pictures && target/pictures/bin/pip install -q matplotlib; }
	$(if $(PICTURES),FAULT_DAY_PYTHON="$(CURDIR)/target/pictures/bin/python") $(TEST) --test suite -- --ignored --exact --nocapture fault_day::each_fault_raises_its_alert_and_loses_nothing

# A folder with manifest.jsonl and gold.jsonl, and how many of its worst pages are shown.
SET ?=
WORST ?= 10

.PHONY: quality
quality: compilers ## Records held against gold, and the worst pages: SET=folder with manifest.jsonl and gold.jsonl; WORST=10
	@test -n "$(SET)" || { echo "make quality SET=folder"; exit 2; }
	$(CARGO) build --release --locked
	target/release/newswire extract --manifest "$(SET)/manifest.jsonl" > target/quality.jsonl
	python3 tests/quality/score.py "$(SET)" target/quality.jsonl --worst $(WORST)

.PHONY: lint
lint: ## Format and clippy, warnings denied
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings

.PHONY: docs
docs: ## The documentation of the code, warnings denied
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --no-deps

.PHONY: compilers
compilers:
	@tests/compilers.sh

.PHONY: redis
redis:
	@tests/redis/server.sh

.PHONY: kafka
kafka: $(KAFKA)/.complete ## Fetches the Apache Kafka that the tests start (54 MB, once)

# Again when the pom changed: then with nothing of the old version beside the new.
$(KAFKA)/.complete: tests/kafka/pom.xml
	@tests/kafka/java.sh
	rm -rf $(KAFKA)
	mvn -q -B -f tests/kafka/pom.xml dependency:copy-dependencies -DoutputDirectory="$(CURDIR)/$(KAFKA)"
	touch $@

.PHONY: prometheus
prometheus: ## The Prometheus that alerts and dashboards are tested with
	@tests/prometheus.sh

# Where the builder of the dashboards is installed.
GRAFANA_SDK := target/grafana-sdk

.PHONY: dashboards
dashboards: ## Makes the dashboards anew from deploy/grafana/dashboards.py (python3 with venv and pip)
	test -d $(GRAFANA_SDK) || python3 -m venv $(GRAFANA_SDK)
	$(GRAFANA_SDK)/bin/pip install -q -r deploy/grafana/requirements.txt
	$(GRAFANA_SDK)/bin/python deploy/grafana/dashboards.py

.PHONY: manifests
manifests: ## The Kubernetes manifests built and held against Kubernetes' schemas (go or kustomize; python3 with venv and pip)
	deploy/kubernetes/check.sh

# A container engine that builds: the first of these on this machine, or make image ENGINE=buildah. FLAGS are passed on to it.
ENGINE ?= $(firstword $(notdir $(shell command -v docker podman buildah)) docker)

.PHONY: image
image: ## The container image `newswire`; on other bases: make image BUILD_BASE=... RUN_BASE=...
	BUILDAH_FORMAT=docker BUILDAH_LAYERS=true $(ENGINE) build --build-arg BUILD_BASE --build-arg RUN_BASE \
		--build-arg VERSION=$$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml) --build-arg REVISION=$$(git rev-parse HEAD) $(FLAGS) -t newswire .

.PHONY: image-check
image-check: ## The demo in the image's file system: as uid 10001, the root read-only (root, buildah)
	deploy/check-image.sh

.PHONY: clean
clean: ## Throws away what was built and fetched here
	$(CARGO) clean
	rm -rf .kafka demo-out
