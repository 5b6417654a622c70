"""Tables that an earlier job wrote.

Takes a path; gives the table or its columns, or says that the file is not whole.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
from pyarrow import parquet
from pyarrow.lib import ArrowException

from igfmood.errors import BrokenFile


def read_table(path: Path | str, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Read a table that an earlier job wrote.

    Raises
    ------
    BrokenFile
        If it is not whole.
    """
    with _whole_table(path):
        return pd.read_parquet(path, columns=None if columns is None else list(columns))


def columns_of(path: Path | str) -> list[str]:
    """Return the columns of a table that an earlier job wrote.

    Raises
    ------
    BrokenFile
        If it is not whole.
    """
    with _whole_table(path):
        return list(parquet.read_schema(path).names)


@contextmanager
def _whole_table(path: Path | str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except (ArrowException, OSError) as error:
        raise BrokenFile(
            f"{path} cannot be read ({error}): a disk or another program cut it off; make it again "
            f"by the same command with --forcerun {path}"
        ) from error
