"""The README.txt of a build: what it is made from, how to cite it, what may be done with it."""

from pathlib import Path

from mimiceye_duck.readers.sources import Sources

_TEXT = """\
This folder was made by mimiceye-duck from one person's own PhysioNet downloads.

It holds data of patients under the data use agreements of its sources. Do not share it:
whoever wants it signs the agreements, downloads the sources and builds it.

The layout is that of MIMIC-Eye 1.0.0; cite it beside every source that you use:

  Hsieh, C., Ouyang, C., Nascimento, J. C., Pereira, J., Jorge, J., & Moreira, C. (2023).
  MIMIC-Eye: Integrating MIMIC Datasets with REFLACX and Eye Gaze for Multimodal Deep
  Learning Applications (version 1.0.0). PhysioNet. https://doi.org/10.13026/pc72-as03

  Goldberger, A., et al. (2000). PhysioBank, PhysioToolkit, and PhysioNet. Circulation,
  101 (23), e215-e220.

Made from
"""


def write_readme(file: Path, sources: Sources) -> None:
    """Write the sources, their licences and citations."""
    parts = [
        f"\n{release}\n  {release.dataset.citation}\n  Licence: {release.dataset.licence}\n"
        for release in sources.releases.values()
    ]
    file.write_text(_TEXT + "".join(parts), encoding="utf-8", newline="\n")
