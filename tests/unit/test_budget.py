"""How much of the machine there is, told by made-up control groups."""

from pathlib import Path

import pytest

from mimiceye_duck.core.running import machine as budget

GIB = 1 << 30


def machine(root: Path, group: str, **files: str) -> Path:
    """A root folder of Linux with one process's control group; keys are paths, / written _of_."""
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(group)
    for name, text in files.items():
        file = root / "sys/fs/cgroup" / name.replace("_in_", "/").replace("__", ".")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root


@pytest.mark.parametrize(
    ("group", "files", "bytes_allowed"),
    [
        pytest.param("0::/\n", {"memory__max": f"{GIB}\n"}, GIB, id="version 2"),
        pytest.param("0::/\n", {"memory__max": "max\n"}, None, id="version 2 without a limit"),
        pytest.param("0::/a/b\n", {"a_in_memory__max": f"{GIB}"}, GIB, id="a group above it"),
        pytest.param(
            "0::/a/b\n",
            {"a_in_memory__max": f"{GIB}", "a_in_b_in_memory__max": f"{2 * GIB}"},
            GIB,
            id="the least of several",
        ),
        pytest.param("", {}, None, id="no control groups"),
    ],
)
def test_memory_is_what_the_control_group_allows(tmp_path, group, files, bytes_allowed):
    root = machine(tmp_path, group, **files)
    assert budget.memory(root) == bytes_allowed


def test_memory_of_the_first_version_of_control_groups(tmp_path):
    root = machine(tmp_path, "5:memory:/job\n4:cpu,cpuacct:/job\n")
    folder = root / "sys/fs/cgroup/memory/job"
    folder.mkdir(parents=True)
    (folder / "memory.limit_in_bytes").write_text(str(3 * GIB))
    (folder.parent / "memory.limit_in_bytes").write_text("9223372036854771712")
    assert budget.memory(root) == 3 * GIB


def test_database_gets_a_part_of_a_limit_and_leaves_the_rest_to_python(tmp_path):
    root = machine(tmp_path, "0::/\n", memory__max=str(GIB))
    limit = budget.memory_limit(root)
    number = int(limit.removesuffix(" B"))
    assert GIB // 2 <= number < GIB
    assert budget.memory_limit(tmp_path / "elsewhere") is None


@pytest.mark.parametrize(
    ("quota", "count"),
    [("max 100000", 8), ("300000 100000", 3), ("250000 100000", 2), ("50000 100000", 1)],
)
def test_threads_are_what_the_control_group_allows(tmp_path, monkeypatch, quota, count):
    monkeypatch.setattr(budget, "_usable", lambda: 8)
    assert budget.threads(machine(tmp_path, "0::/\n", cpu__max=quota)) == count


def test_threads_of_the_first_version_of_control_groups(tmp_path, monkeypatch):
    monkeypatch.setattr(budget, "_usable", lambda: 8)
    root = machine(tmp_path, "4:cpu,cpuacct:/job\n")
    folder = root / "sys/fs/cgroup/cpu/job"
    folder.mkdir(parents=True)
    (folder / "cpu.cfs_quota_us").write_text("200000")
    (folder / "cpu.cfs_period_us").write_text("100000")
    assert budget.threads(root) == 2


def test_threads_without_affinity_are_the_processors(tmp_path, monkeypatch):
    """As on macOS and Windows."""
    monkeypatch.delattr("os.sched_getaffinity", raising=False)
    monkeypatch.setattr("os.cpu_count", lambda: 6)
    assert budget.threads(tmp_path) == 6
