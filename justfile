# The tasks of this project.

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
build:
    {{bin}}/pip wheel --no-deps --wheel-dir dist .

# run the tests
test *words:
    {{bin}}/pytest {{words}}

# kill builds at every step, fill a disk, allow few open files
faults:
    {{bin}}/pytest tests/faults

# time builds beside gzip and the published method: just bench --repeat 3 --with-pandas
bench *words:
    {{bin}}/python tests/bench/bench.py {{words}}

# time what a build answers: just answers mimic-eye/mimiceye.duckdb
answers database:
    {{bin}}/python tests/bench/explore.py {{database}}

# look for faults in style and types
lint:
    {{bin}}/ruff check .
    {{bin}}/ruff format --check .
    {{bin}}/mypy
    {{bin}}/lint-imports
    {{bin}}/sqlfluff lint sql

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
check: test faults lint
