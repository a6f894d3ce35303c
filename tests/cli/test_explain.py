"""`explain` and `compare-links` against the made-up truth and a restatement in Python."""

import csv
import json
import re
import shutil
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest

RULES = ["closed", "egd-date", "mimic-eye-1.0", "nearest", "within-or-after"]
WEEK = timedelta(days=7)

CASES = [
    "ordinary_inside",
    "ordinary_after",
    "ordinary_far_away",
    "at_intime",
    "at_outtime",
    "one_second_after_intime",
    "one_second_before_intime",
    "one_second_after_outtime",
    "one_second_before_outtime",
    "at_09_59_59",
    "at_10_00_00",
    "seven_days_after_outtime",
    "seven_days_and_one_second_after",
    "inside_two_overlapping_stays",
    "inside_two_stays_same_intime",
    "equal_gap_latest_intime_wins",
    "equal_gap_and_intime_smallest_id",
    "two_stays_before_nearest_wins",
    "within_one_and_after_another",
    "midway_between_two_stays",
    "before_the_only_stay",
    "after_inverted_stay",
    "between_inverted_times",
    "at_zero_length_stay",
    "after_zero_length_stay",
    "null_intime",
    "null_intime_after_outtime",
    "null_outtime",
    "null_study_time",
    "impossible_study_date",
    "impossible_study_time",
    "study_time_0_at_midnight",
    "study_time_214",
    "study_time_5",
    "study_time_83045_515",
    "fractional_gap",
    "millisecond_gap",
    "day_boundary",
    "no_stay_at_all",
    "patient_absent",
    "at_touching_point_of_two_stays",
    "inside_second_of_touching_stays",
    "at_admittime",
    "at_dischtime",
    "at_icu_intime",
    "at_icu_outtime",
    "in_admission_and_icu",
    "in_inverted_admission",
    "between_touching_admissions",
    "two_stays_of_one_admission",
]


def stays_of(source, subject):
    """Stays that end after they start, or whose end nobody wrote, in order."""
    stays = []
    for row in source.records("ED/edstays"):
        if row["subject_id"] == subject and row["intime"]:
            start = datetime.fromisoformat(row["intime"])
            end = datetime.fromisoformat(row["outtime"]) if row["outtime"] else None
            if end is None or end > start:
                stays.append((int(row["stay_id"]), start, end))
    return sorted(stays, key=lambda stay: (stay[1], stay[0]))


def joined(moment):
    """A date and a time as the published notebooks read them: one number of their digits."""
    return float(moment.strftime("%Y%m%d%H%M%S"))


def say(rule, date, time, at, stays):
    """What a rule says: stay, clause, gap, number of candidates. Written from the specification."""
    none = (None, None, None, 0)
    if at is None:
        return none
    if rule == "mimic-eye-1.0":
        study = float(date + time)  # StudyTime as written: 83045.515 has lost its zero
        inside = [
            stay
            for stay, start, end in stays
            if joined(start) < study and (end is None or study < joined(end))
        ]
        return (inside[0], "within", 0, 1) if len(inside) == 1 else none
    known = [(stay, start, end) for stay, start, end in stays if end]
    if rule == "closed":
        found = [one for one in known if one[1] <= at <= one[2]]
    elif rule == "egd-date":
        found = [one for one in known if one[1].date() <= at.date() <= one[2].date()]
    else:
        found = [one for one in known if one[1] < at < one[2]]
    if found:
        latest = max(start for _, start, _ in found)
        stay = min(stay for stay, start, _ in found if start == latest)
        return stay, "within", 0, len(found)
    near = []
    if rule in ("within-or-after", "nearest"):
        near += [
            (at - end, start, stay, "after")
            for stay, start, end in known
            if end <= at <= end + WEEK
        ]
    if rule == "nearest":
        near += [
            (start - at, start, stay, "before")
            for stay, start, end in known
            if start - WEEK <= at <= start
        ]
    if not near:
        return none
    gap, _, stay, link = min(near, key=lambda one: (one[0], datetime.max - one[1], one[2]))
    return stay, link, gap / timedelta(seconds=1), len(near)


@pytest.fixture(scope="session")
def source(made_up, tools):
    return tools.source(made_up(patients=40))


