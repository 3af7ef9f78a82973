# Deux commandes : `make graph` construit le graphe et répond à cinq questions, `make test` prouve que tout marche.
# Two commands: `make graph` builds the graph and answers five questions, `make test` proves that all of it works.
# Needed: git, make, Python 3.11 or later. uv is used where it is found, else venv and pip.

VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.installed-runtime
DEV := $(VENV)/.installed-dev
STORE := cesergraph.store
VENDOR := cesergraph/web/vendor/packages.json
SOURCES := $(shell find cesergraph loaders ontology shapes decisions -type f ! -name '*.pyc' ! -path 'cesergraph/web/*')
LOCK := uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --no-annotate $(LOCK_FLAGS)

# What a shell may have set for other work must not reach into this environment or this graph.
unexport VIRTUAL_ENV PYTHONPATH CESERGRAPH_STORE CESERGRAPH_ENDPOINT

.DEFAULT_GOAL := help
.PHONY: help graph test check lint ontology web bench notebook docs lock java chromium clean

help: ## Montre cette liste / Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

graph: $(STORE)/CURRENT ## Construit le graphe et répond à cinq questions / Build the graph, answer five questions
	$(call ask,query vote_by_voter,Comment chaque groupe a-t-il voté ? / How did each group vote?)
	$(call ask,query addressees_by_number_of_recommendations,À qui demande-t-on d'agir ? / Who is asked to act?)
	$(call ask,query actions_of_a_recommendation,Que demande-t-on à la Région ? / What is the Region asked to do?)
	$(call ask,query referral_routes_of_a_body,Qui peut saisir ce CESER ? / Who may seize this CESER?)
	$(call ask,query communes_without_intercommunality,Quelles communes sont sans intercommunalité ? / Which communes have no intercommunality?)

test: $(DEV) java web chromium ## Prépare ce qu'il faut et lance les tests / Set up what is needed and run the tests
	$(BIN)/python -m pytest $(PYTEST_FLAGS)

check: lint ontology test ## Tout ce que vérifie l'intégration continue / All that CI checks

lint: $(DEV) ## Style, types, carnets, Turtle (mêmes contrôles que pre-commit) / The pre-commit hooks, on all files
	$(BIN)/pre-commit run --all-files --show-diff-on-failure

ontology: $(DEV) java ## Vérifie l'ontologie : profils, cohérence, hygiène / Check the ontology
	$(BIN)/cesergraph check

web: $(VENDOR) ## Apporte au site ses scripts et ses cartes, pris de npm / Bring the site its scripts and maps, from npm

bench: $(DEV) $(STORE)/CURRENT ## Mesure les durées face aux pairs / Measure against the peers (benchmarks/RESULTS.md)
	@mkdir -p build && { echo "# Benchmarks"; echo; \
	echo "Written by \`make bench\`: medians, the peers in the same run; compare only figures of one part."; \
	for part in startup build_time queries_time site_time endpoint_time publish_time; do $(BIN)/python benchmarks/$$part.py || exit 1; done; } >build/RESULTS.md
	@mv build/RESULTS.md benchmarks/RESULTS.md && cat benchmarks/RESULTS.md

notebook: $(DEV) $(STORE)/CURRENT ## Exécute les carnets en pages HTML / Run the notebooks into HTML pages
	$(BIN)/python -m nbconvert --execute --to html --output-dir build/notebooks notebooks/*.ipynb

docs: $(DEV) $(STORE)/CURRENT ## Refait les pages et l'image tirées du programme / Remake the pages made by the program
	$(BIN)/python docs/renew.py

lock: ## Refait les deux fichiers de verrou (uv) / Remake both lock files; LOCK_FLAGS=--upgrade renews
	$(LOCK) --extra notebooks --group dev --output-file requirements-dev.lock
	$(LOCK) --group build --constraint requirements-dev.lock --output-file requirements.lock

clean: ## Enlève l'environnement, le graphe et les caches / Remove the environment, the graph and the caches
	rm -rf $(VENV) $(STORE) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis web/node_modules $(dir $(VENDOR))

$(STORE)/CURRENT: $(RUNTIME) $(SOURCES)
	$(BIN)/cesergraph build --out $(STORE)
	@touch $@

# The package itself goes in without its dependencies: they come from the lock, hashes checked, and from nowhere else.
$(RUNTIME): requirements.lock pyproject.toml $(BIN)/python
	$(call install,requirements.lock)

$(DEV): requirements-dev.lock pyproject.toml $(BIN)/python
	$(call install,requirements-dev.lock)

define ask
	@printf '\n%s\n$$ cesergraph %s\n' "$(2)" '$(1)'; $(BIN)/cesergraph $(1) --store $(STORE)
endef

define install
	@echo "Installation de $(1)… / Installing $(1)…"
	@if command -v uv >/dev/null; then pip="uv pip install --quiet --compile-bytecode --python $(BIN)/python"; \
	else pip="$(BIN)/python -m pip install --quiet --disable-pip-version-check"; fi; \
	$$pip --require-hashes -r $(1) && $$pip --no-deps --no-build-isolation --editable .
	@touch $@
endef

$(BIN)/python:
	@for name in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11; do \
	  python=$$($$name -c 'import sys; sys.version_info < (3, 11) or print(sys.executable)' 2>/dev/null); \
	  [ -z "$$python" ] || break; \
	done; \
	if [ -z "$$python" ]; then \
	  echo "Il faut Python 3.11 ou plus récent ; installez-le, ou donnez son chemin : make graph PYTHON=…" >&2; \
	  echo "Python 3.11 or later is needed; install it, or give its path: make graph PYTHON=…" >&2; exit 2; \
	fi; \
	rm -rf $(VENV); \
	if command -v uv >/dev/null; then uv venv --quiet --python "$$python" $(VENV); \
	else "$$python" -m venv $(VENV); fi || { rm -rf $(VENV); \
	  echo "L'environnement $(VENV) n'a pu être créé ; sous Debian : apt-get install python3-venv." >&2; \
	  echo "The environment $(VENV) could not be made; on Debian: apt-get install python3-venv." >&2; exit 2; }

# Debian packages that a target needs are installed where that can be done unasked; where not, it says what is lost.
define debian
	@if $(1); then exit 0; fi; \
	if [ "$$(id -u)" = 0 ]; then sudo=; else sudo="sudo -n"; fi; \
	if command -v apt-get >/dev/null && $$sudo true 2>/dev/null; then \
	  echo "Installation de $(2)… / Installing $(2)…"; \
	  $$sudo apt-get update -qq && \
	  $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(2) >/dev/null && exit 0; \
	fi; \
	echo "$(3) ; sous Debian : apt-get install $(2)."; echo "$(4); on Debian: apt-get install $(2)."
endef

# The ontology is judged by HermiT and the OWLAPI, which run on Java. Without it their tests skip and say so.
java:
	$(call debian,command -v java >/dev/null && command -v javac >/dev/null,default-jdk-headless,Pas de JDK : les tests de l'ontologie seront omis,No JDK: the tests of the ontology will be skipped)

# Pages are tested in a real browser, and fetched with curl as a stranger would.
chromium:
	$(call debian,command -v chromium >/dev/null && command -v curl >/dev/null,chromium curl fonts-dejavu-core,Pas de navigateur : les tests des pages seront omis,No browser: the tests of the pages will be skipped)

# The site works without scripts and outlines; with them it has its maps, and an editor for SPARQL.
$(VENDOR): $(addprefix web/,package-lock.json package.json codemirror.js vendor.mjs) $(wildcard web/licences/*)
	$(call debian,command -v node >/dev/null && command -v npm >/dev/null,nodejs npm,Pas de Node.js : le site marche sans cartes ni éditeur SPARQL,No Node.js: the site works without maps and SPARQL editor)
	@if command -v npm >/dev/null; then \
	  echo "Installation de web/package-lock.json… / Installing web/package-lock.json…"; \
	  cd web && npm ci --ignore-scripts --silent && node vendor.mjs; \
	fi
