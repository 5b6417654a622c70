"""Numbers are written one way: true minus, thousands, no false precision."""

import math

import pytest

from igfmood.report.numbers import (
    MINUS,
    NBSP,
    Number,
    decimals_apart,
    fixed,
    level,
    p_value,
    percent,
    plain,
    signed,
    sort_key,
)


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (-0.584, 2, f"{MINUS}0.58"), (1234.5, 1, "1,234.5"), (-0.001, 2, "0.00"), (0, 2, "0.00"),
        (-12345.6, 0, f"{MINUS}12,346"), (0.12345, 3, "0.123"),
    ],
)  # fmt: skip
def test_fixed(value: float, decimals: int, text: str) -> None:
    assert fixed(value, decimals) == text


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_never_shown(value: float) -> None:
    with pytest.raises(ValueError, match="no number"):
        fixed(value, 2)


@pytest.mark.parametrize(
    ("value", "text"), [(0.011, "+0.01"), (-0.011, f"{MINUS}0.01"), (0.001, "0.00")]
)
def test_signed(value: float, text: str) -> None:
    assert signed(value, 2) == text


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (1e-9, f"<{NBSP}0.001"), (0.001, "0.001"), (0.0499, "0.050"), (0.12, "0.12"),
        (0.999, f">{NBSP}0.99"),
    ],
)  # fmt: skip
def test_p_value(p: float, text: str) -> None:
    assert p_value(p) == text


def test_shares_and_levels() -> None:
    assert percent(0.536) == f"54{NBSP}%"
    assert level(0.95) == f"95{NBSP}%"
    assert level(0.975) == f"97.5{NBSP}%"


def test_a_limit_is_never_written_as_if_it_reached_the_bound() -> None:
    assert decimals_apart([0.6981], [0.7], 2) == 3
    assert decimals_apart([0.7], [0.7], 2) == 2
    assert decimals_apart([0.64], [0.7], 2) == 2


def test_plain_text_of_a_sentence() -> None:
    assert plain(("AUC ", Number("0.71", "abc"), ".")) == "AUC 0.71."


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("0.008 (0.001 to 0.015)", "0.008"), (f"{MINUS}1,234.6", "-1234.6"), ("+0.080", "0.080"),
        (f"<{NBSP}0.001", "0.000"), (f">{NBSP}0.99", "1.00"), ("<10", "9"), ("≈ 60", "60"),
        (f"≤{NBSP}4{NBSP}%", "4"), ("·", "·"), ("none found", "none found"),
    ],
)  # fmt: skip
def test_a_sort_key_says_no_more_than_the_text(text: str, key: str) -> None:
    assert sort_key(text) == key
