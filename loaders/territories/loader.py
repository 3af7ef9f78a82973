"""Describe the territories of France, and the regional authorities, councils and CESER, from the tables of the card."""

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, BinaryIO

from cesergraph.errors import IdentifierError
from cesergraph.identifiers import concept, legal_unit, luhn, slugs, territory, thing
from cesergraph.namespaces import ID
from cesergraph.nquads import Quad, iri, literal, term, text
from cesergraph.sources import ROW, Batch, Described, Refusal, Table, read_csv, rows
from loaders.territories.package import refresh

__all__ = ["describe", "read_batches", "refresh"]

Triple = tuple[str, str, str]

TYPE, SAME_AS, SCHEMA_SAME_AS = term("rdf:type"), term("owl:sameAs"), term("schema:sameAs")
NAME, ALSO, CLOSE_MATCH = term("skos:prefLabel"), term("skos:altLabel"), term("skos:closeMatch")
INSEE_CODE, IGEO_CODE, SIREN = term("cg:inseeCode"), term("igeo:codeINSEE"), term("cg:siren")
WITHIN, CHIEF_TOWN, MEMBER = term("cg:within"), term("cg:chiefTown"), term("cg:memberCommune")
ADMINISTERS, ASSEMBLY_OF, LEGAL_FORM = term("cg:administers"), term("cg:assemblyOf"), term("cg:legalForm")
EPCI_KIND, POPULATION_OF, VALUE = term("cg:epciKind"), term("cg:populationOf"), term("cg:populationValue")
POPULATION_KIND, VINTAGE, COUNT = term("cg:populationKind"), term("cg:vintage"), term("cg:PopulationCount")
REGION, DEPARTEMENT, COMMUNE = term("cg:Region"), term("cg:Departement"), term("cg:Commune")
OVERSEAS, COUNTRY, EPCI, EPT = (
    term("cg:OverseasTerritory"),
    term("cg:Country"),
    term("cg:Intercommunality"),
    term("cg:EPT"),
)
INTERCOMMUNAL_AUTHORITY, REGIONAL_AUTHORITY = term("cg:IntercommunalAuthority"), term("cg:RegionalAuthority")
COUNCIL, CESER = term("cg:RegionalCouncil"), term("cg:CESER")

EPCI_KINDS = {kind: iri(concept("epci-kind", kind)) for kind in ("CA", "CC", "CU", "MET69", "METRO")}
LEGAL_FORMS = {form: iri(concept("legal-form", form)) for form in ("region", "special-status")}
POPULATION_KINDS = {kind: iri(concept("population-kind", kind)) for kind in ("municipale", "totale")}

_INSEE_PLACES = "http://id.insee.fr/geo/"
_OUTSIDE_DEPARTEMENTS = re.compile(r"97[578]|98[0-9]")
_CODED = {  # length of a code, and how a message names it
    "region": (2, "de région", "of a region"),
    "departement": (2, "de département", "of a département"),
    "commune": (5, "de commune", "of a commune"),
    "outre-mer": (3, "d'un territoire d'outre-mer", "of an overseas territory"),
}
_SIREN_EXPECTED = ("neuf chiffres dont la clé de Luhn est juste", "nine digits with a right Luhn key")
_territory_term = cache(lambda kind, code: iri(territory(kind, code)))


