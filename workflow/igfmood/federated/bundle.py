"""The file in which a site's aggregates travel: plain JSON, one row of results a line.

Takes a bundle; gives its text. Takes a file from elsewhere; gives a checked bundle, or an error
that names what is wrong with it. Nothing in a bundle is ever run or used as a path.
"""

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, Self

import pandas as pd
from pydantic import Field, ValidationError, model_validator

from igfmood import results
from igfmood.config.base import Slug, Strict
from igfmood.config.lock import Part, Sealed
from igfmood.errors import DataError
from igfmood.federated.contents import WITHHELD, released_analyses
from igfmood.files import write_text

#: Version of the format that this package writes and reads.
VERSION = 1
#: A larger file is none that a study writes (five cohorts make about 3 MB).
LARGEST = 64 * 2**20
#: So many rows of one bundle, at most.
MOST_ROWS = 200_000
#: Columns of the rows; what all rows of a cohort share stands elsewhere.
COLUMNS = (
    "cohort", "analysis", "target", "exposure", "model", "adjustment", "stratum", "term", "measure",
    "estimate", "se", "ci_low", "ci_high", "p", "df", "n", "n_events", "method", "status", "reason",
)  # fmt: skip
_NUMBERS = ("estimate", "se", "ci_low", "ci_high", "p", "df")
_COUNTS = ("n", "n_events")
_STATUS = ("ok", "not_estimable", WITHHELD)
#: Characters that move the cursor of a terminal, or turn the direction of a line.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_LONGEST = 4000


class Card(Strict):
    """What a bundle says of a cohort beside its numbers."""

    name: Slug
    label: str = ""
    design: str = Field(description="Study design")
    assay: str = Field("", description="Assay and platform; empty where the analyte is missing")
    matrix: str = Field("", description="Serum or plasma")
    data: str = Field(pattern="^[0-9a-f]{12}$", description="Digest of the cohort's tables")
    entry: str = Field(pattern="^[0-9a-f]{64}$", description="Digest of its entry in the study")
    same_people: list[Slug] = Field([], description="Cohorts that hold some of its people")


class Bundle(Sealed):
    """Aggregates of one or several cohorts of one site, and what they were made by."""

    format: Literal["igfmood bundle"] = "igfmood bundle"
    version: Literal[1] = 1
    igfmood: str = Field(description="Version of the package")
    code: dict[str, str] = Field(description="Stage: digest of its code")
    libraries: dict[str, str]
    study: Slug
    prespecified: dict[Slug, str] = Field(description="Claim: what its lock says of it")
    claims: dict[Slug, Part]
    analysis: dict[Slug, Part] = Field(description="What must agree between sites")
    cohorts: list[Card] = Field(min_length=1)
    columns: list[Literal[COLUMNS]]  # type: ignore[valid-type]
    rows: list[list[str | int | float | None]] = Field(max_length=MOST_ROWS)

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.hash and self._digest() != self.hash:
            raise ValueError("content and hash do not belong together: it was changed by hand")
        self._has_its_parts()
        if tuple(self.columns) != COLUMNS:
            raise ValueError(f"columns should be {list(COLUMNS)}")
        names = [card.name for card in self.cohorts]
        if len({name.casefold() for name in names}) < len(names):
            raise ValueError(f"cohorts share a name: {names}")
        for place, row in enumerate(self.rows):
            problem = next(_row_problems(row, names), "")
            if problem:
                raise ValueError(f"row {place + 1}: {problem}")
        return self

    def _has_its_parts(self) -> None:
        for part, key, kind in (("disclosure", "min_cell", int), ("analyte", "name", str)):
            content = self.analysis[part].content if part in self.analysis else None
            if not isinstance(content, dict) or type(content.get(key)) is not kind:
                raise ValueError(f"analysis.{part}.{key} is missing")

    @property
    def min_cell(self) -> int:
        """The smallest count that the site lets out."""
        return int(self.analysis["disclosure"].content["min_cell"])

    def table(self) -> pd.DataFrame:
        """Return the rows as a table with the columns of a bundle."""
        frame = pd.DataFrame(self.rows, columns=list(COLUMNS))
        types = {name: results.COLUMNS[name] for name in COLUMNS}
        return frame.astype(types)


