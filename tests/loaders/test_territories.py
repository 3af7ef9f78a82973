"""The territories: exact samples, dirty rows, the whole tables, INSEE's own files as judge, and the refresh."""

import csv
import io
import json
import os
import tarfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cesergraph import sources
from cesergraph.errors import EquipmentMissing, SourceChanged
from cesergraph.identifiers import territory
from cesergraph.namespaces import CG, ID, VOCAB, expand
from cesergraph.nquads import Quad
from cesergraph.sources import Change, Described, Refusal
from loaders.territories.loader import describe, read_batches, refresh

SAMPLES = Path(__file__).parent / "territories"
TABLES = sources.card("territories").tables


def described(table: str, content: bytes) -> Described:
    """What a file of one table states; a small file has one batch."""
    batches = list(read_batches(io.BytesIO(content), TABLES[table]))
    assert len(batches) == 1
    return describe(batches[0], TABLES[table])


def test_every_table_has_a_sample() -> None:
    assert {file.stem for file in SAMPLES.glob("*.csv")} == TABLES.keys()


@pytest.mark.parametrize("table", sorted(TABLES))
def test_a_sample_states_exactly_these_quads(table: str) -> None:
    found = described(table, (SAMPLES / f"{table}.csv").read_bytes())
    assert found.refusals == []
    expected = (SAMPLES / f"{table}.nq").read_text(encoding="utf-8")
    assert "".join(sorted(quad.line() for quad in found.quads)) == expected


def test_a_population_of_unknown_vintage_has_none() -> None:
    found = described("ept", b"ept,name,totale,municipale,vintage\n200057867,Plaine Commune,455226,,\n")
    about = {q.predicate: q.object for q in found.quads if q.subject == f"<{ID}population/ept/200057867-totale>"}
    assert about[f"<{CG}populationValue>"] == f'"455226"^^<{expand("xsd:nonNegativeInteger")}>'
    assert f"<{CG}vintage>" not in about


def test_a_quad_names_its_row() -> None:
    found = described("regions", b"region,name,chief_town\n94,Corse,2A004\n")
    assert {quad.item for quad in found.quads} == {"region=94"}


DIRTY = [
    pytest.param("communes", "1001,L'Abergement-Clémenciat,01,860,2023", "commune", "01001", id="lost-zero"),
    pytest.param("communes", "2a004,Ajaccio,2A,76320,2023", "commune", "2A004", id="lower-case-corsica"),
    pytest.param("communes", "01001,L'Abergement,84,860,2023", "departement", "01", id="region-for-departement"),
    pytest.param("communes", "97411,Saint-Denis,97,1,2023", "departement", "974", id="departement-cut-short"),
    pytest.param("communes", "01001,,01,860,2023", "name", "", id="no-name"),
    pytest.param("communes", "01001,L'Abergement,01,1 860,2023", "population", "1860", id="blank-in-a-number"),
    pytest.param("communes", "01001,L'Abergement,01,-3,2023", "population", "", id="negative-population"),
    pytest.param("communes", "01001,L'Abergement,01,860,an 2023", "vintage", "", id="no-year"),
    pytest.param("departements", "1,Ain,84,01053", "departement", "01", id="departement-lost-zero"),
    pytest.param("departements", "01,Ain,4,01053", "region", "04", id="region-lost-zero"),
    pytest.param("regions", "94,Corse,2A4", "chief_town", "", id="chief-town-beyond-repair"),
    pytest.param("overseas", "9 75,Saint-Pierre-et-Miquelon,97502", "overseas", "", id="overseas-code"),
    pytest.param("epci", "200000172,CC Faucigny,CCI,1,1,2025", "kind", "", id="unknown-kind"),
    pytest.param("epci", "200000172,CC Faucigny,cc ,1,1,2025", "kind", "CC", id="kind-in-lower-case"),
    pytest.param("epci", "200000173,CC Faucigny,CC,1,1,2025", "epci", "", id="wrong-luhn-key"),
    pytest.param("epci", "200 000 172,CC Faucigny,CC,1,1,2025", "epci", "200000172", id="blanks-in-a-siren"),
    pytest.param("epci_members", "200000172,1001", "commune", "01001", id="member-lost-zero"),
    pytest.param("ept_members", "20005786,93001", "ept", "", id="truncated-siren"),
    pytest.param("countries", "France,France", "country", "", id="country-key"),
    pytest.param("regional_authorities", "24,234500024,Région,,region", "siren", "", id="authority-siren"),
    pytest.param("regional_authorities", "24,234500023,Région,,parc", "kind", "", id="authority-kind"),
    pytest.param("councils", "99,234500023,Conseil,", "region", "", id="no-slug"),
    pytest.param("wikidata", "24,13947", "item", "", id="not-an-item"),
]


