"""Every exception that igfmood raises on purpose, in one place.

Takes: a sentence written for the epidemiologist who runs the study.
Gives: classes that say who can mend the problem and what becomes of the row.
"""

from collections.abc import Sequence


class IgfmoodError(Exception):
    """A problem the user can mend; its text names file/row/key, value, remedy."""


class NotEstimable(IgfmoodError):
    """A number that cannot be computed honestly from the data at hand.

    The stage that catches it writes a result row with ``status=not_estimable`` and this reason;
    it never becomes 0, NaN or a missing row.

    Parameters
    ----------
    reason : str
        Why, with the counts that show it (``"too few events: 4 < 10"``).

    Attributes
    ----------
    reason : str
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Separated(NotEstimable):
    """Odds ratios that plain maximum likelihood cannot give: the predictors tell the classes apart.

    A penalised likelihood has an answer still.
    """


class DataError(IgfmoodError):
    """A table that cannot be used as it stands: a missing column, a unit, a duplicated key."""


class BrokenFile(DataError, OSError):
    """A file of an earlier job that is not whole: no property of a cohort, and no result."""


class ConfigError(IgfmoodError):
    """A configuration that cannot be used: an unknown key, a missing path, a contradiction.

    Parameters
    ----------
    text : str
        Everything that is wrong.
    problems : sequence of str
        The same, one by one, each with its file or place; of one alone it can be left out.

    Attributes
    ----------
    problems : tuple of str
    """

    def __init__(self, text: str, problems: Sequence[str] = ()) -> None:
        super().__init__(text)
        self.problems = tuple(problems) or (text,)
