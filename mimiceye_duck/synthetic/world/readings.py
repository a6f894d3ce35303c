"""Readings of images with an eye tracker, by the two projects."""

from dataclasses import dataclass

from mimiceye_duck.synthetic.world.camera import Image
from mimiceye_duck.synthetic.world.cases import PATIENT_ABSENT
from mimiceye_duck.synthetic.world.dice import Dice

N_BOTH = 2
N_REFLACX = 28
N_EYE_GAZE = 14


@dataclass(frozen=True)
class Readers:
    """The images of either project; two are in both."""

    reflacx: list[Image]
    eye_gaze: list[Image]


def choose(images: list[Image], dice: Dice) -> Readers:
    """Frontal images of some patients; a quarter of the patients is in neither."""
    frontal = [image for image in images if image.is_frontal]
    absent = [image for image in frontal if image.case == PATIENT_ABSENT]
    known = [
        image
        for image in frontal
        if image.case != PATIENT_ABSENT and dice.of("reader", image.subject_id).random() < 0.75
    ]
    pair = _alike(known)
    known = [image for image in known if image not in pair]
    dice.of("readers").shuffle(known)
    both, known = known[:N_BOTH], known[N_BOTH:]
    n_reflacx = min(N_REFLACX - N_BOTH - 2, max(1, len(known) * 2 // 3))
    reflacx = [*both, *absent[:2], *known[:n_reflacx]]
    rest = known[n_reflacx:]
    eye_gaze = [*both, absent[2], *pair, *rest[: N_EYE_GAZE - N_BOTH - 1 - len(pair)]]
    return Readers(reflacx, eye_gaze)


def _alike(images: list[Image]) -> list[Image]:
    """Two images with the same first 35 characters of their ids."""
    seen: dict[str, Image] = {}
    for image in images:
        other = seen.setdefault(image.dicom_id[:35], image)
        if other is not image:
            return [other, image]
    return []
