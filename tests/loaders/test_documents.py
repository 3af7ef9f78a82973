"""Curated documents: the format, the reading, the description, every refusal, and the records themselves."""

import io
import json
import re
from collections import Counter
from pathlib import Path

import jsonschema
import pyoxigraph as ox
import pytest
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from cesergraph import sources
from cesergraph.identifiers import slugs
from cesergraph.namespaces import ID
from cesergraph.nquads import term
from loaders.documents import loader
from loaders.documents.corpus import check_spans, quotations, refresh
from loaders.documents.kinds import kinds, sections
from loaders.documents.records import read_record, record_keys
from loaders.documents.schema import schema, schema_text
from loaders.documents.spans import line_starts
from loaders.documents.yaml_tree import compose

SAMPLES = Path(__file__).parent / "documents"
PETIT = (SAMPLES / "petit.yaml").read_text(encoding="utf-8")
TABLE = sources.card("documents").tables["records"]
RECORDS = {file.name.removesuffix(".yaml"): file.read_bytes() for table, file in sources.committed_files("documents")}
AVIS, PLAQUETTE = "avis-zones-emploi-occitanie-2022", "plaquette-ceser-paca-2024"
DELIBERATION = "deliberation-dap-25-01-01"


def load(text: str | bytes) -> sources.Loaded:
    data = text.encode() if isinstance(text, str) else text
    return sources.load("documents", io.BytesIO(data), TABLE, "record.yaml")


def store(*records: bytes) -> ox.Store:
    found = ox.Store()
    for record in records:
        lines = "".join(quad.line() for quad in load(record).quads)
        found.extend(ox.parse(lines, format=ox.RdfFormat.N_QUADS))
    return found


def ask(records: ox.Store, pattern: str) -> list[tuple[str, ...]]:
    """Return the rows of a SELECT over the union of the graphs, values as text, paths without the base."""
    query = "PREFIX cg: <https://w3id.org/cesergraph/def#> PREFIX skos: <http://www.w3.org/2004/02/skos/core#> "
    rows = records.query(query + pattern, use_default_graph_as_union=True)
    assert isinstance(rows, ox.QuerySolutions)
    return sorted(tuple(term.value.removeprefix(ID) if term is not None else "" for term in row) for row in rows)


# the format


def test_every_field_and_every_kind_is_exercised_by_the_complete_sample() -> None:
    record = read_record((SAMPLES / "complet.yaml").read_bytes())
    assert record.faults == []
    used = {(entry["kind"], name) for entry in record.entries() for name in (*entry["values"], *entry["parts"])}
    header = {name for kind, name in used if kind == "header"}
    wanted = {(kind, name) for kind, known in kinds().items() for name in known.fields}
    assert len(wanted) > 300
    assert {(kind, name) for kind, name in wanted - used if kind != "document" or name not in header} == set()


def test_every_statement_of_the_complete_sample_parses_and_every_property_and_class_is_written() -> None:
    lines = "".join(quad.line() for quad in load((SAMPLES / "complet.yaml").read_bytes()).quads)
    written = list(ox.parse(lines, format=ox.RdfFormat.N_QUADS))
    predicates = {term(known.property) for kind in kinds().values() for known in kind.fields.values() if known.property}
    assert predicates <= {str(quad.predicate) for quad in written}
    classes = {term(f"cg:{kind.classes[0]}") for kind in kinds().values() if len(kind.classes) == 1}
    assert len(classes) > 30
    assert classes <= {str(quad.object) for quad in written}


def test_every_property_and_class_of_the_table_is_in_the_ontology() -> None:
    known = {
        str(quad.subject)
        for file in sorted((Path(__file__).parents[2] / "ontology").glob("*.ttl"))
        for quad in ox.parse(file.read_bytes(), format=ox.RdfFormat.TURTLE)
    }
    curies = {field.property for kind in kinds().values() for field in kind.fields.values()}
    curies |= {f"cg:{name}" for kind in kinds().values() for name in kind.classes}
    curies |= {curie for kind in kinds().values() for curie in kind.evidence}
    assert {curie for curie in curies if curie.startswith("cg:") and term(curie) not in known} == set()


