"""A patient's page: what the sources say of a place is drawn at that place."""

import csv
import re
import shutil
from pathlib import Path

import duckdb
import pytest

import mimiceye_duck
from mimiceye_duck.pages import gaze
from mimiceye_duck.pages.patient import page as write_page

READ_IN_BOTH = """
select subject_id
from marts.readings
group by subject_id
order by count(distinct dataset) desc, count(*) desc, subject_id
limit 1
"""
# Whoever was looked at while somebody spoke.
SPOKEN = """
select words.subject_id
from marts.transcripts as words
inner join marts.fixations as looks
    on
        words.dataset = looks.dataset
        and words.reading_id = looks.reading_id
        and looks.start_seconds <= words.end_seconds
        and looks.end_seconds >= words.start_seconds
group by words.subject_id
order by count(*) desc, words.subject_id
limit 1
"""
# Where the middle of something is, in pixels of the image, whatever the window's size.
MIDDLE = """(one) => {
  const frame = one.closest('.frame').getBoundingClientRect();
  const box = one.getBoundingClientRect();
  const view = one.closest('svg').viewBox.baseVal;
  return [
    (box.x + box.width / 2 - frame.x) / frame.width * view.width,
    (box.y + box.height / 2 - frame.y) / frame.height * view.height,
    box.width / frame.width * view.width,
    view.width / frame.width,
  ];
}"""


@pytest.fixture(scope="module")
def out(made_up, built) -> Path:
    return built(made_up())


@pytest.fixture(scope="module")
def page(out, tmp_path_factory) -> Path:
    """The page of a patient whose images were read in both datasets, below the build."""
    database = out / "mimiceye.duckdb"
    with duckdb.connect(str(database), read_only=True) as connection:
        [(subject,)] = connection.execute(READ_IN_BOTH).fetchall()
    # Beside the build, since pictures are linked from where the page is.
    return write_page(database, subject, tmp_path_factory.mktemp("page") / "patient.html")


