"""The 24 checks of FOOPS! (oeg-upm/fair_ontologies), made anew and judged on the running site without the network.

The ontology's own addresses, https://w3id.org/cesergraph/…, are redirected to such a site by w3id.org; here the paths
below them are asked of a local one. Which metadata each check wants is that of FOOPS! 0.4 (Constants.java).
"""

from collections.abc import Iterator

import pytest
import rdflib
import servers
from rdflib import OWL, RDF, RDFS, SKOS, URIRef
from servers import ask, site_serving
from test_vocabularies import Markup

from cesergraph.namespaces import BASE, CG, PREFIXES, expand
from cesergraph.store import EmbeddedStore
from cesergraph.web.documents import MEDIA_TYPES

mini_store = servers.mini_store
ONTOLOGY = URIRef(BASE + "def")
OFFLINE = {
    "FIND2": "whether prefix.cc or LOV know the prefix",
    "FIND3": "whether a public registry knows the ontology",
    "FIND_3_BIS": "whether a public registry keeps its metadata",
}
_FILLED = {
    "title": ("dcterms:title",),
    "description": ("dcterms:description",),
    "license": ("dcterms:license",),
    "version iri": ("owl:versionIRI",),
    "author": ("dcterms:creator",),
    "namespace uri": ("vann:preferredNamespaceUri",),
    "namespace prefix": ("vann:preferredNamespacePrefix",),
    "version info": ("owl:versionInfo",),
    "created": ("dcterms:created",),
    "citation": ("dcterms:bibliographicCitation",),
    "publisher": ("dcterms:publisher",),
    "issued": ("dcterms:issued",),
    "logo": ("foaf:logo", "schema:logo"),
    "source": ("dcterms:source", "prov:hadOriginalSource"),
}
METADATA = {
    "OM1": ("title", "description", "license", "version iri", "author", "namespace uri"),
    "OM2": ("namespace prefix", "version info", "created", "citation"),
    "OM3": ("doi", "publisher", "logo", "status", "source", "issued"),
    "OM4.1": ("license",),
    "OM5.1": ("created", "author"),
    "OM5.2": ("issued", "publisher"),
}
# What the header does not say, since it is not known or not yet so: no DOI, no release yet.
LACKING = {"doi", "logo", "status", "source", "issued"}


@pytest.fixture(scope="module")
def site(mini_store: EmbeddedStore) -> Iterator[str]:
    """The address of a site over the mini graph, served by the command."""
    with site_serving(mini_store.folder.parent) as address:
        yield address


@pytest.fixture(scope="module")
def ontology(site: str) -> rdflib.Graph:
    """The ontology as a machine gets it."""
    return rdflib.Graph().parse(data=ask(site, "/def", Accept="text/turtle").body, format="turtle")


def terms(graph: rdflib.Graph) -> set[URIRef]:
    """Return the classes and the properties of things that the ontology itself defines."""
    kinds = (OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty)
    found = {one for kind in kinds for one in graph.subjects(RDF.type, kind) if isinstance(one, URIRef)}
    return {one for one in found if one.startswith(CG)}


@pytest.mark.parametrize(
    "media_type", ["text/turtle", "application/rdf+xml", "application/ld+json", "application/n-triples"]
)
def test_cn1_and_rdf1_the_ontology_is_negotiated_as_rdf(site: str, media_type: str) -> None:
    answer = ask(site, "/def", Accept=media_type)
    assert answer.status == 200 and answer.headers["content-type"].partition(";")[0] == media_type
    form = "json-ld" if media_type == "application/ld+json" else media_type
    told = rdflib.Graph().parse(data=answer.body, format=form)
    assert (ONTOLOGY, RDF.type, OWL.Ontology) in told


@pytest.mark.parametrize("path", ["/def", "/def/core", "/vocab/modality"])
def test_doc1_a_browser_gets_a_page_that_leads_to_the_formats(site: str, path: str) -> None:
    answer = ask(site, path, Accept="text/html,application/xhtml+xml,*/*;q=0.8")
    assert answer.status == 200 and answer.headers["content-type"].startswith("text/html")
    assert f"{path}.ttl" in Markup(answer.body).links
    assert f'rel="alternate" type="text/turtle" href="{path}.ttl"' in answer.text