def test_a_field_has_one_meaning_in_both_languages() -> None:
    fields = [field for kind in kinds().values() for field in kind.fields.values()]
    assert fields and all(field.fr and field.en for field in fields)
    assert all(field.kind in kinds() for field in fields if field.kind)
    assert all(member in kinds() for field in fields for member in field.to)
    assert len(sections()) == len({kind.section for kind in sections().values()})


def test_the_committed_schema_is_up_to_date() -> None:
    committed = Path(loader.__file__).parent / "record.schema.json"
    assert committed.read_text(encoding="utf-8") == schema_text(), "run: cesergraph refresh documents"


def test_schema_and_reader_agree() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    validator = jsonschema.Draft202012Validator(schema())
    good = [PETIT.encode(), (SAMPLES / "complet.yaml").read_bytes(), *RECORDS.values()]
    assert len(good) >= 5
    for data in good:
        assert [error.message for error in validator.iter_errors(_plain(_root(data)))] == []
    for name in ("unknown field", "wrong code", "no label", "span without digest", "bad date", "no evidence"):
        _, old, new, *_ = next(case for case in REFUSED if case[0] == name)
        assert list(validator.iter_errors(_plain(_root(PETIT.replace(old, new, 1).encode())))), name


def _root(data: bytes) -> MappingNode:
    root = compose(data)
    assert isinstance(root, MappingNode)
    return root


def _plain(node: Node) -> object:
    if isinstance(node, MappingNode):
        return {key.value: _plain(value) for key, value in node.value}
    return [_plain(child) for child in node.value] if isinstance(node, SequenceNode) else node.value


# record → statements


def test_the_small_sample_states_exactly_this() -> None:
    expected = set(ox.parse((SAMPLES / "petit.trig").read_bytes(), format=ox.RdfFormat.TRIG))
    done = load(PETIT)
    lines = "".join(quad.line() for quad in done.quads)
    assert set(ox.parse(lines, format=ox.RdfFormat.N_QUADS)) == expected
    assert (done.read, done.accepted, done.refused) == (5, 5, 0)


def test_every_quad_knows_its_record_item() -> None:
    items = {quad.item for quad in load(PETIT).quads}
    assert items == {"document/petit", "preconisation/petit/01", "vote/petit/2031-05-03", "annotation/petit/1"}


def test_describe_is_a_function_of_its_batch_alone() -> None:
    (batch,) = loader.read_batches(io.BytesIO(PETIT.encode()), TABLE)
    whole = loader.describe(batch, TABLE).quads
    rows = [quad for n in reversed(range(batch.num_rows)) for quad in loader.describe(batch.slice(n, 1), TABLE).quads]
    assert sorted(rows) == sorted(whole)
    assert loader.describe(batch, TABLE).quads == whole


def test_a_date_has_the_datatype_of_its_form() -> None:
    quads = load((SAMPLES / "complet.yaml").read_bytes()).quads
    found = {quad.object for quad in quads if quad.predicate == term("dcterms:date")}
    xsd = "<http://www.w3.org/2001/XMLSchema#"
    assert {f'"2031"^^{xsd}gYear>', f'"2032-01"^^{xsd}gYearMonth>', f'"2031-05-03"^^{xsd}date>'} <= found


def test_an_annex_in_the_file_of_its_act_shares_the_copy() -> None:
    text = PETIT.replace("  file: exemple.txt", "  captured_with: document/loi-2014-856\n  file: exemple.txt")
    pairs = [(q.object, q.graph) for q in load(text).quads if q.predicate.endswith("#captureOf>")]
    assert [value for value, _ in pairs] == [f"<{ID}document/loi-2014-856>"]


# refusals

