"""Synthetic pictures: JPG, DICOM and PNG masks, drawn from the image's own numbers."""

import io
from functools import cache

import pydicom
from PIL import Image as Picture
from PIL import ImageDraw
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, ComputedRadiographyImageStorage, ExplicitVRLittleEndian

from mimiceye_duck.synthetic.world.camera import Image
from mimiceye_duck.synthetic.world.dice import Dice

MASKS = ("aortic_knob", "left_lung", "mediastanum", "right_lung")
BITS = 12
# Not pydicom's own, so that a newer pydicom makes the same bytes.
IMPLEMENTATION = UID("2.25.90000000")

# Twelve bits of a pixel from its eight, as two bytes.
_LOW = bytes((value << 4) & 255 for value in range(256))
_HIGH = bytes(value >> 4 for value in range(256))
_INVERTED = bytes(255 - value for value in range(256))


def _box(name: str, columns: int, rows: int) -> tuple[int, int, int, int]:
    left, top, right, bottom = {
        "aortic_knob": (0.48, 0.25, 0.60, 0.35),
        "left_lung": (0.55, 0.15, 0.90, 0.85),
        "mediastanum": (0.42, 0.10, 0.60, 0.80),
        "right_lung": (0.10, 0.15, 0.45, 0.85),
    }[name]
    return int(left * columns), int(top * rows), int(right * columns), int(bottom * rows)


@cache
def _gradient() -> Picture.Image:
    return Picture.linear_gradient("L")


def pixels(image: Image, dice: Dice) -> Picture.Image:
    """An eight-bit grey picture of the image's size, with two dark ovals for lungs."""
    chance = dice.of("pixels", image.dicom_id)
    picture = _gradient().resize((image.columns, image.rows))
    draw = ImageDraw.Draw(picture)
    for name in ("left_lung", "right_lung"):
        draw.ellipse(_box(name, image.columns, image.rows), fill=chance.randrange(20, 90))
    draw.ellipse(_box("mediastanum", image.columns, image.rows), fill=chance.randrange(150, 240))
    return picture


def jpg(picture: Picture.Image) -> bytes:
    """The picture as JPG."""
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=80)
    return data.getvalue()


def mask(name: str, image: Image) -> bytes:
    """One structure as a black and white PNG of the image's size."""
    picture = Picture.new("1", (image.columns, image.rows))
    ImageDraw.Draw(picture).ellipse(_box(name, image.columns, image.rows), fill=1)
    data = io.BytesIO()
    picture.save(data, "PNG")
    return data.getvalue()


def _meaning(text: str) -> Sequence:
    item = Dataset()
    item.CodeMeaning = text
    return Sequence([item])


def dicom(image: Image, picture: Picture.Image, dice: Dice) -> bytes:
    """The picture as DICOM, with the tags that MIMIC-CXR has."""
    chance = dice.of("dicom", image.dicom_id)
    inverted = chance.random() < 0.25
    data = picture.tobytes()
    if inverted:
        data = data.translate(_INVERTED)
    samples = bytearray(2 * len(data))
    samples[0::2] = data.translate(_LOW)
    samples[1::2] = data.translate(_HIGH)

    meta = FileMetaDataset()
    # pydicom sets the length right when it writes.
    meta.FileMetaInformationGroupLength = 0
    meta.FileMetaInformationVersion = b"\x00\x01"
    meta.MediaStorageSOPClassUID = ComputedRadiographyImageStorage
    meta.MediaStorageSOPInstanceUID = UID(f"2.25.{int(image.dicom_id.replace('-', '')[8:], 16)}")
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = IMPLEMENTATION
    header = Dataset()
    header.file_meta = meta
    header.preamble = bytes(128)
    header.SOPClassUID = ComputedRadiographyImageStorage
    # MIMIC-CXR puts the image's id, which is no valid UID, here.
    header.add(_unchecked("SOPInstanceUID", "UI", image.dicom_id))
    header.add(_unchecked("StudyDate", "DA", image.study_date))
    header.add(_unchecked("StudyTime", "TM", _dicom_time(image.study_time)))
    header.Modality = chance.choice(("CR", "DX"))
    header.PatientID = str(image.subject_id)
    header.StudyID = str(image.study_id)
    header.ViewPosition = image.view
    header.PerformedProcedureStepDescription = image.procedure
    header.AcquisitionDeviceProcessingDescription = chance.choice(("CHEST", "UNIQUE: 1", ""))
    header.ProcedureCodeSequence = _meaning(image.procedure)
    if image.meaning:
        header.ViewCodeSequence = _meaning(image.meaning)
    if image.orientation:
        header.PatientOrientationCodeSequence = _meaning(image.orientation)
    header.SamplesPerPixel = 1
    header.PhotometricInterpretation = "MONOCHROME1" if inverted else "MONOCHROME2"
    header.Rows = image.rows
    header.Columns = image.columns
    header.BitsAllocated = 16
    header.BitsStored = BITS
    header.HighBit = BITS - 1
    header.PixelRepresentation = 0
    header.PixelIntensityRelationshipSign = -1 if inverted else 1
    if chance.random() < 0.7:
        header.WindowCenter = "2048"
        header.WindowWidth = str(chance.choice((4096, 3000, 2500)))
    if chance.random() < 0.3:
        header.VOILUTSequence = _lookup_table()
    header.PixelData = bytes(samples)
    file = io.BytesIO()
    pydicom.dcmwrite(file, header)
    return file.getvalue()


def _unchecked(keyword: str, kind: str, value: str) -> pydicom.DataElement:
    return pydicom.DataElement(keyword, kind, value, validation_mode=pydicom.config.IGNORE)


def _dicom_time(number: str) -> str:
    if not number:
        return ""
    whole, _, fraction = number.partition(".")
    return f"{int(whole):06d}.{fraction:0<3}"


@cache
def _lookup_table() -> Sequence:
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [16, 0, 12])
    item.LUTExplanation = "NORMAL"
    item.add_new("LUTData", "US", [value * 273 for value in range(16)])
    return Sequence([item])
