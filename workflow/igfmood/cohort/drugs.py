"""What one drug does to the canonical variables.

Takes an ATC code or a drug's name; gives the variables it belongs to, and the route of an
oestrogen.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from igfmood.cohort.codes import load, words

ATC = re.compile(r"[A-Z]\d{2}(?:[A-Z](?:[A-Z](?:\d{2})?)?)?")
#: Flags that a drug sets; the oestrogen has a route instead.
FLAGS = (
    "ad_use", "lithium", "valproate", "antipsychotic", "oc_use", "glucocorticoid", "gh_axis_drug",
)  # fmt: skip
OESTROGEN, PROGESTOGEN = "oestrogen", "progestogen"
#: A local route leaves these nothing to do.
_LOCAL_COUNTS_NOT = ("ad_use", "antipsychotic", "glucocorticoid")
_LONGEST_NAME = 4


@dataclass(frozen=True)
class Drug:
    """One or more drugs.

    Parameters
    ----------
    classes
        Variables they belong to (``FLAGS``, and ``oestrogen``).
    routes
        Routes of the oestrogens among them: oral, transdermal, other.
    unclear
        Variables that a code too short leaves open.
    """

    classes: frozenset[str] = frozenset()
    routes: frozenset[str] = frozenset()
    unclear: frozenset[str] = frozenset()

    def __or__(self, other: "Drug") -> "Drug":
        """Return both together."""
        return Drug(
            self.classes | other.classes, self.routes | other.routes, self.unclear | other.unclear
        )


def by_atc(code: str, remark: str = "") -> Drug:
    """Return what an ATC code says.

    Parameters
    ----------
    code
        ATC code of three to seven characters.
    remark
        What stands beside it; a route in words decides the route of an oestrogen.
    """
    classes, unclear = set(), set()
    for name, prefixes in load("drugs")["atc"].items():
        if code.startswith(tuple(prefixes)):
            classes.add(name)
        elif any(prefix.startswith(code) for prefix in prefixes):
            unclear.add(name)
    routes = set()
    if OESTROGEN in classes:
        oral = code.startswith(tuple(load("drugs")["atc_oral"]))
        routes.add(_route(set(words(remark).split())) or ("oral" if oral else "other"))
    return Drug(frozenset(classes), frozenset(routes), frozenset(unclear))


def by_product(text: str, names: Mapping[str, str]) -> Drug:
    """Return what the names of a product's substances say (``AMITRIPTYLINE; PERPHENAZINE``).

    A progestogen makes a contraceptive, except beside an oestrogen of replacement therapy.

    Parameters
    ----------
    text
        Names with ; , or + between them; salts, strengths and forms may stand beside a name.
    names
        Names of the study (in the form of ``words``): generic name or ATC code.
    """
    parts = [words(part) for part in re.split(r"[;\n+]|,(?!\d)", text)]
    partners = load("drugs")["local_partners"]
    local = _is_local(parts[-1]) and any(_holds(parts[-1], name) for name in partners)
    drug = Drug()
    for part in parts:
        drug |= _by_name(part, local or _is_local(part), names)
    classes = drug.classes - {PROGESTOGEN}
    if PROGESTOGEN in drug.classes and OESTROGEN not in drug.classes:
        classes |= {"oc_use"}
    return Drug(classes, drug.routes, drug.unclear)


def _by_name(part: str, local: bool, names: Mapping[str, str]) -> Drug:
    own = names.get(part) or next((names[name] for name in names if _holds(part, name)), None)
    if own is not None and ATC.fullmatch(own.strip().upper()):
        return by_atc(own.strip().upper(), part)
    text = part if own is None else words(own)
    found = {klass for phrase in _phrases(text) for klass in _classes().get(phrase, ())}
    if local:
        found -= set(_LOCAL_COUNTS_NOT)
    if "oc_use" in found:  # estradiol is also the last word of ethinyl estradiol
        found.discard(OESTROGEN)
    routes = set()
    if found & {OESTROGEN, "oestrogen_oral"}:
        said = _route(set(part.split()))
        routes.add(said or ("oral" if "oestrogen_oral" in found else "other"))
        found = (found - {"oestrogen_oral"}) | {OESTROGEN}
    return Drug(frozenset(found), frozenset(routes))


@cache
def _classes() -> dict[str, tuple[str, ...]]:
    table: dict[str, tuple[str, ...]] = {}
    for klass, names in load("drugs")["names"].items():
        for name in names:
            table[name] = (*table.get(name, ()), klass)
    return table


def _phrases(text: str) -> Iterator[str]:
    parts = text.split()
    for length in range(1, _LONGEST_NAME + 1):
        for start in range(len(parts) - length + 1):
            yield " ".join(parts[start : start + length])


def _holds(part: str, name: str) -> bool:
    return f" {name} " in f" {part} "


def _is_local(part: str) -> bool:
    return not set(part.split()).isdisjoint(load("drugs")["local"])


def _route(said: set[str]) -> str:
    """Return the route that words tell; vaginal, topical and injected are other."""
    data: Mapping[str, Sequence[str]] = load("drugs")
    for route, key in (("transdermal", "transdermal"), ("other", "elsewhere"), ("oral", "oral")):
        if not said.isdisjoint(data[key]):
            return route
    return ""