def rows(file: Path) -> list[dict[str, str]]:
    with open(file, encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def fixations(source: Path, dataset: str, reading: str) -> list[tuple[float, float]]:
    """Where the sources say that a reader looked, in pixels of the image."""
    if dataset == "REFLACX":
        x, y = "x_position", "y_position"
        # Of some readings the gaze was not kept.
        files = source.rglob(f"main_data/{reading}/fixations.csv")
        found = [row for file in files for row in rows(file)]
    else:
        [file] = source.rglob("egd-cxr/1.0.0/fixations.csv")
        x, y = "X_ORIGINAL", "Y_ORIGINAL"
        found = [row for row in rows(file) if row["DICOM_ID"] == reading]
    return sorted((float(row[x]), float(row[y])) for row in found)


@pytest.mark.parametrize("width", [360, 1600])
@pytest.mark.parametrize("dataset", ["REFLACX", "EyeGaze"])
def test_fixations_are_drawn_where_the_sources_say(page, made_up, looking, width, dataset):
    compared = 0
    with looking(page, width) as shown:
        for section in shown.query_selector_all("section.image"):
            image = section.query_selector("p .id").text_content()
            for reader in section.query_selector_all(".reader"):
                caption = reader.query_selector("figcaption")
                if caption is None or dataset not in caption.text_content():
                    continue
                id = caption.query_selector(".id").text_content() if dataset == "REFLACX" else image
                reader.scroll_into_view_if_needed()
                circles = reader.query_selector_all(".fixations circle")
                found = [circle.evaluate(MIDDLE) for circle in circles]
                wanted = fixations(made_up(), dataset, id)
                # Rounded, so that what lies within a pixel of another is no other order.
                found.sort(key=lambda one: (round(one[0]), round(one[1])))
                assert len(found) == len(wanted)
                for (found_x, found_y, _, pixel), (x, y) in zip(found, wanted, strict=True):
                    assert abs(found_x - x) < 0.6 * pixel and abs(found_y - y) < 0.6 * pixel
                    compared += 1
    assert compared > 5


def test_ellipses_fill_the_boxes_of_the_sources(page, made_up, looking):
    compared = 0
    with looking(page) as shown:
        for reader in shown.query_selector_all(".reader:has(.ellipses)"):
            id = reader.query_selector("figcaption .id").text_content()
            [file] = made_up().rglob(f"main_data/{id}/anomaly*.csv")
            wanted = sorted(
                (
                    (float(row["xmin"]) + float(row["xmax"])) / 2,
                    (float(row["ymin"]) + float(row["ymax"])) / 2,
                )
                for row in rows(file)
            )
            reader.scroll_into_view_if_needed()
            found = sorted(one.evaluate(MIDDLE) for one in reader.query_selector_all("ellipse"))
            assert len(found) == len(wanted)
            for (x, y), (found_x, found_y, _, pixel) in zip(wanted, found, strict=True):
                assert abs(found_x - x) < 0.6 * pixel and abs(found_y - y) < 0.6 * pixel
                compared += 1
    assert compared


def test_a_picture_lies_behind_all_that_is_drawn_on_it(page, looking):
    with looking(page, 700) as shown:
        frame = shown.query_selector(".frame:has(img)")
        frame.scroll_into_view_if_needed()
        boxes = [frame.query_selector(name).bounding_box() for name in (":scope > img", "svg")]
        for side in ("x", "y", "width", "height"):
            assert abs(boxes[0][side] - boxes[1][side]) < 0.6
        shown.wait_for_function("document.querySelector('.frame img').naturalWidth > 0")


@pytest.mark.parametrize(
    ("layer", "drawn"),
    [
        ("ellipses", ".ellipses"),
        ("chest", ".chest"),
        ("fixations", ".fixations"),
        ("path", ".path"),
        ("heat", ".heatmap"),
        ("boxes", ".boxes"),
        ("masks", ".maps"),
        ("names", ".names"),
    ],
)
def test_a_layer_is_switched_off_and_on(page, looking, layer, drawn):
    with looking(page) as shown:
        section = shown.query_selector(f"section.image:has({drawn}):has(.show-{layer})")
        box, one = section.query_selector(f".show-{layer}"), section.query_selector(drawn)
        for wanted in (False, True):
            box.set_checked(wanted)
            display = one.evaluate("(one) => getComputedStyle(one).display")
            assert (display != "none") == wanted


def test_a_word_lights_up_the_fixations_of_its_time(out, tmp_path, looking):
    database = tmp_path / "mimiceye.duckdb"
    shutil.copyfile(out / "mimiceye.duckdb", database)
    with duckdb.connect(str(database)) as connection:
        # Made-up readers look for a fraction of a second, and speak later.
        connection.execute(
            "update cohort.reflacx_fixations set"
            " timestamp_start_fixation = 30 * timestamp_start_fixation,"
            " timestamp_end_fixation = 30 * timestamp_end_fixation"
        )
        [(subject,)] = connection.execute(SPOKEN).fetchall()
    with looking(write_page(database, subject, tmp_path / "patient.html")) as shown:
        reader = shown.query_selector(".reader:has(.words [data-f])")
        reader.query_selector("details:has-text('Fixations as a table') summary").click()
        table = reader.query_selector("details:has-text('Fixations as a table') tbody")
        cells = [[float(cell) for cell in line.split()] for line in table.inner_text().splitlines()]
        word = reader.query_selector(".words [data-f]")
        word.click()
        start, end = map(float, re.findall(r"[\d.-]+", word.get_attribute("data-t"))[:2])
        wanted = [n for n, begin, lasts, *_ in cells if begin <= end and begin + lasts >= start]
        lit = reader.eval_on_selector_all(
            ".fixations circle", "(all) => all.map((one) => one.classList.contains('lit'))"
        )
        # The page writes times to the hundredth of a second.
        assert abs(sum(lit) - len(wanted)) <= 1 and sum(lit) > 0


@pytest.mark.parametrize("width", [360, 1600])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_the_window_and_colours_follow_it(page, looking, width, scheme):
    with looking(page, width, scheme) as shown:
        assert shown.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
        paper, ink = shown.evaluate(
            "[getComputedStyle(document.body).backgroundColor,"
            " getComputedStyle(document.body).color]"
            ".map((one) => Number(one.match(/\\d+/)[0]))"
        )
        assert (paper > ink) == (scheme == "light")


def test_text_of_the_data_is_never_markup(made_up, copied, looking, tmp_path):
    source = copied(made_up())
    evil = "<script>window.owned = 1</script><img src=x onerror='window.owned = 1'>"
    with_labels = next(source.rglob("metadata_phase_2.csv"))
    table = rows(with_labels)
    for row in table:
        row["Other"] = evil
    with open(with_labels, "w", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, table[0])
        writer.writeheader()
        writer.writerows(table)
    for report in source.rglob("s*.txt"):
        report.write_text(f"FINDINGS: {evil}\n")
    out = tmp_path / "out"
    mimiceye_duck.build(source=source, out=out)
    with duckdb.connect(str(out / "mimiceye.duckdb"), read_only=True) as connection:
        subjects = [one for (one,) in connection.execute("from cohort.subjects").fetchall()]
    seen = 0
    for subject in subjects:
        with looking(write_page(out / "mimiceye.duckdb", subject)) as shown:
            assert shown.evaluate("window.owned") is None
            assert shown.query_selector("[onerror], main script") is None
            seen += evil in shown.inner_text("main")
    assert seen


def test_many_fixations_are_thinned_on_the_screen_and_said_so(out, tmp_path, looking):
    place = tmp_path / "mimiceye.duckdb"
    shutil.copyfile(out / "mimiceye.duckdb", place)
    with duckdb.connect(str(place)) as connection:
        [(subject, reading)] = connection.execute(
            "select subject_id, reading_id from marts.fixations where dataset = 'REFLACX' limit 1"
        ).fetchall()
        connection.execute(
            "insert into cohort.reflacx_fixations by name select f.* replace ("
            "timestamp_start_fixation + i / 10 as timestamp_start_fixation,"
            "timestamp_end_fixation + i / 10 as timestamp_end_fixation)"
            " from (from cohort.reflacx_fixations where id = ? limit 1) as f,"
            " range(50000) as r (i)",
            [reading],
        )
    file = write_page(place, subject)
    assert file.stat().st_size < 15_000_000
    with looking(file) as shown:
        assert "drawn" in shown.inner_text("#thinned")
        assert shown.locator(".fixations circle").count() <= gaze.DRAWN + 1000