@pytest.mark.parametrize(("table", "line", "column", "repair"), DIRTY)
def test_a_dirty_row_is_refused_with_its_column_and_repair(table: str, line: str, column: str, repair: str) -> None:
    good = (SAMPLES / f"{table}.csv").read_text(encoding="utf-8").splitlines()[:2]
    found = described(table, "\n".join([*good, line, ""]).encode())
    assert [(r.row, r.column, r.repair) for r in found.refusals] == [(3, column, repair)]
    assert {quad.item for quad in found.quads} == {f"{TABLES[table].columns[0]}={good[1].split(',')[0]}"}
    assert all(r.expected_fr and r.expected_en for r in found.refusals)


def test_all_the_faults_of_a_row_are_said_at_once() -> None:
    found = described("communes", b"commune,name,departement,population,vintage\n1001,,1,x,y\n")
    assert [r.column for r in found.refusals] == ["commune", "name", "departement", "vintage", "population"]
    assert found.quads == []


def test_a_row_with_a_field_too_many_is_refused_and_the_others_go_on() -> None:
    lines = "ept,commune\n200057867,93001,Aubervilliers\n" + "200057867,93027\n" * 129
    loaded = sources.load("territories", io.BytesIO(lines.encode()), TABLES["ept_members"], "ept_members.csv")
    assert (loaded.read, loaded.accepted) == (130, 129)
    assert [(r.row, r.column) for r in loaded.refusals] == [(2, "*")]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param("region,name,chief_town\n04,La Réunion,97411\n".encode("latin-1"), "utf-8", id="latin-1"),
        pytest.param(b"REG,LIBELLE,CHEFLIEU\n04,La R,97411\n", "region", id="header-of-insee"),
        pytest.param(b"region,name,chief_town,siren\n", "siren", id="column-nobody-reads"),
    ],
)
def test_a_changed_file_stops_the_load(content: bytes, said: str) -> None:
    with pytest.raises(SourceChanged, match=said):
        list(read_batches(io.BytesIO(content), TABLES["regions"]))


def test_each_committed_file_is_recognised_by_its_header() -> None:
    found = {table.name: sources.recognise("territories", Path(str(file))).name for table, file in committed()}
    assert found == {name: name for name in TABLES}


def committed() -> list[tuple[sources.Table, Any]]:
    return sources.committed_files("territories")


# ------------------------------------------------------------------------------------------- the whole tables


@dataclass
class Whole:
    """All committed tables: their refusals, and their statements by predicate."""

    refusals: list[Refusal]
    quads: list[Quad]
    by_predicate: dict[str, list[tuple[str, str]]]
    by_class: dict[str, set[str]]

    def pairs(self, curie: str) -> list[tuple[str, str]]:
        return self.by_predicate[f"<{expand(curie)}>"]

    def of_class(self, name: str) -> set[str]:
        return self.by_class[f"<{CG}{name}>"]

    def one(self, curie: str) -> dict[str, str]:
        """A property that no thing has twice, as a mapping."""
        pairs = self.pairs(curie)
        assert len(pairs) == len(dict(pairs))
        return dict(pairs)


@pytest.fixture(scope="module")
def whole() -> Whole:
    refusals: list[Refusal] = []
    quads: list[Quad] = []
    for table, file in committed():
        loaded = sources.load("territories", io.BytesIO(file.read_bytes()), table, file.name)
        refusals += loaded.refusals
        quads += loaded.quads
    by_predicate: dict[str, list[tuple[str, str]]] = {}
    for quad in quads:
        by_predicate.setdefault(quad.predicate, []).append((quad.subject, quad.object))
    by_class: dict[str, set[str]] = {}
    for thing, kind in by_predicate[f"<{expand('rdf:type')}>"]:
        by_class.setdefault(kind, set()).add(thing)
    return Whole(refusals, quads, by_predicate, by_class)