AT, STATEMENT = "224-263/56883aa763970c63", "78-138/2555526a3a494c15"
REFUSED = [
    (
        "unknown field",
        "    themes: sea-coast",
        "    theme: sea-coast",
        "line 16, recommendations: 'theme'; expected: a field of recommendation. Proposed repair: themes.",
        "ligne 16, recommendations : 'theme' ; attendu : un champ de recommendation. Réparation proposée : themes.",
    ),
    (
        "field like no other",
        "    reason: rien",
        "    qqqqqq: x\n    reason: rien",
        "line 48, skips: 'qqqqqq'; expected: a field of skip: key, at, reason.",
        "ligne 48, skips : 'qqqqqq' ; attendu : un champ de skip : key, at, reason.",
    ),
    (
        "unknown section",
        "votes:",
        "vote:",
        "line 30, *: 'vote'; expected: a field of record. Proposed repair: votes.",
        "ligne 30, * : 'vote' ; attendu : un champ de record. Réparation proposée : votes.",
    ),
    (
        "wrong class",
        "class: Newsletter",
        "class: NewsLetter",
        "line 4, class: 'NewsLetter'; expected: a class of document: Document, Newsletter, PressRelease, Leaflet,"
        " AnnotationExport, Study, Contribution, PlanDocument, WebSource, StatisticalSource, Report, Opinion, LegalAct,"
        " Deliberation, Law, Decree, Code. Proposed repair: Newsletter.",
        "ligne 4, class : 'NewsLetter' ; attendu : une classe de document : Document, Newsletter, PressRelease,"
        " Leaflet, AnnotationExport, Study, Contribution, PlanDocument, WebSource, StatisticalSource, Report, Opinion,"
        " LegalAct, Deliberation, Law, Decree, Code. Réparation proposée : Newsletter.",
    ),
    (
        "wrong code",
        "force: strict",
        "force: strickt",
        "line 18, force: 'strickt'; expected: a notation of the list force. Proposed repair: strict.",
        "ligne 18, force : 'strickt' ; attendu : une notation de la liste force. Réparation proposée : strict.",
    ),
    (
        "bad date",
        "issued: 2031-05",
        "issued: 2031-13",
        "line 6, issued: '2031-13'; expected: a date of the calendar: YYYY-MM-DD, YYYY-MM or YYYY.",
        "ligne 6, issued : '2031-13' ; attendu : une date du calendrier : AAAA-MM-JJ, AAAA-MM ou AAAA.",
    ),
    (
        "number in words",
        "votes_for: 12",
        "votes_for: douze",
        "line 36, votes_for: 'douze'; expected: a whole number, in figures.",
        "ligne 36, votes_for : 'douze' ; attendu : un nombre entier, en chiffres.",
    ),
    (
        "no value",
        "label: Vote de la lettre",
        "label:",
        "line 32, label: ''; expected: a text.",
        "ligne 32, label : '' ; attendu : un texte.",
    ),
    (
        "no label",
        "    label: Vote de la lettre\n",
        "",
        "line 31, label: ''; expected: the field label, required for vote.",
        "ligne 31, label : '' ; attendu : le champ label, obligatoire pour vote.",
    ),
    (
        "no key",
        "  - key: 2031-05-03\n    label",
        "  - label",
        "line 31, key: ''; expected: a key, which will not change any more.",
        "ligne 31, key : '' ; attendu : une clé, qui ne changera plus.",
    ),
    (
        "bad key",
        "key: 2031-05-03",
        "key: Mai été",
        "line 31, key: 'Mai été'; expected: a key of unaccented small letters, digits, hyphens.",
        "ligne 31, key : 'Mai été' ; attendu : une clé de minuscules sans accent, chiffres, tirets.",
    ),
    (
        "key twice",
        "skips:",
        f"  - {{key: 1, target: lost, at: {AT}}}\n\nskips:",
        "line 46, key: 'annotation/petit/1'; expected: one key for one item; annotation/petit/1 is on line 42.",
        "ligne 46, key : 'annotation/petit/1' ; attendu : une clé par élément ; annotation/petit/1 est à la ligne 42.",
    ),
    (
        "field twice",
        "    label: Vote de la lettre\n",
        "    label: Vote de la lettre\n    label: Autre\n",
        "line 33, label: 'label'; expected: each field once; label is on line 32.",
        "ligne 33, label : 'label' ; attendu : chaque champ une fois ; label est à la ligne 32.",
    ),
    (
        "no evidence",
        "    target: lost\n    at: 324-359/7ad12ee79d83bbe9",
        "    target: lost",
        "line 42, at: ''; expected: at least one passage: start-end/digest.",
        "ligne 42, at : '' ; attendu : au moins un passage : début-fin/empreinte.",
    ),
    (
        "span outside the text",
        AT,
        "400-900/0123456789abcdef",
        "line 39, at: '400-900/0123456789abcdef';"
        " expected: a passage inside the text, from 0 to 429, the start before the end.",
        "ligne 39, at : '400-900/0123456789abcdef' ;"
        " attendu : un passage dans le texte, de 0 à 429, le début avant la fin.",
    ),
    (
        "span without digest",
        AT,
        "224-263",
        "line 39, at: '224-263';"
        " expected: start-end/digest: two positions and the first 16 digits of the passage's SHA-256.",
        "ligne 39, at : '224-263' ; attendu : début-fin/empreinte :"
        " deux positions et les 16 premiers chiffres du SHA-256 du passage.",
    ),
    (
        "two passages for a statement",
        f"at: {STATEMENT}",
        f"at: [{AT}, {STATEMENT}]",
        "line 18, at: ''; expected: exactly one passage for statement.",
        "ligne 18, at : '' ; attendu : un seul passage pour statement.",
    ),
    (
        "statement that leans on its recommendation",
        f"    statements:\n      - force: strict\n        statement_form: verb-infinitive\n"
        f"        speech_verb: recommander\n        at: {STATEMENT}\n",
        f"    at: {STATEMENT}\n    statements:\n      - force: strict\n        statement_form: verb-infinitive\n"
        "        speech_verb: recommander\n",
        "line 19, at: ''; expected: exactly one passage for statement.",
        "ligne 19, at : '' ; attendu : un seul passage pour statement.",
    ),
    (
        "reference to nothing",
        "recommendation_of: petit",
        "recommendation_of: petite",
        "line 15, recommendation_of: 'petite'; expected: the key of an item of this record (document)"
        " or a path such as territoire/region/76. Proposed repair: petit.",
        "ligne 15, recommendation_of : 'petite' ; attendu : la clé d'un élément de ce relevé (document)"
        " ou un chemin comme territoire/region/76. Réparation proposée : petit.",
    ),
    (
        "reference to another type",
        "decided_on: petit",
        "decided_on: territoire/region/53",
        "line 33, decided_on: 'territoire/region/53'; expected: a thing of type document.",
        "ligne 33, decided_on : 'territoire/region/53' ; attendu : une chose de type document.",
    ),
    (
        "malformed path",
        "decided_on: petit",
        "decided_on: document//petit",
        "line 33, decided_on: 'document//petit'; expected: a key of this record or an id path"
        " such as territoire/region/76.",
        "ligne 33, decided_on : 'document//petit' ; attendu : une clé de ce relevé ou un chemin d'identifiant"
        " comme territoire/region/76.",
    ),
    (
        "two things of one key",
        "skips:",
        "positions:\n  - {key: a, label: A, speaker: organisation/ceser-bretagne, stance: for, position_on: 1,"
        f" at: {AT}}}\n\nsessions:\n  - {{key: 1, label: S, session_of: organisation/ceser-bretagne, at: {AT}}}\n\n"
        "skips:",
        "line 47, position_on: '1'; expected: an unambiguous path: annotation/petit/1, seance/petit/1.",
        "ligne 47, position_on : '1' ; attendu : un chemin sans équivoque : annotation/petit/1, seance/petit/1.",
    ),
    (
        "no such item",
        "decided_on: petit",
        "decided_on: petit\n    held_during: seance/petit/mai",
        "line 34, held_during: 'seance/petit/mai'; expected: an item of this record.",
        "ligne 34, held_during : 'seance/petit/mai' ; attendu : un élément de ce relevé.",
    ),
    (
        "no such record",
        "decided_on: petit",
        "decided_on: petit\n    held_during: seance/inconnu/mai",
        "line 34, held_during: 'seance/inconnu/mai'; expected: an item of a curated document: type/document/key.",
        "ligne 34, held_during : 'seance/inconnu/mai' ; attendu : un élément d'un document relevé : type/document/clé.",
    ),
    (
        "slug not registered",
        "count_for: organisation/ceser-bretagne",
        "count_for: organisation/ceser-de-nulle-part",
        "line 35, count_for: 'organisation/ceser-de-nulle-part';"
        " expected: an identifier that stands in decisions/slugs.csv."
        " Proposed repair: organisation:ceser-de-nulle-part,organisation/ceser-de-nulle-part.",
        "ligne 35, count_for : 'organisation/ceser-de-nulle-part' ;"
        " attendu : un identifiant inscrit dans decisions/slugs.csv."
        " Réparation proposée : organisation:ceser-de-nulle-part,organisation/ceser-de-nulle-part.",
    ),
    (
        "wrong SIREN",
        "siren/233500016",
        "siren/233500017",
        "line 23, addressee: 'organisation/siren/233500017'; expected: '233500017' is not a SIREN;"
        " expected: nine digits with a right Luhn key.",
        "ligne 23, addressee : 'organisation/siren/233500017' ; attendu : '233500017' n'est pas un SIREN ;"
        " attendu : neuf chiffres dont la clé de Luhn est juste.",
    ),
    (
        "list for one value",
        "label: Vote de la lettre",
        "label: [Vote, Autre]",
        "line 32, label: ''; expected: one value only.",
        "ligne 32, label : '' ; attendu : une seule valeur.",
    ),
    (
        "empty list",
        "themes: sea-coast",
        "themes: []",
        "line 16, themes: ''; expected: a list that is not empty.",
        "ligne 16, themes : '' ; attendu : une liste qui n'est pas vide.",
    ),
    (
        "mapping for a value",
        "label: Vote de la lettre",
        "label: {fr: Vote}",
        "line 32, label: ''; expected: a plain value.",
        "ligne 32, label : '' ; attendu : une valeur simple.",
    ),
    (
        "text for an item",
        "      - label: Ouvrir les ports la nuit",
        "      - Ouvrir les ports la nuit",
        "line 28, recommended-action: 'Ouvrir les ports la nuit'; expected: an item: recommended action.",
        "ligne 28, recommended-action : 'Ouvrir les ports la nuit' ; attendu : un élément : action recommandée.",
    ),
    (
        "tab",
        "    label: Vote de la lettre",
        "\t label: Vote de la lettre",
        "line 32, *: 'label: Vote de la lettre'; expected: an indent of blanks, no tab.",
        "ligne 32, * : 'label: Vote de la lettre' ; attendu : un retrait fait d'espaces, sans tabulation.",
    ),
    (
        "YAML syntax",
        "label: Vote de la lettre",
        "label: [Vote",
        "line 33, *: 'decided_on: petit'; expected: well-formed YAML 1.2 (expected ',' or ']', but got ':').",
        "ligne 33, * : 'decided_on: petit' ; attendu : du YAML 1.2 bien formé (expected ',' or ']', but got ':').",
    ),
    (
        "anchor",
        "label: Vote de la lettre",
        "label: &vote Vote de la lettre",
        "line 32, *: '&vote'; expected: neither anchor nor alias.",
        "ligne 32, * : '&vote' ; attendu : ni ancre ni alias.",
    ),
    (
        "document with a bad key",
        "  key: petit",
        "  key: Le petit",
        "line 3, key: 'Le petit'; expected: a key of unaccented small letters, digits, hyphens.",
        "ligne 3, key : 'Le petit' ; attendu : une clé de minuscules sans accent, chiffres, tirets.",
    ),
    (
        "endless position",
        AT,
        "9" * 5000 + "-9/0123456789abcdef",
        f"line 39, at: '{'9' * 5000}-9/0123456789abcdef';"
        " expected: start-end/digest: two positions and the first 16 digits of the passage's SHA-256.",
        f"ligne 39, at : '{'9' * 5000}-9/0123456789abcdef' ; attendu : début-fin/empreinte :"
        " deux positions et les 16 premiers chiffres du SHA-256 du passage.",
    ),
    (
        "document without a digest",
        "  sha256: 88168cf3d07332e58cf5078cff4a399f5ae323a326c441d3d0c06c4a82243e63\n",
        "",
        "line 3, sha256: ''; expected: the field sha256, required for document.",
        "ligne 3, sha256 : '' ; attendu : le champ sha256, obligatoire pour document.",
    ),
]


