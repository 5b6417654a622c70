"""Reasons for whoever has no study file.

Takes the refused rows of a table under canonical names; gives the same rows, their reasons without
advice that only a study file can take.
"""

import pandas as pd

from igfmood.config.vocabulary import VARIABLES
from igfmood.performance.frozen.document import FrozenModel

_OF_STUDY_FILE = ": add it to recode or missing"
_BELOW_LIMIT = "add it to analyte.below_limit"


def without_study_file(refused: pd.DataFrame, model: FrozenModel) -> pd.DataFrame:
    """Return refused rows with reasons that say what can be done in the table itself.

    Parameters
    ----------
    refused
        Row, column, value and reason; columns have canonical names.
    model
        The model.
    """
    reasons = [
        _plain(column, reason, model.analyte.name)
        for column, reason in zip(refused["column"], refused["reason"], strict=True)
    ]
    return refused.assign(reason=reasons)


def _plain(column: str, reason: str, analyte: str) -> str:
    # The column has the variable's name.
    text = reason.replace(f" for {column}", "", 1)
    variable = VARIABLES.get(column)
    words = variable.categories if variable and variable.kind == "category" else ("yes", "no")
    text = text.replace(
        _OF_STUDY_FILE,
        f": write {', '.join(words[:-1])} or {words[-1]}, or give a study file that explains its "
        "codes (--config, --cohort)",
    )
    limit = f"write <9.5, or fill in {analyte}_below_lod and {analyte}_lod"
    return text.replace(_BELOW_LIMIT, limit)
