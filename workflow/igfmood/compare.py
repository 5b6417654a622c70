"""What moved between two runs of a study, and why.

Takes two folders of results; gives the verdicts and numbers that changed, appeared or disappeared,
and which of data, configuration, code and seed differ between the runs.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from igfmood import results
from igfmood.config.yaml_file import read_yaml
from igfmood.errors import DataError
from igfmood.results import KEYS, POOLED

#: Numbers are the same if they differ by no more than this share of the larger one. Sums in another
#: order differ by about 1e-12 of it, fits that stop at another step by 1e-10.
TOLERANCE = 1e-8
#: And if they differ by no more than this: a zero is seldom exactly one.
_NOTHING = 1e-12
_NUMBERS = ("estimate", "se", "ci_low", "ci_high", "p", "df", "n", "n_events")
_TABLE, _VERDICTS, _CONFIG = "pooled/results.parquet", "pooled/verdicts.json", "config.used.yaml"
_CLAIMS = "claims.used.yaml"
#: The study's name is part of every result_id: two names are matched by what is left.
_PLACE = tuple(key for key in KEYS if key != "study")
#: Analysis whose rows carry the digest of a cohort's own tables.
_OF_TABLES = "flow"
#: Key of the configuration that is told apart, and keys that only name things: they move no number.
_SEED = "seed"
_NAMES = {"study", "title", "data_root"}


@dataclass(frozen=True)
class VerdictMove:
    """A verdict that changed; empty where the claim was not judged."""

    claim: str
    before: str
    after: str
    reason_before: str
    reason_after: str


@dataclass(frozen=True)
class Move:
    """A number that changed: its row in both runs, what differs most, and why it may."""

    result_id: str
    keys: dict[str, str]
    column: str
    before: float | str | None
    after: float | str | None
    why: tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """A row that only one run has."""

    result_id: str
    keys: dict[str, str]
    status: str
    estimate: float | None


@dataclass(frozen=True)
class Causes:
    """What differs between two runs.

    Parameters
    ----------
    data
        Cohort: digests of its tables in the first and the second run.
    other_data
        Whether other files than the cohorts' tables must have changed: genetics, published studies.
    configuration
        Key: value in the first and the second run; ``(absent)`` where it is not there.
    code
        Analysis: digests of the code that computed it.
    seed, version
        Both, where they differ.
    """

    data: dict[str, tuple[str, str]]
    other_data: bool
    configuration: dict[str, tuple[Any, Any]]
    code: dict[str, tuple[str, str]]
    seed: tuple[int, ...] = ()
    version: tuple[str, ...] = ()

    @property
    def any(self) -> bool:
        """Whether anything differs."""
        return bool(
            self.data or self.other_data or self.configuration or self.code or self.seed
            or self.version
        )  # fmt: skip


@dataclass(frozen=True)
class Comparison:
    """Two runs of a study, compared."""

    first: str
    second: str
    tolerance: float
    compared: int
    causes: Causes
    verdicts: list[VerdictMove]
    moved: list[Move]
    appeared: list[Row]
    disappeared: list[Row]

    @property
    def anything_moved(self) -> bool:
        """Whether a verdict or a number changed, appeared or disappeared."""
        return bool(self.verdicts or self.moved or self.appeared or self.disappeared)

    def as_json(self) -> str:
        """Return everything as JSON, verdicts first."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1, default=str) + "\n"


@dataclass(frozen=True)
class _Run:
    folder: Path
    table: pd.DataFrame
    verdicts: dict[str, dict[str, Any]]
    config: dict[str, Any]
    version: str


def compare(first: Path, second: Path, tolerance: float = TOLERANCE) -> Comparison:
    """Return what moved from one run to another.

    Parameters
    ----------
    first, second
        Folders of results, such as ``results/synthetic``.
    tolerance
        Share of the larger number by which two may differ and still be the same.

    Raises
    ------
    DataError
        If a folder is not that of a finished study.
    """
    a, b = _read(first), _read(second)
    both = a.table.merge(b.table, left_index=True, right_index=True, suffixes=("_a", "_b"))
    causes = _causes(a, b, both)
    return Comparison(
        str(first), str(second), tolerance, len(both), causes, list(_verdicts(a, b)),
        _moves(both, causes, tolerance), _only(b, a), _only(a, b),
    )  # fmt: skip


