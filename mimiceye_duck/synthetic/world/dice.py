"""Chance that is the same on every machine: drawn from the seed and a name."""

import hashlib
import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Dice:
    """Draws that depend on the seed and on what is drawn, never on the order of drawing."""

    seed: int

    def of(self, *names: object) -> random.Random:
        """A generator of its own for the thing so named."""
        return random.Random("/".join(map(str, (self.seed, *names))))

    def hex(self, *names: object) -> str:
        """32 hexadecimal digits for the thing so named."""
        text = "/".join(map(str, (self.seed, *names)))
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
