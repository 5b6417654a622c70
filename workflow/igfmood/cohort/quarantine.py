"""The file of quarantined cells.

Takes the table of problems; writes it so that a spreadsheet shows what stood in a cell and never
computes it.
"""

from pathlib import Path

import pandas as pd

from igfmood.config.base import NUMBER
from igfmood.files import whole
from igfmood.visible import visible

#: A cell that begins so is a formula to a spreadsheet (OWASP, "CSV injection").
_OPENS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def shown(text: str) -> str:
    """Return a cell as a spreadsheet will show it: a formula gets an apostrophe, a number none.

    Characters that steer a terminal are written out.
    """
    text = visible(text)
    is_formula = text.startswith(_OPENS_A_FORMULA) and not NUMBER.fullmatch(text)
    return f"'{text}" if is_formula else text


def write_quarantine(table: pd.DataFrame, path: Path) -> None:
    """Write row, column, value and reason of every quarantined cell."""
    words = {name: table[name].map(shown) for name in ("column", "value", "reason")}
    with whole(path) as beside:
        table.assign(**words).to_csv(beside, index=False, lineterminator="\n")
