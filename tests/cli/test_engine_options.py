"""`build --engine`: what is missing is told, and what does not go together."""

import os
import sys

import pytest

from mimiceye_duck.database.spark import java


@pytest.fixture
def fake_java(tmp_path, monkeypatch):
    """A Java that says it is of this version, the only one on the path."""

    def make(version):
        home = tmp_path / "java"
        (home / "bin").mkdir(parents=True)
        program = home / "bin" / "java"
        program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
        program.chmod(0o755)
        monkeypatch.setenv("JAVA_HOME", str(home))
        return program

    return make


def build(command, source, out, *words):
    return command("build", "--engine", "spark", "--source", source, "--out", out, *words)


def test_without_the_extra_it_says_what_to_install(command, made_up, tmp_path, monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "pyspark"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pyspark", None)
    ran = build(command, made_up(), tmp_path / "out")
    assert ran.code == 1
    assert "pip install 'mimiceye-duck[spark]'" in ran.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(os.name == "nt", reason="a script stands for Java")
@pytest.mark.parametrize("version", ["1.8.0_392", "11.0.24", "16.0.2"])
def test_java_of_the_wrong_version_is_named(command, made_up, tmp_path, fake_java, version):
    pytest.importorskip("pyspark", reason="pyspark is not installed: pip install .[spark]")
    program = fake_java(version)
    ran = build(command, made_up(), tmp_path / "out")
    assert ran.code == 1
    assert "Spark needs Java 17 or newer" in ran.stderr
    assert f"Java {version}" in ran.stderr and str(program) in ran.stderr


@pytest.mark.skipif(os.name == "nt", reason="a script stands for Java")
@pytest.mark.parametrize("version", ["17", "17.0.15", "21.0.4"])
def test_java_that_will_do_is_taken(fake_java, version):
    fake_java(version)
    assert java.require_java() == version


def test_no_java_at_all_is_told(command, made_up, tmp_path, monkeypatch):
    pytest.importorskip("pyspark", reason="pyspark is not installed: pip install .[spark]")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    ran = build(command, made_up(), tmp_path / "out")
    assert ran.code == 1
    assert "there is none" in ran.stderr and "openjdk-17-jre-headless" in ran.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--engine", "sparkle"], "--engine knows no 'sparkle'"),
        (["--spark-master", "local[2]"], "--spark-master goes with --engine spark"),
        (["--engine", "spark", "--as-published"], "--as-published is about files"),
        (["--engine", "spark", "--render-missing"], "--render-missing is about files"),
    ],
)
def test_options_that_do_not_go_together_are_wrong_usage(command, made_up, tmp_path, words, told):
    ran = command("build", "--source", made_up(), "--out", tmp_path / "out", *words)
    assert ran.code == 2
    assert told in ran.stderr


def test_build_of_duckdbs_is_not_built_over(command, demo_build, made_up):
    before = (demo_build / "build.json").read_bytes()
    ran = build(command, made_up(), demo_build)
    assert ran.code == 1
    assert "holds a build of DuckDB's" in ran.stderr
    assert (demo_build / "build.json").read_bytes() == before