class _Row:
    """One row being read: what it gives as terms, and the refusals of what cannot be one."""

    __slots__ = ("key", "refusals", "table", "values")

    def __init__(self, values: dict[str, Any], table: Table) -> None:
        self.values = values
        self.table = table
        self.key: str = values[table.columns[0]]
        self.refusals: list[Refusal] = []

    def value(self, column: str) -> str:
        """Return what stands in a column, corrected by the lookups."""
        raw: str = self.values[column]
        corrections = self.table.lookups.get(column)
        return raw if corrections is None else corrections.get(raw, raw)

    def refuse(self, column: str, fr: str, en: str, repair: str = "") -> str:
        """Note why the row cannot be taken; return the empty term."""
        self.refusals.append(Refusal(self.values[ROW], column, self.values[column], fr, en, repair))
        return ""

    def place(self, column: str, kind: str) -> str:
        """Return the territory whose code stands in a column."""
        code = self.value(column)
        try:
            return _territory_term(kind, code)
        except IdentifierError:
            if kind in ("epci", "ept"):
                return self.refuse(column, *_SIREN_EXPECTED, _repaired_siren(code))
            width, of_fr, of_en = _CODED[kind]
            fr, en = f"un code Insee {of_fr}, zéros de tête compris", f"an INSEE code {of_en}, leading zeros kept"
            return self.refuse(column, fr, en, _repaired_code(kind, code, width))

    def chief_town(self) -> list[str]:
        """Return the chief town, if the row gives one; a correction is for this territory only."""
        code = self.value("chief_town")
        code = self.table.lookups.get("chief_town", {}).get(f"{self.key} {code}", code)
        return [self.place("chief_town", "commune")] if code else []

    def authority(self) -> str:
        """Return the regional authority: by its SIREN, else by the slug of its region."""
        siren = self.value("siren")
        if not siren:
            return self.slug(f"region:{self.key}")
        try:
            return iri(legal_unit(siren))
        except IdentifierError:
            return self.refuse("siren", *_SIREN_EXPECTED, _repaired_siren(siren))

    def slug(self, key: str) -> str:
        """Return the thing whose slug was minted under a key."""
        path = slugs().get(key)
        if path is None:
            fr = f"une région dont decisions/slugs.csv donne la clé {key}"
            return self.refuse("region", fr, f"a region whose key {key} is in decisions/slugs.csv")
        return iri(ID + path)

    def name(self, column: str = "name") -> str:
        """Return a name in French."""
        value = self.value(column)
        return text(value, "fr") if value.strip() else self.refuse(column, "un nom", "a name")

    def also(self) -> list[str]:
        """Return the other name in French, if the row gives one."""
        return [text(self.value("also"), "fr")] if self.value("also") else []

    def choice(self, column: str, allowed: dict[str, str]) -> str:
        """Return the concept a notation stands for."""
        value = self.value(column)
        if value in allowed:
            return allowed[value]
        near = value.strip().upper()
        listed = ", ".join(allowed)
        return self.refuse(column, f"l'un de {listed}", f"one of {listed}", near if near in allowed else "")

    def matching(self, column: str, pattern: str, fr: str, en: str) -> str:
        """Return the value of a column, once all of it matches a pattern."""
        value = self.value(column)
        if re.fullmatch(pattern, value):
            return value
        squeezed = re.sub(r"\s", "", value)
        return self.refuse(column, fr, en, squeezed if re.fullmatch(pattern, squeezed) else "")


def _repaired_code(kind: str, code: str, width: int) -> str:
    repaired = code.strip().upper().zfill(width)
    try:
        territory(kind, repaired)
    except IdentifierError:
        return ""
    return repaired


def _repaired_siren(siren: str) -> str:
    digits = re.sub(r"\s", "", siren)
    return digits if re.fullmatch(r"[0-9]{9}", digits) and luhn(digits) else ""


def _insee_place(row: _Row, column: str, kind: str, kind_term: str) -> tuple[str, list[Triple]]:
    """Return a territory that INSEE codes, and its type, name and code."""
    code, place = row.value(column), row.place(column, kind)
    return place, [
        (place, TYPE, kind_term),
        (place, NAME, row.name()),
        (place, INSEE_CODE, literal(code)),
        (place, IGEO_CODE, literal(code, "xsd:token")),
    ]


def _insee_link(row: _Row, place: str, kind: str) -> Triple:
    return place, SAME_AS, iri(f"{_INSEE_PLACES}{kind}/{row.key}") if place else ""


def _populations(row: _Row, place: str, path: str, columns: dict[str, str]) -> Iterator[Triple]:
    """Yield one count for each kind of population the row gives; an empty vintage is unknown, not guessed."""
    vintage = row.matching("vintage", "([0-9]{4})?", "une année ou rien", "a year or nothing")
    for column, kind in columns.items():
        value = row.matching(column, "[0-9]*", "un nombre entier ou rien", "a whole number or nothing")
        if not value or not place:
            continue
        count = iri(thing("population", "-".join(filter(None, (f"{path}/{row.key}", kind, vintage)))))
        yield count, TYPE, COUNT
        yield count, POPULATION_OF, place
        yield count, VALUE, literal(value, "xsd:nonNegativeInteger")
        yield count, POPULATION_KIND, POPULATION_KINDS[kind]
        if vintage:
            yield count, VINTAGE, literal(vintage)


def _region(row: _Row) -> Iterator[Triple]:
    place, triples = _insee_place(row, "region", "region", REGION)
    yield from triples
    yield _insee_link(row, place, "region")
    yield from ((place, CHIEF_TOWN, town) for town in row.chief_town())


def _departement(row: _Row) -> Iterator[Triple]:
    place, triples = _insee_place(row, "departement", "departement", DEPARTEMENT)
    yield from triples
    yield _insee_link(row, place, "departement")
    yield place, WITHIN, row.place("region", "region")
    yield from ((place, CHIEF_TOWN, town) for town in row.chief_town())


def _overseas(row: _Row) -> Iterator[Triple]:
    place, triples = _insee_place(row, "overseas", "outre-mer", OVERSEAS)
    yield from triples
    yield from ((place, CHIEF_TOWN, town) for town in row.chief_town())


