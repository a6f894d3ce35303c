"""The pages as text: their numbers against the sources, and where they may be written."""

import html
import json
import re
import shutil
from collections import Counter
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimiceye_duck.pages.suppression import Cell, Guard


class Tables(HTMLParser):
    """The cells of every table of a page, as text."""

    def __init__(self):
        super().__init__()
        self.tables, self._cell = [], None

    def handle_starttag(self, tag, attributes):
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self._cell = ""

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.tables[-1][-1].append(" ".join(self._cell.split()))
            self._cell = None

    def handle_data(self, data):
        if self._cell is not None:
            self._cell += data


def tables(file):
    parser = Tables()
    parser.feed(file.read_text(encoding="utf-8"))
    return parser.tables


def table(file, *header):
    [found] = [one for one in tables(file) if one[0][: len(header)] == list(header)]
    return found[1:]


@pytest.fixture(scope="session")
def whole(marked, command, shared):
    """The report with small cells."""

    def report(folder):
        words = ("--database", marked["out"] / "mimiceye.duckdb", "--out", folder / "report.html")
        ran = command("report", "--small-cells", *words)
        assert (ran.code, ran.stdout) == (0, f"{folder / 'report.html'}\n"), ran.stderr
        return folder / "report.html"

    return shared.make("small cells", (), report)


@pytest.fixture(scope="session")
def built_images(marked, tools):
    """The rows of the built images and their links, by the csv module."""
    view = tools.source(marked["source"])
    images = view.reflacx_images() | set(view.eye_gaze_subjects())
    rows = [row for row in view.metadata if row["dicom_id"] in images]
    return view, rows, view.links()


def test_funnel_is_that_of_the_sources(whole, built_images):
    view, rows, links = built_images
    steps = {row[0]: row[1:4] for row in table(whole, "images", "images", "studies")}
    linked = [row for row in rows if links[row["dicom_id"]].stay_id]
    within = [row for row in linked if links[row["dicom_id"]].link == "within"]
    for name, chosen in (
        ("images of MIMIC-CXR", view.metadata),
        ("built: those that the cohort asks for", rows),
        ("with a stay by the link rule", linked),
        ("taken within that stay", within),
    ):
        studies = {row["study_id"] for row in chosen}
        patients = {row["subject_id"] for row in chosen}
        assert steps[name] == [str(len(one)) for one in (chosen, studies, patients)]


def test_hours_are_those_of_the_sources(whole, built_images):
    _, rows, links = built_images
    counts = Counter(
        (links[row["dicom_id"]].study_at[11:13], bool(links[row["dicom_id"]].stay_id))
        for row in rows
        if links[row["dicom_id"]].study_at
    )
    found = table(whole, "where", "with a stay", "without")
    assert len(found) == 24
    for name, with_stay, without in found:
        hour = name[:2]
        assert (int(with_stay), int(without)) == (counts[(hour, True)], counts[(hour, False)])


def test_gaps_after_departure_are_those_of_the_links(whole, built_images):
    _, rows, links = built_images
    after = [links[row["dicom_id"]] for row in rows if links[row["dicom_id"]].link == "after"]
    assert after
    charts = [one for one in tables(whole) if one[0][:2] == ["where", "within"]]
    for one in charts:
        place = one[0].index("after")
        assert sum(int(row[place]) for row in one[1:]) == len(after)


def test_dropped_zero_shows_at_a_glance(built, command, made_up, tmp_path):
    out = built(made_up(), link_rule="mimic-eye-1.0")
    file = tmp_path / "report.html"
    database = out / "mimiceye.duckdb"
    ran = command("report", "--small-cells", "--database", database, "--out", file)
    assert ran.code == 0, ran.stderr
    hours = table(file, "where", "with a stay", "without")
    assert sum(int(row[1]) for row in hours[:10]) == 0 < sum(int(row[2]) for row in hours[:10])
    assert sum(int(row[1]) for row in hours[10:]) > 0


def test_labels_are_those_of_the_sheets(whole, built_images):
    view, _, _ = built_images
    counts = Counter()
    subjects = view.cohort("eye")
    for row in view.readings():
        if row["subject_id"] in subjects and row.get("Pneumothorax"):
            counts[str(int(float(row["Pneumothorax"])))] += 1
    rows = table(whole, "class", "5", "4")
    [found] = [row[1:] for row in rows if row[0] == "Pneumothorax"]
    answers = ["5", "4", "3", "2", "1", "0", "-1", "yes", "no", "not asked"]
    assert {a: int(cell) for a, cell in zip(answers, found, strict=True) if cell} == dict(counts)
    assert len(rows) == 21


def test_report_of_a_build_hides_what_stands_for_few(marked, whole):
    shared = marked["out"] / "report.html"
    text = shared.read_text(encoding="utf-8")
    assert "under 10" in text and "fewer than ten patients" in text
    assert "Do not share" not in text and "Do not share" in whole.read_text(encoding="utf-8")
    assert not re.search(r"\b9000\d{4}\b|\b9[35]00\d{4}\b", text), "an id of somebody"
    for rows in (table(shared, "class", "5", "4"), table(shared, "where", "with a stay")):
        cells = [cell for row in rows for cell in row[1:]]
        assert "under 10" in cells
        assert [cell for cell in cells if re.fullmatch("[1-9]", cell)] == []


