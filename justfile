# The tasks of this project.

layers := "tests/spark tests/faults tests/build tests/cli tests/postgres tests/sql tests/unit"
# Hundreds of programs that tests start read what one has compiled, whatever a person's own setting.
export PYTHONDONTWRITEBYTECODE := ""
bin := if os() == "windows" { ".venv/Scripts" } else { ".venv/bin" }

# list the tasks
default:
    @just --list

# make the virtual environment
setup:
    python3 -m venv .venv
    {{bin}}/pip install -e '.[dev]'

# build the made-up patients into mimic-eye/
demo:
    {{bin}}/mimiceye-duck build --demo --out mimic-eye

# build the wheel into dist/
wheel:
    {{bin}}/pip wheel --no-deps --wheel-dir dist .

# run the tests, but for the layers that are slow or need more than Python
test *words:
    {{bin}}/pytest {{words}}

# tests that make no build
unit *words:
    {{bin}}/pytest tests/unit mimiceye_duck {{words}}

# tests of each model and audit on rows that a test writes down
sql *words:
    {{bin}}/pytest tests/sql {{words}}

# tests of what builds make of their sources
build *words:
    {{bin}}/pytest tests/build {{words}}

# tests of what commands do with a build, and what they say
cli *words:
    {{bin}}/pytest tests/cli {{words}}

# kill builds at every step, fill a disk, allow few open files
faults *words:
    {{bin}}/pytest tests/faults {{words}}

# pages in a chromium
browser *words:
    {{bin}}/pytest tests/browser {{words}}

# the models on Spark, which needs a Java 17
spark *words:
    {{bin}}/pytest tests/spark {{words}}

# the models on a PostgreSQL
postgres *words:
    {{bin}}/pytest tests/postgres {{words}}

# every test, in one run, so that what many read is made once; the browser's driver needs a loop of its own
every *words:
    {{bin}}/pytest {{layers}} mimiceye_duck {{words}}
    {{bin}}/pytest tests/browser {{words}}

# plant faults one at a time: does a test go red at each? just mutants --group sql --workers 2
mutants *words:
    {{bin}}/python tests/mutants/run.py {{words}}

# time builds beside gzip and the published method: just bench --repeat 3 --with-pandas
bench *words:
    {{bin}}/python tests/bench/bench.py {{words}}

# time what a build answers: just answers mimic-eye/mimiceye.duckdb
answers database:
    {{bin}}/python tests/bench/explore.py {{database}}

# look for faults in style and types
[parallel]
lint: _lint-sql _lint-types _lint-python

_lint-sql:
    {{bin}}/sqlfluff lint sql --processes 2

_lint-types:
    {{bin}}/mypy

_lint-python:
    {{bin}}/ruff check .
    {{bin}}/ruff format --check .
    {{bin}}/lint-imports
    {{bin}}/python tests/house_rules.py

# mend what a program can mend
fix:
    {{bin}}/ruff check --fix .
    {{bin}}/ruff format .
    {{bin}}/sqlfluff fix sql

# write the README's table list anew from the contracts, its figures from the last benchmark
readme:
    {{bin}}/python tests/readme.py
    {{bin}}/python tests/bench/section.py

# tests and lint
[parallel]
check: every lint
