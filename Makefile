SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

SCENARIO ?= rolled-back
HISTORIES ?= 100000

export SAM_CLI_TELEMETRY := 0
export __SAM_CLI_APP_DIR := $(CURDIR)/target/sam-cli
export PYTHONDONTWRITEBYTECODE := 1
export AWS_DEFAULT_REGION ?= us-east-1

# Says what is done, does it, says how long it took.
define step
@printf '\n== %s\n' '$(1)'; begun=$$SECONDS; $(2); printf '== %s: %s s\n' '$(1)' "$$((SECONDS - begun))"
endef

.PHONY: help
help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: .venv/ministack/made .venv/sam/made ## A failed deployment on a local AWS, told and rolled back by opsbot. SCENARIO=name plays another, SCENARIO=list names them
	$(call step,demo $(SCENARIO),cargo run -p demo -- '$(SCENARIO)')

.PHONY: test
test: ## Everything: format, clippy, tests, template linters, deployed end-to-end tests
	$(call step,format,cargo fmt --all --check)
	$(call step,clippy,cargo clippy --workspace --all-targets --all-features -- -D warnings)
	$(call step,tests without a local AWS,cargo test --workspace)
	@$(MAKE) --no-print-directory lint deployed

.PHONY: test-deep
test-deep: ## 100,000 random histories of the model test; HISTORIES=n plays another number
	$(call step,model test,MODEL_HISTORIES=$(HISTORIES) cargo test -p tests --profile deep --test model -- --nocapture histories_hold)

.PHONY: mutants
mutants: ## Breaks each guard of a rollback in turn: the model test must notice every one
	$(call step,mutants,python3 tests/model/mutants.py)

.PHONY: deployed
deployed: .venv/ministack/made .venv/sam/made ## The tests that deploy template.yaml into the local AWS
	$(call step,deployed end-to-end tests,cargo test -p stage --features deployed --test deployed)

# Apart: built together, the functions would have the features that the command needs.
.PHONY: bench
bench: .venv/ministack/made ## The table of figures, also in target/bench.json
	$(call step,bench,cargo build --release -p opsbot && cargo build --release -p deployment-changed -p task-stopped -p roll-back && cargo run -q -p tests --bin bench -- target/release .venv/ministack/bin/python)

.PHONY: lint
lint: .venv/sam/made .venv/lint/made ## The template linters, and whether each mutant still finds what it breaks
	$(call step,sam validate --lint,.venv/sam/bin/sam validate --lint)
	$(call step,cfn-lint,.venv/lint/bin/cfn-lint -a cfn_lint_serverless.rules -t template.yaml)
	$(call step,checkov,.venv/lint/bin/checkov --framework cloudformation --skip-download --compact --quiet -f template.yaml)
	$(call step,mutants stand,python3 tests/model/mutants.py --check)

.PHONY: build
build: .venv/sam/made ## The functions for AWS, with sam build (arm64, as the template's default)
	$(call step,sam build,PATH="$(CURDIR)/.venv/sam/bin:$$PATH" sam build)

.PHONY: fmt
fmt: ## Formats the code
	cargo fmt --all

.PHONY: venv
venv: .venv/ministack/made .venv/sam/made .venv/lint/made ## The pinned Python environments, made once

.venv/%/made: tests/requirements/%.txt tests/requirements/make-venv
	$(call step,Python environment $*,tests/requirements/make-venv $(@D) $<)
	@touch $@

.PHONY: clean
clean: ## Removes what was built and the Python environments
	rm -rf .aws-sam .venv target