def _read(folder: Path) -> _Run:
    missing = [name for name in (_TABLE, _VERDICTS, _CONFIG) if not (folder / name).is_file()]
    if missing:
        inside = sorted(path.parents[1].name for path in folder.glob(f"*/{_TABLE}"))
        hint = (
            f"it holds studies, name one: {', '.join(str(folder / name) for name in inside)}"
            if inside else "give the folder of a finished run, such as results/synthetic"
        )  # fmt: skip
        what = "is not there" if not folder.exists() else f"has no {', '.join(missing)}"
        raise DataError(f"{folder} {what}: {hint}")
    table = results.read(folder / _TABLE)
    verdicts = json.loads((folder / _VERDICTS).read_text(encoding="utf-8"))
    return _Run(
        folder, table.set_index(list(_PLACE)), {one["claim"]: one for one in verdicts},
        {**read_yaml(folder / _CONFIG), "claims": _claims(folder)}, _version(folder),
    )  # fmt: skip


def _claims(folder: Path) -> dict[str, Any]:
    """Return the claims of a run by their id, nothing where it did not write them."""
    path = folder / _CLAIMS
    found = read_yaml(path)["claims"] if path.is_file() else []
    return {one["id"]: one for one in found}


def _version(folder: Path) -> str:
    """Return the version that made a run, as its crate says; nothing where there is none."""
    path = folder / "release/ro-crate-metadata.json"
    if not path.is_file():
        return ""
    entities = json.loads(path.read_text(encoding="utf-8"))["@graph"]
    return next((str(one["version"]) for one in entities if one.get("name") == "igfmood"), "")


def _verdicts(a: _Run, b: _Run) -> Iterator[VerdictMove]:
    nothing = {"verdict": "", "reason": ""}
    for claim in dict.fromkeys([*a.verdicts, *b.verdicts]):
        old, new = a.verdicts.get(claim, nothing), b.verdicts.get(claim, nothing)
        if old["verdict"] != new["verdict"]:
            yield VerdictMove(claim, old["verdict"], new["verdict"], old["reason"], new["reason"])


def _causes(a: _Run, b: _Run, both: pd.DataFrame) -> Causes:
    own = both[(both.index.get_level_values("analysis") == _OF_TABLES)]
    data = _differing(own, "inputs", "cohort")
    code = _differing(both, "code", "analysis")
    configuration = dict(_changed_keys(a.config, b.config))
    seeds = a.table["seed"].dropna(), b.table["seed"].dropna()
    seed = tuple(int(one.iloc[0]) for one in seeds if len(one))
    version = (a.version, b.version)
    explained = data or code or configuration or len(set(seed)) > 1
    return Causes(
        data, not explained and bool((both["inputs_a"] != both["inputs_b"]).any()), configuration,
        code, seed if len(set(seed)) > 1 else (),
        version if all(version) and len(set(version)) > 1 else (),
    )  # fmt: skip


def _differing(both: pd.DataFrame, column: str, by: str) -> dict[str, tuple[str, str]]:
    """Return both values of a column where they differ, by a key of the rows."""
    moved = both[both[f"{column}_a"] != both[f"{column}_b"]]
    names = moved.index.get_level_values(by)
    values = zip(names, moved[f"{column}_a"], moved[f"{column}_b"], strict=True)
    return {str(name): (str(old), str(new)) for name, old, new in values}


