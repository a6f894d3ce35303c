"""The reason of an image's stay, in a sentence."""

from mimiceye_duck.core.text import duration
from mimiceye_duck.pages.queries import Record


def why(image: Record, link_rule: str, window_seconds: float) -> str:
    """The reason that the rule of the build has for an image's stay, or for none.

    >>> known = {"study_at": 1, "stay_id": 7, "near_stay_id": 7, "n_candidates": 1}
    >>> why({**known, "link": "after", "gap_seconds": 7200.0}, "nearest", 604800)
    'Taken 02:00:00 after the departure of stay 7, within the window of 7d 00:00:00.'
    """
    if image["study_at"] is None:
        return "Its date or time is none that exists, so that no rule gives it a stay."
    near, window = image["near_stay_id"], duration(window_seconds)
    if image["stay_id"] is None:
        if near is None:
            return "The patient has no emergency stay with an arrival and a later departure."
        return f"No stay satisfies the rule {link_rule}; the nearest, {near}, {_far(image)}."
    if image["link"] == "within":
        text = f"Taken during stay {image['stay_id']}"
        if near == image["stay_id"]:
            after = duration(image["seconds_after_intime"])
            left = duration(-image["seconds_after_outtime"])
            text += f", {after} after the arrival and {left} before the departure"
    else:
        end = "after the departure" if image["link"] == "after" else "before the arrival"
        text = (
            f"Taken {duration(abs(image['gap_seconds']))} {end} of stay {image['stay_id']},"
            f" within the window of {window}"
        )
    others = (image["n_candidates"] or 1) - 1
    more = f" {others} more satisfied the same clause; see the rule for ties." if others else ""
    return text + "." + more


def _far(image: Record) -> str:
    after, since = image["seconds_after_intime"], image["seconds_after_outtime"]
    if after < 0:
        return f"begins {duration(-after)} after the image"
    if since > 0:
        return f"ended {duration(since)} before it"
    return "was open then"