@pytest.mark.parametrize(("old", "new", "en", "fr"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_what_is_wrong_is_said_exactly_in_both_languages(old: str, new: str, en: str, fr: str) -> None:
    assert old in PETIT
    refusals = load(PETIT.replace(old, new, 1)).refusals
    assert [refusal.say("en") for refusal in refusals] == [en]
    assert [refusal.say("fr") for refusal in refusals] == [fr]


def test_a_record_without_its_document_says_so_and_nothing_else() -> None:
    said = [refusal.say("en") for refusal in load("votes: []\n").refusals]
    assert said == ["line 1, document: ''; expected: the section document, required."]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "line 1, *: ''; expected: a field document and sections."),
        (b"- 1\n", "line 1, *: ''; expected: a field document and sections."),
        (b"a: 1\nb: \xff\n", "line 2, *: 'ff'; expected: text in UTF-8."),
        (b"a: " + b"[" * 600, "line 1, *: ''; expected: fewer nested levels."),
        (b"a: \x00\n", "line 1, *: 'a: \\x00'; expected: well-formed YAML 1.2."),
    ],
)
def test_a_file_that_is_no_record_is_one_refusal(data: bytes, said: str) -> None:
    assert [refusal.say("en") for refusal in load(data).refusals] == [said]


def test_the_items_without_fault_are_taken_and_all_are_counted() -> None:
    done = load(PETIT.replace("votes_for: 12", "votes_for: douze").replace("mark_against", "mark_agains"))
    assert [refusal.row for refusal in done.refusals] == [36, 38]
    assert (done.read, done.accepted, done.refused) == (6, 4, 2)
    assert {quad.item for quad in done.quads} == {"document/petit", "preconisation/petit/01", "annotation/petit/1"}


