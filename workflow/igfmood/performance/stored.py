"""Out-of-fold predictions as a table: the first-class output that every measure comes from.

Takes the predictions of one cohort; gives one row for each person, model, tier and draw. In a large
study the rows do not fit in memory: they are written model by model, and files of cohorts joined
row group by row group.
"""

import glob
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from igfmood.files import whole
from igfmood.performance.predict import Predicted
from igfmood.performance.splits import CROSS_VALIDATION
from igfmood.performance.tasks import PredictionTask

_NAME = pa.dictionary(pa.int32(), pa.string())
#: `repeat` counts repeats of cross-validation, `imputation` completed tables of a validation; `of`
#: is the class that `p` is the risk of; `time` is follow-up in years.
SCHEMA = pa.schema({
    "analysis": _NAME, "task": _NAME, "model": _NAME, "tier": _NAME, "repeat": pa.int16(),
    "imputation": pa.int16(), "fold": pa.int16(), "held_out": _NAME, "participant": _NAME,
    "of": _NAME, "y": pa.int8(), "time": pa.float32(), "p": pa.float64(),
})  # fmt: skip
_NAMES = [field.name for field in SCHEMA if pa.types.is_dictionary(field.type)]
#: Rows that are written, and held in memory, at once.
_AT_ONCE = 1 << 20


def tables(found: Predicted, task: PredictionTask) -> Iterator[pa.Table]:
    """Yield the predictions of one cohort, a table for each model and tier."""
    within, people = found.analysis == CROSS_VALIDATION, found.people
    participants = pa.array(people.participant.astype(object), pa.string())
    for (model, tier), p in found.p.items():
        draws, n = p.shape[:2]
        classes = task.classes if p.ndim == 3 else task.classes[1:]
        k = len(classes)
        same = np.zeros(draws * n * k, dtype=np.int16)
        draw = np.repeat(np.arange(draws, dtype=np.int16), n * k)
        columns = {
            "analysis": _named(same, [found.analysis]), "task": _named(same, [task.name]),
            "model": _named(same, [model]), "tier": _named(same, [tier]),
            "repeat": draw if within else same, "imputation": same if within else draw,
            "fold": np.repeat(found.fold[:draws].ravel().astype(np.int16), k),
            "held_out": _named(same, [found.cohort]),
            "participant": pa.DictionaryArray.from_arrays(
                np.tile(np.repeat(np.arange(n, dtype=np.int32), k), draws), participants
            ),
            "of": _named(np.tile(np.arange(k), draws * n), classes),
            "y": np.tile(np.repeat(people.y.astype(np.int8), k), draws),
            "time": np.tile(np.repeat(people.time.astype(np.float32), k), draws),
            "p": p.ravel(),
        }  # fmt: skip
        yield pa.table(columns, schema=SCHEMA)


def _named(codes: np.ndarray, names: Sequence[str]) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(codes.astype(np.int32), pa.array(names, pa.string()))


def write(found: Iterable[pa.Table], path: Path) -> None:
    """Write tables into one Parquet file, whose columns of names are plain strings."""
    with whole(path) as beside, parquet.ParquetWriter(beside, SCHEMA, store_schema=False) as file:
        for table in _gathered(found):
            file.write_table(table, row_group_size=max(1, len(table)))


def part(path: Path, place: int) -> Path:
    """Return where a piece of a table waits for the others: beside it."""
    return path.with_name(f"{path.name}.{place}.of")


def sweep(path: Path) -> None:
    """Remove the pieces that a run left that was broken off."""
    for left in path.parent.glob(f"{glob.escape(path.name)}.*.of"):
        left.unlink()


def join(paths: Sequence[Path], path: Path) -> None:
    """Write the rows of files into one, in their order; pieces of it go. Some may not be there."""
    write(read([one for one in paths if one.is_file()]), path)
    sweep(path)


def read(paths: Iterable[Path]) -> Iterator[pa.Table]:
    """Yield what is in files, a table for each row group."""
    for path in paths:
        with parquet.ParquetFile(path, read_dictionary=_NAMES) as file:
            for group in range(file.num_row_groups):
                yield file.read_row_group(group)


def _gathered(found: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Join small tables; without any, yield one without rows."""
    waiting = [SCHEMA.empty_table()]
    for table in found:
        waiting.append(table)
        if sum(map(len, waiting)) >= _AT_ONCE:
            yield pa.concat_tables(waiting).unify_dictionaries()
            waiting = []
    if waiting:
        yield pa.concat_tables(waiting).unify_dictionaries()
