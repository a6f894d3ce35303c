"""Headers of pictures and sounds: what Pillow and `wave` write is read, damage is named."""

import io
import os
import struct
import wave
import zlib

import pytest
from PIL import Image

from mimiceye_duck.checks.deep.check_cache import Memory
from mimiceye_duck.checks.deep.pictures import check_pictures
from mimiceye_duck.core.running.progress import Steps
from mimiceye_duck.readers.discovery import survey
from mimiceye_duck.readers.pictures import read_header

SIZE = (37, 21)  # columns, rows


def picture(form, size=SIZE, **options):
    data = io.BytesIO()
    Image.effect_noise(size, 60).save(data, form, **options)
    return data.getvalue()


def sound(seconds=1):
    data = io.BytesIO()
    with wave.open(data, "wb") as opened:
        opened.setnchannels(1)
        opened.setsampwidth(2)
        opened.setframerate(8000)
        opened.writeframes(b"\1\0" * 8000 * seconds)
    return data.getvalue()


JPG, PNG, WAV = picture("JPEG"), picture("PNG"), sound()
PAGE = b"\n<!DOCTYPE html><html>Please log in</html>"


@pytest.fixture
def read(tmp_path):
    def one(content, kind):
        file = tmp_path / f"file.{kind}"
        file.write_bytes(content)
        return read_header(file, kind)

    return one


WHOLE = {
    "JPG": ("jpg", JPG),
    "JPG in several passes": ("jpg", picture("JPEG", progressive=True)),
    "JPG with a comment longer than a block": ("jpg", picture("JPEG", comment=b"x" * 60_000)),
    "JPG with colours and a preview": (
        "jpg",
        picture("JPEG", icc_profile=b"p" * 150_000, exif=b"Exif\0\0" + b"\xff\xd9" * 99),
    ),
    "JPG larger than a block": ("jpg", picture("JPEG", (640, 480), quality=95)),
    "JPG with zeros after its end": ("jpg", JPG + b"\0" * 4000),
    "PNG": ("png", PNG),
    "PNG with zeros after its end": ("png", PNG + b"\0" * 4000),
}


@pytest.mark.parametrize("case", WHOLE)
def test_a_whole_picture_has_the_size_that_pillow_says(case, read):
    kind, content = WHOLE[case]
    with Image.open(io.BytesIO(content)) as opened:
        columns, rows = opened.size
    assert read(content, kind) == (rows, columns, None)


SOUNDS = {
    "WAV": WAV,
    "WAV of a recorder that did not know its length": WAV[:4] + b"\xff" * 4 + WAV[8:],
    "MP3": b"\xff\xfb\x90\x00" + b"\0" * 400,
    "MP3 with a title": b"ID3\x04" + b"\0" * 400,
}


@pytest.mark.parametrize("case", SOUNDS)
def test_a_whole_sound_has_no_size(case, read):
    assert read(SOUNDS[case], "audio") == (None, None, None)


def resized(content, rows, columns):
    place = max(content.find(b"\xff\xc0"), content.find(b"\xff\xc2"))
    return content[: place + 5] + struct.pack(">HH", rows, columns) + content[place + 9 :]


