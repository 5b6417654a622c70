"""Error rates of the default study's verdicts in many worlds, and how long they take.

Takes: how many worlds; the finished default study (``make run``).
Gives: its part of ``benchmarks/results.json``, and the table between its marks of
``benchmarks/README.md``. Ends with 1 if a claim is SUPPORTED in more than 5 % of the worlds in
which nothing is to be found.

Run with ``python benchmarks/operating.py --worlds 63`` (504 of all eight kinds).
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pandas as pd
from run import README, RESULTS, ROOT, between_marks, machine, write_results

sys.path.insert(0, str(ROOT / "workflow"))

BEGIN, END = "<!-- operating: begin -->", "<!-- operating: end -->"
#: Kinds of world in which no claim may be SUPPORTED more often than this.
NOTHING, MOST = ("null", "batch"), 0.05


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, default=63, help="of each kind (default: 63)")
    parser.add_argument("--processes", type=int, default=2, help="processes (default: 2)")
    given = parser.parse_args()
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ[name] = "1"
    os.chdir(ROOT)
    outcomes, seconds = tried(given.worlds, given.processes)
    rates = rates_of(outcomes)
    worlds = int(
        outcomes.groupby("kind")["world"].nunique().drop("not_tried", errors="ignore").sum()
    )
    found = {
        "machine": machine(), "worlds": worlds, "processes": given.processes, "seconds": seconds,
        "rates": rates,
    }  # fmt: skip
    write_results({"operating": found})
    text = between_marks(README.read_text("utf-8"), table(found), BEGIN, END)
    README.write_text(text, encoding="utf-8")
    print(f"Wrote {RESULTS} and {README}: {worlds} worlds in {seconds:.0f} s")
    wrong = [
        f"{one['claim']} in {kind}: {one[kind]:.0%}"
        for one in rates for kind in NOTHING if one.get(kind) is not None and one[kind] > MOST
    ]  # fmt: skip
    if wrong:
        sys.exit("SUPPORTED too often where there is nothing: " + "; ".join(wrong))


def tried(worlds: int, processes: int) -> tuple[pd.DataFrame, float]:
    """Judge the default study's claims in so many worlds of each kind, and take the time."""
    import yaml

    from igfmood.cohort.inputs import load_study
    from igfmood.evidence.operating.study import try_claims

    path = ROOT / "config/config.yaml"
    study = load_study(yaml.safe_load(path.read_text("utf-8")), [path])
    settings = study.operating.model_copy(update={"worlds": worlds, "parts": 1})
    study = study.model_copy(update={"operating": settings})
    results = ROOT / "results" / study.study
    participants = {
        one.name: results / "cohorts" / one.name / "participants.parquet" for one in study.cohorts
    }
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "outcomes.parquet"
        start = time.perf_counter()
        try_claims(
            study, Path(study.claims), participants, results / "pooled/overlap.json", 0, output,
            processes,
        )  # fmt: skip
        return pd.read_parquet(output), time.perf_counter() - start


def rates_of(outcomes: pd.DataFrame) -> list[dict[str, Any]]:
    """Return, for each claim, how often it was SUPPORTED in each kind of world, and the rest."""
    found = []
    for claim, mine in outcomes[outcomes["kind"] != "not_tried"].groupby("claim", sort=False):
        supported = mine["verdict"] == "SUPPORTED"
        rate = {kind: float(one.mean()) for kind, one in supported.groupby(mine["kind"])}
        right = mine[mine["kind"] == "claimed"]
        known = mine[mine["truth"].notna() & mine["estimate"].notna()]
        held = (known["ci_low"] <= known["truth"]) & (known["truth"] <= known["ci_high"])
        found.append({
            "claim": claim, **rate, "refuted": float((right["verdict"] == "REFUTED").mean()),
            "held": float(held.mean()) if len(known) else None,
        })  # fmt: skip
    return found


def table(found: dict[str, Any]) -> str:
    """Return the page's part: one line a claim."""
    kinds = ["null", "permuted", "batch", "u_shape", "margin", "claimed"]
    head = [
        f"{found['worlds']:,} worlds in {found['seconds'] / 60:.1f} minutes, "
        f"{found['processes']} processes ({found['machine']['cpu']}).",
        "",
        "| claim | " + " | ".join(f"SUPPORTED, {kind}" for kind in kinds)
        + " | REFUTED, claimed | truth in interval |",
        "| --- |" + " --- |" * (len(kinds) + 2),
    ]  # fmt: skip
    lines = [
        "| " + " | ".join([
            str(one["claim"]), *(_percent(one.get(kind)) for kind in kinds),
            _percent(one["refuted"]), _percent(one["held"]),
        ]) + " |"
        for one in found["rates"]
    ]  # fmt: skip
    return "\n".join([*head, *lines])


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}".replace("%", " %")


if __name__ == "__main__":
    main()