@pytest.fixture(scope="session")
def truth(source):
    with open(source.root / "truth" / "cxr_stay.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="session")
def images(source, truth):
    """Every image: its row of the metadata, the moment in truth and the patient's stays."""
    moments = {
        row["dicom_id"]: datetime.fromisoformat(row["study_at"]) if row["study_at"] else None
        for row in truth
    }
    stays = {}
    for row in source.metadata:
        stays.setdefault(row["subject_id"], stays_of(source, row["subject_id"]))
    return {
        row["dicom_id"]: (row, moments[row["dicom_id"]], stays[row["subject_id"]])
        for row in source.metadata
    }


@pytest.fixture(scope="session")
def said(images):
    """What each rule says of each image."""
    return {
        rule: {
            image: say(rule, row["StudyDate"], row["StudyTime"], at, stays)
            for image, (row, at, stays) in images.items()
        }
        for rule in RULES
    }


@pytest.fixture(scope="session")
def out(built, made_up):
    return built(made_up(patients=40), cohort="eye")


@pytest.fixture
def explain(command, out):
    def ask(image, *words, database=None):
        ran = command("explain", image, *words, "--database", database or out / "mimiceye.duckdb")
        assert (ran.code, ran.stderr) == (0, "")
        return json.loads(ran.stdout) if "json" in words else ran.stdout

    return ask


def of_case(truth, case):
    return next(row for row in truth if row["case"] == case)


def test_cases_are_those_of_the_made_up_tree(truth):
    assert set(CASES) <= {row["case"] for row in truth}


@pytest.mark.parametrize("case", CASES)
def test_image_is_explained(case, truth, images, said, explain):
    wanted = of_case(truth, case)
    image = wanted["dicom_id"]
    row, at, stays = images[image]
    found = explain(image, "--format", "json")

    it = found["image"]
    assert str(it["StudyDate"]) == row["StudyDate"]
    assert it["StudyTime"] == (float(row["StudyTime"]) if row["StudyTime"] else None)
    assert (datetime.fromisoformat(it["study_at"]) if it["study_at"] else None) == at
    assert [
        ("" if it[name] is None else str(it[name]))
        for name in (
            "dicom_id",
            "study_id",
            "subject_id",
            "stay_id",
            "link",
            "n_candidates",
            "hadm_id",
            "icu_stay_id",
        )
    ] == [
        wanted[name]
        for name in (
            "dicom_id",
            "study_id",
            "subject_id",
            "stay_id",
            "link",
            "n_candidates",
            "hadm_id",
            "icu_stay_id",
        )
    ]
    assert it["gap_seconds"] == (float(wanted["gap_seconds"]) if wanted["gap_seconds"] else None)

    def distance(end):
        return None if at is None or end is None else (at - end) / timedelta(seconds=1)

    assert [
        (stay["stay_id"], stay["seconds_after_intime"], stay["seconds_after_outtime"])
        for stay in found["stays"]
    ] == [(stay, distance(start), distance(end)) for stay, start, end in stays]
    assert [datetime.fromisoformat(stay["intime"]) for stay in found["stays"]] == [
        start for _, start, _ in stays
    ]

    assert {
        rule["link_rule"]: (
            rule["stay_id"],
            rule["link"],
            rule["gap_seconds"],
            rule["n_candidates"],
        )
        for rule in found["rules"]
    } == {rule: said[rule][image] for rule in RULES}
    assert found["settings"] == {"link_rule": "within-or-after", "window_seconds": 604800}


def test_restatement_agrees_with_the_truth(truth, said):
    """The default rule here is that of the tree's own truth, drawn before its data."""
    for row in truth:
        stay, link, gap, n = said["within-or-after"][row["dicom_id"]]
        assert [stay or "", link or "", "" if gap is None else f"{gap:.3f}", n] == [
            int(row["stay_id"]) if row["stay_id"] else "",
            row["link"],
            f"{float(row['gap_seconds']):.3f}" if row["gap_seconds"] else "",
            int(row["n_candidates"]),
        ], row["case"]


def clock(seconds):
    """A length of time as days and a clock."""
    days, rest = divmod(round(abs(seconds) * 1000), 86_400_000)
    minutes, rest = divmod(rest, 60_000)
    text = f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02}"
    if rest % 1000:
        text += f".{rest % 1000:03}".rstrip("0")
    return ("-" if seconds < 0 else "") + (f"{days}d " if days else "") + text


