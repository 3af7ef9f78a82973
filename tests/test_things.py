"""What is read straight from the store is what the queries of ``show`` tell."""

import pytest
from pyoxigraph import Literal, NamedNode, Quad, Store

from cesergraph.answers import Answers, evaluate
from cesergraph.errors import NotFound
from cesergraph.identifiers import DECISION_GRAPH
from cesergraph.link import WITHDRAWN, digest_name
from cesergraph.namespaces import ID, VOCAB, expand
from cesergraph.show import as_json, describe_thing
from cesergraph.store import EmbeddedStore
from cesergraph.things import Things

ONE_OF_EACH = """
PREFIX cg: <https://w3id.org/cesergraph/def#>
SELECT ?class (MIN(?one) AS ?least) (MAX(?one) AS ?most)
WHERE { ?one a ?class . FILTER (STRSTARTS(STR(?class), STR(cg:))) }
GROUP BY ?class ORDER BY ?class
"""


@pytest.fixture(scope="module")
def things(graph: EmbeddedStore) -> Things:
    return Things(graph.data, graph)


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_both_readers_tell_the_same_of_things_of_every_class(graph: EmbeddedStore, things: Things, lang: str) -> None:
    rows = graph.query(ONE_OF_EACH).rows
    assert len(rows) > 90
    for iri in sorted({one.value for _, *found in rows for one in found if isinstance(one, NamedNode)}):
        assert as_json(things.describe(iri, lang)) == as_json(describe_thing(graph, iri, lang=lang)), iri


def test_pages_of_what_refers_to_a_thing(graph: EmbeddedStore, things: Things) -> None:
    region = ID + "territoire/region/24"
    second = as_json(things.describe(region, page=2, limit=5))
    assert second == as_json(describe_thing(graph, region, page=2, limit=5))
    assert second["incoming"] != as_json(things.describe(region, limit=5))["incoming"]


def test_a_thing_that_thousands_refer_to_is_asked_by_queries(things: Things) -> None:
    kind = things.describe(VOCAB + "population-kind/municipale")
    assert max(one.total for one in kind.incoming) > 2_000
    assert all(len(one.values) <= 20 for one in kind.incoming)


def test_what_nothing_is_said_of(things: Things) -> None:
    assert not things.exists(ID + "organisation/aucune")
    with pytest.raises(NotFound):
        things.describe(ID + "organisation/aucune")


class _Small:
    def __init__(self, *quads: Quad) -> None:
        self.data = Store()
        self.data.extend(quads)

    def query(self, text: str) -> Answers:
        return evaluate(self.data, text)


def test_decisions_tell_what_became_of_a_thing() -> None:
    a, b, c = (NamedNode(f"{ID}organisation/{x}") for x in "abc")
    decisions = NamedNode(DECISION_GRAPH)
    small = _Small(
        Quad(a, NamedNode(expand("skos:prefLabel")), Literal("A", language="fr"), NamedNode("https://example.org/g")),
        Quad(a, NamedNode(expand("owl:sameAs")), b, decisions),
        Quad(c, NamedNode(expand("adms:status")), NamedNode(WITHDRAWN), decisions),
        Quad(
            NamedNode(ID + "decision/x"),
            NamedNode(expand("cg:decisionAbout")),
            NamedNode(digest_name(ID + "personne/x")),
            decisions,
        ),
    )
    things = Things(small.data, small)
    assert (things.survivor(b.value), things.survivor(a.value)) == (a.value, None)
    assert (things.is_withdrawn(c.value), things.is_withdrawn(a.value)) == (True, False)
    assert (things.is_erased(ID + "personne/x"), things.is_erased(a.value)) == (True, False)