# the text


def test_a_digest_that_differs_is_refused_with_the_right_one() -> None:
    wrong = PETIT.replace(AT, "224-263/0000000000000000").encode()
    (refusal,) = check_spans(wrong, SAMPLES)
    assert refusal.say("en") == (
        "line 39, at: '224-263/0000000000000000'; expected: the digest of the passage in exemple.txt."
        f" Proposed repair: {AT}."
    )
    assert refusal.say("fr") == (
        "ligne 39, at : '224-263/0000000000000000' ; attendu : l'empreinte du passage dans exemple.txt."
        f" Réparation proposée : {AT}."
    )


def test_a_missing_digest_is_given() -> None:
    (refusal,) = check_spans(PETIT.replace(AT, "224-263").encode(), SAMPLES)
    assert (refusal.row, refusal.value, refusal.repair) == (39, "224-263", AT)


def test_another_text_under_the_same_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "exemple.txt").write_text("autre", encoding="utf-8")
    (refusal,) = check_spans(PETIT.encode(), tmp_path)
    assert refusal.say("en").startswith("line 9, sha256: '88168cf3")
    assert "expected: the SHA-256 digest of exemple.txt. Proposed repair: " in refusal.say("en")
    assert quotations(PETIT.encode(), tmp_path) == []


def test_a_wrong_number_of_characters_is_refused() -> None:
    (refusal,) = check_spans(PETIT.replace("characters: 429", "characters: 430").encode(), SAMPLES)
    assert refusal.say("en") == (
        "line 9, characters: '430'; expected: the number of characters of exemple.txt. Proposed repair: 429."
    )


