"""The Python interface: what it offers, its signatures, how fast it is imported."""

import inspect
import subprocess
import sys
from importlib.resources import files
from typing import get_type_hints

import pytest
import typer.main

import mimiceye_duck
from mimiceye_duck.catalog.options.build_options import BuildOptions, Content, PlanOptions
from mimiceye_duck.catalog.options.checking import options, window_text
from mimiceye_duck.catalog.options.export_options import (
    CocoOptions,
    CsvOptions,
    ImagesOptions,
    MedsOptions,
    ParquetOptions,
)
from mimiceye_duck.cli.main import app
from mimiceye_duck.core.given import fields_of

OFFERED = (
    *("attach", "browse", "build", "check", "compare_links", "connect", "explain", "export_csv"),
    *(
        "export_coco",
        "export_images",
        "export_meds",
        "export_parquet",
        "page",
        "plan",
        "report",
        "synth",
    ),
)


@pytest.mark.parametrize("name", OFFERED)
def test_every_function_has_a_signature_and_says_what_it_raises(name):
    function = getattr(mimiceye_duck, name)
    signature = inspect.signature(function)
    parameters = signature.parameters.values()
    assert all(one.annotation is not inspect.Parameter.empty for one in parameters)
    assert signature.return_annotation is not inspect.Signature.empty
    assert not any(one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters)
    assert "UserError" in function.__doc__


def test_names_and_the_version_are_those_of_the_package():
    assert {*OFFERED, "UserError", "__version__"} <= set(mimiceye_duck.__all__)
    assert mimiceye_duck.__version__[0].isdigit()
    assert files("mimiceye_duck").joinpath("py.typed").is_file()
    with pytest.raises(AttributeError):
        mimiceye_duck.nothing  # noqa: B018


COMMANDS = {
    "build": (BuildOptions, {"dry_run"}),
    "plan": (PlanOptions, {"format"}),
    "export parquet": (ParquetOptions, set()),
    "export csv": (CsvOptions, set()),
    "export meds": (MedsOptions, set()),
    "export coco": (CocoOptions, set()),
    "export images": (ImagesOptions, set()),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_and_its_function_take_the_same_options(name):
    given, of_the_terminal = COMMANDS[name]
    ours = {field.name: field.default for field in fields_of(given)}
    assert ours.keys() == get_type_hints(given).keys()
    function = getattr(mimiceye_duck, name.replace(" ", "_"))
    assert list(inspect.signature(function).parameters) == list(ours)
    command = typer.main.get_command(app)
    for word in name.split():
        command = command.commands[word]
    options = {one.name: one for one in command.params}
    assert options.keys() - {"help", *of_the_terminal} == ours.keys()
    for field in fields_of(given):
        assert "--" + field.name.replace("_", "-") in options[field.name].opts
        assert options[field.name].help.startswith(field.option.help)
        assert field.option.help[0].isupper() and field.option.help.endswith(".")


def test_every_choice_of_an_option_is_one():
    for field in fields_of(Content):
        for choice in field.option.choices.split("|") if field.option.choices else ():
            if choice != "FILE":
                assert options(**{field.name: choice})


def test_a_window_is_kept_as_it_was_typed():
    given = options(window="36h")
    assert (given.window, given.window_seconds) == ("36h", 36 * 3600)
    assert given.record()["window"] == "36h"
    # What is compared with an earlier build is the same for 7d and 168h.
    texts = [window_text(options(window=window).window_seconds) for window in ("7d", "168h", "36h")]
    assert texts == ["7d", "7d", "36h"]


def test_importing_the_package_loads_no_engine_and_no_terminal():
    script = "import sys, mimiceye_duck; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = set(ran.stdout.split())
    assert loaded & {"duckdb", "pyarrow", "typer", "rich", "jinja2", "yaml", "sqlglot"} == set()


def test_the_package_runs_as_a_program():
    words = [sys.executable, "-m", "mimiceye_duck", "--version"]
    ran = subprocess.run(words, capture_output=True, text=True, check=True)
    assert ran.stdout.startswith(f"mimiceye-duck {mimiceye_duck.__version__}, DuckDB")
