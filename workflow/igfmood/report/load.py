"""Everything a report is written from, read once.

Takes the paths of results, verdicts, configuration, claims and flows; gives one frozen object
with the ways to look things up in it. Nothing is computed.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict

from igfmood import results
from igfmood.config.authors import Authors
from igfmood.config.claims import Claim
from igfmood.config.load import load_authors, load_claims, parse_study, read_yaml
from igfmood.config.prediction import COMPARED_MODELS
from igfmood.config.study import Study, Task
from igfmood.disclosure import redact
from igfmood.report import reasons
from igfmood.visible import visible


@dataclass(frozen=True)
class ReportInputs:
    """Files that a report is written from."""

    results: Path
    verdicts: Path
    lock: Path
    config: Path
    claims: Path
    flows: tuple[Path, ...]


@dataclass(frozen=True)
class Failure:
    """What failed in a cohort: the stage, the part of it if not the whole, and why."""

    cohort: str
    stage: str
    part: str
    reason: str


class Verdict(BaseModel):
    """One entry of verdicts.json."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    claim: str
    verdict: Literal["SUPPORTED", "REFUTED", "INCONCLUSIVE", "NOT_EVALUABLE"]
    reason: str
    statement: str
    result_ids: tuple[str, ...]
    prespecified: str = ""

    @property
    def standing(self) -> str:
        """In a word or two: pre-specified, exploratory or not locked."""
        return self.prespecified.split(":")[0].split(" at ")[0]


class Fixed(BaseModel):
    """What was fixed before outcomes were read: lock.json."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    says: str
    claims: dict[str, bool]
    history: list[dict[str, Any]] = []
    changed: list[str] = []
    dropped: list[str] = []
    tables: list[str] = []
    code: str = ""

    @property
    def kept(self) -> int:
        """How many verdicts are pre-specified."""
        return sum(self.claims.values())

    @property
    def told_apart(self) -> bool:
        """Whether there is a lock that counts, which claims can differ from."""
        return self.says.startswith("pre-specified")


@dataclass(frozen=True)
class Findings:
    """A finished study, as the report sees it.

    Parameters
    ----------
    study, claims
        What was asked.
    verdicts
        One per claim, in the order of the claims.
    table
        The results table.
    flows
        Cohort: content of its flow.json.
    fixed
        What was fixed before outcomes were read.
    authors
        What the authors wrote for the reporting checklists.
    """

    study: Study
    claims: Mapping[str, Claim]
    verdicts: Sequence[Verdict]
    table: pd.DataFrame
    flows: Mapping[str, Mapping[str, Any]]
    fixed: Fixed
    authors: Authors = field(default_factory=Authors)

    @cached_property
    def _by_key(self) -> dict[tuple[str, ...], pd.Series]:
        names = ["cohort", "analysis", "target", "adjustment", "stratum", "term", "measure"]
        keys = zip(*(self.table[name] for name in names), strict=True)
        # Models that are only compared share their keys with the one that claims are judged by.
        return {
            key: row
            for key, row in zip(keys, self.by_id.values(), strict=True)
            if row["model"] not in COMPARED_MODELS
        }

    @cached_property
    def by_id(self) -> dict[str, pd.Series]:
        """Result id: row."""
        rows = (row for _, row in self.table.iterrows())
        return dict(zip(self.table["result_id"], rows, strict=True))

    def find(
        self, analysis: str, target: str, measure: str, *, cohort: str = results.POOLED,
        adjustment: str = "", stratum: str = "all", term: str = "",
    ) -> pd.Series | None:  # fmt: skip
        """Return the row with these keys, whatever its status, or None."""
        return self._by_key.get((cohort, analysis, target, adjustment, stratum, term, measure))

    def ok(
        self, analysis: str, target: str, measure: str, *, cohort: str = results.POOLED,
        adjustment: str = "", stratum: str = "all", term: str = "",
    ) -> pd.Series | None:  # fmt: skip
        """Return the row with these keys if it holds a number."""
        row = self.find(
            analysis, target, measure, cohort=cohort, adjustment=adjustment, stratum=stratum,
            term=term,
        )  # fmt: skip
        return row if row is not None and row["status"] == "ok" else None

    def prepare(self) -> None:
        """Build what rows are looked up in: once, before processes part and each builds it."""
        _ = self._by_key

    @property
    def min_cell(self) -> int:
        """Counts below this are suppressed."""
        return self.study.disclosure.min_cell

    def titles(self) -> dict[str, str]:
        """Return how each cohort is called."""
        return {cohort.name: cohort.title for cohort in self.study.cohorts}

    def task(self, name: str) -> Task | None:
        """Return the task of that name, if it is one."""
        return next((task for task in self.study.tasks if task.name == name), None)

    def failures(self) -> list[Failure]:
        """Return every failure."""
        failed = self.table[self.table["status"] == "failed"]
        return [
            Failure(row["cohort"], row["analysis"], row["term"],
                    redact(row["reason"], self.min_cell))
            for _, row in failed.iterrows()
        ]  # fmt: skip

    def why_not(self, **keys: str | Sequence[str]) -> str:
        """Return the reasons for which nothing with these keys could be estimated.

        Cohorts that share a reason are named together.
        """
        rows = results.select(self.table, **keys)
        rows = rows[(rows["status"] != "ok") & (rows["cohort"] != results.POOLED)]
        titles = self.titles()
        cohorts: dict[str, list[str]] = {}
        for _, row in rows.iterrows():
            reason = redact(reasons.without_keys(row["reason"], self.study), self.min_cell)
            names = cohorts.setdefault(reason, [])
            if titles.get(row["cohort"], row["cohort"]) not in names:
                names.append(titles.get(row["cohort"], row["cohort"]))
        return "; ".join(f"{', '.join(names)}: {reason}" for reason, names in cohorts.items())


#: Columns of the results in which text of tables may stand.
_TEXTS = ("stratum", "term", "method", "reason")


def _read_table(path: Path) -> pd.DataFrame:
    """Return the results, with what tables brought into them as it may be shown."""
    table = results.read(path)
    return table.assign(**{name: table[name].map(visible) for name in _TEXTS})


def _read_json(path: Path) -> Any:
    """Return the content of a file, with its texts as they may be shown."""

    def shown(value: Any) -> Any:
        if isinstance(value, dict):
            return {visible(key): shown(item) for key, item in value.items()}
        if isinstance(value, list):
            return [shown(item) for item in value]
        return visible(value) if isinstance(value, str) else value

    return shown(json.loads(path.read_text(encoding="utf-8")))


def load_findings(inputs: ReportInputs) -> Findings:
    """Read everything a report is written from.

    Raises
    ------
    ConfigError, ValueError
        If a file is not what it should be.
    """
    verdicts = _read_json(inputs.verdicts)
    study = parse_study(read_yaml(inputs.config))
    flows = [_read_json(path) for path in inputs.flows]
    return Findings(
        study=study,
        claims={claim.id: claim for claim in load_claims(inputs.claims).claims},
        verdicts=[Verdict.model_validate(item) for item in verdicts],
        table=_read_table(inputs.results),
        flows={flow["cohort"]: flow for flow in flows},
        fixed=Fixed.model_validate(_read_json(inputs.lock)),
        authors=load_authors(study),
    )
