"""Where the SQL models and the data contracts are, installed or in a checkout."""

from pathlib import Path

PACKAGE = Path(__file__).parent


def _folder(name: str) -> Path:
    installed = PACKAGE / name
    return installed if installed.is_dir() else PACKAGE.parent / name


SQL = _folder("sql")
DATA_CONTRACTS = _folder("data_contracts")