def _commune(row: _Row) -> Iterator[Triple]:
    place, triples = _insee_place(row, "commune", "commune", COMMUNE)
    yield from triples
    parent, beginning = row.value("departement"), row.key[: 3 if row.key >= "97" else 2]
    if place and parent != beginning:
        fr, en = "le code par lequel commence celui de la commune", "the code that the commune's begins with"
        row.refuse("departement", fr, en, beginning)
    elif _OUTSIDE_DEPARTEMENTS.fullmatch(parent):
        yield place, WITHIN, row.place("departement", "outre-mer")
    else:
        yield place, WITHIN, row.place("departement", "departement")
        yield _insee_link(row, place, "commune")
    yield from _populations(row, place, "commune", {"population": "municipale"})


def _epci(row: _Row) -> Iterator[Triple]:
    place = row.place("epci", "epci")
    yield place, EPCI_KIND, row.choice("kind", EPCI_KINDS)
    yield from _intercommunality(row, place, "epci", EPCI)


def _ept(row: _Row) -> Iterator[Triple]:
    yield from _intercommunality(row, row.place("ept", "ept"), "ept", EPT)


def _intercommunality(row: _Row, place: str, path: str, kind_term: str) -> Iterator[Triple]:
    """Yield the territory, the body of the same SIREN that administers it, and its populations."""
    name = row.name()
    yield place, TYPE, kind_term
    yield place, NAME, name
    if place:
        authority = iri(legal_unit(row.key))
        yield authority, TYPE, INTERCOMMUNAL_AUTHORITY
        yield authority, NAME, name
        yield authority, SIREN, literal(row.key)
        yield authority, ADMINISTERS, place
    yield from _populations(row, place, path, {"totale": "totale", "municipale": "municipale"})


def _epci_member(row: _Row) -> Iterator[Triple]:
    yield row.place("epci", "epci"), MEMBER, row.place("commune", "commune")


def _ept_member(row: _Row) -> Iterator[Triple]:
    yield row.place("ept", "ept"), MEMBER, row.place("commune", "commune")


def _country(row: _Row) -> Iterator[Triple]:
    key = row.matching("country", "[a-z]+(-[a-z]+)*", "un nom de pays en minuscules", "a country's name in lower case")
    country = iri(thing("territoire", f"pays/{key}")) if key else ""
    yield country, TYPE, COUNTRY
    yield country, NAME, row.name()


def _regional_authority(row: _Row) -> Iterator[Triple]:
    authority = row.authority()
    yield authority, TYPE, REGIONAL_AUTHORITY
    yield authority, NAME, row.name("authority")
    yield from ((authority, ALSO, other) for other in row.also())
    yield authority, ADMINISTERS, row.place("region", "region")
    yield authority, LEGAL_FORM, row.choice("kind", LEGAL_FORMS)
    if row.value("siren"):
        yield authority, SIREN, literal(row.value("siren"))


def _council(row: _Row) -> Iterator[Triple]:
    yield from _organ(row, "council", "conseil-regional", COUNCIL)


def _assembly(row: _Row) -> Iterator[Triple]:
    yield from _organ(row, "assembly", "ceser", CESER)


def _organ(row: _Row, column: str, prefix: str, kind_term: str) -> Iterator[Triple]:
    """Yield an organ of a regional authority: not a legal person, so a slug and no SIREN of its own."""
    organ = row.slug(f"{prefix}:{row.key}")
    yield organ, TYPE, kind_term
    yield organ, NAME, row.name(column)
    yield from ((organ, ALSO, other) for other in row.also())
    yield organ, ASSEMBLY_OF, row.authority()


def _wikidata(row: _Row) -> Iterator[Triple]:
    region = row.place("region", "region")
    item = row.matching(
        "item", "Q[0-9]+", "un identifiant Wikidata, Q suivi de chiffres", "a Wikidata item, Q and digits"
    )
    if item:
        entity = iri(f"http://www.wikidata.org/entity/{item}")
        yield region, CLOSE_MATCH, entity
        yield region, SCHEMA_SAME_AS, entity


_TABLES: dict[str, Callable[[_Row], Iterator[Triple]]] = {
    "regions": _region,
    "departements": _departement,
    "overseas": _overseas,
    "communes": _commune,
    "epci": _epci,
    "epci_members": _epci_member,
    "ept": _ept,
    "ept_members": _ept_member,
    "countries": _country,
    "regional_authorities": _regional_authority,
    "councils": _council,
    "assemblies": _assembly,
    "wikidata": _wikidata,
}


def read_batches(stream: BinaryIO, table: Table) -> Iterator[Batch]:
    """Yield the rows of one table as batches of text; raise SourceChanged."""
    return read_csv(stream, table)


def describe(batch: Batch, table: Table) -> Described:
    """Return what the rows of one batch state, and the refusals of the rows that cannot be taken whole."""
    described = Described()
    triples_of, first, graph = _TABLES[table.name], table.columns[0], table.graph
    for values in rows(batch):
        row = _Row(values, table)
        item = f"{first}={row.key}"
        triples = list(triples_of(row))
        if row.refusals:
            described.refusals += row.refusals
        else:
            described.quads += [Quad(s, p, o, graph, item) for s, p, o in triples]
    return described
