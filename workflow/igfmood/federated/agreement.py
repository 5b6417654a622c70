"""Whether bundles may be pooled: same analysis, same code, no cohort twice.

Takes the bundles of the sites and the claims; gives what differs without mattering, or one error
that lists everything that forbids pooling.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations

from igfmood.config.claims import Claim
from igfmood.config.lock import Part, claim_parts, differences
from igfmood.errors import ConfigError
from igfmood.federated.bundle import Bundle, Card

#: More differences of one part than this are counted, not listed.
_MOST_LISTED = 6


def check_agreement(bundles: Mapping[str, Bundle], claims: Iterable[Claim]) -> list[str]:
    """Return what differs between sites and cannot change a pooled number.

    Parameters
    ----------
    bundles
        File: its bundle.
    claims
        What the hub judges.

    Raises
    ------
    ConfigError
        If the sites' analyses, code or claims differ, or a cohort is there twice.
    """
    first = next(iter(bundles))
    problems = [*_twice(bundles), *_other_claims(bundles, claim_parts(claims))]
    for name, bundle in bundles.items():
        problems += [
            f"{first} and {name} differ in {place}"
            for place in _differing(bundles[first], bundle)
        ]  # fmt: skip
    if problems:
        lines = "\n".join(f"  {number}. {text}" for number, text in enumerate(problems, 1))
        raise ConfigError(
            f"these bundles cannot be pooled:\n{lines}\nThe sites must run one study file (cohorts "
            "apart) and one claims file with the same igfmood, and each cohort may come once"
        )
    return [*_notes(bundles)]


def _twice(bundles: Mapping[str, Bundle]) -> Iterator[str]:
    cards = [(name, card) for name, bundle in bundles.items() for card in bundle.cohorts]
    for (one, first), (other, second) in combinations(cards, 2):
        pair = f"{_whose(one, first)} and {_whose(other, second)}"
        if first.name.casefold() == second.name.casefold():
            yield f"{pair} share the name {first.name!r}: rename one in its study, and run it again"
        elif first.data == second.data:
            yield f"{pair} come from the same tables (digest {first.data}): leave one out"
        elif second.name in first.same_people or first.name in second.same_people:
            yield f"{pair} hold some of the same people, as a site says: leave one out"


def _whose(name: str, card: Card) -> str:
    return f"cohort {card.name} of {name}"


def _other_claims(bundles: Mapping[str, Bundle], claims: Mapping[str, object]) -> Iterator[str]:
    """Yield what the claims of a site say otherwise than those of the hub."""
    for name, bundle in bundles.items():
        for text in _few(differences(_contents(bundle.claims), dict(claims))):
            yield f"the claims of {name} are not those that are judged: {text}"


def _differing(first: Bundle, other: Bundle) -> Iterator[str]:
    """Yield what can change a pooled number, by place and value."""
    yield from _few(differences(_contents(first.analysis), _contents(other.analysis)))
    for stage in sorted({*first.code} & {*other.code}):
        if first.code[stage] != other.code[stage]:
            yield (
                f"the code of {stage}: {first.code[stage]} (igfmood {first.igfmood}) and "
                f"{other.code[stage]} (igfmood {other.igfmood})"
            )


def _contents(parts: Mapping[str, Part]) -> dict[str, object]:
    return {name: part.content for name, part in parts.items()}


def _few(texts: list[str]) -> list[str]:
    more = len(texts) - _MOST_LISTED
    return texts if more <= 1 else [*texts[:_MOST_LISTED], f"{more} more places"]


def _notes(bundles: Mapping[str, Bundle]) -> Iterator[str]:
    """Yield what differs and is only told: versions, names."""
    for what in ("igfmood", "study"):
        values = {name: str(getattr(bundle, what)) for name, bundle in bundles.items()}
        if len(set(values.values())) > 1:
            told = ", ".join(f"{value} ({name})" for name, value in values.items())
            yield f"{what} differs, which moves no number: {told}"
    for library in sorted({one for bundle in bundles.values() for one in bundle.libraries}):
        versions = {bundle.libraries.get(library, "none") for bundle in bundles.values()}
        if len(versions) > 1:
            yield f"{library} differs, which may move last digits: {', '.join(sorted(versions))}"
