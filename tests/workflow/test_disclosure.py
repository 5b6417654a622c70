"""Nothing that may leave a study tells of a person: every released file, and the report.

Takes the finished default study; looks for ids, for small counts, and works back from margins.
"""

import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from scipy.optimize import linprog

from igfmood import results
from igfmood.cohort.read import table_path
from igfmood.config.load import parse_study, read_yaml
from igfmood.config.study import Study
from igfmood.report import words
from igfmood.report.release.codebook import load_codebook
from igfmood.report.small_cells import tail_cells
from workflow.project import Project

MIN = 10
#: A word: ids hold letters, digits and hyphens; a number is one word with its decimals.
WORD = re.compile(r"[\w.\-]+")
PICTURE = re.compile(r'src="data:[^"]*"')
#: A number of people as it is shown: ``1,204``, ``119 (60 %)``, ``<10``, ``≈ 150``, ``≥10``.
COUNT = re.compile(r"([<≈≥]?) ?([\d,]+)(?: \(\d+ %\))?")
#: Columns that count people or rows, by sheet.
COUNTED = {
    "table 1": ["n", "Women, n (%)", "Below limit, n", "IGF-1 missing, n"],
    "people": ["At the first visit", "Outcome known", "Used"],
    "pooled": ["People"],
    "syntheses": ["People"],
    "reference": ["People"],
    "quality": ["Rows"],
}


@dataclass(frozen=True)
class Released:
    """A finished study: what is released, and what must stay."""

    folder: Path
    study: Study
    sheets: dict[str, pd.DataFrame]

    @property
    def files(self) -> list[Path]:
        """Every file that may be passed on."""
        inside = sorted(path for path in (self.folder / "release").rglob("*") if path.is_file())
        return [*inside, self.folder / "report.html"]


@pytest.fixture(scope="module")
def found(finished: Project) -> Released:
    folder = finished.results()
    book = pd.read_excel(folder / "release/results.xlsx", sheet_name=None, dtype=object)
    study = parse_study(read_yaml(folder / "config.used.yaml"))
    return Released(folder, study, book)


def said(path: Path) -> str:
    """Return all that a file says."""
    if path.suffix == ".xlsx":
        book = openpyxl.load_workbook(path)
        cells = (cell for sheet in book for row in sheet.iter_rows() for cell in row)
        return " ".join(str(cell.value) for cell in cells if cell.value is not None)
    if path.suffix == ".parquet":
        table = pd.read_parquet(path)
        return " ".join(str(word) for name in table for word in table[name].dropna().unique())
    if path.suffix == ".pdf":
        streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", path.read_bytes(), re.DOTALL)
        return " ".join(unpacked(one).decode("latin-1") for one in streams)
    text = path.read_text(encoding="utf-8")
    return PICTURE.sub("", text) if path.suffix == ".html" else text


def unpacked(stream: bytes) -> bytes:
    """Return a stream of a PDF as it was before it was packed."""
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return stream


def ids(finished: Project, found: Released) -> set[str]:
    """Return how the study and its sources call every participant."""
    known: set[str] = set()
    for cohort in found.study.cohorts:
        table = pd.read_parquet(found.folder / f"cohorts/{cohort.name}/participants.parquet")
        path = table_path(finished.folder / found.study.data_root, cohort.table)
        column = cohort.columns["participant_id"].column
        if path.suffix == ".parquet":
            raw = pd.read_parquet(path, columns=[column])
        else:
            mark = cohort.format.delimiter or ("\t" if ".tsv" in path.suffixes else ",")
            raw = pd.read_csv(path, sep=mark, usecols=[column], dtype=str)
        known |= set(table["participant_id"]) | set(raw[column].dropna().astype(str))
    return known


def leaked(text: str, known: set[str]) -> set[str]:
    """Return the ids that stand in a text as words."""
    return known & {word.strip(".-") for word in WORD.findall(text)}


def test_no_id_of_a_participant_stands_in_any_file(finished: Project, found: Released) -> None:
    known = ids(finished, found)
    assert len(known) > 1000
    assert len(found.files) > 20
    for path in found.files:
        assert leaked(said(path), known) == set(), path