def place(kind: str, code: str) -> str:
    return f"<{territory(kind, code)}>"


def test_every_committed_row_is_taken_and_nothing_is_said_twice(whole: Whole) -> None:
    assert whole.refusals == []
    assert len({quad[:3] for quad in whole.quads}) == len(whole.quads)


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("Region", 18),
        ("Departement", 101),
        ("OverseasTerritory", 8),
        ("Commune", 34_969),
        ("Intercommunality", 1_255),
        ("EPT", 11),
        ("Country", 1),
        ("RegionalAuthority", 18),
        ("RegionalCouncil", 18),
        ("CESER", 18),
        ("IntercommunalAuthority", 1_266),
        ("PopulationCount", 34_875 + 2 * 1_266),
    ],
)
def test_there_are_so_many_of_a_class(whole: Whole, name: str, count: int) -> None:
    assert len(whole.of_class(name)) == count


def test_the_kinds_of_intercommunality_are_counted(whole: Whole) -> None:
    kinds = Counter(o.rpartition("/")[2].rstrip(">") for _, o in whole.pairs("cg:epciKind"))
    assert kinds == {"CC": 989, "CA": 230, "METRO": 21, "CU": 14, "MET69": 1}


def test_every_region_has_its_authority_its_council_and_its_ceser(whole: Whole) -> None:
    authority_of = {region: authority for authority, region in whole.pairs("cg:administers")}
    organs = Counter(o for s, o in whole.pairs("cg:assemblyOf") if s in whole.of_class("CESER"))
    councils = Counter(o for s, o in whole.pairs("cg:assemblyOf") if s in whole.of_class("RegionalCouncil"))
    authorities = {authority_of[region] for region in whole.of_class("Region")}
    assert authorities == whole.of_class("RegionalAuthority")
    assert organs == councils == dict.fromkeys(authorities, 1)


def test_the_three_authorities_without_a_sure_siren_have_none(whole: Whole) -> None:
    without = whole.of_class("RegionalAuthority") - whole.one("cg:siren").keys()
    slugs = ("collectivite-de-corse", "collectivite-territoriale-de-guyane", "collectivite-territoriale-de-martinique")
    assert without == {f"<{ID}organisation/{slug}>" for slug in slugs}


def test_region_01_is_not_departement_01(whole: Whole) -> None:
    names = whole.one("skos:prefLabel")
    assert names[place("region", "01")] == '"Guadeloupe"@fr'
    assert names[place("departement", "01")] == '"Ain"@fr'
    assert whole.one("cg:within")[place("departement", "971")] == place("region", "01")


def test_every_place_named_is_described(whole: Whole) -> None:
    communes = whole.of_class("Commune")
    assert {o for _, o in whole.pairs("cg:memberCommune")} <= communes
    assert {o for _, o in whole.pairs("cg:chiefTown")} <= communes
    parents = whole.one("cg:within")
    assert parents.keys() == communes | whole.of_class("Departement")
    assert set(parents.values()) <= whole.of_class("Region") | whole.of_class("Departement") | whole.of_class(
        "OverseasTerritory"
    )


def test_homonyms_stay_apart(whole: Whole) -> None:
    names = whole.one("skos:prefLabel")
    communes = Counter(names[commune] for commune in whole.of_class("Commune"))
    assert sum(1 for count in communes.values() if count > 1) == 1_441
    assert {'"Bretagne"@fr', '"Vienne"@fr', '"Indre"@fr'} <= communes.keys()
    rivers = [e for e in whole.of_class("Intercommunality") if names[e] == '"CC des Quatre Rivières"@fr']
    assert len(rivers) == 2


def members(whole: Whole) -> Iterator[tuple[str, str]]:
    intercommunalities = whole.of_class("Intercommunality")
    return ((e, c) for e, c in whole.pairs("cg:memberCommune") if e in intercommunalities)


def test_four_islands_have_no_intercommunality(whole: Whole) -> None:
    in_departements = {c for c, p in whole.pairs("cg:within") if p in whole.of_class("Departement")}
    alone = in_departements - {commune for _, commune in members(whole)}
    assert alone == {place("commune", code) for code in ("22016", "29083", "29155", "85113")}


