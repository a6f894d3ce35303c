"""Each image of made-up trees has the stay that the truth and the rules in plain Python give it."""

from datetime import timedelta

import pytest

from mimiceye_duck.catalog.options.checking import window_seconds
from tests.links import COLUMNS, WEEK, by_image, told_by_rule, told_by_synth, unlike

READ = (
    "mimiciv_hosp.patients",
    "mimiciv_hosp.admissions",
    "mimiciv_icu.icustays",
    "mimiciv_ed.edstays",
    "mimic_cxr_jpg.metadata",
)


@pytest.fixture
def linked(world):
    """The links of a source tree by a rule and a window."""

    def link(source, rule="within-or-after", window="7d"):
        world.read(source, *READ)
        seconds = window_seconds(window)
        world.define(
            "settings.link",
            f"select '{rule}' as link_rule, cast({seconds} as double) as window_seconds",
        )
        return by_image(world.rows("links.cxr_stay", ", ".join(COLUMNS)))

    return link


@pytest.mark.parametrize(
    ("patients", "seed"), [(40, 0), (12, 0), (12, 1), (12, 7), (25, 123), (6, 2024)]
)
def test_links_are_those_of_the_truth(patients, seed, made_up, linked, tools):
    source = made_up(patients=patients, seed=seed)
    found = linked(source)
    truth = told_by_synth(source / "truth", tools)
    assert unlike(found, truth) == {}
    assert unlike(told_by_rule(source, tools), truth) == {}


@pytest.mark.parametrize(
    ("rule", "window", "length"),
    [
        ("within-or-after", "0", timedelta(0)),
        ("within-or-after", "0h", timedelta(0)),
        ("within-or-after", "36h", timedelta(hours=36)),
        ("within-or-after", "1.5d", timedelta(hours=36)),
        ("within-or-after", "90min", timedelta(minutes=90)),
        ("within-or-after", "1s", timedelta(seconds=1)),
        ("within-or-after", "400d", timedelta(days=400)),
        ("nearest", "7d", WEEK),
        ("nearest", "36h", timedelta(hours=36)),
        ("nearest", "0", timedelta(0)),
        ("closed", "7d", WEEK),
        ("egd-date", "7d", WEEK),
        ("mimic-eye-1.0", "7d", WEEK),
    ],
)
def test_links_are_those_of_the_rule_and_window(rule, window, length, made_up, linked, tools):
    source = made_up(patients=40)
    wanted = told_by_rule(source, tools, rule=rule, window=length)
    assert unlike(linked(source, rule, window), wanted) == {}
    assert {link[4] for link in wanted.values()} >= {"within", ""}


def test_rules_differ_on_what_was_made_up(made_up, tools):
    rules = ["within-or-after", "nearest", "closed", "egd-date", "mimic-eye-1.0"]
    told = [told_by_rule(made_up(patients=40), tools, rule=rule) for rule in rules]
    assert all(one != other for at, one in enumerate(told) for other in told[:at])
