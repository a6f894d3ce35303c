"""The stay of an image, from the times that were drawn."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mimiceye_duck.synthetic.world.people import Admission, IcuStay, People, Stay

WINDOW = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Link:
    """The right answer for one image under the default rule."""

    stay_id: int | None
    link: str | None
    gap: timedelta | None
    n_candidates: int
    hadm_id: int | None = None
    icu_stay_id: int | None = None

    @property
    def gap_seconds(self) -> str:
        """Seconds without trailing zeros, empty where there is no stay."""
        if self.gap is None:
            return ""
        whole, rest = divmod(self.gap // timedelta(milliseconds=1), 1000)
        return f"{whole}.{rest:03d}".rstrip("0").rstrip(".")


NO_STAY = Link(None, None, None, 0)


def stay_of(study_at: datetime | None, stays: Iterable[Stay]) -> Link:
    """The stay by the default rule: within, else shortly after."""
    if study_at is None:
        return NO_STAY
    real = [stay for stay in stays if stay.intime and stay.outtime and stay.end > stay.start]
    within = [stay for stay in real if stay.start < study_at < stay.end]
    if within:
        # The latest arrival wins, then the smallest number.
        best = min(within, key=lambda stay: (study_at - stay.start, stay.stay_id))
        return Link(best.stay_id, "within", timedelta(0), len(within))
    after = [stay for stay in real if stay.end <= study_at <= stay.end + WINDOW]
    if after:
        best = min(
            after,
            key=lambda stay: (study_at - stay.end, study_at - stay.start, stay.stay_id),
        )
        return Link(best.stay_id, "after", study_at - best.end, len(after))
    return NO_STAY


def _open(study_at: datetime, periods: Iterable[tuple[datetime, datetime, int]]) -> int | None:
    found = [
        (study_at - start, number) for start, end, number in periods if start <= study_at <= end
    ]
    return min(found)[1] if found else None


def link_of(study_at: datetime | None, subject_id: int, people: People) -> Link:
    """The stay, the admission and the ICU stay of one image."""
    if study_at is None:
        return NO_STAY
    rows = people.of(subject_id)
    found = stay_of(study_at, (row for row in rows if isinstance(row, Stay)))
    admissions = (
        (row.admittime, row.dischtime, row.hadm_id) for row in rows if isinstance(row, Admission)
    )
    icu_stays = ((row.intime, row.outtime, row.stay_id) for row in rows if isinstance(row, IcuStay))
    return replace(
        found, hadm_id=_open(study_at, admissions), icu_stay_id=_open(study_at, icu_stays)
    )
