"""What was done to make a cohort's analyte comparable, in numbers.

Takes what was learned from a cohort and its people; gives results: the reference curve's centiles,
coverage and worm plot, the shift of every batch, what the choice below the detection limit does,
the molar ratio.
"""

import re
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

from igfmood.config.study import Study, Task
from igfmood.errors import NotEstimable
from igfmood.normalise.binding import describe_ratio
from igfmood.normalise.censoring import sensitivity
from igfmood.normalise.curves.curve import Curve
from igfmood.normalise.curves.diagnostics import centile_coverage, worm
from igfmood.normalise.drift import drift
from igfmood.normalise.reach import measured
from igfmood.normalise.standardise import REACH, Standardised, fit_age_sex
from igfmood.results import Rows
from igfmood.seeds import stream

#: Centiles of the figure, and ages (years) at which they are given.
CENTILES = (0.03, 0.10, 0.50, 0.90, 0.97)
AGES = tuple(range(0, 111, 5))
#: What stands for a value below the detection limit, in words.
BELOW_LIMIT = {
    "lod_sqrt2": "limit over the root of 2",
    "censored_likelihood": "expectation under a censored log-normal regression on age and sex",
}
#: With a larger share below the limit, a batch's correction rests on what stands for them: in two
#: equal batches, 40 % of one below its limit makes shifts of 1.6 % and SDs 4 % off.
MUCH_BELOW = 0.15
_SEXES = {"male": 0.0, "female": 1.0}


def add_normalisation(
    rows: Rows,
    people: pd.DataFrame,
    participants: pd.DataFrame,
    learned: Standardised | None,
    study: Study,
) -> None:
    """Add every number about the normalisation of one cohort to the results.

    Parameters
    ----------
    rows
        Where they go.
    people
        What the scores were computed for (`standardise.COLUMNS`), one row a row of participants.
    participants
        The participants table.
    learned
        What was learned; None where the analyte was not measured.
    study
        For the names and the tasks.
    """
    curve_keys = {"analysis": "reference_curve", "exposure": study.analyte.sds, "measure": "n"}
    if learned is None:
        reason = f"{study.analyte.label} was not measured in this cohort"
        rows.add_not_estimable(reason, **curve_keys)
        return
    first = participants["is_baseline"].to_numpy(bool)
    if learned.curve is None:
        rows.add_not_estimable(learned.curve_failure, **curve_keys)
    else:
        n = learned.curve.n
        rows.add(**curve_keys, estimate=n, n=n, method=_described(learned, learned.curve))
        if learned.reference_below:
            rows.add(
                **{**curve_keys, "measure": "share_below_limit"},
                estimate=learned.reference_below / n, n=n, n_events=learned.reference_below,
                method="reference people below the detection limit, for whom a substitute stands",
            )  # fmt: skip
        _add_reach(rows, learned, people, participants, study)
        _add_centiles(rows, learned, learned.curve, people[first], study)
        _add_diagnostics(rows, learned, people[first], study)
    _add_batches(rows, learned, people[first], study)
    _add_drift(rows, learned, people[first], participants[first], study)
    _add_limits(rows, people, participants, learned, study)
    _add_ratio(rows, participants, learned, study)


def _described(learned: Standardised, curve: Curve) -> str:
    if not learned.reference_below:
        return curve.describe()
    return (
        f"{curve.describe()}; some reference people are below the detection limit, and what stands "
        "for them is taken as measured"
    )


def _add_reach(
    rows: Rows, learned: Standardised, people: pd.DataFrame, participants: pd.DataFrame,
    study: Study,
) -> None:  # fmt: skip
    """Add how many rows are beyond the ages, or the sex, of the reference."""
    scored = participants[study.analyte.sds].notna().to_numpy(bool)
    known = measured(people)
    counts = {
        "held_at_end": (scored & learned.outside(people), "compared with the nearest of them"),
        "out_of_reach": (known & ~scored, "no score"),
    }
    for measure, (found, what) in counts.items():
        rows.add(
            analysis="reference_curve", exposure=study.analyte.sds, measure=measure,
            estimate=found.sum() / max(known.sum(), 1), n=int(known.sum()),
            n_events=int(found.sum()),
            method=f"rows beyond the ages of the reference people of their sex: {what}",
        )  # fmt: skip


