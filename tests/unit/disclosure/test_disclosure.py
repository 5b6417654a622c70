"""Small counts stay unknown: alone, beside a total, and in sentences."""

from collections.abc import Mapping, Sequence
from itertools import product

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from igfmood.disclosure import (
    Shown,
    Sum,
    at_most,
    bounds,
    coarse,
    redact,
    round_all,
    show,
    show_all,
)

MIN = 10


@pytest.mark.parametrize(
    ("n", "text"), [(0, "0"), (1, "<10"), (9, "<10"), (10, "10"), (1234, "1,234")]
)
def test_a_lone_count(n: int, text: str) -> None:
    assert show(n, MIN).text == text


def test_a_negative_count_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        show(-1, MIN)


def possible(
    forms: Mapping[str, Shown], sums: Sequence[Sum], name: str, parts: Sequence[str]
) -> set[int]:
    """Work out by trying everything: values of `name` that agree with all that is shown.

    The reader knows the rule: suppressed is 1 to 9, coarsened at least 10 and within its rounding.
    """
    ranges = [range(forms[part].low, min(forms[part].high, 400) + 1) for part in parts]
    found = set()
    for values in product(*ranges):
        known = dict(zip(parts, values, strict=True))
        for margin in sums:
            known[margin.total] = sum(known[part] for part in margin.parts)
        if all(forms[key].low <= value <= forms[key].high for key, value in known.items()):
            found.add(known[name])
    return found


@pytest.mark.parametrize(
    "counts",
    [(4, 57), (4, 200, 150), (1, 1, 57), (9, 9, 10), (1, 10), (1, 1, 10), (9, 354), (3, 0, 0, 80)],
)
def test_suppressed_cells_cannot_be_recomputed_from_shown_margins(counts: tuple[int, ...]) -> None:
    parts = [f"part {place}" for place in range(len(counts))]
    sums = [Sum("total", tuple(parts))]
    exact = dict(zip(parts, counts, strict=True)) | {"total": sum(counts)}
    forms = show_all(exact, sums, MIN)
    for name, n in exact.items():
        if 0 < n < MIN:
            assert forms[name].text == "<10"
            values = possible(forms, sums, name, parts)
            assert n in values
            assert len(values) >= MIN // 2


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 60), min_size=1, max_size=3), st.integers(0, 40))
def test_a_chain_of_margins_gives_nothing_back(groups: list[int], excluded: int) -> None:
    parts = [f"group {place}" for place in range(len(groups))]
    exact = dict(zip(parts, groups, strict=True))
    exact |= {"people": sum(groups), "analysed": sum(groups), "excluded": excluded}
    exact["rows"] = exact["analysed"] + excluded
    sums = [
        Sum("people", tuple(parts)),
        Sum("analysed", ("people",)),
        Sum("rows", ("excluded", "analysed")),
    ]
    forms = show_all(exact, sums, MIN)
    for name, n in exact.items():
        assert forms[name].low <= n <= forms[name].high, "what is shown is true"
        if n == 0:
            assert forms[name].text == "0"
        if 0 < n < MIN:
            low, high = bounds(forms, sums)[name]
            assert high - low + 1 >= MIN // 2


def test_without_small_counts_everything_is_exact() -> None:
    forms = show_all({"a": 12, "b": 0, "all": 12}, [Sum("all", ("a", "b"))], MIN)
    assert [form.text for form in forms.values()] == ["12", "0", "12"]


def test_the_complement_of_a_share_is_protected() -> None:
    exact = {"women": 96, "men": 4, "people": 100}
    forms = show_all(exact, [Sum("people", ("women", "men"))], MIN, hidden=["men"])
    assert not (forms["women"].exact and forms["people"].exact)


