"""What holds of all link rules: every bound has its case, and properties of any data."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import groupby

import pytest
import test_link_rule_closed
import test_link_rule_egd_date
import test_link_rule_mimic_eye_1_0
import test_link_rule_nearest
import test_link_rule_within_or_after
from hypothesis import HealthCheck, settings
from hypothesis import given as for_all
from hypothesis import strategies as st
from link_cases import expected, outcomes
from mutants import mutants, round_trip

from mimiceye_duck.catalog.models.link_rules import link_rules

CASES = {
    module.RULE: module.CASES
    for module in (
        test_link_rule_closed,
        test_link_rule_egd_date,
        test_link_rule_mimic_eye_1_0,
        test_link_rule_nearest,
        test_link_rule_within_or_after,
    )
}
MUTANTS = [(rule, *mutant) for rule in CASES for mutant in mutants(rule)]


def test_every_link_rule_has_cases():
    assert set(link_rules().values()) == set(CASES)


def test_link_rules_keep_their_published_names():
    assert set(link_rules()) == {
        "within-or-after",
        "closed",
        "egd-date",
        "nearest",
        "mimic-eye-1.0",
    }


@pytest.mark.parametrize("rule", CASES)
def test_all_cases_hold_side_by_side(world, rule):
    world.define(rule, round_trip(rule))
    assert outcomes(world, rule, CASES[rule]) == [expected(case) for case in CASES[rule]]


@pytest.mark.parametrize(("rule", "label", "sql"), MUTANTS, ids=[mutant[1] for mutant in MUTANTS])
def test_a_case_tells_each_open_bound_from_a_closed_one(world, rule, label, sql):
    world.define(rule, sql)
    assert outcomes(world, rule, CASES[rule]) != [expected(case) for case in CASES[rule]]


@pytest.mark.parametrize("rule", CASES)
def test_every_rule_has_bounds_to_be_wrong_about(rule):
    assert sum(mutant[0] == rule for mutant in MUTANTS) >= 2


# Properties. Moments are few, a quarter of a day apart and some a millisecond off, so that
# stays and images meet, overlap and touch.
HOUR = 3_600_000
QUARTER, DAY = 6 * HOUR, 24 * HOUR
WINDOW = 2 * QUARTER
BEGIN = datetime(2125, 3, 1)
SUBJECTS = st.sampled_from([1, 1, 1, 2])
MOMENTS = st.sampled_from(
    [None, *(quarter * QUARTER + off for quarter in range(4, 11) for off in (0, 0, -1, 1))]
)
LENGTHS = st.sampled_from([None, -QUARTER, 0, QUARTER, QUARTER, 2 * QUARTER, 2 * QUARTER, DAY])
STAYS = st.lists(
    st.builds(
        lambda subject, intime, length: (
            subject,
            intime,
            None if intime is None or length is None else intime + length,
        ),
        SUBJECTS,
        MOMENTS,
        LENGTHS,
    ),
    min_size=3,
    max_size=7,
)
IMAGES = st.lists(st.tuples(SUBJECTS, MOMENTS), min_size=4, max_size=8)


def text(milliseconds: int | None) -> str:
    if milliseconds is None:
        return ""
    return (BEGIN + timedelta(milliseconds=milliseconds)).isoformat(" ", "milliseconds")


def fill(world, images, stays, window: int) -> None:
    """Image n has the dicom_id n, stay n the stay_id n."""
    world.given(
        "staging.cxr_images",
        "dicom_id | subject_id | study_at\n"
        + "\n".join(f"{n} | {subject} | {text(at)}" for n, (subject, at) in enumerate(images)),
    )
    world.given(
        "mimiciv_ed.edstays",
        "stay_id | subject_id | intime | outtime\n"
        + "\n".join(
            f"{n} | {subject} | {text(intime)} | {text(outtime)}"
            for n, (subject, intime, outtime) in enumerate(stays)
        ),
    )
    world.given("settings.link", f"link_rule | window_seconds\nwithin-or-after | {window / 1000}")


def lawful(stays, subject, at):
    """The stays of a patient that a rule with a known end may match."""
    return [
        (stay_id, intime, outtime)
        for stay_id, (owner, intime, outtime) in enumerate(stays)
        if at is not None
        and owner == subject
        and intime is not None
        and outtime is not None
        and outtime > intime
    ]


def best(found: Iterable[tuple[int, int, int, str]]):
    """Of (gap, intime, stay_id, link) the smallest gap, the latest intime, the smallest id."""
    found = list(found)
    if not found:
        return None
    gap, _, stay_id, link = min(found, key=lambda one: (one[0], -one[1], one[2]))
    return stay_id, link, gap / 1000, len(found)


def within_or_after(stays, subject, at, window):
    own = lawful(stays, subject, at)
    within = [(0, i, s, "within") for s, i, o in own if i < at < o]
    after = [(at - o, i, s, "after") for s, i, o in own if 0 <= at - o <= window]
    return best(within) or best(after if window > 0 else ())


def nearest(stays, subject, at, window):
    own = lawful(stays, subject, at)
    within = [(0, i, s, "within") for s, i, o in own if i < at < o]
    after = [(at - o, i, s, "after") for s, i, o in own if 0 <= at - o <= window]
    before = [(i - at, i, s, "before") for s, i, o in own if 0 <= i - at <= window]
    return best(within) or best(after + before if window > 0 else ())


def closed(stays, subject, at, window):
    return best((0, i, s, "within") for s, i, o in lawful(stays, subject, at) if i <= at <= o)


def egd_date(stays, subject, at, window):
    own = lawful(stays, subject, at)
    return best((0, i, s, "within") for s, i, o in own if i // DAY <= at // DAY <= o // DAY)


def mimic_eye(stays, subject, at, window):
    endless = [(who, i, float("inf") if i is not None and o is None else o) for who, i, o in stays]
    own = lawful(endless, subject, at)
    found = [(0, i, s, "within") for s, i, o in own if i < at < o and at % DAY >= 10 * HOUR]
    return best(found) if len(found) == 1 else None


RESTATED = {
    "within-or-after": within_or_after,
    "nearest": nearest,
    "closed": closed,
    "egd-date": egd_date,
    "mimic-eye-1.0": mimic_eye,
}


@settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@for_all(images=IMAGES, stays=STAYS, window=st.sampled_from([WINDOW, WINDOW, 0]))
def test_rules_keep_their_word_on_any_stays_and_images(world, images, stays, window):
    fill(world, images, stays, window)
    columns = "link_rule, cast(dicom_id as integer), stay_id, link, gap_seconds, n_candidates"
    found = world.rows("links.stay_by_rule", columns)

    keys = [(rule, image) for rule, image, *_ in found]
    assert len(set(keys)) == len(keys), "more than one stay of an image by one rule"
    for rule, image, stay_id, link, gap, n_candidates in found:
        subject, at = images[image]
        owner, intime, outtime = stays[stay_id]
        assert owner == subject
        assert n_candidates >= 1
        assert 0 <= gap <= window / 1000
        if window == 0 or link == "within":
            assert (link, gap) == ("within", 0)
        if link == "within" and rule not in ("closed", "egd-date"):
            assert intime < at and (outtime is None or at < outtime)
        if rule == "closed":
            assert intime <= at <= outtime
        if rule == "mimic-eye-1.0":
            assert n_candidates == 1
        assert outtime is not None or rule == "mimic-eye-1.0"
    assert {rule for rule, *_ in found} <= set(RESTATED)
    by_rule = {
        rule: {image: tuple(rest) for _, image, *rest in some}
        for rule, some in groupby(sorted(found), key=lambda one: one[0])
    }
    for rule, restated in RESTATED.items():
        answers = {
            image: answer
            for image, (subject, at) in enumerate(images)
            if (answer := restated(stays, subject, at, window))
        }
        assert by_rule.get(rule, {}) == answers

    linked = world.rows("links.cxr_stay", "cast(dicom_id as integer), stay_id, n_candidates")
    assert [image for image, *_ in linked] == list(range(len(images)))
    assert all((stay_id is None) == (n_candidates == 0) for _, stay_id, n_candidates in linked)