def _add_centiles(
    rows: Rows, learned: Standardised, curve: Curve, people: pd.DataFrame, study: Study
) -> None:
    """Add centiles at whole ages within the 1st and 99th centile of the cohort's ages."""
    ages = people["age"].dropna().to_numpy(float)
    low, high = np.quantile(ages, [0.01, 0.99]) if len(ages) else (0.0, 0.0)
    grid = [age for age in AGES if low <= age <= high]
    for sex, female in _SEXES.items():
        for probability in CENTILES:
            found = curve.centile(probability, np.array(grid, float), female)
            at = pd.DataFrame({"age": np.array(grid, float), "female": female})
            beyond = learned.outside(at, REACH)
            for age, value, left_out in zip(grid, np.atleast_1d(found), beyond, strict=True):
                if np.isfinite(value) and not left_out:
                    rows.add(
                        analysis="reference_curve", exposure=study.analyte.converted, stratum=sex,
                        term=f"{age} years", measure=f"p{100 * probability:g}",
                        estimate=float(value), n=curve.n, method=curve.method,
                    )  # fmt: skip


def _add_diagnostics(rows: Rows, learned: Standardised, people: pd.DataFrame, study: Study) -> None:
    """Add coverage and worm plot of the reference people's own scores."""
    reference = people[people["reference"].to_numpy(bool)]
    scores = learned.transform(reference)
    known = np.isfinite(scores)
    if not known.any():
        return
    keys = {"exposure": study.analyte.sds, "model": learned.curve.method if learned.curve else ""}
    age = reference["age"].to_numpy(float)[known]
    for row in _records(centile_coverage(scores[known], age)):
        place = {
            "analysis": "reference_coverage", **keys, "stratum": row["group"],
            "term": f"p{row['centile']:g}", "measure": "coverage",
        }  # fmt: skip
        if row["n"] == 0:
            reason = "no reference person: too many are of one age to make thirds of them"
            rows.add_not_estimable(reason, **place)
            continue
        interval = {"ci_low": row["ci_low"], "ci_high": row["ci_high"]}
        rows.add(
            **place, estimate=row["share"], **interval, n=row["n"], n_events=row["below"],
            method="share of reference people below the centile, Wilson 95 % interval",
        )  # fmt: skip
    found = worm(scores[known])
    points = zip(found.theoretical, found.deviation, found.half_width, strict=True)
    for expected, deviation, half in points:
        rows.add(
            analysis="reference_worm", **keys, stratum="all", term=f"{expected:.3f}",
            measure="deviation", estimate=deviation, ci_low=-half, ci_high=half,
            n=found.n,
            method="observed minus expected normal quantile (worm plot); band of a right curve",
        )  # fmt: skip


def _add_batches(rows: Rows, learned: Standardised, people: pd.DataFrame, study: Study) -> None:
    """Add the correction of each batch at the first visit, and what it rests on."""
    keys = {"analysis": "batch", "exposure": study.analyte.converted}
    if learned.batch is None:
        rows.add_not_estimable(learned.batch_note, **keys, measure="ratio")
        return
    model = learned.batch
    below = people["below"].groupby(people["batch"]).sum()
    for name, shift, scale, n in zip(model.batches, model.shift, model.scale, model.n, strict=True):
        rows.add(
            **keys, stratum=str(name), measure="ratio", estimate=float(np.exp(shift)), n=int(n),
            method=model.describe(),
        )  # fmt: skip
        rows.add(
            **keys, stratum=str(name), measure="sd_ratio", estimate=float(scale), n=int(n),
            method="SD of logs over that of the average batch",
        )  # fmt: skip
        if below[name] > MUCH_BELOW * n:
            rows.add(
                **keys, stratum=str(name), measure="share_below_limit",
                estimate=float(below[name] / n), n=int(n), n_events=int(below[name]),
                method=f"of a batch with more than {MUCH_BELOW:.0%} below the detection limit: its "
                "level and spread rest on what stands for them",
            )  # fmt: skip


def _add_drift(
    rows: Rows, learned: Standardised, people: pd.DataFrame, participants: pd.DataFrame,
    study: Study,
) -> None:  # fmt: skip
    """Add the level of each batch as it was measured, with the limits of a control chart."""
    value = learned.filled(people)
    use = np.isfinite(value) & (people["batch"] != "").to_numpy()
    chosen = people[use]
    batch = chosen["batch"].to_numpy(str)
    if len(set(batch)) < 2:
        return
    keys = {"analysis": "batch_drift", "exposure": study.analyte.converted}
    order, sorted_by = _order(batch, participants[use])
    try:
        chart = drift(value[use], batch, order, fit_age_sex(chosen).with_groups(chosen))
    except NotEstimable as error:
        rows.add_not_estimable(error.reason, **keys, measure="geometric_mean")
        return
    for place, row in enumerate(_records(chart), 1):
        limits = {"ci_low": row["action_low"], "ci_high": row["action_high"]}
        shared = {**keys, "stratum": str(row["batch"]), "n": int(row["n"])}
        rows.add(
            **shared, term=row["flag"] or "in control", measure="geometric_mean",
            estimate=row["geometric_mean"], **limits,
            method="adjusted for age, sex and diagnosis; limits are 3 SE around the mean of all "
            f"({row['centre']:.4g}), a control chart and no confidence interval",
        )  # fmt: skip
        rows.add(**shared, measure="place", estimate=place, method=f"in order of {sorted_by}")


