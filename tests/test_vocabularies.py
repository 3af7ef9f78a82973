"""The documents of the ontology and of the code lists, and their pages."""

import gzip
import hashlib
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser

import pyoxigraph as ox
import pytest
import rdflib
import servers
from rdflib import OWL, RDF, RDFS, SKOS, URIRef
from rdflib.compare import to_canonical_graph

from cesergraph.errors import NotFound
from cesergraph.namespaces import BASE, CG
from cesergraph.ontology import check_profiles, load_ontology
from cesergraph.store import EmbeddedStore
from cesergraph.things import Things
from cesergraph.web.documents import FORMATS
from cesergraph.web.pages import ontology, vocabulary
from cesergraph.web.site import LANGUAGES, Request, Site
from cesergraph.web.vocabularies import (
    alignments,
    concept_document,
    document,
    documents,
    module_document,
    modules,
    ontology_document,
    schemes,
    version_path,
)

mini_store = servers.mini_store
ROOT = URIRef(BASE + "def")


class Markup(HTMLParser):
    """The ids, the links and the texts by id of a page, and what our security policy would refuse in it."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.fields: list[dict[str, str]] = []
        self.refused: list[str] = []
        self.words: list[str] = []
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        self.ids += [told["id"]] if "id" in told else []
        self.links += [told["href"]] if tag == "a" else []
        self.fields += [told] if tag == "input" else []
        is_code = tag == "style" or (
            tag == "script" and "src" not in told and told.get("type") != "application/ld+json"
        )
        self.refused += [tag] if is_code or "style" in told or any(name.startswith("on") for name in told) else []

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.fixture(scope="module")
def site(mini_store: EmbeddedStore) -> Site:
    """A site over the mini graph."""
    return Site(mini_store, mini_store, Things(mini_store.data, mini_store), "http://localhost/")


def read(path: str, suffix: str = "nt") -> rdflib.Graph:
    """Return a document as rdflib reads it, its graphs united."""
    form = {"jsonld": "json-ld", "rdf": "xml", "ttl": "turtle", "nq": "nquads"}.get(suffix, suffix)
    data = rdflib.Dataset(default_union=True)
    data.parse(data=document(path, FORMATS[suffix]), format=form)
    union = rdflib.Graph()
    for triple in data.triples((None, None, None)):
        union.add(triple)
    return union


def canonical(graph: rdflib.Graph) -> str:
    """Return the digest of a graph, the same whatever its blank nodes are called."""
    lines = sorted(to_canonical_graph(graph).serialize(format="nt").splitlines())
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


# Documents


def test_there_is_a_document_for_all_that_can_be_looked_up() -> None:
    assert len(modules()) == 11 and len(alignments()) == 12 and len(schemes()) == 25
    assert set(documents()) == {"def", version_path(), *modules(), *alignments(), *schemes()}


@pytest.mark.parametrize("path", documents())
def test_a_document_is_the_same_in_all_formats(path: str) -> None:
    told = {suffix: canonical(read(path, suffix)) for suffix in FORMATS}
    assert len(told) == 6 and len(read(path)) > 3
    assert len(set(told.values())) == 1, told


def test_graphs_of_a_document_have_its_name() -> None:
    for suffix in ("nq", "trig"):
        quads = ox.parse(document("vocab/force", FORMATS[suffix]), format=FORMATS[suffix].rdf)
        assert {str(quad.graph_name) for quad in quads} == {f"<{BASE}vocab/force>"}


def test_a_document_has_the_same_bytes_in_every_process() -> None:
    program = (
        "from cesergraph.web.vocabularies import document; from cesergraph.web.documents import FORMATS\n"
        "import hashlib; print(*(hashlib.sha256(document('def', one)).hexdigest() for one in FORMATS.values()))"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2")
    }
    assert told == {" ".join(hashlib.sha256(ontology_document(one)).hexdigest() for one in FORMATS.values()) + "\n"}


def test_the_whole_ontology_has_one_header_and_every_statement() -> None:
    told, parts = read("def"), load_ontology(["alignments"])
    assert set(told.subjects(RDF.type, OWL.Ontology)) == {ROOT}
    assert not set(told.subject_objects(OWL.imports))
    assert set(told.objects(ROOT, OWL.versionIRI)) == {URIRef(BASE + version_path())}
    named = {one for one in parts if not any(isinstance(term, rdflib.BNode) for term in one)}
    left_out = {one for one in named - set(told) if one[1] != OWL.imports and one[2] != OWL.Ontology}
    assert len(named) > 1500 and not left_out
    assert len(set(parts.subjects(RDF.type, OWL.AllDisjointClasses))) == len(
        set(told.subjects(RDF.type, OWL.AllDisjointClasses))
    )
    parts_told = {BASE + path for path in (*modules(), *alignments(), *schemes())}
    assert {str(one) for one in told.objects(ROOT, RDFS.seeAlso)} == parts_told


@pytest.mark.parametrize("path", modules())
def test_imports_of_a_module_lead_to_documents(path: str) -> None:
    told = read(path)
    assert set(told.subjects(RDF.type, OWL.Ontology)) == {URIRef(BASE + path)}
    imported = {str(one).removeprefix(BASE) for one in told.objects(URIRef(BASE + path), OWL.imports)}
    assert imported <= set(modules())
    assert imported or path == "def/core"


def test_the_version_gives_what_the_ontology_gives() -> None:
    for one in FORMATS.values():
        if not one.keeps_graphs:
            assert module_document(version_path().removeprefix("def/"), one) == ontology_document(one)


@pytest.mark.java
@pytest.mark.parametrize("path", ["def", "def/figures", "def/alignments/org"])
def test_a_document_by_itself_is_in_the_profiles(java: str, path: str) -> None:
    assert check_profiles(read(path)) == []


def test_a_concept_has_a_document_with_the_name_of_its_list() -> None:
    told = rdflib.Graph().parse(data=concept_document("force", "strict", FORMATS["ttl"]), format="turtle")
    concept, scheme = URIRef(BASE + "vocab/force/strict"), URIRef(BASE + "vocab/force")
    assert (concept, SKOS.inScheme, scheme) in told and (scheme, SKOS.prefLabel, None) in told
    assert set(told.subjects(RDF.type, SKOS.Concept)) == {concept}


@pytest.mark.parametrize("path", ["def/nothing", "def/alignments", "vocab/nothing", "vocab/force/nothing", "vocab", ""])
def test_what_is_not_there_is_not_found(path: str) -> None:
    with pytest.raises(NotFound) as told:
        document(path, FORMATS["ttl"])
    assert path in told.value.fr and path in told.value.en


# Pages


def _page(site: Site, path: str, lang: str) -> bytes:
    name, _, part = path.partition("/")
    maker, key = (ontology.make, "part") if name == "def" else (vocabulary.make, "scheme")
    return site.render(maker(site, lang, Request({key: part} if part else {})), lang, f"/{path}")


def _terms() -> set[str]:
    kinds = (OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty, OWL.AnnotationProperty)
    found = {str(one) for kind in kinds for one in read("def").subjects(RDF.type, kind)}
    return {one.removeprefix(CG) for one in found if one.startswith(CG)}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_term_has_its_anchor_and_every_link_leads_to_one(site: Site, lang: str) -> None:
    page = _page(site, "def", lang)
    told, terms = Markup(page), _terms()
    assert len(terms) == 289 and terms <= set(told.ids)
    assert [one for one, count in Counter(told.ids).items() if count > 1] == []
    assert {link[1:] for link in told.links if link.startswith("#")} <= set(told.ids)
    assert len(gzip.compress(page, 5)) < 150_000


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("path", [*documents(), "vocab"])
def test_a_page_is_whole_and_within_the_policy(site: Site, path: str, lang: str) -> None:
    page = _page(site, path, lang)
    told = Markup(page)
    assert told.refused == [] and page.count(b"<h1>") == 1
    assert [one for one, count in Counter(told.ids).items() if count > 1] == []
    assert f'<html lang="{lang}">'.encode() in page
    assert {link[1:] for link in told.links if link.startswith("#")} <= set(told.ids)


def test_a_term_tells_both_languages_its_facts_and_its_use(site: Site) -> None:
    page = _page(site, "def", "fr").decode()
    section = page[page.index('id="Region"') : page.index("</section>", page.index('id="Region"'))]
    assert 'lang="en">Region (territory)<' in section and "cg:Region" in section
    assert "2 choses" in section and 'href="/doc/territoire/region/01"' in section
    assert 'href="#inseeCode"' in section and 'href="#Territory"' in section
    assert 'href="http://rdf.insee.fr/def/geo#Region"' in section
    assert "Ce que les formes SHACL demandent" in section and "(obligatoire)" in section
    vote = page[page.index('id="modality"') : page.index("</section>", page.index('id="modality"'))]
    assert 'href="/vocab/modality"' in vote
    assert "une valeur au plus" in page[page.index('id="relationFrom"') :][:1500]


def test_a_module_page_has_its_terms_alone(site: Site) -> None:
    told = Markup(_page(site, "def/territory", "fr"))
    assert "Region" in told.ids and "Vote" not in told.ids
    assert "/def#Actor" in told.links or "/def#Territory" in told.links


def test_the_picture_has_every_class_once_where_it_has_one_parent(site: Site) -> None:
    page = _page(site, "def", "en").decode()
    drawn = Counter(re.findall(r"<text x[^>]*>([^<]*)</text>", page))
    labels = {str(one) for one in read("def").objects(URIRef(CG + "CESER"), RDFS.label)}
    assert drawn["CESER"] == 1 and "CESER" in labels
    assert sum(drawn.values()) + page.count('<p><a href="#') >= 103


@pytest.mark.parametrize("path", ["def", "def/core", "def/alignments/org"])
def test_the_embedded_jsonld_says_nothing_else_than_the_document(site: Site, path: str) -> None:
    page = _page(site, path, "fr").decode()
    told = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    assert len(told) == 1
    said = set(rdflib.Graph().parse(data=told[0], format="json-ld"))
    assert len(said) > 1 and said <= set(read(path))


def test_a_code_list_tells_its_codes_and_their_uses(site: Site) -> None:
    page = _page(site, "vocab/modality", "en").decode()
    told = Markup(page.encode())
    assert {f"code-{one}" for one in ("asserted", "planned", "negated")} <= set(told.ids)
    assert "/en/vocab/modality/planned" in told.links and "/en/def#modality" in told.links
    assert 'lang="fr">' in page and "prévu" in page
    assert {f"/en/{path}" for path in schemes()} <= set(Markup(_page(site, "vocab", "en")).links)


def _fragments(path: str) -> Iterator[str]:
    yield from (str(one) for one in read(path).subjects(SKOS.inScheme, None))


@pytest.mark.parametrize("path", schemes())
def test_every_code_stands_on_the_page_of_its_list(site: Site, path: str) -> None:
    told = Markup(_page(site, path, "fr"))
    codes = list(_fragments(path))
    assert codes
    assert {f"/{one.removeprefix(BASE)}" for one in codes} <= set(told.links)