def _changed_keys(a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield every key of the configuration whose value differs; the seed is told apart."""
    old, new = dict(_flat(a)), dict(_flat(b))
    for key in dict.fromkeys([*old, *new]):
        pair = old.get(key, "(absent)"), new.get(key, "(absent)")
        if pair[0] != pair[1] and key != _SEED:
            yield key, pair


def _flat(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the leaves of a configuration by their place: ``cohorts.clinic.analyte.lod``."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _flat(inner, f"{place}.{key}" if place else str(key))
    elif isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
        for number, one in enumerate(value, 1):
            yield from _flat(one, f"{place}.{one.get('name', number)}")
    else:
        yield place, value


def _moves(both: pd.DataFrame, causes: Causes, tolerance: float) -> list[Move]:
    """Return the rows that changed, by how far: in standard errors where there are any."""
    far = {name: _distance(both, name, tolerance) for name in _NUMBERS}
    status = (both["status_a"] != both["status_b"]).to_numpy()
    distances = np.column_stack([*far.values()])
    moved = status | (distances > 0).any(axis=1)
    order = np.where(status, np.inf, _in_errors(both, distances))
    places = np.flatnonzero(moved)
    places = places[np.argsort(-order[places], kind="stable")]
    found = []
    for place in map(int, places):
        row = both.iloc[place]
        # The estimate tells most; another column is named where the estimate stayed.
        first = "status" if status[place] else _NUMBERS[int((distances[place] > 0).argmax())]
        found.append(Move(
            row["result_id_b"], _keys(both.index[place]), first, _plain(row[f"{first}_a"]),
            _plain(row[f"{first}_b"]), _why(row, both.index[place], causes),
        ))  # fmt: skip
    return found


def _distance(both: pd.DataFrame, name: str, tolerance: float) -> np.ndarray:
    """Return by how much a number moved, 0 within the tolerance, infinite if one is missing."""
    old, new = (both[f"{name}_{run}"].astype("float64").to_numpy() for run in "ab")
    gap = np.abs(new - old)
    same = gap <= np.maximum(_NOTHING, tolerance * np.maximum(np.abs(old), np.abs(new)))
    one_missing = np.isnan(old) != np.isnan(new)
    gap[same | (np.isnan(old) & np.isnan(new))] = 0.0
    gap[one_missing] = np.inf
    return np.asarray(gap)


def _in_errors(both: pd.DataFrame, distances: np.ndarray) -> np.ndarray:
    """Return how far estimates moved in standard errors; without one in shares of the number."""
    estimate = distances[:, _NUMBERS.index("estimate")]
    error = both["se_a"].astype("float64").to_numpy()
    size = np.abs(both["estimate_a"].astype("float64").to_numpy())
    unit = np.where(np.isfinite(error) & (error > 0), error, np.maximum(size, _NOTHING))
    return np.asarray(np.nan_to_num(estimate / unit, nan=0.0, posinf=np.finfo(float).max))


def _why(row: pd.Series, place: tuple[str, ...], causes: Causes) -> tuple[str, ...]:
    """Return what may have moved a row: of what differs, that which reaches it.

    The tables of a cohort reach its own rows and the pooled ones, its settings likewise.
    """
    cohort = place[_PLACE.index("cohort")]
    pooled = cohort == POOLED
    own = f"cohorts.{cohort}."
    keys = [name for name in causes.configuration if name not in _NAMES]
    config = any(pooled or not key.startswith("cohorts.") or key.startswith(own) for key in keys)
    reached = {
        "data": cohort in causes.data or (pooled and bool(causes.data)) or causes.other_data,
        "configuration": config,
        "code": row["code_a"] != row["code_b"],
        "seed": bool(causes.seed),
    }
    return tuple(name for name, holds in reached.items() if holds)


def _only(here: _Run, there: _Run) -> list[Row]:
    """Return the rows of one run that the other does not have."""
    alone = here.table[~here.table.index.isin(there.table.index)]
    return [
        Row(row["result_id"], _keys(place), row["status"], _number(row["estimate"]))  # type: ignore[arg-type]
        for place, row in alone.iterrows()
    ]


def _keys(place: tuple[str, ...]) -> dict[str, str]:
    return {name: word for name, word in zip(_PLACE, place, strict=True) if word}


def _plain(value: Any) -> float | str | None:
    return value if isinstance(value, str) else _number(value)


def _number(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)