def test_the_intercommunalities_of_a_region_have_two_readings_here(whole: Whole) -> None:
    parents = whole.one("cg:within")
    regions: dict[str, set[str]] = {}
    for intercommunality, commune in members(whole):
        regions.setdefault(intercommunality, set()).add(parents[parents[commune]])
    centre = place("region", "24")
    assert sum(1 for found in regions.values() if centre in found) == 82
    assert sum(1 for found in regions.values() if found == {centre}) == 77


def test_each_population_has_the_vintage_of_its_publisher(whole: Whole) -> None:
    owner, kind = whole.one("cg:populationOf"), whole.one("cg:populationKind")
    found = Counter(
        (owner[count].split("/")[-2], kind[count].removeprefix(f"<{VOCAB}population-kind/").rstrip(">"), vintage)
        for count, vintage in whole.one("cg:vintage").items()
    )
    assert found == {
        ("commune", "municipale", '"2023"'): 34_858,
        ("commune", "municipale", '"2017"'): 17,
        ("epci", "municipale", '"2025"'): 1_250,
        ("epci", "totale", '"2025"'): 1_250,
        ("epci", "municipale", '"2017"'): 5,
        ("epci", "totale", '"2017"'): 5,
        ("ept", "municipale", '"2023"'): 11,
        ("ept", "totale", '"2023"'): 11,
    }


@pytest.mark.parametrize(
    ("region", "population"),
    [("53", 3_449_370), ("27", 2_802_670), ("94", 355_486), ("11", 12_463_067), ("01", 384_160), ("03", 293_996)],
)
def test_the_communes_add_up_to_what_insee_published_for_2023(whole: Whole, region: str, population: int) -> None:
    parents, owner = whole.one("cg:within"), whole.one("cg:populationOf")
    values = {owner[count]: int(value.split('"')[1]) for count, value in whole.pairs("cg:populationValue")}
    inside = [c for c in whole.of_class("Commune") if parents.get(parents[c]) == place("region", region)]
    assert sum(values[commune] for commune in inside) == population


def test_a_place_outside_the_departements_has_no_wrong_chief_town_and_no_insee_link(whole: Whole) -> None:
    towns = whole.one("cg:chiefTown")
    assert place("outre-mer", "975") in towns
    assert place("outre-mer", "984") not in towns
    assert place("commune", "97502") not in whole.one("owl:sameAs")


# ------------------------------------------------------------------------------------------- INSEE as judge


