"""When a list of an earlier export can grow: it is of the same build and of this version."""

import json

import pytest

from mimiceye_duck.usecases.export import dataset

FACTS = {"cohort": "eye", "link_rule": "closed", "window_seconds": 5.0, "n_patients": 3}


@pytest.fixture
def earlier():
    """A list as it is read again."""
    return json.loads(json.dumps(dataset.dataset(FACTS, [])))


def test_a_list_of_the_same_build_can_grow(earlier):
    assert dataset.is_of(earlier, dict(FACTS))


@pytest.mark.parametrize("fact", FACTS)
def test_a_list_of_another_build_can_not(earlier, fact):
    assert not dataset.is_of(earlier, {**FACTS, fact: None})


def test_a_list_of_another_version_can_not(earlier, monkeypatch):
    monkeypatch.setattr(dataset, "version", lambda: "0.0.1-other")
    assert not dataset.is_of(earlier, FACTS)