@pytest.fixture
def wide(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")


@pytest.mark.usefixtures("wide")
@pytest.mark.parametrize(
    "case",
    [
        "at_09_59_59",
        "two_stays_before_nearest_wins",
        "equal_gap_latest_intime_wins",
        "null_outtime",
        "impossible_study_time",
        "no_stay_at_all",
        "fractional_gap",
        "inside_two_overlapping_stays",
    ],
)
def test_page_says_the_same(case, truth, images, said, explain):
    wanted = of_case(truth, case)
    row, at, stays = images[wanted["dicom_id"]]
    text = explain(wanted["dicom_id"])
    lines = [line.rstrip() for line in text.splitlines()]
    [written] = [line for line in lines if "as written" in line]
    assert f"StudyDate {row['StudyDate']}" in written
    assert f"StudyTime {row['StudyTime']}" in written
    [read] = [line for line in lines if "read as" in line]
    if at:
        assert read.endswith(" " + at.isoformat(" ", "milliseconds").removesuffix(".000"))
    else:
        assert not re.search(r"\d\d:\d\d", read)
    for stay, start, end in stays:
        [line] = [line for line in lines if re.match(rf"{stay}\*?\s", line)]
        assert line.startswith(f"{stay}*") == (str(stay) == wanted["stay_id"])
        words = [str(start), str(end) if end else None]
        words += [
            clock((at - one) / timedelta(seconds=1)) if at and one else None for one in (start, end)
        ]
        assert line.split()[1:] == " ".join(word for word in words if word).split()
    for rule in RULES:
        [line] = [line for line in lines if line.startswith(f"{rule} ")]
        stay, link, gap, n = said[rule][wanted["dicom_id"]]
        parts = line.removeprefix(rule).replace(" * ", " ", 1).split()
        gaps = [clock(gap)] if gap is not None else []
        assert " ".join(parts) == " ".join(
            [str(stay or "none"), *([link] if link else []), *gaps, str(n)]
        )
        assert ("*" in line) == (rule == "within-or-after")
    [verdict] = [line for line in lines if line.startswith("Rule ")]
    assert "within-or-after" in verdict and "7d" in verdict
    if wanted["stay_id"]:
        assert wanted["stay_id"] in verdict and wanted["link"] in verdict
    else:
        assert "no stay" in verdict


@pytest.mark.usefixtures("wide")
def test_null_study_time_is_not_shown_as_a_value_of_ours(truth, explain):
    text = explain(of_case(truth, "null_study_time")["dicom_id"])
    assert "None" not in text and "nan" not in text


def test_page_of_a_narrow_terminal_keeps_a_distance_on_one_line(truth, explain):
    text = explain(of_case(truth, "ordinary_inside")["dicom_id"])
    assert not re.search(r"\d\d\d\d-\d\d-\d\d\s*$|-\d+d\s*$", text, re.MULTILINE)


def typos(image):
    other = "0" if image[20] != "0" else "1"
    return {
        "another letter": image[:20] + other + image[21:],
        "a letter less": image[:20] + image[21:],
        "a letter more": image[:20] + other + image[20:],
        "two swapped": image[:20] + image[20:22][::-1] + image[22:],
        "upper case": image.upper(),
        "blank after": image + " ",
        "with .jpg": image + ".jpg",
    }


@pytest.mark.parametrize(
    "kind",
    [
        "another letter",
        "a letter less",
        "a letter more",
        "two swapped",
        "upper case",
        "blank after",
        "with .jpg",
    ],
)
def test_unknown_image_suggests_the_one_meant(command, out, truth, kind):
    known = {row["dicom_id"] for row in truth}
    for row in truth[:40:4]:
        asked = typos(row["dicom_id"])[kind]
        if asked in known:
            continue
        ran = command("explain", asked, "--database", out / "mimiceye.duckdb")
        assert (ran.code, ran.stdout) == (1, "")
        suggestions = ran.stderr.split("did you mean")[1]
        assert row["dicom_id"] in suggestions
        assert "Traceback" not in ran.stderr


def test_an_unknown_image_fails_as_json_too(command, out):
    ran = command("explain", "x", "--format", "json", "--database", out / "mimiceye.duckdb")
    assert (ran.code, ran.stdout) == (1, "") and ran.stderr.startswith("error: ")


@pytest.mark.parametrize("words", [["explain", "x"], ["compare-links"]])
def test_wrong_format_is_wrong_usage(command, out, words):
    ran = command(*words, "--format", "xml", "--database", out / "mimiceye.duckdb")
    assert (ran.code, ran.stdout) == (2, "")
    assert all(word in ran.stderr for word in ("'xml'", "'table'", "'json'"))


@pytest.fixture(scope="session")
def moved(command, made_up, shared):
    """A build by another rule and window whose sources are gone."""

    def build(folder):
        source, out = folder / "source", folder / "out"
        shutil.copytree(made_up(patients=40), source)
        rule = ("--link-rule", "nearest", "--window", "36h")
        ran = command("build", "--source", source, "--out", out, "--files", "none", *rule)
        assert ran.code == 0, ran.stderr
        shutil.rmtree(source)
        return out / "mimiceye.duckdb"

    return shared.make("moved", (), build)


def test_explains_without_the_sources(moved, truth, explain, out, images):
    case = of_case(truth, "inside_two_overlapping_stays")
    found = explain(case["dicom_id"], "--format", "json", database=moved)
    assert found["settings"] == {"link_rule": "nearest", "window_seconds": 36 * 3600}
    assert len(found["stays"]) == len(images[case["dicom_id"]][2]) > 1
    assert len(found["rules"]) == len(RULES)


def test_rules_use_the_builds_window(moved, truth, images, explain):
    """An image two days after its stay is out of a window of 36 hours for every rule."""
    seen = Counter()
    for row in truth:
        if row["link"] == "after" and row["case"].startswith("ordinary"):
            found = explain(row["dicom_id"], "--format", "json", database=moved)
            says = {rule["link_rule"]: rule for rule in found["rules"]}["within-or-after"]
            inside = float(row["gap_seconds"]) <= 36 * 3600
            assert says["stay_id"] == (int(row["stay_id"]) if inside else None)
            seen[inside] += 1
    assert seen[True] and seen[False]


def test_compares_without_the_sources(moved, command):
    ran = command("compare-links", "--format", "json", "--database", moved)
    assert ran.code == 0, ran.stderr
    assert json.loads(ran.stdout)["settings"]["link_rule"] == "nearest"


@pytest.fixture(scope="session")
def compared(command, out):
    ran = command("compare-links", "--format", "json", "--database", out / "mimiceye.duckdb")
    assert (ran.code, ran.stderr) == (0, "")
    return json.loads(ran.stdout)


def test_agreement_is_that_of_the_restated_rules(compared, said, images):
    assert {
        (row["link_rule"], row["other_rule"]): (row["n_images"], row["n_agree"])
        for row in compared["agreement"]
    } == {
        (one, other): (
            len(images),
            sum(said[one][image][0] == said[other][image][0] for image in images),
        )
        for one in RULES
        for other in RULES
    }
    assert len(compared["agreement"]) == len(RULES) ** 2


def test_matrix_is_symmetric_and_whole_on_its_diagonal(compared, images):
    matrix = {
        (row["link_rule"], row["other_rule"]): row["n_agree"] for row in compared["agreement"]
    }
    assert all(matrix[one, other] == matrix[other, one] for one, other in matrix)
    assert {matrix[rule, rule] for rule in RULES} == {len(images)}
    assert len(set(matrix.values())) > 5


def why(own, other, at, stays):
    """The reason, in the words of the issue, that an image differs; None when it does not."""
    if own[0] == other[0]:
        return None
    inside = sum(start < at < (end or datetime.max) for _, start, end in stays)
    if inside == 1 and at.hour < 10 and None in (own[0], other[0]):
        return "before ten o'clock"
    if inside > 1:
        return "several stays"
    if any(at in (start, end) for _, start, end in stays):
        return "at a boundary"
    if {own[1], other[1]} & {"after", "before"}:
        return "only within the window"
    return None


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule != "within-or-after"])
def test_differences_are_counted_by_their_reason(compared, said, images, rule):
    own, other = said["within-or-after"], said[rule]
    wanted = Counter(
        reason
        for image, (_, at, stays) in images.items()
        if (reason := why(own[image], other[image], at, stays))
    )
    found = {
        row["reason"]: row["n_images"]
        for row in compared["differences"]
        if row["link_rule"] == rule
    }
    named = {"before ten o'clock", "several stays", "at a boundary", "only within the window"}
    assert {reason: n for reason, n in found.items() if reason in named} == dict(wanted)
    assert sum(found.values()) == sum(own[image][0] != other[image][0] for image in images)


