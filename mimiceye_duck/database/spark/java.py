"""The Java that Spark runs on: which one there is, and whether it will do."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from mimiceye_duck.core.errors import Problem, UserError

# The oldest that Spark 4 starts on.
OLDEST = 17
_HINT = (
    f"install Java {OLDEST}, on Debian `apt-get install openjdk-{OLDEST}-jre-headless`, "
    "or set JAVA_HOME to where it is"
)


def require_java() -> str:
    """The version of the Java that Spark would start, such as 17.0.15.

    Raises `UserError` where there is none, or names one that is too old.
    """
    java = _java()
    if java is None:
        raise UserError(
            Problem(f"Spark needs Java {OLDEST} or newer, and there is none", hint=_HINT)
        )
    version = _version(java)
    if version is None or major(version) < OLDEST:
        found = f"Java {version}" if version else "a Java that does not say which it is"
        problem = Problem(
            f"Spark needs Java {OLDEST} or newer", path=java, detail=found, hint=_HINT
        )
        raise UserError(problem)
    return version


def major(version: str) -> int:
    """The usual number of a version: Java 8 called itself 1.8.

    >>> major("17.0.15"), major("1.8.0_392")
    (17, 8)
    """
    first, second, *_ = [int(number) for number in re.findall(r"\d+", version)] + [0]
    return second if first == 1 else first


def _java() -> str | None:
    """As Spark looks for it: in JAVA_HOME, else on the path."""
    home = os.environ.get("JAVA_HOME")
    if not home:
        return shutil.which("java")
    return shutil.which("java", path=str(Path(home, "bin"))) or str(Path(home, "bin", "java"))


def _version(java: str) -> str | None:
    try:
        ran = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r'version "([\d._]+)', ran.stderr + ran.stdout)
    return found.group(1) if found else None
