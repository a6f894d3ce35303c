"""What pages and the report ask a build's database, on a few rows written down here."""

import math
from collections import Counter

import duckdb
import pytest

from mimiceye_duck.catalog.models.reading import selects_in

BOXES = """
create schema cohort; create schema staging;
create table cohort.eye_gaze_bounding_boxes
    (dicom_id varchar, bbox_name varchar, x1 double, x2 double, y1 double, y2 double);
create table staging.eye_gaze_images (dicom_id varchar, study_id integer, subject_id integer);
create table asked_patients (subject_id bigint);
insert into staging.eye_gaze_images values ('a', 5, 1), ('b', 6, 2);
insert into asked_patients values (1);
"""


@pytest.fixture
def database():
    with duckdb.connect() as connection:
        yield connection


@pytest.mark.parametrize(
    "corners", [(300, 400, 10, 20), (400, 300, 10, 20), (300, 400, 20, 10), (400, 300, 20, 10)]
)
def test_a_box_is_told_from_its_corners_in_the_order_of_the_source(database, corners):
    database.execute(BOXES)
    insert = (
        "insert into cohort.eye_gaze_bounding_boxes values (?, 'cardiac silhouette', ?, ?, ?, ?)"
    )
    database.execute(insert, ["a", *corners])
    database.execute(insert, ["b", 1, 2, 3, 4])
    rows = database.execute(selects_in("pages")["boxes"].sql).fetchall()
    assert rows == [(1, "a", "cardiac silhouette", 300, 10, 400, 20)]


GAPS = """
create schema cohort; create schema links;
create table cohort.images (dicom_id varchar, study_id integer, subject_id integer);
create table links.cxr_stay (dicom_id varchar, link varchar);
create table links.nearest_stay
    (dicom_id varchar, seconds_after_intime double, seconds_after_outtime double);
"""
# Hours from the departure of a stay of ten hours, and how the image is linked.
HOURS = [
    *((hours, "none") for hours in (-400, -99.5, -58.5, -36, -34.25, -24, -12.5, -10.25)),
    *((hours, "within") for hours in (-9.75, -8, -2, -1.5, -0.25)),
    *((hours, "after") for hours in (0, 0.5, 1.75, 2, 23.75, 24, 25, 167)),
    *((hours, "none") for hours in (335, 336, 1000)),
]


def bins(hours, link):
    """The bins of an image: two hours wide around arrival and departure, days after it."""
    yield "arrival", max(-13, min(12, math.floor((hours + 10) / 2))), link
    yield "departure", max(-13, min(12, math.floor(hours / 2))), link
    yield "days", max(-3, min(14, math.floor(hours / 24))), link


def test_an_image_is_in_the_bins_of_its_hours_and_days(database):
    database.execute(GAPS)
    for number, (hours, link) in enumerate(HOURS):
        image = str(number)
        database.execute("insert into cohort.images values (?, 1, 1)", [image])
        database.execute("insert into links.cxr_stay values (?, nullif(?, 'none'))", [image, link])
        seconds = [(hours + 10) * 3600, hours * 3600]
        database.execute("insert into links.nearest_stay values (?, ?, ?)", [image, *seconds])
    wanted = Counter(one for hours, link in HOURS for one in bins(hours, link))
    rows = database.execute(selects_in("report")["gaps"].sql).fetchall()
    assert {tuple(row[:3]): row[3] for row in rows} == wanted
    assert {row[4] for row in rows} == {1}
