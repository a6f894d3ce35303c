"""Cells as files have them and as they should not, and what Python reads in each."""

import math
import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any

# Every kind of cell that was once read as something that it is not, and its siblings.
CELLS = [
    # blanks and what looks like nothing
    *("", " ", "  ", "\t", "\n", "\xa0", "\u3000", "\ufeff", "\0", "-", "+", ".", "e", "_", "'", "''"),
    *("NULL", "null", "None", "NA", "N/A", "#N/A", "<NA>", "NaT", "nan", "NaN", "-nan", "NAN", "___"),
    *("inf", "-inf", "+inf", "Inf", "infinity", "-infinity", "Infinity", "epoch", "now", "today"),
    # whole numbers
    *("0", "-0", "+0", "00", "007", "-7", "+5", "--1", "- 1", "-1-", "1 000", "1,000", "1.000,5"),
    *("1_000", "1__0", "_1", "0x10", "0X1F", "0b11", "0o7", "1e3", "1E5", "1.0E+07", "12e-1", "1e"),
    *("30000012", "30000012.0", "30000012.", "30000012.00", "30000012.6", " 30000012", "30000012 "),
    *("\t30000012", "30000012\n", "30000012\r", "'30000012", '"30000012"', "30000012L", "#30000012"),
    *("32767", "32768", "-32768", "-32769", "2147483647", "2147483648", "-2147483648"),
    *("-2147483649", "9223372036854775807", "9223372036854775808", "-9223372036854775808"),
    *("9" * 12, "1" * 30, "0" * 30 + "7", "-" + "0" * 30 + "7", "9" * 400, "58+", "91+", ">89", "12%"),
    # other scripts' digits, and what only looks like a digit or a sign
    *("\uff11\uff12", "\u0663", "1\u0663", "\u00b2", "\u00bd", "\u2212" + "5", "\u20135", "5\u00a0", "O", "l0"),
    # numbers
    *("36.6", "-36.6", "+36.6", "36,6", "36.6 ", " 36.6", "36.6C", "36.6.1", ".5", "-.5", "5.", "-5."),
    *("0.0", "-0.0", "1.5E-3", "1.5e-3", "1.5e+3", "1.5E 3", "1.5E", "E5", ".e5", "1.e5", ".5e5", "1e05"),
    *("1e300", "1e308", "1.7976931348623157e308", "1.7976931348623159e308", "1e309", "-1e309", "1e400"),
    *("-1e400", "1e-300", "4.9E-324", "1e-400", "1e1000", "1e0005", "1E-10", "0e999", "0.1", "5d", "5f"),
    *("4.9999998E-5", "249.99998474121094", "1_0.5", "1.0_5", "1e1_0", "(5)", "$5", "5 mg", "1/2", "0x1p3"),
    *("0." + "3" * 60, "1" + "0" * 308, "1" + "0" * 309, "<5", "~5", "5*", "5!", "true1"),
    # days
    *("2180-05-06", "2180-5-6", "2180-05-6", "80-05-06", "02180-05-06", "12180-05-06", "2180/05/06"),
    *("2180.05.06", "2180 05 06", "2180\\05\\06", "20180506", "21800506", "21800506.5", "21800506.0"),
    *("2180", "2180-05", "2180-05-06 ", " 2180-05-06", "06/05/2180", "5/6/2180", "06-MAY-80", "May 6, 2180"),
    *("2180-02-29", "2181-02-29", "2100-02-29", "2000-02-29", "2400-02-29", "1900-02-29", "2180-02-30"),
    *("0004-02-29", "0100-02-29", "0400-02-29", "2104-02-29", "2096-02-29", "2180-04-31", "2180-06-31"),
    *("2180-09-31", "2180-11-31", "2180-01-31", "2180-12-31", "2180-13-01", "2180-00-01", "2180-01-00"),
    *("2180-01-32", "0000-01-01", "0001-01-01", "9999-12-31", "10000-01-01", "-2180-01-01", "+2180-01-01"),
    *("2180-01-01 (BC)", "0044-03-15 BC", "2180-W01-1", "2180-123", "2117-08-01", "\uff12180-01-01"),
    # moments
    *("2180-05-06 07:08:09", "2180-05-06T07:08:09", "2180-05-06t07:08:09", "2180-05-06  07:08:09"),
    *("2180-05-06 07:08", "2180-05-06 07", "2180-05-06 7:8:9", "2180-05-06 7:08:09", "2180-05-06 07:08:9"),
    *("2180-05-06 07:08:09.1", "2180-05-06 07:08:09.123", "2180-05-06 07:08:09.120", "2180-05-06 07:08:09."),
    *("2180-05-06 07:08:09.123456", "2180-05-06 07:08:09.1234567", "2180-05-06 07:08:09,123"),
    *("2180-05-06 23:59:59", "2180-05-06 24:00:00", "2180-05-06 24:00:01", "2180-05-06 25:00:00"),
    *("2180-05-06 23:60:00", "2180-05-06 23:59:60", "2180-05-06 23:59:61", "2180-05-06 00:00:00"),
    *("2180-05-06 07:08:09 PM", "2180-05-06 02:27:20 AM", "2180-05-06 07:08:09PM", "12/11/10 08:00"),
    *("2180-05-06 07:08:09Z", "2180-05-06 07:08:09+00", "2180-05-06 07:08:09+02:00", "2180-05-06 07:08:09 UTC"),
    *("2180-05-06 07:08:09 America/New_York", "2180-05-06 07:08:09 EST", "2180-05-06 07:08:09-05"),
    *("8/1/2117 15:19", "1/8/2117 3:19:00 PM", "2180-02-30 07:08:09", "2181-02-29 07:08:09"),
    *(" 2180-05-06 07:08:09", "2180-05-06 07:08:09 ", "2180-05-06 07:08:09\n", "\t180-05-06 07:08:09"),
    *("80-05-06 07:08:09", "0080-05-06 07:08:09", "0000-05-06 07:08:09", "9999-12-31 23:59:59.999999"),
    *("+180-05-06 07:08:09", "-180-05-06 07:08:09", " 180-05-06 07:08:09", "2180-05- 6 07:08:09"),
    *("2180-05-06 07: 8:09", "2180-05-06 07:08: 9", "2180-05-06 -7:08:09", "6 May 2180 07:08", "43831.5"),
    # times of day, and MIMIC-CXR-JPG's
    *("07:08:09", "8:30:45", "8:30", "083045", "83045", "83045.515", "214.0", "5.0", "83059.9996"),
    *("235959.9996", "246060", "-83045.515", "83045,515", "8.3045515e4", "8_30", "83045.515 "),
    # flags
    *("True", "False", "true", "false", "TRUE", "FALSE", "tRuE", "t", "f", "T", "F", "yes", "no", "Y", "N"),
    *("y", "n", "1", "2", "on", "off", "True ", " True", "Truee", "1.0", "Wahr", "VRAI"),
]  # fmt: skip

