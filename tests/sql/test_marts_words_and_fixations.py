"""marts.words_and_fixations: what was said while the eye rested."""

import pytest
from mart_world import Marts


@pytest.fixture
def overlap(world):
    marts = Marts(world)

    def ask(word, fixation, of="REFLACX | r"):
        head = "start_seconds | end_seconds"
        marts.given(
            "marts.transcripts", f"dataset | reading_id | place | {head}\nREFLACX | r | 1 | {word}"
        )
        marts.given(
            "marts.fixations", f"dataset | reading_id | fixation | {head}\n{of} | 7 | {fixation}"
        )
        return marts.rows("words_and_fixations", "place, fixation, overlap_seconds")

    return ask


@pytest.mark.parametrize(
    ("word", "fixation", "seconds"),
    [
        pytest.param("1 | 2", "1.25 | 1.5", 0.25, id="the fixation in the word"),
        pytest.param("1.25 | 1.5", "1 | 2", 0.25, id="the word in the fixation"),
        pytest.param("1 | 2", "0.5 | 1.125", 0.125, id="the start of the word"),
        pytest.param("1 | 2", "1.5 | 3", 0.5, id="the end of the word"),
        pytest.param("-1 | 1", "-2 | 0.5", 1.5, id="before the clock begins"),
    ],
)
def test_overlap_is_in_seconds(overlap, word, fixation, seconds):
    assert overlap(word, fixation) == [(1, 7, seconds)]


@pytest.mark.parametrize(
    ("word", "fixation"),
    [
        pytest.param("1 | 2", "2 | 3", id="it begins when the word ends"),
        pytest.param("1 | 2", "0 | 1", id="it ends when the word begins"),
        pytest.param("1 | 1", "0 | 3", id="a word of no time"),
        pytest.param("1 | 2", "1.5 | 1.5", id="a fixation of no time"),
        pytest.param("1 | ", "0 | 3", id="no end of the word"),
        pytest.param("1 | 2", " | 3", id="no start of the fixation"),
        pytest.param("2 | 1", "0 | 3", id="a word that ends before it starts"),
    ],
)
def test_what_does_not_overlap_is_not_there(overlap, word, fixation):
    assert overlap(word, fixation) == []


def test_only_the_same_reading_counts(overlap):
    assert overlap("1 | 2", "1 | 2", of="REFLACX | q") == []
    assert overlap("1 | 2", "1 | 2", of="EyeGaze | r") == []
