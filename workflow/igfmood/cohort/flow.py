"""The flow of rows through a cohort.

Takes counts as they arise; gives the account that must balance: rows in the file = rows analysed
+ rows excluded (by rule) + rows quarantined.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

import pandas as pd

from igfmood.cohort.table import JoinCount
from igfmood.config.cohort import Cohort
from igfmood.results import Rows


@dataclass(frozen=True)
class Flow:
    """Counts of one cohort.

    Parameters
    ----------
    cohort
        Name of the cohort.
    rows_in
        Data rows of the file.
    quarantined
        Rows with a value that cannot be, or that repeat another row.
    excluded
        Rows excluded, by rule, in the order of the rules.
    analysed
        Rows that stay.
    participants
        People behind them.
    before
        Counts before exclusions: complete PHQ-9, total of 10 or more.
    groups
        People by diagnosis (and subtype) at the first visit, after exclusions.
    not_applied
        Known exclusions that could not be applied, and the variable that the cohort lacks.
    controls_redefined
        Rows coded as controls that the study's definition of a control does not admit.
    joined
        What became of the keys of each joined file.
    notes
        What was found out about the files and not declared.
    """

    cohort: str
    rows_in: int
    quarantined: int = 0
    excluded: dict[str, int] = field(default_factory=dict)
    analysed: int = 0
    participants: int = 0
    before: dict[str, int] = field(default_factory=dict)
    groups: dict[str, int] = field(default_factory=dict)
    not_applied: dict[str, str] = field(default_factory=dict)
    controls_redefined: int = 0
    joined: tuple[JoinCount, ...] = ()
    notes: tuple[str, ...] = ()

    def before_exclusions(self, mapped: pd.DataFrame) -> Self:
        """Return the flow with the counts that describe the whole file."""
        total = mapped["phq9_total"]
        counts = {
            "phq9_complete": int((mapped["phq9_source"].isin(["complete", "given"])).sum()),
            "phq9_10_or_more": int((total >= 10).sum()),
        }
        redefined = int(mapped["control_redefined"].sum())
        return replace(self, before=counts, controls_redefined=redefined)

    def with_exclusions(
        self, reason: pd.Series, rules: Sequence[str], not_applied: Mapping[str, str]
    ) -> Self:
        """Return the flow with the rows that each rule left out, and rules that could not be."""
        counts = reason.value_counts()
        return replace(
            self,
            excluded={name: int(counts.get(name, 0)) for name in rules},
            not_applied=dict(not_applied),
        )

    def with_participants(self, participants: pd.DataFrame, quarantined: int) -> Self:
        """Return the finished flow.

        Raises
        ------
        AssertionError
            If the account does not balance: a row was lost.
        """
        first = participants[participants["is_baseline"]]
        labels = first["dx_subtype"].where(first["dx_subtype"] != "", first["diagnosis"])
        flow = replace(
            self,
            quarantined=quarantined,
            analysed=len(participants),
            participants=int(participants["participant_id"].nunique()),
            groups={str(k): int(n) for k, n in labels.value_counts().sort_index().items()},
        )
        lost = flow.rows_in - flow.analysed - sum(flow.excluded.values()) - flow.quarantined
        if lost:
            raise AssertionError(f"cohort {self.cohort}: {lost} rows are in no account")
        return flow

    def account(self, cohort: Cohort) -> str:
        """Return in words why no row of the cohort is left, without counts."""
        causes = {"quarantine": self.quarantined}
        causes |= {cohort.why_excluded(name): n for name, n in self.excluded.items()}
        return ", ".join(name for name, n in causes.items() if n)

    def as_dict(self) -> dict[str, Any]:
        """Return the flow as it is written to flow.json."""
        return {
            "cohort": self.cohort,
            "status": "ok",
            "rows_in": self.rows_in,
            "quarantined": self.quarantined,
            "excluded": [{"rule": name, "rows": n} for name, n in self.excluded.items()],
            "analysed": self.analysed,
            "participants": self.participants,
            "before_exclusions": self.before,
            "groups": self.groups,
            "controls_redefined": self.controls_redefined,
            "not_applied": [{"rule": r, "lacks": v} for r, v in self.not_applied.items()],
            "joined": [asdict(count) for count in self.joined],
            "found_out": list(self.notes),
        }

    def add_rows(self, rows: Rows) -> None:
        """Write every count as a result."""
        counts = {
            ("rows_in", ""): self.rows_in,
            ("quarantined", ""): self.quarantined,
            **{
                ("excluded", f"{order:02d} {name}"): n
                for order, (name, n) in enumerate(self.excluded.items(), 1)
            },
            ("analysed", ""): self.analysed,
            ("participants", ""): self.participants,
            **{("before_exclusions", name): n for name, n in self.before.items()},
            ("controls_redefined", ""): self.controls_redefined,
            **{("joined", f"{count.table} matched"): count.matched for count in self.joined},
            **{("joined", f"{count.table} unmatched"): count.unmatched for count in self.joined},
            **{("group", name): n for name, n in self.groups.items()},
        }
        for (stratum, term), n in counts.items():
            rows.add(
                analysis="flow", stratum=stratum, term=term, measure="count", estimate=n, n=n,
                method="count of rows" if stratum != "participants" else "count of people",
            )  # fmt: skip