def test_no_figure_follows_from_the_others(marked, whole):
    header = ("figure", "this build", "published")
    told = {row[0]: row[1] for row in table(whole, *header)}
    shared = {row[0]: row[1] for row in table(marked["out"] / "report.html", *header)}
    few = {"under 10", "hidden"}
    for fact, others in (
        ("patients in both", ("patients in REFLACX", "patients in EyeGaze")),
        ("readings, phase 1 labels", ("readings, phases 2-3 labels",)),
    ):
        if shared[fact] in few:
            assert few & {shared[other] for other in others}
    assert few & {*shared.values()} and not few & {*told.values()}
    assert all(shared[fact] in {*few, value} for fact, value in told.items())


def test_report_says_what_the_record_says(marked):
    text = html.unescape((marked["out"] / "report.html").read_text(encoding="utf-8"))
    record = marked["record"]
    assert ", ".join(record["releases"].values()) in text
    for audit in record["audits"]:
        assert audit["name"] in text
    steps = {row[0] for row in table(marked["out"] / "report.html", "step", "seconds")}
    assert steps == set(record["seconds_per_step"])


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        pytest.param([(50, 40), (20, 15)], [50, 20], id="many"),
        pytest.param([(50, 40), (3, 2), (20, 15)], [50, None, None], id="one small alone"),
        pytest.param(
            [(50, 40), (3, 2), (4, 4)], [None, None, None], id="two that are few together"
        ),
        pytest.param([(50, 40), (3, 2), (9, 9)], [50, None, None], id="two small"),
        pytest.param([(1000, 900), (1, 1), (1, 1)], [None, None, None], id="two ones"),
        pytest.param([(10, 10), (30, 20), (80, 50), (1, 1)], [10, None, 80, None], id="enough"),
        pytest.param([(50, 9), (0, 0), (60, 11)], [None, 0, None], id="many images of few"),
        pytest.param([(50, 10)], [50], id="just ten"),
    ],
)
def test_parts_of_a_known_sum_hide_each_other(counts, shown):
    cells = [Cell(*count) for count in counts]
    assert [cell.shown for cell in Guard().parts(cells)] == shown
    every = [count for count, _ in counts]
    assert [cell.shown for cell in Guard(shows_small=True).parts(cells)] == every


def count_of(patients):
    """So many images of each of them, or more."""
    return st.integers(patients, 3 * patients).map(lambda images: (images, patients))


@given(st.lists(st.integers(0, 60).flatmap(count_of), min_size=1, max_size=8))
def test_no_small_part_follows_from_the_sum(counts):
    """An attacker knows the sum, all that is shown, and what each label says."""
    cells = Guard().parts(Cell(*count) for count in counts)
    hidden = [cell for cell in cells if cell.is_hidden]
    rest = sum(count for count, _ in counts) - sum(cell.shown or 0 for cell in cells)
    assert [cell.label for cell in hidden] == [
        "under 10" if cell.patients < 10 else "hidden" for cell in hidden
    ]
    assert all(not 0 < cell.patients < 10 for cell in cells if not cell.is_hidden)
    least = {"under 10": 1, "hidden": 10}
    for cell in hidden:
        most = rest - sum(least[other.label] for other in hidden if other is not cell)
        nothing_more = all(other.is_hidden or not other.count for other in cells)
        if cell.label == "under 10" and not nothing_more:
            assert most >= 10 and len(hidden) > 1


def test_page_says_why_each_image_has_its_stay(drawn, marked, built_images):
    text = html.unescape(drawn["REFLACX"].read_text(encoding="utf-8"))
    _, rows, links = built_images
    own = [row for row in rows if int(row["subject_id"]) == marked["REFLACX"].subject_id]
    assert own
    for row in own:
        link = links[row["dicom_id"]]
        section = text.split(row["dicom_id"] + "</span>")[1].split("</section>")[0]
        said = re.search(r"<strong>(.*?)</strong>", section)[1]
        words = {"within": "Taken during stay ", "after": "after the departure of stay "}
        assert (words[link.link] + link.stay_id in said) if link.stay_id else "stay" in said


def test_page_links_pictures_relatively(drawn):
    for name in ("REFLACX", "EyeGaze"):
        found = re.findall(r'<img [^>]*?src="([^"]+)"', drawn[name].read_text(encoding="utf-8"))
        assert found and all(link.startswith("../") for link in found)