def test_nothing_is_said_of_a_document_that_is_not_at_hand(tmp_path: Path) -> None:
    assert check_spans(PETIT.encode(), tmp_path) == []


def test_quotations_are_the_passages_in_a_graph_of_their_own() -> None:
    quads = quotations(PETIT.encode(), SAMPLES)
    exact = {quad.item: quad.object for quad in quads if quad.predicate.endswith("#exact>")}
    assert exact["passage/petit/100-111"] == '"à la Région"'
    assert "enonce/petit/preconisation-01-1" in exact
    assert {quad.graph for quad in quads} == {"<https://w3id.org/cesergraph/graph/quotation/petit>"}
    assert not any("annuaire" in value for value in exact.values()), "a skipped passage is not quoted"
    stated = {quad.subject for quad in load(PETIT).quads}
    assert {quad.subject for quad in quads if quad.predicate.endswith("#hasSelector>")} <= stated


def test_refresh_adds_missing_digests_and_leaves_wrong_ones(tmp_path: Path) -> None:
    records = tmp_path / "records"
    records.mkdir()
    wrong = PETIT.replace("7ad12ee79d83bbe9", "0000000000000000")
    (records / "petit.yaml").write_text(wrong.replace(AT, "224-263").replace(STATEMENT, "78-138"), encoding="utf-8")
    assert [change.en for change in refresh(tmp_path, SAMPLES)] == [
        "record.schema.json is rewritten.",
        "petit.yaml: 2 digests added.",
        "petit.yaml: the lines are located.",
    ]
    written = (records / "petit.yaml").read_text(encoding="utf-8")
    assert re.sub(r"  lines: >-\n( {4}.*\n)+", "", written) == wrong
    starts = line_starts((SAMPLES / "exemple.txt").read_text(encoding="utf-8"))
    assert read_record(written.encode()).lines == starts
    moved = written.replace(f"    {starts[0]} ", f"    {starts[0] + 1} ")
    assert "lines" in {refusal.column for refusal in check_spans(moved.encode(), SAMPLES)}
    assert refresh(tmp_path, SAMPLES) == []


