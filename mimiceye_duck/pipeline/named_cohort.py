"""The patients or images that a cohort's file or query names."""

from mimiceye_duck.catalog.models.model import Model
from mimiceye_duck.catalog.options.checking import Options

# The relations of the ids that a query gives, by column. Of both, the image decides.
RELATIONS = {"dicom_id": "settings.wanted_images", "subject_id": "settings.wanted"}
_TYPES = {"dicom_id": "varchar", "subject_id": "bigint"}
NAMED = tuple(RELATIONS.values())
# What another value of an option is called, where it is too long to print.
LISTS = {
    "wanted": "list of subject_ids",
    "wanted_images": "list of dicom_ids",
    "query": "query",
}


def cohort_query(options: Options) -> Model | None:
    """The model of what a cohort's query names; None for other cohorts."""
    if options.query is None or options.selected is None:
        return None
    column = options.selected
    sql = (
        f"select distinct cast({column} as {_TYPES[column]}) as {column}"  # noqa: S608
        f" from (\n{options.query}\n) as chosen where {column} is not null"
    )
    return Model(RELATIONS[column], sql)


def named_in(options: Options) -> str:
    """Whom a cohort's file or query names, as far as is known before images are linked."""
    if options.query:
        return f"a query of {options.selected}; linking finds how many patients and images it gives"
    if options.wanted_images is not None:
        return f"{len(options.wanted_images):,} images of a file; linking finds their patients"
    if options.wanted is not None:
        return f"{len(options.wanted):,} patients of a file; linking finds their images"
    return ""
