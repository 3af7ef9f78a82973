"""How an IRI is made from an official code, and refused otherwise (the policy is design page model.md, section 3)."""

import csv
import re
import unicodedata
from functools import cache
from importlib.resources.abc import Traversable

from cesergraph.errors import DecisionError, IdentifierError
from cesergraph.namespaces import GRAPH, ID, VOCAB
from cesergraph.resources import folder

TYPES = frozenset(
    "organisation personne groupe poste mandat mission territoire site dispositif instrument strategie axe orientation "
    "mesure action objectif cible indicateur grandeur chiffre denombrement population-statistique document section "
    "preconisation enonce passage capture annotation position relation parcours evenement saisine voie-de-saisine "
    "seance vote decompte convention participation financement decision nom version etape adressage role suite "
    "recours segment population completude inconnue".split()
)
_REF = re.compile(r"[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)*", re.IGNORECASE)
_CODES = {
    "region": re.compile(r"[0-9]{2}"),
    "departement": re.compile(r"[0-9]{2}|2[AB]|97[1-9]"),
    "commune": re.compile(r"[0-9]{5}|2[AB][0-9]{3}"),
    "outre-mer": re.compile(r"9[0-9]{2}"),
}
_LIGATURES = str.maketrans({"œ": "oe", "Œ": "Oe", "æ": "ae", "Æ": "Ae"})
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def thing(kind: str, ref: str) -> str:
    """Return the IRI ``/id/{kind}/{ref}``; raise IdentifierError on an unknown kind or a malformed reference."""
    if kind not in TYPES:
        raise IdentifierError(
            fr=f"{kind!r} n'est pas un type de chose ; attendu : {', '.join(sorted(TYPES))}.",
            en=f"{kind!r} is not a type of thing; expected: {', '.join(sorted(TYPES))}.",
        )
    if not _REF.fullmatch(ref):
        raise IdentifierError(
            fr=f"{ref!r} n'est pas une référence de {kind} ; attendu : lettres sans accent, chiffres, tirets.",
            en=f"{ref!r} is not a reference of a {kind}; expected: unaccented letters, digits, hyphens.",
        )
    return f"{ID}{kind}/{ref}"


def territory(kind: str, code: str) -> str:
    """Return the IRI of a territory by kind and official code.

    Kinds: ``region``, ``departement``, ``commune``, ``outre-mer`` (INSEE codes), ``epci``, ``ept`` (SIREN).
    Source of the codes: INSEE, Code officiel géographique. Raise IdentifierError.

    >>> territory("region", "01")
    'https://w3id.org/cesergraph/id/territoire/region/01'
    """
    if kind in ("epci", "ept"):
        check_siren(code)
    elif kind not in _CODES or not _CODES[kind].fullmatch(code):
        raise IdentifierError(
            fr=f"{code!r} n'est pas un code de {kind} ; attendu : le code Insee, zéros de tête compris.",
            en=f"{code!r} is not a code of a {kind}; expected: the INSEE code, leading zeros kept.",
        )
    return f"{ID}territoire/{kind}/{code}"


def legal_unit(siren: str) -> str:
    """Return the IRI of an organisation by its SIREN; raise IdentifierError."""
    check_siren(siren)
    return f"{ID}organisation/siren/{siren}"


def check_siren(value: str) -> None:
    """Raise IdentifierError unless the value is nine digits that satisfy the Luhn key (Insee, répertoire Sirene)."""
    if not re.fullmatch(r"[0-9]{9}", value) or not luhn(value):
        raise IdentifierError(
            fr=f"{value!r} n'est pas un SIREN ; attendu : neuf chiffres dont la clé de Luhn est juste.",
            en=f"{value!r} is not a SIREN; expected: nine digits with a right Luhn key.",
        )


def luhn(digits: str) -> bool:
    """Tell whether a string of digits satisfies the Luhn key.

    >>> luhn("234500023"), luhn("234500024")
    (True, False)
    """
    doubled = (int(d) * 2 if i % 2 else int(d) for i, d in enumerate(reversed(digits)))
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


def concept(scheme: str, notation: str) -> str:
    """Return the IRI of a concept of one of our code lists; raise IdentifierError on a malformed part."""
    if not _SLUG.fullmatch(scheme) or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]*", notation):
        raise IdentifierError(
            fr=f"{scheme}/{notation} ne peut pas nommer un concept.", en=f"{scheme}/{notation} cannot name a concept."
        )
    return f"{VOCAB}{scheme}/{notation}"


def graph(source: str, edition: str) -> str:
    """Return the IRI of the graph of what one edition of a source states; raise IdentifierError."""
    for part in (source, edition):
        if not _REF.fullmatch(part):
            raise IdentifierError(
                fr=f"{part!r} ne peut pas nommer un graphe.", en=f"{part!r} cannot be part of a graph IRI."
            )
    return f"{GRAPH}{source}/{edition}"


META = "meta"
DECISION_GRAPH = f"{GRAPH}decision"
INFERENCE_GRAPH = f"{GRAPH}inference"


def meta_graph(source: str) -> str:
    """Return the IRI of the graph that describes a source: publisher, licence, edition, digest."""
    return graph(META, source)


def slugify(name: str) -> str:
    """Return the slug of a name: ASCII, lower case, hyphens, no leading article, at most 80 characters.

    >>> slugify("L’Œuvre d'été — Région")
    'oeuvre-d-ete-region'
    """
    spaced = re.sub(r"[’‑–—]", " ", name.translate(_LIGATURES))
    plain = unicodedata.normalize("NFKD", spaced).encode("ascii", "ignore").decode().lower()
    plain = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    return re.sub(r"^(le|la|les|l|un|une|des)-", "", plain)[:80].rstrip("-")


@cache
def slugs(table: Traversable | None = None) -> dict[str, str]:
    """Return the registry of slugs, decisions/slugs.csv: key → ``{type}/{slug}``. Lines are only ever added.

    Raise DecisionError where two keys share a slug, a key stands twice, or a slug is malformed.
    """
    file = table or folder("decisions").joinpath("slugs.csv")
    rows = list(csv.reader(file.read_text(encoding="utf-8").splitlines()))
    found: dict[str, str] = {}
    for number, row in enumerate(rows[1:], start=2):
        key, path = row if len(row) == 2 else ("", "")
        kind, _, slug = path.partition("/")
        fault = _slug_fault(key, kind, slug, found)
        if fault:
            raise DecisionError(
                fr=f"slugs.csv, ligne {number} : {','.join(row)!r} : {fault[0]}.",
                en=f"slugs.csv, line {number}: {','.join(row)!r}: {fault[1]}.",
            )
        found[key] = path
    return found


def _slug_fault(key: str, kind: str, slug: str, found: dict[str, str]) -> tuple[str, str] | None:
    if not key or kind not in TYPES or not _SLUG.fullmatch(slug):
        return "attendu : clé,type/slug", "expected: key,type/slug"
    if key in found:
        return "clé déjà présente", "key already there"
    if f"{kind}/{slug}" in found.values():
        return "identifiant déjà attribué", "identifier already taken"
    return None
