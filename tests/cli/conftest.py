"""What several files of these tests look at."""

from tests.broken.trees import few  # noqa: F401
from tests.marked import drawn, marked  # noqa: F401