def _row_problems(row: list[Any], cohorts: list[str]) -> Iterator[str]:
    if len(row) != len(COLUMNS):
        yield f"{len(row)} cells instead of {len(COLUMNS)}"
        return
    cells = dict(zip(COLUMNS, row, strict=True))
    texts = [name for name in COLUMNS if name not in (*_NUMBERS, *_COUNTS)]
    for name in texts:
        if not isinstance(cells[name], str):
            yield f"{name} is no text"
            return
    for name in _NUMBERS:
        if isinstance(cells[name], str) or (cells[name] is not None and not _finite(cells[name])):
            yield f"{name} is no number"
    for name in _COUNTS:
        if not (cells[name] is None or (type(cells[name]) is int and 0 <= cells[name] < 2**53)):
            yield f"{name} is no count"
    if cells["cohort"] not in cohorts:
        yield f"cohort {cells['cohort']!r} is none of {cohorts}"
    if cells["status"] not in _STATUS:
        yield f"status {cells['status']!r} is none of {list(_STATUS)}"
    if (cells["status"] == "ok") != (cells["estimate"] is not None):
        yield f"status {cells['status']!r} does not fit its estimate"
    if cells["se"] is not None and isinstance(cells["se"], int | float) and cells["se"] < 0:
        yield f"se {cells['se']} is negative"
    if cells["analysis"] not in released_analyses():
        yield f"analysis {cells['analysis']!r} is none that a bundle holds"


def _finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def write_bundle(bundle: Bundle, path: Path) -> None:
    """Write a bundle, whole or not at all.

    Raises
    ------
    DataError
        If the name of the file does not say that it is JSON.
    """
    if path.suffix != ".json":
        raise DataError(f"{path}: a bundle is a JSON file; call it {path.with_suffix('.json')}")
    write_text(as_text(bundle), path)


def as_text(bundle: Bundle) -> str:
    """Return a bundle as JSON that people can read: one row of results a line."""
    parts = []
    for name, value in bundle.model_dump(mode="json").items():
        if name == "rows":
            lines = [json.dumps(row, ensure_ascii=False) for row in value]
            text = "[\n" + ",\n".join(lines) + "\n]"
        else:
            text = json.dumps(value, ensure_ascii=False, indent=1)
        parts.append(f"{json.dumps(name)}: {text}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def read_bundle(path: Path) -> Bundle:
    """Read a bundle from another site, and check everything in it.

    Raises
    ------
    DataError
        If the file is too large, no bundle, of another version, or not as it was written.
    """
    given = _json(path)
    if not isinstance(given, dict) or given.get("format") != "igfmood bundle":
        raise DataError(f"{path} is no bundle of `igfmood site`: ask the site to send it again")
    version = given.get("version")
    if version != VERSION:
        raise DataError(
            f"{path}: version {version!r} of the format; this igfmood reads version {VERSION}: "
            "site and hub must use the same igfmood"
        )
    if not given.get("hash"):
        raise DataError(f"{path}: hash is missing: ask the site to send the bundle again")
    try:
        return Bundle.model_validate(given)
    except (ValidationError, RecursionError) as error:
        raise DataError(
            f"{path} is not as `igfmood site` wrote it: {_first(error)}; ask the site to send it "
            "again"
        ) from error


def _first(error: ValidationError | RecursionError) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    one = error.errors(include_input=False)[0]
    place = ".".join(map(str, one["loc"]))
    return (f"{place}: {one['msg']}" if place else one["msg"])[:400]


def _json(path: Path) -> Any:
    size = path.stat().st_size
    if size > LARGEST:
        raise DataError(
            f"{path}: {size:,} bytes; a bundle has {LARGEST:,} at most: is it another file?"
        )
    with path.open("rb") as stream:  # a pipe has no size
        content = stream.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise DataError(f"{path}: more than {LARGEST:,} bytes: is it another file?")
    try:
        given = json.loads(
            content.decode("utf-8"), parse_constant=_no_constant, object_pairs_hook=_once
        )
        _refuse_unprintable(given)
        return given
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"{path} is no bundle: it should be JSON in UTF-8 as `igfmood site` writes it, not an "
            f"archive ({_why(error)})"
        ) from error


def _why(error: ValueError | RecursionError) -> str:
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)[:200]


def _refuse_unprintable(value: Any) -> None:
    """Refuse texts that would act on the terminal of whoever lists them, or fill it."""
    if isinstance(value, str):
        if _CONTROL.search(value) or len(value) > _LONGEST:
            raise ValueError(f"a text is longer than {_LONGEST}, or has control characters")
    elif isinstance(value, dict):
        for key, inner in value.items():
            _refuse_unprintable(key)
            _refuse_unprintable(inner)
    elif isinstance(value, list):
        for inner in value:
            _refuse_unprintable(inner)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; of a key that stands twice one reader would take the first, another not."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found