# the records


def test_the_records_are_there_and_named_after_their_documents() -> None:
    assert {AVIS, PLAQUETTE, DELIBERATION} <= set(RECORDS)
    assert tuple(sorted(RECORDS)) == record_keys()
    assert {name: read_record(data).key for name, data in RECORDS.items()} == {name: name for name in RECORDS}


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_a_record_has_no_fault_and_is_described_the_same_twice(name: str) -> None:
    done = load(RECORDS[name])
    assert [refusal.say("en") for refusal in done.refusals] == []
    assert done.quads == load(RECORDS[name]).quads
    header = RECORDS[name].decode().splitlines()[0]
    assert header == "# yaml-language-server: $schema=../record.schema.json"


@pytest.mark.corpus
@pytest.mark.parametrize("name", sorted(RECORDS))
def test_every_passage_of_a_record_is_that_of_the_corpus(name: str, corpus: Path) -> None:
    assert [refusal.say("en") for refusal in check_spans(RECORDS[name], corpus)] == []
    assert len(quotations(RECORDS[name], corpus)) > 60


def test_nothing_a_record_repeats_of_another_differs() -> None:
    labels: dict[str, set[str]] = {}
    for data in RECORDS.values():
        for entry in read_record(data).entries():
            for label in entry["values"].get("label", []):
                labels.setdefault(entry["path"], set()).add(label)
    assert {path: found for path, found in labels.items() if len(found) > 1} == {}


def test_slugs_are_used_by_their_path() -> None:
    registered = set(slugs().values())
    used = {entry["path"] for data in RECORDS.values() for entry in read_record(data).entries()}
    assert {f"organisation/{name}" for name in ("crefop-occitanie", "ministere-de-l-interieur")} <= registered & used


def test_the_opinion_of_occitanie_is_complete() -> None:
    record = store(RECORDS[AVIS])
    forces = ask(record, "SELECT ?r ?f { ?s cg:states ?r ; cg:force ?f }")
    assert Counter(force.rpartition("/")[2] for _, force in forces) == {"strict": 8, "borderline": 7}
    assert len(ask(record, "SELECT ?a { ?a a cg:RecommendedAction ; cg:actionOf ?r }")) == 11
    addressees = ask(record, "SELECT ?r ?who { ?r cg:addressing/cg:addressee ?who }")
    assert Counter(who for _, who in addressees) == {
        "organisation/siren/200053791": 5,
        "organisation/crefop-occitanie": 1,
    }
    strict = {recommendation for recommendation, force in forces if force.endswith("/strict")}
    assert {r.rpartition("/")[2] for r in strict - {r for r, _ in addressees}} == {"12", "13"}
    assert ask(record, "SELECT ?t { [] cg:announcedTheme ?t }") == [
        ("la cohésion sociale et la solidarité des acteurs",),
        ("la gouvernance et les stratégies territoriales",),
        ("les services comme dénominateurs communs",),
    ]
    elaborates = ask(record, "SELECT ?a ?b { ?a cg:elaborates ?b }")
    assert [(a.rpartition("/")[2], b.rpartition("/")[2]) for a, b in elaborates] == [
        ("14", "13"),
        ("15", "13"),
        ("9", "8"),
    ]
    count = "SELECT ?cast ?for ?against ?mark ?abst ?away { ?c cg:votesCast ?cast ; cg:votesFor ?for ;"
    count += " cg:votesAgainst ?against ; cg:markAgainst ?mark ; cg:abstentions ?abst ; cg:notVoting ?away }"
    assert ask(record, count) == [("151", "151", "0", "-", "0", "0")]
    examples = ask(record, "SELECT ?x { ?r cg:citesAsExample ?x }")
    assert ("organisation/siren/234400034",) in examples
    assert not {who for _, who in addressees} & {example for (example,) in examples}