def _order(batch: np.ndarray, participants: pd.DataFrame) -> tuple[np.ndarray, str]:
    """Return when each person's batch was measured, as far as known, and what that was taken from.

    Names such as P2 and P10 are in the order of their numbers.
    """
    if "analyte_date" in participants:
        dates = participants["analyte_date"]
        if dates.notna().groupby(batch).any().all():
            return dates.to_numpy(), "the day of the blood draw"
    names = sorted(set(batch), key=lambda name: [
        (not part.isdigit(), int(part) if part.isdigit() else 0, part)
        for part in re.split(r"(\d+)", name) if part
    ])  # fmt: skip
    place = {name: number for number, name in enumerate(names)}
    return np.array([place[name] for name in batch]), "the batches' names"


def _add_limits(
    rows: Rows, people: pd.DataFrame, participants: pd.DataFrame, learned: Standardised,
    study: Study,
) -> None:  # fmt: skip
    """Add what was done below the limit, and what each treatment would make of each contrast."""
    first = participants["is_baseline"].to_numpy(bool)
    below = int(people["below"].to_numpy(bool)[first].sum())
    if not below:
        return
    done = BELOW_LIMIT[learned.below_limit]
    rows.add(
        analysis="below_limit", exposure=study.analyte.converted, model=learned.below_limit,
        measure="filled", estimate=below, n=below,
        method=f"{done} ({learned.censored_note})" if learned.censored_note else done,
    )  # fmt: skip
    for task in study.tasks:
        keys = {
            "analysis": "below_limit", "target": task.name, "exposure": study.analyte.converted,
            "measure": "log_ratio",
        }  # fmt: skip
        try:
            found = _sweep(people[first], participants[first], task, study, rows.source.cohort)
        except NotEstimable as error:
            rows.add_not_estimable(error.reason, **keys)
            continue
        for row in _records(found):
            half = float(ndtri(0.5 + rows.source.level / 2)) * row["se"]
            rows.add(
                **keys, model=row["method"], estimate=row["estimate"], se=row["se"],
                ci_low=row["estimate"] - half, ci_high=row["estimate"] + half, n=row["n"],
                method="difference in log concentration, adjusted for age and sex",
            )  # fmt: skip


def _sweep(
    people: pd.DataFrame, participants: pd.DataFrame, task: Task, study: Study, cohort: str
) -> pd.DataFrame:
    diagnosis = participants["diagnosis"]
    measured = (people["below"] | people["value"].notna()).to_numpy(bool)
    known = people[["age", "female"]].notna().all(axis=1).to_numpy(bool)
    use = measured & known & diagnosis.isin([*task.cases, *task.controls]).to_numpy(bool)
    case = diagnosis.isin(task.cases).to_numpy(bool)[use]
    smallest = study.gates.group_size
    if min(case.sum(), (~case).sum()) < smallest:
        raise NotEstimable(
            f"too few people in a group: {min(case.sum(), (~case).sum())} < {smallest}"
        )
    chosen = people[use]
    return sensitivity(
        chosen["value"].to_numpy(float), chosen["lod"].to_numpy(float),
        chosen["below"].to_numpy(bool), fit_age_sex(chosen).design(chosen), case.astype(float),
        stream(study.seed, "normalise", cohort, task.name, "below_limit"),
    )  # fmt: skip


def _add_ratio(rows: Rows, participants: pd.DataFrame, learned: Standardised, study: Study) -> None:
    if "igf_ratio_molar" not in participants:
        return
    known = participants[participants["is_baseline"] & participants["igf_ratio_molar"].notna()]
    for group, people in known.groupby("diagnosis", sort=True):
        if len(people) < 2:
            continue
        below = int(people[study.analyte.below_lod].sum())
        method = describe_ratio(study)
        if below:
            method += f"; below the detection limit that of the {BELOW_LIMIT[learned.below_limit]}"
        for measure, share in (("p25", 0.25), ("median", 0.5), ("p75", 0.75)):
            rows.add(
                analysis="molar_ratio", exposure="igf_ratio_molar", stratum=str(group),
                measure=measure, estimate=float(people["igf_ratio_molar"].quantile(share)),
                n=len(people), n_events=below, method=method,
            )  # fmt: skip


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]
