"""What holds for any unit and any damage: conversions return, and every row is in one place."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import make_cohort, make_study, people
from faults import sound
from faults.case import Case, check_values
from igfmood.config.load import parse_study
from igfmood.config.units import MASS_UNITS, MOLAR_UNITS, factor
from igfmood.errors import DataError
from igfmood.normalise.participants import prepare_cohort
from igfmood.normalise.units import convert

FEW = settings(max_examples=100, deadline=None)
UNIT = st.sampled_from([*MASS_UNITS, *MOLAR_UNITS])
MASS = st.floats(50.0, 1e6)


@FEW
@given(UNIT, UNIT, UNIT, MASS)
def test_conversions_return_and_go_by_any_way(first, second, third, mass):
    assert factor(first, first, mass) == pytest.approx(1, rel=1e-14)
    there, back = factor(first, second, mass), factor(second, first, mass)
    assert there * back == pytest.approx(1, rel=1e-14)
    by_third = factor(first, third, mass) * factor(third, second, mass)
    assert by_third == pytest.approx(there, rel=1e-14)


@settings(max_examples=10, deadline=None)
@given(UNIT, st.integers(0, 10_000))
def test_a_cohort_is_the_same_in_whatever_unit_it_was_measured(unit, seed):
    study = make_study()
    true = people({"control": 40, "mdd": 20}, seed=seed)
    scale = factor("ng/mL", unit, study.analyte.molar_mass)
    cohort = make_cohort(analyte={"column": "igf1", "unit": unit})
    given_table = true.assign(igf1_value=true["igf1_value"] * scale, igf1_unit=unit)
    converted, problems = convert(given_table, cohort, study.analyte)
    kept = ~converted.index.isin(problems["row"])
    np.testing.assert_allclose(converted["igf1_ng_ml"][kept], true["igf1_value"][kept], rtol=1e-12)
    ours, ours_lost = convert(true, make_cohort(), study.analyte)
    assert len(ours) == len(converted)
    assert set(problems["row"]) == set(ours_lost["row"])


DAMAGE = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=5),
    st.sampled_from(
        ["", "=1+1", "-4", "999", "1e400", "NaN", "1,5", "BPD", "male", "P001", "<25", "0", "3.5",
         '"', "control", "\n", "1 234", "５"]
    ),
)  # fmt: skip
PLACES = st.tuples(st.integers(1, sound.N_ROWS), st.sampled_from(sound.HEADER))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("damaged")


@settings(max_examples=10, deadline=None)
@given(st.dictionaries(PLACES, DAMAGE, min_size=1, max_size=8))
def test_damage_costs_the_rows_it_hits_and_every_row_is_in_one_place(folder, damage):
    sound.cells(damage)(folder)
    study = parse_study(sound.study(data_root=str(folder)))
    if any(column == "dx" and text == "BPD" for (_, column), text in damage.items()):
        with pytest.raises(DataError, match="label 'BPD'"):
            prepare_cohort(study, study.cohorts[0])
        return
    prepared = prepare_cohort(study, study.cohorts[0])
    flow, lost = prepared.flow, set(prepared.quarantine["row"])
    assert flow.rows_in == sound.N_ROWS
    assert flow.rows_in == flow.analysed + sum(flow.excluded.values()) + flow.quarantined
    hit = {row for row, _ in damage}
    # A row that is not hit can only be lost as the double of one that is.
    assert all(row in hit or doubled(row, damage) for row in lost)
    names = {sound.rows()[row - 1][0] for row in hit} | set(damage.values())
    check_values(Case("damage", free=frozenset(names)), prepared)


def doubled(row: int, damage: dict[sound.Cell, str]) -> bool:
    """Return whether some damage gave another row the id of this one."""
    name = f"P{row:03d}"
    return any(col == "id" and text.strip() == name for (_, col), text in damage.items())
