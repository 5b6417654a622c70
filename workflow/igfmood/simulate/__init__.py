"""Invented cohorts with a known truth, to try and to test the whole study on.

Takes: a folder and a seed.
Gives: `write_default_study` and the seed of the committed files, `DEFAULT_SEED`.
"""

from igfmood.simulate.study import DEFAULT_SEED, write_default_study

__all__ = ["DEFAULT_SEED", "write_default_study"]
