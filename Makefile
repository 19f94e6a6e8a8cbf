# Anteroom's commands.  `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help run test test-long lint reset storm chaos bench python

PORT ?= 8000
DATA ?= var
# The first Python on the path that is new enough.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$python" && break; done)
# -B: a read-only folder gets its own sentence, not a stray bytecode file.
PREPARE = "$(PYTHON)" -B -m deploy.local.prepare

help: ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 18

run: python ## open the clinic on http://127.0.0.1:8000 (PORT=… another port, DATA=… another folder)
	@$(PREPARE) run --port "$(PORT)" --data "$(DATA)"

test: python ## lint, types and every test (ARGS="tests/booking -k storm" for some)
	@$(PREPARE) test $(ARGS)

test-long: python ## the tests that count to more: 100,000 spoilt requests, 1,000 sign-outs under fire, a million changes of money
	@$(PREPARE) test-long

lint: python ## lint and types only
	@$(PREPARE) lint

storm: python ## many clients book the same times at once; prints what happened
	@$(PREPARE) storm $(ARGS)

chaos: python ## cut off or kill whoever moves money, at every message; prints what was true afterwards
	@$(PREPARE) chaos $(ARGS)

bench: python ## measure the product beside its floors, among a million people and visits; 1 when a limit is missed
	@$(PREPARE) bench $(ARGS)

reset: python ## forget all local data and installed packages
	@"$(PYTHON)" -B -m deploy.local.reset

python:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Anteroom needs Python 3.11 or newer: install it, or name it with PYTHON=…, and run the same command again." >&2; \
		exit 1; }
