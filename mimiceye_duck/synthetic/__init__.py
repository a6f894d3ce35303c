"""A made-up source tree of all six datasets, with the answers known beforehand."""

from mimiceye_duck.synthetic.tree import synth

__all__ = ["synth"]
