"""The harness itself: it would notice."""

from datetime import datetime
from math import nan

import pytest

from tests.engines.equality import Answer, differences

COLUMNS = [("id", "whole"), ("value", "float"), ("at", "moment"), ("words", "text")]
ROWS = [(1, 0.5, datetime(2125, 1, 1), "a"), (2, None, None, None), (2, nan, None, "")]


def changed(row, place, value):
    rows = [list(one) for one in ROWS]
    rows[row][place] = value
    return Answer(COLUMNS, [tuple(one) for one in rows])


def test_same_rows_in_another_order_are_equal():
    assert differences(Answer(COLUMNS, ROWS[::-1]), Answer(COLUMNS, ROWS)) == []


def test_floats_are_equal_within_the_tolerance():
    assert differences(changed(0, 1, 0.5 + 1e-12), Answer(COLUMNS, ROWS)) == []


@pytest.mark.parametrize(
    ("row", "place", "value"),
    [
        (0, 0, 3),
        (0, 1, 0.500001),
        (0, 1, None),
        (0, 1, nan),
        (0, 2, datetime(2125, 1, 1, 0, 0, 0, 1000)),
        (1, 3, ""),
        (2, 3, None),
        (2, 1, 0.0),
    ],
)
def test_another_value_is_noticed(row, place, value):
    assert differences(changed(row, place, value), Answer(COLUMNS, ROWS))


def test_other_rows_and_columns_are_noticed():
    wanted = Answer(COLUMNS, ROWS)
    assert differences(Answer(COLUMNS, ROWS[:2]), wanted) == ["2 rows for 3"]
    assert differences(Answer(COLUMNS, [*ROWS[:2], ROWS[0]]), wanted)
    whole = [("id", "whole"), ("value", "whole"), *COLUMNS[2:]]
    assert differences(Answer(whole, ROWS), wanted) == ["('value', 'whole') for ('value', 'float')"]
    assert differences(Answer(COLUMNS[:3], [row[:3] for row in ROWS]), wanted)
