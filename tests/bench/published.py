"""The published method, restated: python tests/bench/published.py SOURCE COHORT OUT

As MIMIC-Eye's notebooks make their folders: each table is read whole, and for each patient its
rows are picked by a mask and written. Only the tables: no image, no repair, no database.
"""

import sys
from pathlib import Path

import pandas as pd

FOLDERS = {"hosp": "Hosp", "icu": "ICU", "ed": "ED"}
IMAGING = {"metadata": "cxr_meta", "chexpert": "cxr_chexpert", "negbio": "cxr_negbio"}


def tables(source: Path) -> list[tuple[Path, str]]:
    """Each file of the clinical and image tables, and its name below a patient's folder."""
    found = []
    for file in sorted(source.rglob("*.csv.gz")):
        name = file.name.removesuffix(".csv.gz")
        if file.parent.name in FOLDERS:
            found.append((file, f"{FOLDERS[file.parent.name]}/{name}"))
        elif (last := name.rsplit("-", 1)[-1]) in {**IMAGING, "split": ""}:
            found.append((file, f"CXR-JPG/{IMAGING.get(last, 'cxr_split')}"))
    return found


def main(source: Path, cohort: Path, out: Path) -> None:
    patients = pd.read_csv(cohort)["subject_id"].tolist()
    for file, name in tables(source):
        table = pd.read_csv(file, low_memory=False)
        if "subject_id" not in table.columns:
            target = out / "spreadsheets" / f"{name}.csv"
            target.parent.mkdir(parents=True, exist_ok=True)
            table.to_csv(target, index=False)
            continue
        for patient in patients:
            rows = table[table["subject_id"] == patient]
            if len(rows):
                target = out / f"patient_{patient}" / f"{name}.csv"
                target.parent.mkdir(parents=True, exist_ok=True)
                rows.to_csv(target, index=False)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
