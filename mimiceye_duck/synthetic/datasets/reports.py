"""Synthetic radiology reports."""

from mimiceye_duck.synthetic.world.dice import Dice

FINDINGS = (
    "The lungs are clear without focal consolidation.",
    "There is a small left pleural effusion with adjacent atelectasis.",
    "The cardiac silhouette is mildly enlarged.",
    "No pneumothorax is seen.",
    "Patchy opacity at the right base may reflect atelectasis or pneumonia.",
    "A right-sided central venous catheter ends in the superior vena cava.",
    "Mild interstitial pulmonary edema is present.",
    "The mediastinal and hilar contours are normal.",
    "Degenerative changes of the spine are noted.",
)
IMPRESSIONS = (
    "No acute cardiopulmonary process.",
    "Small left pleural effusion.",
    "Findings concerning for pneumonia in the right lower lobe.",
    "Mild pulmonary edema and cardiomegaly.",
)
INDICATIONS = ("shortness of breath", "chest pain", "fever and cough", "fall", "hypoxia")


def report(study_id: int, kind: str, dice: Dice) -> str:
    """One report: headings in capitals, ___ for what was taken out."""
    chance = dice.of("report", study_id)
    findings = " ".join(chance.sample(FINDINGS, 4))
    impression = chance.choice(IMPRESSIONS)
    indication = f"___ year old {chance.choice(('man', 'woman'))} with {chance.choice(INDICATIONS)}"
    if kind == "without sections":
        return _lines(
            "FINAL REPORT".center(79).rstrip(),
            f" PORTABLE CHEST ON ___.  {findings}",
            f" {impression}",
        )
    parts = [
        "FINAL REPORT".center(79).rstrip(),
        f" EXAMINATION:  {chance.choice(('CHEST (PA AND LAT)', 'CHEST (PORTABLE AP)'))}",
        f" INDICATION:  {indication}.  // ___",
        " TECHNIQUE:  Frontal view of the chest",
        f" COMPARISON:  {chance.choice(('None.', 'Chest radiograph from ___.'))}",
        f" FINDINGS: \n \n {findings}",
    ]
    if chance.random() < 0.83:
        parts.append(f" IMPRESSION: \n \n {impression}")
    if kind == "addendum":
        parts.append(" " + "_" * 77)
        parts.append(" ADDENDUM:  The findings were discussed with Dr. ___ by telephone on ___.")
    return _lines(*parts)


def _lines(*parts: str) -> str:
    """Lines of at most 79 characters, each but the first with a blank before it."""
    lines: list[str] = []
    for part in parts:
        for line in part.split("\n"):
            indent = line[: len(line) - len(line.lstrip())]
            while len(line) > 79:
                cut = line.rindex(" ", 0, 79)
                lines.append(line[:cut].rstrip())
                line = " " + line[cut:].lstrip()
            lines.append(line if line.strip() else indent)
        lines.append(" ")
    return "\n".join(lines[:-1]) + "\n"
