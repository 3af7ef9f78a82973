"""Small graphs written as lines, and a Source that holds them."""

import pyoxigraph as ox

from cesergraph.answers import Answers, evaluate
from cesergraph.namespaces import expand

GRAPH = "https://w3id.org/cesergraph/graph/avis-essai/0123456789ab"


def term(token: str) -> str:
    """Return a CURIE, a path below /id/ or ``a`` as an N-Triples term; literals and IRIs stay as they are."""
    if token.startswith(('"', "<")):
        return token
    if token == "a":
        token = "rdf:type"
    return f"<{expand(token)}>" if ":" in token else f"<https://w3id.org/cesergraph/{token}>"


def lines(statements: str, graph: str = GRAPH) -> list[str]:
    """Return one N-Quads line for each line ``subject predicate object``."""
    rows = [line.split(maxsplit=2) for line in statements.splitlines() if line]
    return [f"{term(s)} {term(p)} {term(o)} <{graph}> .\n" for s, p, o in rows]


class Held:
    """A Source over an in-memory Oxigraph, with a count of the queries put to it."""

    def __init__(self, *quads: list[str]) -> None:
        self.store = ox.Store()
        self.asked = 0
        self.store.load("".join(line for some in quads for line in some), format=ox.RdfFormat.N_QUADS)

    def query(self, text: str) -> Answers:
        self.asked += 1
        return evaluate(self.store, text)


RELATION = """
id/relation/d/1 a cg:Relation
id/relation/d/1 cg:relationKind vocab/relation-kind/{kind}
id/relation/d/1 cg:modality vocab/modality/{modality}
id/relation/d/1 cg:relationFrom id/organisation/x
id/relation/d/1 cg:relationTo id/{to}
"""
COOPERATION = """
id/convention/d/1 cg:modality vocab/modality/{modality}
id/convention/d/1 cg:participation id/participation/d/1
id/convention/d/1 cg:participation id/participation/d/2
id/participation/d/1 cg:participant id/organisation/x
id/participation/d/2 cg:participant id/organisation/y
"""
GROUP = """
id/preconisation/d/1 cg:addressing id/adressage/d/1
id/adressage/d/1 cg:addressee id/groupe/epci
id/groupe/epci cg:groupMember id/organisation/siren/200071678
"""
PLAN = """
id/mesure/d/1 cg:directPartOf id/orientation/d/1
id/orientation/d/1 cg:directPartOf id/axe/d/1
id/axe/d/1 cg:directPartOf id/strategie/d
id/mesure/d/1 a cg:Measure
id/axe/d/1 a cg:Axis
id/mesure/d/1 cg:evidencedBy id/passage/d/12-34
id/passage/d/12-34 a cg:Passage
id/passage/d/12-34 oa:hasSource id/capture/d
id/capture/d cg:captureOf id/document/d
id/passage/d/12-34 oa:hasSelector <https://w3id.org/cesergraph/id/passage/d/12-34#position>
<https://w3id.org/cesergraph/id/passage/d/12-34#position> oa:start "12"^^<http://www.w3.org/2001/XMLSchema#nonNegativeInteger>
<https://w3id.org/cesergraph/id/passage/d/12-34#position> oa:end "34"^^<http://www.w3.org/2001/XMLSchema#nonNegativeInteger>
id/passage/d/12-34 cg:spanDigest "0123456789abcdef"
"""