@pytest.mark.parametrize("path", ["/def", "/def/0.1.0", "/def/core", "/def/alignments/org", "/vocab/modality"])
def test_http1_uri1_each_document_is_served_in_its_own_formats(site: str, path: str) -> None:
    for suffix in ("ttl", "rdf", "jsonld", "nt"):
        fixed, chosen = ask(site, f"{path}.{suffix}"), ask(site, path, Accept=MEDIA_TYPES[suffix])
        assert fixed.status == 200 and fixed.body == chosen.body


def test_uri2_the_ontology_calls_itself_by_its_address(ontology: rdflib.Graph) -> None:
    assert set(ontology.subjects(RDF.type, OWL.Ontology)) == {ONTOLOGY}


def test_purl1_addresses_are_persistent(ontology: rdflib.Graph) -> None:
    assert str(ONTOLOGY).startswith("https://w3id.org/")
    assert all(one.startswith("https://w3id.org/cesergraph/def#") for one in terms(ontology))


def test_ver1_ver2_the_version_has_an_address_that_answers(site: str, ontology: rdflib.Graph) -> None:
    version = ontology.value(ONTOLOGY, OWL.versionIRI)
    assert isinstance(version, URIRef) and version != ONTOLOGY
    answer = ask(site, "/" + version.removeprefix(BASE), Accept="text/turtle")
    assert answer.status == 200 and set(rdflib.Graph().parse(data=answer.body, format="turtle")) >= {
        (ONTOLOGY, OWL.versionIRI, version)
    }


def test_find1_the_prefix_is_that_of_the_namespace(ontology: rdflib.Graph) -> None:
    told = {str(one) for one in ontology.objects(ONTOLOGY, URIRef(expand("vann:preferredNamespacePrefix")))}
    assert told == {"cg"} and PREFIXES["cg"] == CG


def _said(ontology: rdflib.Graph) -> set[str]:
    header = {str(predicate) for predicate in ontology.predicates(ONTOLOGY)}
    return {name for name, curies in _FILLED.items() if header & {expand(curie) for curie in curies}}


@pytest.mark.parametrize("check", METADATA)
def test_om_the_header_says_what_each_check_wants_but_what_is_declared(ontology: rdflib.Graph, check: str) -> None:
    missing = set(METADATA[check]) - _said(ontology)
    assert missing <= LACKING, f"{check}: {missing}"


def test_om4_2_the_licence_is_an_address(ontology: rdflib.Graph) -> None:
    licences = list(ontology.objects(ONTOLOGY, URIRef(expand("dcterms:license"))))
    assert licences == [URIRef("https://www.etalab.gouv.fr/licence-ouverte-open-licence")]


def test_voc1_the_header_uses_vocabularies_for_metadata(ontology: rdflib.Graph) -> None:
    used = {one for one in PREFIXES.values() if any(str(p).startswith(one) for p in ontology.predicates(ONTOLOGY))}
    assert {PREFIXES["dcterms"], PREFIXES["vann"]} <= used


def test_voc2_terms_of_others_are_extended(ontology: rdflib.Graph) -> None:
    above = {str(end) for term in terms(ontology) for end in ontology.objects(term, RDFS.subClassOf)}
    wanted = {"org", "prov", "foaf", "eli", "oa", "geo"}
    assert {prefix for prefix in wanted if any(one.startswith(PREFIXES[prefix]) for one in above)} == wanted


@pytest.mark.parametrize(("check", "predicate"), [("VOC3", RDFS.label), ("VOC4", SKOS.definition)])
def test_voc3_voc4_every_term_has_its_label_and_definition(
    ontology: rdflib.Graph, check: str, predicate: URIRef
) -> None:
    found = terms(ontology)
    assert len(found) == 285
    texts = {one: {getattr(text, "language", None) for text in ontology.objects(one, predicate)} for one in found}
    assert [one for one, languages in texts.items() if languages != {"fr", "en"}] == [], check


def test_a_term_leads_to_its_place_on_the_page(site: str, ontology: rdflib.Graph) -> None:
    anchors = set(Markup(ask(site, "/def", Accept="text/html").body).ids)
    assert {one.removeprefix(CG) for one in terms(ontology)} <= anchors


def test_all_checks_are_accounted_for() -> None:
    judged = {"CN1", "RDF1", "HTTP1", "URI1", "URI2", "PURL1", "VER1", "VER2", "DOC1", "FIND1", "OM4.2"}
    judged |= {"VOC1", "VOC2", "VOC3", "VOC4", *METADATA}
    assert len(judged) + len(OFFLINE) == 24 and not judged & set(OFFLINE)