def test_an_id_that_stands_in_a_file_would_be_found() -> None:
    known = {"IMG-217", "10563"}
    assert leaked("of IMG-217, and 10563.", known) == known
    assert leaked("0.10563", known) == set()


def test_no_folder_of_the_machine_stands_in_a_release(finished: Project, found: Released) -> None:
    for path in found.files:
        assert str(finished.folder) not in said(path), path


def counts(found: Released) -> Iterator[tuple[str, str, object]]:
    """Yield every count of people that the workbook shows, with sheet and column."""
    for name, columns in COUNTED.items():
        for column in columns:
            for value in found.sheets[name][column].dropna():
                yield name, column, value
    for name in ("flow", "batches"):
        table = found.sheets[name]
        for column in table.columns.drop(["Part of the report", "Table"]):
            for value in table[column].dropna():
                if COUNT.fullmatch(str(value)) and column not in ("Cohort", "Batch"):
                    yield name, column, value


def test_no_count_of_people_below_the_limit_is_shown(found: Released) -> None:
    seen = 0
    for name, column, value in counts(found):
        low, high = interval(value)
        assert not (low == high and 0 < low < MIN), (name, column, value)
        seen += 1
    assert seen > 100


def interval(value: object, step: int = MIN) -> tuple[float, float]:
    """Return the lowest and highest count that a cell stands for."""
    match = COUNT.fullmatch(str(value).strip())
    if match is None:
        return 0.0, np.inf
    n = float(match[2].replace(",", ""))
    if match[1] == "<":
        return 1.0, n - 1
    if match[1] == "≥":
        return n, np.inf
    return (n - step / 2, n + step / 2 - 1) if match[1] == "≈" else (n, n)


# ---- The released results ------------------------------------------------------------------


@pytest.fixture(scope="module")
def rows(found: Released) -> pd.DataFrame:
    return results.read(found.folder / "release/results.parquet")


def test_numbers_of_people_are_rounded_and_none_is_small(rows: pd.DataFrame) -> None:
    for name in ("n", "n_events"):
        told = rows[name].dropna()
        assert len(told) > 100
        assert (told % MIN == 0).all()
        assert not told.between(1, MIN - 1).any()
    counted = rows[rows["measure"].isin(["count", "missing"])]["estimate"].dropna()
    assert len(counted) > 20
    assert not counted.between(1, MIN - 1).any()


def test_an_estimate_of_few_people_or_a_share_of_one_cohort_is_withheld(
    found: Released, rows: pd.DataFrame
) -> None:
    book = load_codebook()
    exact = results.read(found.folder / "pooled/results.parquet").set_index("result_id")
    told = exact.loc[rows.loc[rows["status"] == "ok", "result_id"]]
    pairs = zip(told["analysis"], told["measure"], strict=True)
    counted = [book.of_people(*pair) for pair in pairs]
    of_people = told[np.array(counted) & ~told["measure"].isin(["count", "missing"])]
    events = of_people["n_events"].dropna()
    others = of_people["n"].loc[events.index] - events
    for sizes in (of_people["n"].dropna(), events, others):
        assert not sizes.between(1, MIN - 1).any()
    shares = told[told["measure"].map(book.treatment) == "pooled"]
    assert len(shares) > 20
    assert set(shares["cohort"]) == {"pooled"}
    withheld = rows[rows["status"] == "withheld"]
    assert len(withheld) > 100
    assert withheld["estimate"].isna().all()
    assert (withheld["reason"] != "").all()


def test_no_smallest_or_largest_value_and_no_tail_of_people_is_released(rows: pd.DataFrame) -> None:
    assert not set(rows["measure"]) & {"min", "max", "p1", "p99", "smallest_cell"}
    assert set(rows["analysis"]).isdisjoint({"quality", "roc_curve", "imputation", "overlap"})


def test_every_word_of_the_results_is_in_the_codebook_and_what_stays_is_named(
    found: Released,
) -> None:
    told = pd.read_csv(found.folder / "release/codebook.csv", keep_default_na=False)
    assert not (told["meaning"] == "not described").any()
    stays = told[told["kind"].isin(["analysis", "measure"]) & (told["rows"] > told["released"])]
    assert len(stays) > 20
    assert (stays["withheld"] <= stays["rows"] - stays["released"]).all()
    whole = stays[(stays["kind"] == "analysis") & (stays["released"] == 0)]
    assert (whole["not_released"] != "").all()


