"""Explanations of an image's stay, and differences of the link rules."""

from pathlib import Path
from typing import Any

from mimiceye_duck.catalog.models.link_rules import link_rules
from mimiceye_duck.catalog.models.reading import selects_in
from mimiceye_duck.core.errors import Problem, UserError
from mimiceye_duck.core.results import Explanation, LinkComparison
from mimiceye_duck.database.connection import Database
from mimiceye_duck.database.readonly import opened


def _ask_rules(database: Database) -> None:
    # Rows of a relation, so that the queries hold neither parameters nor the rules' names.
    database.execute(
        "create temp table asked_rules as select unnest(?) as link_rule", [list(link_rules())]
    )


def _records(database: Database, sql: str) -> list[dict[str, Any]]:
    answer = database.connection.execute(sql)
    names = [column[0] for column in answer.description]
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def explanation(database: Path, dicom_id: str) -> Explanation:
    """An image, every stay of its patient and what each rule says; `UserError` if unknown."""
    models = selects_in("explain")
    with opened(database) as connection:
        connection.execute("create temp table asked_image as select ? as dicom_id", [dicom_id])
        images = _records(connection, models["image"].sql)
        if not images:
            near = [row[0] for row in connection.rows(models["near_images"].sql)]
            raise UserError(
                Problem(
                    "no image has this dicom_id",
                    detail=dicom_id,
                    hint="did you mean " + ", ".join(near) + "?" if near else None,
                )
            )
        _ask_rules(connection)
        stays = _records(connection, models["stays"].sql)
        rules = _records(connection, models["rules"].sql)
        settings = _records(connection, "from settings.link")
    return Explanation(images[0], tuple(stays), tuple(rules), settings[0])


def comparison(database: Path) -> LinkComparison:
    """Count how often each two rules agree, and why each differs from the build's rule."""
    models = selects_in("compare")
    with opened(database) as connection:
        _ask_rules(connection)
        agreement = _records(connection, models["agreement"].sql)
        differences = _records(connection, models["differences"].sql)
        settings = _records(connection, "from settings.link")
    return LinkComparison(settings[0], tuple(agreement), tuple(differences))
