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
        "Chest: small letters",
        "Findings are: small letters",
        "findings: no capital",
        "IMPRESSION OF A MASS. THE HEART: NORMAL",
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


# The headings that MIT-LCP's section parser lists (MIT-LCP/mimic-cxr, txt/section_parser.py) and
# what each is there; here a date and a comment are `other`, and both readings at once are so.
# It takes NDICATION for an impression.
PUBLISHED = {
    "impression": """impression|conclusion|impresson|imprression|imoression|impressoin|imprssion|
        impresion|imperssion|mpression|impession""",
    "findings": """findings|finding|findins|findindgs|findgings|findngs|findnings|finidngs|
        reference findings|chest, two views""",
    "findings_and_impression": "findings and impression|findings/impression|findings/ impression",
    "comparison": """comparison|comparisons|reference exam|comparison exam|comparison film|
        comparision|comparsion|comparrison|comparisions""",
    "indication": """indication|reason for examination|reason for exam|clinical indication|
        ndication|idication""",
    "examination": "examination|exam|type of examination",
    "technique": "technique",
    "history": "history|clinical history|clinical information|patient history|pfi",
    "notification": "notification",
    "recommendation": "recommendation(s)|recommendations|recommendation",
    "addendum": "addendum",
    "wet_read": "wet read|wetread",
    "other": "date|comment",
}
LISTED = [
    (heading.strip().upper(), section)
    for section, listed in PUBLISHED.items()
    for heading in listed.split("|")
]


@pytest.mark.parametrize(("heading", "section"), LISTED)
def test_published_headings_are_what_they_are_there(heading, section):
    assert names(f" PREAMBLE: x\n\n {heading}: one\n") == ["other", section]


# Below findings what only names the picture or no section is text of theirs.
@pytest.mark.parametrize(
    ("heading", "section"),
    [one for one in LISTED if one[1] != "other" and one[0] not in ("CHEST, TWO VIEWS",)],
)
def test_published_headings_begin_a_section_below_findings(heading, section):
    text = f" FINDINGS: one\n\n {heading}: two\n"
    if heading == "REFERENCE FINDINGS":
        assert names(text) == ["findings"]
    else:
        assert names(text) == ["findings", section]


HOLDING = [
    ("IMPRESSION AND RECOMMENDATION", "impression"),
    ("IMPRESSIONS/RECOMMENDATIONS", "impression"),
    ("RECOMMENDATION AND IMPRESSION", "impression"),
    ("FINAL IMPRESSION", "impression"),
    ("PRELIMINARY IMPRESSION", "impression"),
    ("FINAL IMPRESSON", "impression"),
    ("IMPRESSION (PRELIMINARY)", "impression"),
    ("IMPRESSION AND PLAN", "impression"),
    ("FINAL CONCLUSION", "impression"),
    ("OPINION", "impression"),
    ("RADIOLOGIST'S OPINION", "impression"),
    ("SUMMARY", "impression"),
    ("FINDINGS AND IMPRESSIONS", "findings_and_impression"),
    ("FINDINGS & CONCLUSION", "findings_and_impression"),
    ("SUMMARY OF FINDINGS", "findings_and_impression"),
    ("FOLLOW-UP RECOMMENDATIONS", "recommendation"),
    ("SECOND ADDENDUM", "addendum"),
    ("CLINICAL SUMMARY", "history"),
    ("PAST MEDICAL HISTORY", "history"),
]


@pytest.mark.parametrize(("heading", "section"), HOLDING)
@pytest.mark.parametrize(
    ("above", "first"),
    [("FINDINGS: one\n\n ", "findings"), ("", None), ("TECHNIQUE: one\n\n ", "technique")],
)
def test_a_heading_is_what_it_holds_the_name_of(heading, section, above, first):
    pieces = sections(f" {above}{heading}:  two\n")
    assert [piece.section for piece in pieces] == [*filter(None, [first]), section]
    assert pieces[-1].text == "two"


@pytest.mark.parametrize(
    ("heading", "section"),
    [
        ("Impression:", "impression"),
        ("Findings:", "findings"),
        ("Findings and Impression:", "findings_and_impression"),
        ("Final Impression:", "impression"),
        ("Impression and Recommendation:", "impression"),
        ("Wet Read:", "wet_read"),
        ("Comparison:", "comparison"),
        ("Reason for Exam:", "indication"),
        ("Clinical history:", "history"),
        ("Recommendation(s):", "recommendation"),
    ],
)
def test_a_heading_may_have_small_letters_at_the_start_of_a_line(heading, section):
    assert [tuple(piece) for piece in sections(f"TECHNIQUE: one\n {heading} two\n")] == [
        ("TECHNIQUE:", "technique", "one"),
        (heading, section, "two"),
    ]
    assert names(f"TECHNIQUE: one\n and {heading} two\n") == ["technique"]


@pytest.mark.parametrize("reading", ["FINDINGS", "IMPRESSION"])
def test_more_of_a_reading_stays_in_it(reading):
    (piece,) = sections(f"{reading}: one\n\n OTHER {reading}: two\n")
    assert piece.text == f"one\n\n OTHER {reading}: two"


@pytest.mark.parametrize(
    ("line", "section"),
    [
        ("FINAL IMPRESSION", "impression"),
        ("IMPRESSION AND RECOMMENDATION", "impression"),
        ("FINDINGS AND IMPRESSIONS", "findings_and_impression"),
        ("NO NEW FINDINGS", None),
        ("STABLE COMPARISON", None),
    ],
)
def test_names_of_sections_need_no_colon_alone_on_a_line(line, section):
    assert names(f"TECHNIQUE: one\n\n {line}\n two\n")[:2] == (
        ["technique", section] if section else ["technique", "other"]
    )


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
