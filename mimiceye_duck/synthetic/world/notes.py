"""Anomalies put in on purpose, to be written beside the tree."""

from collections import Counter
from dataclasses import dataclass, field

from mimiceye_duck.synthetic.world.camera import Image
from mimiceye_duck.synthetic.world.cases import PATIENT_ABSENT
from mimiceye_duck.synthetic.world.people import Admission, IcuStay, People, Stay

METADATA = "mimic-cxr-2.0.0-metadata.csv.gz"

# The anomalies that are cases of the link, which truth/cxr_stay.csv lists one by one.
CASES = {
    "study_time_83045_515": ("Q-CXR-01", "08:30:45.515 without its leading zero"),
    "study_time_214": ("Q-CXR-01", "00:02:14 without its leading zeros"),
    "study_time_5": ("Q-CXR-01", "00:00:05 without its leading zeros"),
    "study_time_0_at_midnight": ("Q-CXR-01", "midnight, a zero"),
    "null_study_time": ("Q-CXR-01", "no StudyTime"),
    "impossible_study_time": ("Q-CXR-01", "a StudyTime that no clock shows"),
    "impossible_study_date": ("Q-CXR-01", "a StudyDate that no calendar has"),
    "at_09_59_59": ("Q-CXR-02", "inside a stay, before ten in the morning"),
    "no_stay_at_all": ("Q-CXR-04", "no stay"),
    "inside": ("Q-CXR-04", "one stay"),
    "inside_two_overlapping_stays": ("Q-CXR-04", "two stays"),
    PATIENT_ABSENT: ("Q-IV-12", "a patient that MIMIC-IV does not know"),
}


@dataclass
class Notes:
    """Every injected anomaly: its issue, its file, the row's key, and what it is."""

    rows: list[tuple[str, str, str, str]] = field(default_factory=list)

    def add(self, issue: str, file: str, key: object, what: str) -> None:
        """Write down one anomaly."""
        self.rows.append((issue, file, str(key), what))


def note_images(images: list[Image], notes: Notes) -> None:
    """Images with anomalous times or patients."""
    for image in images:
        if image.case in CASES:
            issue, what = CASES[image.case]
            notes.add(issue, METADATA, image.dicom_id, what)
        if image.view in ("LATERAL", "LL"):
            notes.add("Q-CXR-05", METADATA, image.dicom_id, "a lateral image")


def note_people(people: People, notes: Notes) -> None:
    """Stays and admissions with anomalous times."""
    visits = Counter(stay.hadm_id for stay in people.stays if stay.hadm_id)
    for stay in sorted(people.stays, key=lambda stay: stay.stay_id):
        key, file = stay.stay_id, "ed/edstays.csv.gz"
        if not stay.intime:
            notes.add("Q-ED-03", file, key, "no intime")
        elif not stay.outtime:
            notes.add("Q-ED-03", file, key, "no outtime")
        elif stay.outtime <= stay.intime:
            what = "zero length" if stay.outtime == stay.intime else "ends before it starts"
            notes.add("Q-ED-03", file, key, what)
        if any(_overlap(stay, other) for other in people.of(stay.subject_id)):
            notes.add("Q-ED-03", file, key, "overlaps or touches another stay of the patient")
        if stay.hadm_id and visits[stay.hadm_id] > 1:
            notes.add("Q-ED-03", file, key, "two stays of one admission")
    alone = next(stay for stay in people.stays if stay.hadm_id is None)
    notes.add("Q-IV-11", "hosp/transfers.csv.gz", alone.stay_id, "an ED-only transfer")
    for one in people.admissions:
        if one.dischtime < one.admittime:
            notes.add("Q-IV-06", "hosp/admissions.csv.gz", one.hadm_id, "ends before it starts")


def _overlap(stay: Stay, other: Stay | Admission | IcuStay) -> bool:
    if not isinstance(other, Stay) or stay is other:
        return False
    times = (stay.intime, stay.outtime, other.intime, other.outtime)
    return None not in times and stay.start <= other.end and other.start <= stay.end