def official(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def described_names(whole: Whole, kind: str) -> dict[str, str]:
    """Names by code of the places of one kind that INSEE has an address for."""
    names = whole.one("skos:prefLabel")
    start = f"<{ID}territoire/{kind}/"
    linked = {s for s in whole.one("owl:sameAs") if s.startswith(start)}
    return {s.removeprefix(start).rstrip(">"): names[s].removesuffix("@fr").strip('"') for s in linked}


@pytest.mark.parametrize(
    ("file", "kind", "column", "count"),
    [
        ("regions.csv", "region", "REG", 18),
        ("departements.csv", "departement", "DEP", 101),
        ("communes.csv", "commune", "COM", 34_875),
    ],
)
def test_codes_and_names_are_those_of_insee(
    whole: Whole, registers: Path, file: str, kind: str, column: str, count: int
) -> None:
    rows = [row for row in official(registers, file) if row.get("TYPECOM", "COM") == "COM"]
    assert len(rows) == count
    assert described_names(whole, kind) == {row[column]: row["LIBELLE"] for row in rows}


def test_parents_and_chief_towns_are_those_of_insee(whole: Whole, registers: Path) -> None:
    parents, towns = whole.one("cg:within"), whole.one("cg:chiefTown")
    for row in official(registers, "communes.csv"):
        if row["TYPECOM"] == "COM":
            assert parents[place("commune", row["COM"])] == place("departement", row["DEP"])
    for row in official(registers, "departements.csv"):
        assert parents[place("departement", row["DEP"])] == place("region", row["REG"])
        assert towns[place("departement", row["DEP"])] == place("commune", row["CHEFLIEU"])
    for row in official(registers, "regions.csv"):
        assert towns[place("region", row["REG"])] == place("commune", row["CHEFLIEU"])


def test_members_and_populations_of_2025_are_those_of_the_dgcl(whole: Whole, registers: Path) -> None:
    path = registers / "banatic-perimetre-epci-a-fp.csv"
    with path.open(encoding="cp1252", newline="") as stream:
        rows = [row for row in csv.DictReader(stream, delimiter=";") if row["siren"]]
    assert {(place("epci", r["siren"]), place("commune", r["insee"])) for r in rows} == set(members(whole))
    owner, kind = whole.one("cg:populationOf"), whole.one("cg:populationKind")
    found = {
        (owner[count], kind[count].rpartition("/")[2].rstrip(">")): int(value.split('"')[1])
        for count, value in whole.pairs("cg:populationValue")
    }
    for row in rows:
        for column, name in (("total_pop_tot", "totale"), ("total_pop_mun", "municipale")):
            digits = "".join(character for character in row[column] if character.isdigit())
            assert found[place("epci", row["siren"]), name] == int(digits)


# ------------------------------------------------------------------------------------------- refresh

PACKAGE: dict[str, Any] = {
    "package.json": {"name": "@etalab/decoupage-administratif", "version": "6.0.0"},
    "data/regions.json": [
        {"code": "94", "nom": "Corse", "chefLieu": "2A004", "zone": "metro"},
        {"code": "06", "nom": "Mayotte", "chefLieu": "97611", "zone": "drom"},
        {"code": "975", "nom": "Saint-Pierre-et-Miquelon", "chefLieu": "97502", "zone": "com"},
    ],
    "data/departements.json": [
        {"code": "2A", "nom": "Corse-du-Sud", "region": "94", "chefLieu": "2A004"},
        {"code": "975", "nom": "Saint-Pierre-et-Miquelon", "region": "975", "chefLieu": "97502"},
    ],
    "data/communes.json": [
        {"code": "97611", "nom": "Mamoudzou", "departement": "976", "type": "commune-actuelle", "population": 71437},
        {"code": "2A004", "nom": "Ajaccio", "departement": "2A", "type": "commune-actuelle", "population": 76320},
        {"code": "97502", "nom": "Saint-Pierre", "departement": "975", "type": "commune-actuelle", "population": 5194},
        {"code": "14472", "nom": "Notre-Dame-d'Estrées", "departement": "14", "type": "commune-deleguee"},
    ],
    "data/epci.json": [
        {
            "code": "200060457",
            "nom": "CA de Dembeni / Mamoudzou",
            "type": "CA",
            "populationTotale": 89090,
            "populationMunicipale": 87285,
            "membres": [{"code": "97611"}],
        },
        {
            "code": "242010056",
            "nom": "CA du Pays Ajaccien",
            "type": "CA",
            "populationTotale": 93902,
            "populationMunicipale": 92766,
            "membres": [{"code": "2A004"}],
        },
    ],
    "data/ept.json": [
        {
            "code": "200057867",
            "nom": "Plaine Commune",
            "populationTotale": 9,
            "populationMunicipale": 8,
            "membres": [{"code": "2A004"}],
        }
    ],
}


def package(path: Path, content: dict[str, Any]) -> Path:
    """Write a package as npm packs it."""
    with tarfile.open(path, "w:gz") as tar:
        for name, value in content.items():
            raw = json.dumps(value).encode()
            info = tarfile.TarInfo(f"package/{name}")
            info.size = len(raw)
            tar.addfile(info, io.BytesIO(raw))
    return path


def written(folder: Path) -> dict[str, str]:
    return {file.stem: file.read_text(encoding="utf-8") for file in (folder / "tables").iterdir()}


def test_refresh_writes_sorted_tables_and_is_idempotent(tmp_path: Path) -> None:
    archive = package(tmp_path / "p.tgz", PACKAGE)
    said = refresh(tmp_path, archive)
    first = written(tmp_path)
    assert first["communes"] == (
        "commune,name,departement,population,vintage\n"
        "2A004,Ajaccio,2A,76320,2023\n"
        "97502,Saint-Pierre,975,,\n"
        "97611,Mamoudzou,976,71437,2017\n"
    )
    assert first["regions"] == "region,name,chief_town\n06,Mayotte,97611\n94,Corse,2A004\n"
    assert first["overseas"] == "overseas,name,chief_town\n975,Saint-Pierre-et-Miquelon,97502\n"
    assert first["epci"].splitlines()[1:] == [
        "200060457,CA de Dembeni / Mamoudzou,CA,89090,87285,2017",
        "242010056,CA du Pays Ajaccien,CA,93902,92766,2025",
    ]
    assert first["ept_members"] == "ept,commune\n200057867,2A004\n"
    assert Change(fr="Table regions, codes ajoutés (2) : 06, 94.", en="Table regions, codes added (2): 06, 94.") in said
    assert refresh(tmp_path, archive) == [Change(fr="Aucune table n'a changé.", en="No table has changed.")]
    assert written(tmp_path) == first


def test_refresh_says_what_was_added_removed_renamed_and_changed(tmp_path: Path) -> None:
    refresh(tmp_path, package(tmp_path / "p.tgz", PACKAGE))
    mamoudzou, ajaccio, saint_pierre = PACKAGE["data/communes.json"][:3]
    changed = PACKAGE | {
        "data/communes.json": [ajaccio | {"nom": "Aiacciu"}, saint_pierre, mamoudzou | {"code": "97612"}],
        "data/departements.json": [PACKAGE["data/departements.json"][0] | {"chefLieu": "2A247"}],
        "data/epci.json": [epci | {"membres": [{"code": "97612"}]} for epci in PACKAGE["data/epci.json"][:1]],
    }
    assert [change.en for change in refresh(tmp_path, package(tmp_path / "q.tgz", changed))] == [
        "Table departements, other rows changed (1): 2A.",
        "Table communes, codes added (1): 97612.",
        "Table communes, codes removed (1): 97611.",
        "Table communes, names changed (1): 2A004 (Ajaccio → Aiacciu).",
        "Table epci, codes removed (1): 242010056.",
        "Table epci_members, codes added (1): 200060457 97612.",
        "Table epci_members, codes removed (2): 200060457 97611, 242010056 2A004.",
    ]


def test_refresh_wants_the_version_whose_vintages_it_knows(tmp_path: Path) -> None:
    other = PACKAGE | {"package.json": {"name": "@etalab/decoupage-administratif", "version": "7.0.0"}}
    with pytest.raises(SourceChanged, match=r"7\.0\.0"):
        refresh(tmp_path, package(tmp_path / "p.tgz", other))
    assert not (tmp_path / "tables").exists()


@pytest.mark.parametrize("missing", sorted(PACKAGE))
def test_refresh_stops_at_a_package_that_lacks_a_file(tmp_path: Path, missing: str) -> None:
    rest = {name: value for name, value in PACKAGE.items() if name != missing}
    with pytest.raises(SourceChanged, match="is not the package"):
        refresh(tmp_path, package(tmp_path / "p.tgz", rest))


def test_refresh_stops_at_a_record_that_lacks_a_field(tmp_path: Path) -> None:
    regions = [
        {name: value for name, value in region.items() if name != "zone"} for region in PACKAGE["data/regions.json"]
    ]
    with pytest.raises(SourceChanged, match="zone"):
        refresh(tmp_path, package(tmp_path / "p.tgz", PACKAGE | {"data/regions.json": regions}))
    assert not (tmp_path / "tables").exists()


def test_refresh_stops_at_what_is_no_archive(tmp_path: Path) -> None:
    (tmp_path / "p.tgz").write_bytes(b"<html>")
    with pytest.raises(SourceChanged, match="is not the package"):
        refresh(tmp_path, tmp_path / "p.tgz")


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is all of PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def npm(tools: Path, script: str) -> None:
    (tools / "npm").write_text(f"#!/bin/sh\n{script}\n")
    (tools / "npm").chmod(0o755)


def test_refresh_asks_for_npm_or_the_file(tmp_path: Path, tools: Path) -> None:
    with pytest.raises(EquipmentMissing, match="npm is not installed"):
        refresh(tmp_path)


@pytest.mark.skipif(os.name != "posix", reason="the stand-in for npm is a shell script")
def test_refresh_takes_what_npm_packs_and_says_why_it_could_not(tmp_path: Path, tools: Path) -> None:
    archive = package(tmp_path / "p.tgz", PACKAGE)
    npm(tools, f'[ "$1 $2" = "pack @etalab/decoupage-administratif@6.0.0" ] && /bin/cp {archive} .')
    assert len(refresh(tmp_path)) == 8
    npm(tools, "echo no network >&2; exit 1")
    with pytest.raises(EquipmentMissing, match="no network"):
        refresh(tmp_path)