def test_numbers_have_four_digits(rows: pd.DataFrame) -> None:
    free = rows[~rows["measure"].isin(["count", "missing"])]["estimate"].dropna()
    assert all(float(f"{value:.4g}") == pytest.approx(value, rel=1e-12) for value in free)


# ---- Working back from margins -------------------------------------------------------------


@dataclass
class Attack:
    """Counts as they are shown, what is known of their sums, and what follows."""

    shown: dict[str, object] = field(default_factory=dict)
    sums: list[tuple[dict[str, float], float]] = field(default_factory=list)
    at_least: list[tuple[list[str], float]] = field(default_factory=list)

    def tie(self, total: str, parts: list[str]) -> None:
        """Say that parts add up to a total."""
        for name in (total, *parts):
            self.shown.setdefault(name, None)
        self.sums.append(({total: 1.0, **dict.fromkeys(parts, -1.0)}, 0.0))

    def possible(self, name: str) -> int:
        """Return how many values of a count agree with everything; rounding is known to be fine."""
        for step in (MIN, 5 * MIN, 10 * MIN):
            ends = [self._end(name, sign, step) for sign in (1.0, -1.0)]
            if None not in ends:
                low, high = np.ceil(ends[0] - 1e-6), np.floor(-ends[1] + 1e-6)
                return int(high - low + 1)
        raise AssertionError(f"no counts agree with what is shown beside {name}")

    def _end(self, name: str, sign: float, step: int) -> float | None:
        names = list(self.shown)
        cost = [sign * (one == name) for one in names]
        equal = [[parts.get(one, 0.0) for one in names] for parts, _ in self.sums]
        least = [[-1.0 * (one in parts) for one in names] for parts, _ in self.at_least]
        done = linprog(
            cost, A_eq=equal, b_eq=[total for _, total in self.sums],
            A_ub=least or None, b_ub=[-n for _, n in self.at_least] or None,
            bounds=[interval(self.shown[one], step) for one in names],
        )  # fmt: skip
        return float(done.fun) if done.status == 0 else None


def attack(found: Released, cohort) -> Attack:
    """Return what a reader of the workbook knows of the counts of a cohort."""
    made = Attack()
    flow = found.sheets["flow"].set_index("Cohort").loc[cohort.title].dropna()
    steps = [name for name in flow.index if name.startswith(("Excluded", "Quarantined"))]
    made.shown |= {f"flow {name}": flow[name] for name in [*steps, "Rows analysed"]}
    made.shown["flow rows"] = flow["Rows in the file"]
    made.tie("flow rows", [f"flow {name}" for name in [*steps, "Rows analysed"]])
    people = found.sheets["table 1"]
    for _, row in people[people["Cohort"] == cohort.title].iterrows():
        group = row["Group"]
        made.shown |= {
            f"people {group}": row["n"], f"women {group}": row["Women, n (%)"],
            f"missing {group}": row["IGF-1 missing, n"],
            f"below {group}": row["Below limit, n"],
        }  # fmt: skip
        made.tie(f"people {group}", [f"women {group}", f"men {group}"])
        made.tie(f"people {group}", [f"missing {group}", f"have {group}"])
        made.tie(f"have {group}", [f"below {group}", f"above {group}"])
    _add_batches(made, found, cohort)
    _add_used(made, found, cohort)
    return made


def _add_batches(made: Attack, found: Released, cohort) -> None:
    """Batches of a cohort: a group's people with the analyte are those of all batches."""
    table = found.sheets["batches"]
    mine = table[table["Table"].str.startswith(f"{cohort.title}: ")].dropna(axis=1, how="all")
    groups = list(mine.columns.drop(["Part of the report", "Table", "Batch", "All"], "ignore"))
    batches = [name for name in mine["Batch"].astype(str) if name != "All"]
    for _, row in mine.iterrows():
        for group in groups:
            made.shown[_cell(row["Batch"], group)] = row[group]
        if "All" in mine:
            made.shown[_cell(row["Batch"], "All")] = row["All"]
            made.tie(_cell(row["Batch"], "All"), [_cell(row["Batch"], g) for g in groups])
    for group in groups:
        made.tie(_cell("All", group), [_cell(batch, group) for batch in batches])
        if f"have {group}" in made.shown:
            made.tie(f"have {group}", [_cell("All", group)])


