"""One output of a build, and all that it is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from mimiceye_duck.core.digest import digest


@dataclass(frozen=True)
class Node:
    """An output of a build.

    `inputs` are all that it is made of, each part by its name: texts that people can read, as
    an option's value, or digests. A part that is called as another node is that node's digest.
    """

    name: str
    kind: str
    inputs: Mapping[str, str] = field(hash=False)

    @cached_property
    def digest(self) -> str:
        """The digest of what it is made of."""
        return digest(self.kind, sorted(self.inputs.items()))