def test_the_leaflet_has_members_missions_and_routes_and_no_recommendation() -> None:
    record = store(RECORDS[PLAQUETTE])
    assert ask(record, "SELECT ?r { ?r a cg:Recommendation }") == []
    assert set(ask(record, "SELECT ?v ?u { ?f cg:value ?v ; cg:unit ?u }")) == {
        ("140", "https://w3id.org/cesergraph/vocab/unit/councillor"),
        ("4", "https://w3id.org/cesergraph/vocab/unit/college"),
    }
    assert len(ask(record, "SELECT ?m { ?m a cg:Mission }")) == 4
    routes = ask(
        record, "SELECT ?kind ?who { ?v a cg:ReferralRoute ; cg:referralKind ?kind ; cg:referralInitiator ?who }"
    )
    assert [(kind.rpartition("/")[2], who) for kind, who in routes] == [
        ("mandatory", "organisation/conseil-regional-provence-alpes-cote-d-azur"),
        ("optional-president", f"poste/{PLAQUETTE}/president-du-conseil-regional"),
        ("self-referral", "organisation/ceser-provence-alpes-cote-d-azur"),
    ]
    assert ask(record, "SELECT ?law { ?c a cg:CESER ; cg:legalBasis ?law }") == [("document/loi-1972-07-05",)]
    assert ask(record, "SELECT ?law { ?m a cg:Mission ; cg:legalBasis ?law }") == [("document/loi-2015-991",)]


def test_the_deliberation_has_its_vote_dates_and_appeal() -> None:
    record = store(RECORDS[DELIBERATION])
    counts = ask(record, "SELECT ?who ?for { [] cg:countFor ?who ; cg:votesFor ?for }")
    assert sum(int(votes) for _, votes in counts) == 56
    assert Counter(who.partition("/")[0] for who, _ in counts) == {"organisation": 4, "personne": 3}
    assert ask(record, "SELECT ?n { [] cg:countFor/skos:prefLabel ?l ; cg:votesAgainst ?n }") == [("11",)]
    assert ask(record, "SELECT ?l ?n { [] cg:countFor/skos:prefLabel ?l ; cg:abstentions ?n }") == [
        ("Centre, Démocrate, Républicain et Citoyen", "8")
    ]
    act = f"<{ID}document/{DELIBERATION}>"
    dates = "SELECT ?signed ?received ?issued { %s cg:signedOn ?signed ; cg:receivedOn ?received ;"
    dates += " <http://purl.org/dc/terms/issued> ?issued }"
    assert ask(record, dates % act) == [("2025-03-07", "2025-03-07", "2025-03-10")]
    assert len(ask(record, f"SELECT ?law {{ {act} cg:legalBasis ?law }}")) == 4
    assert ask(record, "SELECT ?period ?url { [] cg:appealPeriod ?period ; cg:appealUrl ?url }") == [
        ("P2M", "http://www.telerecours.fr")
    ]
    assert ask(record, f"SELECT ?what {{ {act} cg:approves ?what }}") == [
        ("document/sress-cvl-2025",),
        ("strategie/sress-centre-val-de-loire-2025-2030",),
    ]


def test_no_address_or_number_to_reach_a_person_is_in_a_record() -> None:
    assert [name for name, data in RECORDS.items() if re.search(r"@|\+33|\(0\)", data.decode())] == []


def test_batches_carry_only_text_and_row_numbers() -> None:
    (batch,) = loader.read_batches(io.BytesIO(RECORDS[AVIS]), TABLE)
    assert batch.schema.names == ["kind", "key", "item", "document", "faults", "_row", "_fault"]
    assert [json.loads(row["document"])["key"] for row in sources.rows(batch)] == [AVIS] * batch.num_rows
