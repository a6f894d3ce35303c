"""What is a heading of a report, what is its text, and that nothing is lost."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimiceye_duck.readers.reports.sections import sections

LINE = "_" * 78


def names(text: str) -> list[str]:
    return [piece.section for piece in sections(text)]


def test_a_usual_report_is_told_apart():
    text = (
        "                                 FINAL REPORT\n"
        " EXAMINATION:  CHEST (PA AND LAT)\n \n"
        " INDICATION:  ___ year old man, coughing since 10:30.  // ___\n \n"
        " TECHNIQUE:  Two views.\n \n"
        " COMPARISON:  None.\n \n"
        " FINDINGS: \n \n Clear lungs.\n   Normal heart.\n \n No effusion.\n \n"
        " IMPRESSION: \n \n Nothing new.\n"
    )
    assert [tuple(piece) for piece in sections(text)] == [
        ("FINAL REPORT", "title", ""),
        ("EXAMINATION:", "examination", "CHEST (PA AND LAT)"),
        ("INDICATION:", "indication", "___ year old man, coughing since 10:30.  // ___"),
        ("TECHNIQUE:", "technique", "Two views."),
        ("COMPARISON:", "comparison", "None."),
        ("FINDINGS:", "findings", "Clear lungs.\n   Normal heart.\n \n No effusion."),
        ("IMPRESSION:", "impression", "Nothing new."),
    ]


def test_a_wet_read_and_addenda_stand_apart_from_the_report():
    text = (
        f" WET READ: ___ ___ 9:15 PM\n   No change.\n {LINE}\n   FINAL REPORT\n"
        f" FINDINGS:  Clear.\n \n IMPRESSION:  Well.\n {LINE}\n"
        " ADDENDUM:  Told by telephone.\n \n Second thought.\n"
        f" {LINE}\n ADDENDUM by Dr. ___: Third thought.\n"
    )
    assert [tuple(piece) for piece in sections(text)] == [
        ("WET READ:", "wet_read", "___ ___ 9:15 PM\n   No change."),
        (LINE, "title", ""),
        ("FINAL REPORT", "title", ""),
        ("FINDINGS:", "findings", "Clear."),
        ("IMPRESSION:", "impression", "Well."),
        (LINE, "title", ""),
        ("ADDENDUM:", "addendum", "Told by telephone.\n \n Second thought."),
        (LINE, "title", ""),
        ("ADDENDUM", "addendum", "by Dr. ___: Third thought."),
    ]


@pytest.mark.parametrize(
    ("heading", "section"),
    [
        ("IMPRESSION:", "impression"),
        ("IMPRESSIONS:", "impression"),
        ("CONCLUSION:", "impression"),
        ("CONCLUSIONS :", "impression"),
        ("IMPRESSON:", "impression"),
        ("FINDINGS:", "findings"),
        ("FINDING:", "findings"),
        ("FINIDNGS:", "findings"),
        ("PA AND LATERAL VIEWS OF THE CHEST:", "findings"),
        ("CHEST, TWO VIEWS:", "findings"),
        ("SEMI-UPRIGHT PORTABLE AP CHEST RADIOGRAPH:", "findings"),
        ("AP:", "findings"),
        ("LUNGS:", "findings"),
        ("FINDINGS AND IMPRESSION:", "findings_and_impression"),
        ("FINDINGS/IMPRESSION:", "findings_and_impression"),
        ("IMPRESSION & FINDINGS:", "findings_and_impression"),
        ("HISTORY:", "history"),
        ("CLINICAL HISTORY:", "history"),
        ("CLINICAL INFORMATION:", "history"),
        ("INDICATION:", "indication"),
        ("REASON FOR EXAM:", "indication"),
        ("REASON FOR EXAMINATION:", "indication"),
        ("CLINICAL INDICATION:", "indication"),
        ("EXAMINATION:", "examination"),
        ("EXAM:", "examination"),
        ("STUDY:", "examination"),
        ("PROCEDURE:", "examination"),
        ("TYPE OF EXAMINATION:", "examination"),
        ("TECHNIQUE:", "technique"),
        ("COMPARISON:", "comparison"),
        ("COMPARISONS:", "comparison"),
        ("COMPARISON(S):", "comparison"),
        ("REFERENCE EXAM:", "comparison"),
        ("NOTIFICATION:", "notification"),
        ("RECOMMENDATION(S):", "recommendation"),
        ("RECOMMENDATIONS:", "recommendation"),
        ("WET READ:", "wet_read"),
        ("WET READ VERSION #2:", "wet_read"),
        ("ADDENDUM:", "addendum"),
        ("FINAL ADDENDUM", "addendum"),
        ("IMPRESSION", "impression"),
        ("WORKSTATION:", "other"),
        ("MEDICATIONS:", "other"),
        ("CONTUSIONS:", "other"),
        ("IDENTIFICATION:", "other"),
    ],
)
def test_a_heading_has_many_names(heading, section):
    assert [tuple(piece) for piece in sections(f"  {heading} \n it reads\n")] == [
        (heading, section, "it reads")
    ]
    if ":" in heading:
        assert names(f"TECHNIQUE: two\n \n{heading}it reads") == ["technique", section]


@pytest.mark.parametrize(
    "line",
    [
        "Findings: small letters",
        "Impression of a mass: none",
        "seen at 10:30",
        "10:30 AM",
        "AP CHEST, 10:30 A.M., ___",
        "DR. ___: was told",
        "T: 38.5",
        "___: was told",
        "seen. IMPRESSION: in the middle of a line",
        "CT CHEST: in the middle of a paragraph",
        "THE LUNGS ARE CLEAR. THE HEART: NORMAL",
        "______",
        "IMPRESSION",
    ],
)
def test_what_only_looks_like_a_heading_stays_text(line):
    text = f"HISTORY: cough\n {line}"
    assert [tuple(piece) for piece in sections(text)] == [
        ("HISTORY:", "history", f"cough\n {line}")
    ]


@pytest.mark.parametrize("reading", ["FINDINGS", "IMPRESSION", "ADDENDUM", "WET READ"])
@pytest.mark.parametrize("line", ["LUNGS: clear", "ET TUBE: high", "AP CHEST: as before"])
def test_parts_of_a_reading_stay_in_it(reading, line):
    (piece,) = sections(f"{reading}: one\n \n {line}\n")
    assert piece.text == f"one\n \n {line}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", [], id="empty"),
        pytest.param(" \n\t\r\n ", [], id="blank"),
        pytest.param(
            "  FINAL REPORT\n Chest on ___.\n \n Clear.\n",
            [("FINAL REPORT", "title", ""), ("", "other", "Chest on ___.\n \n Clear.")],
            id="a title only",
        ),
        pytest.param("Clear.", [("", "other", "Clear.")], id="no heading"),
        pytest.param(
            "COMPARISON: None.\n \n Clear.\n \n Well.\n",
            [("COMPARISON:", "comparison", "None."), ("", "other", "Clear.\n \n Well.")],
            id="a reading at the end without a heading",
        ),
        pytest.param(
            "COMPARISON:\n \n None.\n \n Clear.\n \n IMPRESSION: Well.\n \n So it is.\n",
            [
                ("COMPARISON:", "comparison", "None."),
                ("", "other", "Clear."),
                ("IMPRESSION:", "impression", "Well.\n \n So it is."),
            ],
            id="a reading before the impression without a heading",
        ),
        pytest.param(
            "HISTORY: Cough.\n \n Fever.\n \n FINDINGS: Clear.\n",
            [("HISTORY:", "history", "Cough.\n \n Fever."), ("FINDINGS:", "findings", "Clear.")],
            id="with findings a history keeps its paragraphs",
        ),
        pytest.param(
            "HISTORY: Cough.\n\n Fever.\n\n COMPARISON: None.\n\n IMPRESSION: Well.",
            [
                ("HISTORY:", "history", "Cough.\n\n Fever."),
                ("COMPARISON:", "comparison", "None."),
                ("IMPRESSION:", "impression", "Well."),
            ],
            id="a history before another heading keeps its paragraphs",
        ),
    ],
)
def test_unlabelled_text_is_other_without_a_header(text, expected):
    assert [tuple(piece) for piece in sections(text)] == expected


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_line_ends_of_other_systems_make_no_difference(end):
    text = "FINAL REPORT\nHISTORY: a\nb\n\nCOMPARISON: c\nd\n\ne\n\nIMPRESSION: f\n"
    there = [tuple(piece) for piece in sections(text.replace("\n", end))]
    assert [(h, s, t.replace(end, "\n")) for h, s, t in there] == sections(text)


PIECES = st.sampled_from(
    """FINAL REPORT|FINDINGS:|IMPRESSION:|IMPRESSION|COMPARISON:|HISTORY: a|WET READ|ADDENDUM by|
    AP:|WORKSTATION:|LUNGS:|text|10:30|___|:|.|é|\xa0|\x0c|\x00|\x1c|\u2028|\ufeff|\udcff|(|)""".replace(
        "\n", ""
    )
    .replace(" " * 4, "")
    .split("|")
    + [LINE, "\n", "\n", "\n", "\r\n", "\r", " ", "\t"]
)


def ink(text: str) -> str:
    return "".join(text.split())


@given(st.lists(PIECES, max_size=60).map("".join) | st.text())
def test_no_ink_is_lost_or_moved(text):
    pieces = sections(text)
    assert ink("".join(piece.header + piece.text for piece in pieces)) == ink(text)
    assert all(piece.header or piece.text for piece in pieces)
    assert all(piece.text == piece.text.strip() for piece in pieces)
    assert not any(piece.text for piece in pieces if piece.section == "title")


MB = 1 << 20


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("A" * MB, id="one word"),
        pytest.param("FINDINGS " * (MB // 9), id="one line of names"),
        pytest.param(" " * MB + "x", id="blanks"),
        pytest.param("\n" * MB, id="lines"),
        pytest.param("COMPARISON: x" + "\n " * (MB // 2) + "x", id="blank lines"),
        pytest.param("_" * MB + "x", id="underscores"),
        pytest.param(("_" * 99 + " " * 99) * (MB // 198), id="underscores and blanks"),
        pytest.param("(" * MB, id="brackets"),
        pytest.param("A:\n\n" * (MB // 4), id="headings"),
        pytest.param("COMPARISON: x\n\nx\n\n" * (MB // 18), id="known headings"),
        pytest.param("\r" * MB, id="returns"),
    ],
)
def test_a_hostile_megabyte_takes_no_more_than_its_time(text):
    begin = time.process_time()
    pieces = sections(text)
    # Reading any line twice over takes minutes.
    assert time.process_time() - begin < 10
    assert ink("".join(piece.header + piece.text for piece in pieces)) == ink(text)
