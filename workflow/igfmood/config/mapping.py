"""What a cohort's entry says of its columns that cannot all be true.

Takes the parts of an entry; gives a problem for each column that is two numbers at once, and for
each code that is recoded to what its variable cannot be or is missing as well.
"""

from collections.abc import Iterator, Mapping, Sequence

from igfmood.config.base import NUMBER, normal_code
from igfmood.config.vocabulary import VARIABLES

_FLAG_WORDS = ("yes", "no", "1", "0", "true", "false")


def shared_columns(uses: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Give a problem for each column that stands for several numbers.

    Parameters
    ----------
    uses
        (what it stands for, column), of everything that is a measurement or a score.
    """
    columns = [column for _, column in uses]
    for column in dict.fromkeys(columns):
        stands_for = [meaning for meaning, used in uses if used == column]
        if len(stands_for) > 1:
            yield (
                f"column {column!r} stands for {' and '.join(stands_for)}: a number is one thing; "
                "name the right column for each"
            )


def repeated_items(items: Sequence[str]) -> Iterator[str]:
    """Give a problem if an item column of a questionnaire is named twice."""
    twice = list(dict.fromkeys(name for name in items if items.count(name) > 1))
    if twice:
        yield f"phq9.items names {twice} twice: each item has a column of its own"


def recode_problems(
    variable: str, recode: Mapping[str, str], missing: Sequence[str], bands: bool
) -> Iterator[str]:
    """Give a problem for each code that is recoded to nothing the variable can be, or is missing.

    Parameters
    ----------
    variable
        Canonical name.
    recode
        Code: what it stands for.
    missing
        Codes that mean missing, of the column and of the table.
    bands
        Whether values may be bands such as 35-39.
    """
    about = VARIABLES[variable]
    match about.kind:
        case "category":
            wrong = [v for v in recode.values() if v.casefold() not in about.categories]
            allowed = ", ".join(about.categories)
        case "flag":
            wrong = [v for v in recode.values() if normal_code(v) not in _FLAG_WORDS]
            allowed = "yes, no"
        case "number" if not bands:
            wrong = [v for v in recode.values() if not NUMBER.fullmatch(v)]
            allowed = "a number"
        case _:
            wrong, allowed = [], ""
    if wrong:
        yield f"columns.{variable}.recode: {wrong} is no {about.meaning}; allowed: {allowed}"
    yield from both_missing_and_meant(f"columns.{variable}.recode", recode, missing)


def both_missing_and_meant(
    key: str, recode: Mapping[str, str], missing: Sequence[str]
) -> Iterator[str]:
    """Give a problem for codes that have a meaning and are among the missing ones."""
    absent = {normal_code(code) for code in missing}
    both = [code for code in recode if normal_code(code) in absent]
    if both:
        yield f"{key}: {both} have a meaning and are missing codes too: take them out of one"