def test_rule_of_the_build_does_not_differ_from_itself(compared):
    assert {row["link_rule"] for row in compared["differences"]} == set(RULES) - {"within-or-after"}


def test_image_in_a_stay_without_end_is_told_from_one_on_its_day(compared, said, images):
    """An image that only the published rule links, since it takes a null outtime as endless."""
    own, other = said["within-or-after"], said["mimic-eye-1.0"]
    only = [
        image
        for image, (_, at, stays) in images.items()
        if own[image][0] is None and other[image][0] is not None
    ]
    assert only
    reasons = {
        row["reason"] for row in compared["differences"] if row["link_rule"] == "mimic-eye-1.0"
    }
    assert "only on the same day" not in reasons
    assert any("outtime" in reason or "end" in reason for reason in reasons)


@pytest.mark.usefixtures("wide")
def test_page_shows_the_same_numbers(command, out, compared):
    ran = command("compare-links", "--database", out / "mimiceye.duckdb")
    assert (ran.code, ran.stderr) == (0, "")
    lines = [line.split() for line in ran.stdout.splitlines()]
    matrix = {
        (row["link_rule"], row["other_rule"]): row["n_agree"] for row in compared["agreement"]
    }
    assert ["rule", *RULES] in lines
    for rule in RULES:
        assert [rule, *(str(matrix[rule, other]) for other in RULES)] in lines
    for row in compared["differences"]:
        assert [row["link_rule"], *row["reason"].split(), str(row["n_images"])] in lines


def test_rule_that_somebody_adds_is_compared_too(compared):
    """The rules are those of `sql/choices/link_rules/`, whoever wrote them."""
    folder = Path(__file__).parents[2] / "sql" / "choices" / "link_rules"
    assert {row["link_rule"] for row in compared["agreement"]} == {
        file.stem for file in folder.glob("*.sql")
    }