def test_the_cheapest_count_gives_way() -> None:
    exact = {"quarantined": 80, "pregnant": 8, "analysed": 3910, "rows": 3998}
    sums = [Sum("rows", ("quarantined", "pregnant", "analysed"))]
    forms = show_all(exact, sums, MIN, cost={"analysed": 2, "rows": 2})
    assert forms["quarantined"].text == "≈ 80"
    assert forms["analysed"].exact
    assert forms["rows"].exact


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 400), st.integers(0, 30), st.integers(0, 30))
def test_no_rounded_part_is_more_than_its_whole(n: int, few: int, fewer: int) -> None:
    counts = {"all": n + few + fewer, "n": n, "few": few, "fewer": fewer}
    forms = show_all(counts, [Sum("all", ("n", "few", "fewer"))], 10)
    for name, form in forms.items():
        assert form.low <= counts[name] <= form.high
        if form.text.startswith("≈"):
            assert int(form.text[2:].replace(",", "")) <= forms["all"].high


def test_a_part_that_was_rounded_up_above_its_whole_is_at_least_so_many() -> None:
    assert at_most(coarse(178, 10), Shown("179", 179, 179)) == Shown("≥175", 175, 2**62)
    assert at_most(Shown("179", 179, 179), Shown("≈ 180", 175, 184)).text == "179"


def test_a_sum_that_does_not_add_up_is_refused() -> None:
    with pytest.raises(ValueError, match="is not the sum"):
        show_all({"a": 1, "all": 3}, [Sum("all", ("a",))], MIN)


def test_coarse_counts_are_true_and_never_small() -> None:
    for n in range(MIN, 500):
        form = coarse(n, MIN)
        assert form.low <= n <= form.high
        assert form.low >= MIN


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        ("too few cases (bipolar): 4 < 20", "too few cases (bipolar): <10, needs 20"),
        ("too few cases (bipolar): 0 < 20", "too few cases (bipolar): 0, needs 20"),
        ("too few people: 12 < 20", "too few people: 12, needs 20"),
        ('no row can be analysed: {"rows_in": 4, "excluded": 3}', "no row can be analysed"),
        ("age was not measured in this cohort", "age was not measured in this cohort"),
    ],
)
def test_reasons_keep_small_counts_to_themselves(reason: str, shown: str) -> None:
    assert redact(reason, MIN) == shown


def test_a_measure_that_fell_short_is_no_count():
    assert redact("SD 4.2 < 5", 10) == "SD 4.2 < 5"
    assert redact("SD 4 < 5", 10) == "SD <10, needs 5"


@pytest.mark.parametrize(
    "counts", [(160, 104), (62, 104), (4, 57), (0, 30), (9, 9), (10, 10), (45, 45, 45), (15, 3, 24)]
)
def test_rounded_totals_leave_each_part_as_open_as_its_own_form(counts: tuple[int, ...]) -> None:
    parts = [f"part {place}" for place in range(len(counts))]
    sums = [Sum("total", tuple(parts))]
    exact = dict(zip(parts, counts, strict=True)) | {"total": sum(counts)}
    forms = round_all(exact, sums, MIN)
    for name, n in exact.items():
        assert n == 0 or not forms[name].exact
        assert forms[name].low <= n <= forms[name].high
    for name in parts:
        values = possible(forms, sums, name, parts)
        own = forms[name].high - forms[name].low + 1
        assert exact[name] in values
        assert len(values) >= min(own, MIN)


@given(st.lists(st.lists(st.integers(0, 300), min_size=2, max_size=2), min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_rounded_tables_leave_every_cell_open(table: list[list[int]]) -> None:
    cells = {f"{i}{j}": n for i, row in enumerate(table) for j, n in enumerate(row)}
    rows = [Sum(f"row {i}", (f"{i}0", f"{i}1")) for i in range(len(table))]
    columns = [Sum(f"column {j}", tuple(f"{i}{j}" for i in range(len(table)))) for j in (0, 1)]
    sums = [*rows, *columns, Sum("all", tuple(cells))]
    totals = {one.total: sum(cells[part] for part in one.parts) for one in sums}
    assume(all(n == 0 or n >= MIN for n in totals.values()))  # nobody is asked about fewer people
    forms = round_all({**cells, **totals}, sums, MIN)
    known = bounds(forms, sums)
    for name, n in cells.items():
        low, high = known[name]
        assert low <= n <= high
        assert high - low >= min(forms[name].high - forms[name].low, MIN - 1)