def test_nobody_is_told_as_such(command, marked, tmp_path):
    database = marked["out"] / "mimiceye.duckdb"
    ran = command("page", 90999999, "--database", database, "--out", tmp_path / "page.html")
    assert ran.code == 1 and "no built patient has this subject_id" in ran.stderr
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize("words", [("report",), ("page", 90000000)])
def test_only_pages_of_ours_are_replaced(command, marked, tmp_path, words):
    database, file = marked["out"] / "mimiceye.duckdb", tmp_path / "thesis.html"
    file.write_text("<p>my thesis")
    ran = command(*words, "--database", database, "--out", file)
    assert ran.code == 1 and "not a page of ours" in ran.stderr
    assert file.read_text() == "<p>my thesis"
    file.unlink()
    assert command(*words, "--database", database, "--out", file).code == 0
    before = file.read_bytes()
    ran = command("page", 90000001, "--database", database, "--out", file)
    assert ran.code == 1 and "--force replaces it" in ran.stderr
    assert file.read_bytes() == before
    assert command(*words, "--database", database, "--out", file, "--force").code == 0
    assert [*tmp_path.iterdir()] == [file]
    ran = command(*words, "--database", database, "--out", tmp_path / "none" / "page.html")
    assert ran.code == 1 and "the folder of --out is not there" in ran.stderr


def test_browse_replaces_only_when_forced_and_never_what_is_not_its_own(command, marked, tmp_path):
    database, out = marked["out"] / "mimiceye.duckdb", tmp_path / "pages of all"
    (out / "pages").mkdir(parents=True)
    (out / "pages" / "mine.txt").write_text("mine")
    words = ("browse", "--database", database, "--out", out)
    for more in ((), ("--force",)):
        assert command(*words, *more).code == 1
        assert (out / "pages" / "mine.txt").read_text() == "mine"
    shutil.rmtree(out)
    assert command(*words).code == 0
    before = {file.name: file.read_bytes() for file in out.rglob("*.html")}
    (out / "pages" / "patient_1.html").write_text("of a patient who is not built any more")
    assert command(*words).code == 1
    assert command(*words, "--force").code == 0
    assert {file.name: file.read_bytes() for file in out.rglob("*.html")} == before


def test_database_of_views_alone_has_no_pages(command, made_up, tmp_path):
    database = tmp_path / "views.duckdb"
    assert command("attach", "--source", made_up(), "--database", database).code == 0
    for words in (("page", 90000000), ("browse",)):
        ran = command(*words, "--database", database, "--out", tmp_path / "out")
        assert ran.code == 1 and "the database holds no cohort" in ran.stderr
    ran = command("report", "--database", database)
    assert ran.code == 1 and "no build.json" in ran.stderr


@pytest.mark.parametrize("kept", ["reflacx-xray-localization", "egd-cxr"])
def test_pages_of_a_part_of_the_sources(command, made_up, copied, tmp_path, kept):
    """Without clinical tables and with one gaze dataset alone."""
    source = copied(made_up())
    for folder in next(source.rglob("physionet.org/files")).iterdir():
        if folder.is_dir() and folder.name not in (kept, "mimic-cxr-jpg"):
            shutil.rmtree(folder)
    out = tmp_path / "out"
    ran = command("build", "--source", source, "--out", out, "--files", "none")
    assert ran.code == 0, ran.stderr
    database = out / "mimiceye.duckdb"
    ran = command("browse", "--database", database, "--out", tmp_path / "pages")
    assert ran.code == 0, ran.stderr
    # Nothing was placed: the pictures are those of the download.
    text = "".join(file.read_text() for file in (tmp_path / "pages" / "pages").iterdir())
    assert "../../source/" in text


@pytest.mark.parametrize("command_words", [("report",), ("page", 90000000), ("browse",)])
def test_pages_replace_no_file_of_a_build_or_a_source(
    command, copied, built, made_up, tmp_path, command_words
):
    source = copied(made_up())
    out = shutil.copytree(built(made_up()), tmp_path / "build")
    record = json.loads((out / "build.json").read_text(encoding="utf-8"))
    (out / "build.json").write_text(json.dumps({**record, "source": str(source)}))
    database = out / "mimiceye.duckdb"
    page = '<meta name="generator" content="mimiceye-duck x">'
    (source / "index.html").write_text(page)
    other = shutil.copytree(out, tmp_path / "other")
    kept = [source / "index.html", other / "report.html"]
    before = [file.read_bytes() for file in kept]
    for file in kept:
        place = file.parent if command_words == ("browse",) else file
        if command_words == ("browse",) and file.parent == other:
            place = other / "patient_90000000"
        ran = command(*command_words, "--database", database, "--out", place, "--force")
        assert ran.code in (1, 2)
        assert "of a build" in ran.stderr or "among the sources" in ran.stderr, ran.stderr
    assert [file.read_bytes() for file in kept] == before


def test_no_page_comes_into_a_folder_of_a_build(command, marked, tmp_path):
    out = marked["out"]
    file = next(out.glob("patient_*")) / "page.html"
    ran = command("page", 90000000, "--database", out / "mimiceye.duckdb", "--out", file)
    assert ran.code == 1 and "is a file of a build" in ran.stderr
    assert not file.exists()