def _cell(batch: object, group: str) -> str:
    return f"batch {batch} {group}"


def _add_used(made: Attack, found: Released, cohort) -> None:
    """People used of two groups are no more than those of them who have the analyte."""
    table = found.sheets["people"]
    for task in found.study.tasks:
        groups = [words.group(name, cohort) for name in (*task.controls, *task.cases)]
        have = [f"have {group}" for group in groups if f"have {group}" in made.shown]
        mine = table[(table["Part of the report"] == task.label)
                     & (table["Cohort"] == cohort.title)]  # fmt: skip
        for used in mine["Used"].dropna():
            if have and len(have) == len(groups):
                made.at_least.append((have, interval(used)[0]))


def test_what_is_suppressed_cannot_be_worked_out_from_margins(found: Released) -> None:
    tried = 0
    for cohort in found.study.cohorts:
        made = attack(found, cohort)
        for name, value in made.shown.items():
            if str(value).startswith("<"):
                assert made.possible(name) >= MIN // 2, (cohort.name, name)
                tried += 1
    assert tried > 15


def test_the_attack_works_out_a_cell_that_nothing_protects() -> None:
    made = Attack({"all": 64, "a": 60, "b": "<10"})
    made.tie("all", ["a", "b"])
    assert made.possible("b") == 1
    made.shown["a"] = "≈ 60"
    assert made.possible("b") >= MIN // 2


# ---- Strata of few people ------------------------------------------------------------------


def test_no_stratum_of_few_people_is_counted(found: Released) -> None:
    """Groups by sex and by batch, counted from the participants themselves."""
    few = 0
    for cohort in found.study.cohorts:
        people = pd.read_parquet(found.folder / f"cohorts/{cohort.name}/participants.parquet")
        first = people[people["is_baseline"].astype(bool)]
        called = {name: words.group(name, cohort) for name in first["diagnosis"].unique()}
        label = first["diagnosis"].map(called)
        made = attack(found, cohort)
        truth = {f"people {g}": n for g, n in label.value_counts().items()}
        women = label[first["sex"] == "female"].value_counts()
        truth |= {f"women {g}": n for g, n in women.items()}
        for name, n in truth.items():
            if 0 < n < MIN and name in made.shown:
                low, high = interval(made.shown[name])
                assert low != high, (cohort.name, name)
                few += 1
    assert few


def test_the_crate_names_inputs_by_digest_only(found: Released) -> None:
    text = (found.folder / "release/ro-crate-metadata.json").read_text(encoding="utf-8")
    entities = {one["@id"]: one for one in json.loads(text)["@graph"]}
    run = entities["#run"]
    files = [one["@id"] for one in run["object"] if one["@id"].startswith("ni:")]
    assert len(files) == len(set(files)) >= len(found.study.cohorts) + 2
    for name in files:
        assert set(entities[name]) == {"@id", "@type", "name", "sha256", "description"}
        assert "/" not in entities[name]["name"]


def test_odds_ratios_of_tails_give_back_no_small_cell(found: Released):
    exact = pd.read_parquet(found.folder / "pooled/results.parquet").set_index("result_id")
    told = pd.read_parquet(found.folder / "release/results.parquet")
    plain = [tier for tier, names in found.study.covariate_tiers.items() if not names]
    tails = told[
        (told["model"] == "tails") & told["term"].isin(["low", "high"])
        & told["adjustment"].isin(plain)
    ]  # fmt: skip
    assert (tails["status"] == "withheld").any()
    shown = tails[(tails["status"] == "ok") & (tails["cohort"] != results.POOLED)]
    assert len(shown)
    for row in shown.to_dict("records"):
        known = exact.loc[row["result_id"], ["n", "n_events"]].to_dict()
        cells = tail_cells({**row, **known})
        assert not any(0 < cell < MIN - 0.5 for cell in cells), row