FORMS = (
    "SMALLINT", "INTEGER", "BIGINT", "point_zero", "DOUBLE", "DATE", "TIMESTAMP", "BOOLEAN",
    "study_date", "study_time",
)  # fmt: skip

_BITS = {"SMALLINT": 16, "INTEGER": 32, "BIGINT": 64, "point_zero": 32, "study_date": 32}
_WHOLE = re.compile(r"-?[0-9]+")
_POINT_ZERO = re.compile(r"(-?[0-9]+)(?:\.0*)?")
_NUMBER = re.compile(r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(rf"{_DAY.pattern} [0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}(\.[0-9]{{1,6}})?")
_CLOCK = re.compile(r"[0-9]+\.?[0-9]*|\.[0-9]+")


def reading(form: str, cell: str) -> Any:
    """The value of a cell as Python reads it, None where it has not the form."""
    if form in _BITS:
        return _whole(form, cell)
    if form in ("DOUBLE", "study_time"):
        fits = (_CLOCK if form == "study_time" else _NUMBER).fullmatch(cell)
        number = float(Decimal(cell)) if fits else math.inf
        return number if math.isfinite(number) else None
    if form == "BOOLEAN":
        return {"True": True, "False": False}.get(cell)
    found = _moment(cell)
    if form == "DATE":
        return date(found.year, found.month, found.day) if found and _DAY.fullmatch(cell) else None
    return found


def _whole(form: str, cell: str) -> int | None:
    if form == "study_date":
        return int(cell) if re.fullmatch("[0-9]{8}", cell) else None
    if form == "point_zero" and (match := _POINT_ZERO.fullmatch(cell)):
        cell = match[1]
    if not _WHOLE.fullmatch(cell):
        return None
    half = 2 ** (_BITS[form] - 1)
    number = int(cell)
    return number if -half <= number < half else None


def _moment(cell: str) -> datetime | None:
    if _DAY.fullmatch(cell):
        pattern = "%Y-%m-%d"
    elif match := _MOMENT.fullmatch(cell):
        pattern = "%Y-%m-%d %H:%M:%S.%f" if match[1] else "%Y-%m-%d %H:%M:%S"
    else:
        return None
    if cell[17:19] >= "60":
        return None  # strptime takes the 60th and 61st second, which a leap may have
    try:
        return datetime.strptime(cell, pattern)
    except ValueError:
        return None