DAMAGED = {
    "empty": ("jpg", b"", "is empty"),
    "cut within its header": ("jpg", JPG[:100], "is cut short"),
    "cut within its pixels": ("jpg", JPG[:-40], "is cut short"),
    "its last byte lost": ("jpg", JPG[:-1], "is cut short"),
    "zeros from some byte on": ("jpg", JPG[:400] + b"\0" * (len(JPG) - 400), "is cut short"),
    "zeros alone": ("jpg", bytes(4096), "holds zeros alone"),
    "a web page": ("jpg", PAGE, "is a web page"),
    "PNG": ("jpg", PNG, "is PNG, not JPG"),
    "TIFF": ("jpg", picture("TIFF"), "is TIFF, not JPG"),
    "text": ("jpg", b"no picture at all", "is no JPG"),
    "of no rows": ("jpg", resized(JPG, 0, 21), "is JPG without the size of its picture"),
    "without a size": ("jpg", b"\xff\xd8\xff\xda" + JPG[-60:], None),
    "JPG for a mask": ("png", JPG, "is JPG, not PNG"),
    "mask cut": ("png", PNG[:-8], "is cut short"),
    "mask cut within its header": ("png", PNG[:20], "is cut short"),
    "mask with a wrong size": ("png", PNG[:17] + b"\7" + PNG[18:], "is PNG without the size"),
    "a page for a mask": ("png", PAGE, "is a web page"),
    "sound cut": ("audio", WAV[: len(WAV) // 2], "is cut short"),
    "a page for sound": ("audio", PAGE, "is a web page"),
    "a zip for sound": ("audio", b"PK\x03\x04" + bytes(90), "is zip, not WAV or MP3"),
    "one byte": ("audio", b"\xff", None),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_what_is_damaged_is_named_and_has_no_size(case, read):
    kind, content, problem = DAMAGED[case]
    found = read(content, kind)
    assert found.problem and found.rows is None and found.columns is None
    assert problem is None or found.problem.startswith(problem)


def png_claiming(rows, columns):
    header = b"IHDR" + struct.pack(">II", columns, rows) + PNG[24:29]
    return PNG[:12] + header + struct.pack(">I", zlib.crc32(header)) + PNG[33:]


def test_a_picture_that_claims_more_pixels_than_any_has_is_left_out(read):
    whole = (6_000, 6_000, None)
    assert read(resized(JPG, 6_000, 6_000), "jpg") == whole == read(png_claiming(6000, 6000), "png")
    for rows, columns in ((65_000, 65_000), (65_535, 611), (7_000, 7_000)):
        problem = "claims more than 40,000,000 pixels"
        assert read(resized(JPG, rows, columns), "jpg") == (None, None, problem)
        assert read(png_claiming(rows, columns), "png") == (None, None, problem)


def test_a_jpg_of_segments_without_end_is_given_up(read):
    content = b"\xff\xd8" + b"\xff\xfe\x00\x02" * 100_000 + JPG[2:]
    assert read(content, "jpg").problem == "is JPG without the size of its picture"


def test_what_cannot_be_opened_is_named(tmp_path):
    assert read_header(tmp_path / "none.jpg", "jpg").problem == "cannot be read (FileNotFoundError)"


@pytest.mark.skipif(os.name != "posix", reason="no pipes there")
def test_nobody_waits_for_a_pipe(tmp_path):
    os.mkfifo(tmp_path / "x.jpg")
    assert read_header(tmp_path / "x.jpg", "jpg").problem == "is not a regular file"


@pytest.fixture
def decoded(tmp_path):
    """What a deep check says of JPGs by name."""

    def check(jpgs):
        root = tmp_path / "mimic-cxr-jpg-2.0.0"
        study = root / "files" / "p90" / "p90000000" / "s95000000"
        study.mkdir(parents=True, exist_ok=True)
        (root / "IMAGE_FILENAMES").write_text("files/p90/p90000000/s95000000/a.jpg\n")
        for name, content in jpgs.items():
            (study / f"{name}.jpg").write_bytes(content)
        memory = Memory(tmp_path / "memory.json")
        (result,) = check_pictures(survey(tmp_path), memory, 1, Steps())
        return result

    return check


def test_a_deep_check_finds_damage_between_whole_ends(decoded, read):
    large = picture("JPEG", (640, 480))
    table = large.index(b"\xff\xc4") + 5
    lost = large[:table] + b"\xff" * 16 + large[table + 16 :]
    assert read(lost, "jpg") == (480, 640, None)
    result = decoded({"a": large, "b": lost, "c": PAGE})
    assert (result.check, result.status) == ("pictures", "failed")
    assert "2 of 3 files are damaged" in result.message and "b.jpg" in result.detail


def test_a_deep_check_passes_whole_pictures(decoded):
    result = decoded({"a": JPG, "b": picture("JPEG", progressive=True)})
    assert (result.check, result.status) == ("pictures", "passed")


def test_a_deep_check_decodes_nothing_that_claims_to_be_endless(decoded):
    result = decoded({"a": resized(JPG, 65_000, 65_000)})
    assert "claims more than 40,000,000 pixels" in result.message


def test_a_deep_check_decodes_nothing_that_has_a_second_larger_size(decoded, read):
    place = JPG.index(b"\xff\xc0")
    size = JPG[place : place + 2 + int.from_bytes(JPG[place + 2 : place + 4])]
    twice = JPG[:place] + size + resized(size, 9_000, 9_000) + JPG[place + len(size) :]
    assert read(twice, "jpg") == (SIZE[1], SIZE[0], None)
    assert "claims more than 40,000,000 pixels" in decoded({"a": twice}).message
