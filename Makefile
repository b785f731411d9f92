# Gatehouse: install, start, test.
.DEFAULT_GOAL := help
.PHONY: help run env check format test pictures requirements

help: ## List the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 16

run: ## Install what is missing and start everything (Ctrl-C stops it)
	@scripts/run

env: ## Print the exports that point AWS tools here: eval "$(make -s env)"
	@scripts/env

check: ## Formatting, lint, types, import arrows
	@scripts/check

format: ## Rewrite the sources in the project's format
	@scripts/venv test && .venv/bin/ruff format . && .venv/bin/ruff check --fix .

test: ## Every test lane; LANES="default check" picks some, ARGS="-k name" goes to pytest
	@scripts/test $(ARGS)

pictures: ## Take the pictures of the README again
	@LANES=browser GATEHOUSE_TEST_PICTURES=docs/pictures scripts/test

requirements: ## Export requirements/*.in as hashed *.txt; ARGS=--upgrade moves the pins
	@scripts/requirements $(ARGS)
