"""What several files of these tests look at."""

from tests.broken.trees import few
from tests.marked import drawn, marked
