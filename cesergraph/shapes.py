"""Check a graph against the shapes of shapes/, and say what is wrong in plain words.

What SHACL says well stands in the shapes and is judged by pySHACL. Four things it says badly or slowly are judged here,
under shapes that hold their words and their severity: a period that ends before it begins, the Luhn key of a SIREN,
a key that two things share, a graph whose source nobody describes.
"""

import csv
import io
import json
import logging
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import pyoxigraph
from pyshacl import validate
from rdflib import RDF, RDFS, BNode, Dataset, Graph, Literal, Namespace, URIRef
from rdflib.collection import Collection
from rdflib.namespace import DCAT, SH, SKOS, XSD
from rdflib.term import Node
from rdflib.util import from_n3

from cesergraph.errors import SyntaxFault
from cesergraph.identifiers import DECISION_GRAPH, INFERENCE_GRAPH, META, luhn, meta_graph
from cesergraph.namespaces import GRAPH, PREFIXES, expand, shorten
from cesergraph.resources import walk

CG = Namespace(PREFIXES["cg"])
CGSH = Namespace(PREFIXES["cgsh"])
SEVERITIES = ("Violation", "Warning", "Info")


@dataclass(frozen=True, order=True)
class Problem:
    """One thing a shape finds wrong with one node.

    ``focus`` is an IRI, or an N-Triples term where it is none; ``value`` is an N-Triples term or empty.
    """

    focus: str
    shape: str
    component: str
    severity: str
    message_fr: str
    message_en: str
    path: str = ""
    value: str = ""

    def say(self, lang: str) -> str:
        """Return the message in ``fr`` or ``en``."""
        return self.message_en if lang == "en" else self.message_fr


# Shapes, ontology and targets


@cache
def shapes_graph() -> Graph:
    """Return all shapes: the files of shapes/, less their valid/ and invalid/ examples."""
    graph = Graph()
    for name, file in walk("shapes", ".ttl").items():
        if "/valid/" not in name and "/invalid/" not in name:
            graph.parse(data=file.read_text(encoding="utf-8"), format="turtle")
    return graph


@cache
def background() -> Graph:
    """Return what sh:class and sh:targetClass must see of the ontology: the tree of our classes, the codes."""
    ontology = Graph()
    for file in walk("ontology", ".ttl").values():
        ontology.parse(data=file.read_text(encoding="utf-8"), format="turtle")
    seen = Graph()
    for sub, sup in ontology.subject_objects(RDFS.subClassOf):
        if str(sub).startswith(CG) and str(sup).startswith(CG):
            seen.add((sub, RDFS.subClassOf, sup))
    for code, scheme in ontology.subject_objects(SKOS.inScheme):
        seen.add((code, RDF.type, SKOS.Concept))
        seen.add((code, SKOS.inScheme, scheme))
    return seen


def targets(graph: Graph) -> set[str]:
    """Return the nodes that some shape looks at; without any, a clean report means nothing."""
    shapes = shapes_graph()
    found = {node for cls in shapes.objects(None, SH.targetClass) for node in _instances(graph, cls)}
    for of_subjects in shapes.objects(None, SH.targetSubjectsOf):
        found |= {subject for subject, _, _ in graph.triples((None, _iri(of_subjects), None))}
    for of_objects in shapes.objects(None, SH.targetObjectsOf):
        found |= {object_ for _, _, object_ in graph.triples((None, _iri(of_objects), None))}
    return {str(node) for node in found}


def _instances(graph: Graph, cls: Node) -> set[Node]:
    kinds = background().transitive_subjects(RDFS.subClassOf, cls)
    return {node for kind in kinds for node, _, _ in graph.triples((None, RDF.type, kind))}


# The check


def check(graph: Graph) -> list[Problem]:
    """Return every problem, sorted; an empty list is a clean graph.

    A Dataset is judged as the union of its graphs, and its source graphs must be described.
    """
    mixed = Graph()
    for triple in graph.triples((None, None, None)):
        mixed.add(triple)
    found = beyond_shacl(mixed)
    if isinstance(graph, Dataset):
        found += _undescribed_graphs(graph)
    for triple in background():
        mixed.add(triple)
    return sorted([*found, *judge(mixed, shapes_graph())])


def judge(data: Graph, shapes: Graph) -> list[Problem]:
    """Return what pySHACL finds in a graph, nothing inferred; the one place where it is called."""
    _, report, _ = validate(data, shacl_graph=shapes, inference="none", inplace=True)
    if not isinstance(report, Graph):
        raise report
    return [_read_result(report, shapes, result) for result in report.objects(None, SH.result)]


def _read_result(report: Graph, shapes: Graph, result: Node) -> Problem:
    shape = report.value(result, SH.sourceShape)
    value = report.value(result, SH.value)
    # Of a SPARQL constraint the report repeats the words of its shape in one language only.
    spoken = (shapes, shape, SH.message) if shape and (shape, SH.message, None) in shapes else None
    fr, en = _messages(*(spoken or (report, result, SH.resultMessage)))
    return Problem(
        focus=name(report.value(result, SH.focusNode)),
        shape=shorten(str(shape)),
        component=_local(report.value(result, SH.sourceConstraintComponent)).removesuffix("ConstraintComponent"),
        severity=_local(report.value(result, SH.resultSeverity)),
        message_fr=fr,
        message_en=en,
        path=path_text(report, report.value(result, SH.resultPath)),
        value="" if value is None else value.n3(),
    )


def _messages(graph: Graph, node: Node, prop: URIRef) -> tuple[str, str]:
    """Return the message in French and in English; where a shape speaks one language, that one twice."""
    said = {m.language: str(m) for m in graph.objects(node, prop) if isinstance(m, Literal)}
    default = next(iter(said.values()), "")
    return said.get("fr", default), said.get("en", default)


def path_text(graph: Graph, node: Node | None) -> str:
    """Return a SHACL path as SPARQL writes it; empty where there is none."""
    if node is None:
        return ""
    if isinstance(node, URIRef):
        return shorten(str(node))
    if (node, RDF.first, None) in graph:
        return "/".join(path_text(graph, step) for step in Collection(graph, node))
    for prop, before, after in _PATHS:
        inner = graph.value(node, prop)
        if inner is not None:
            return f"{before}{path_text(graph, inner)}{after}"
    choices = graph.value(node, SH.alternativePath)
    assert choices is not None
    return "|".join(path_text(graph, choice) for choice in Collection(graph, choices))


_PATHS = (
    (SH.inversePath, "^", ""),
    (SH.zeroOrMorePath, "", "*"),
    (SH.oneOrMorePath, "", "+"),
    (SH.zeroOrOnePath, "", "?"),
)


def name(node: Node | None) -> str:
    """Return an IRI as it is, any other node as an N-Triples term."""
    return str(node) if isinstance(node, URIRef) else "" if node is None else node.n3()


def _local(term: object) -> str:
    return str(term).rpartition("#")[2]


def _iri(node: Node) -> URIRef:
    assert isinstance(node, URIRef)
    return node


# What SHACL says badly or slowly

_OURS = frozenset({"Described", "Luhn", "Order", "UniqueKey"})
_PERIODS = ((CG.validFrom, CG.validUntil), (DCAT.startDate, DCAT.endDate))
_KEYS = (
    (CG.siren, CG.Actor, "Thing-siren"),
    (CG.inseeCode, CG.Region, "Territory-inseeCode"),
    (CG.inseeCode, CG.Departement, "Territory-inseeCode"),
    (CG.inseeCode, CG.Commune, "Territory-inseeCode"),
    (CG.inseeCode, CG.OverseasTerritory, "Territory-inseeCode"),
    (CG.captureDigest, CG.Capture, "Capture-captureDigest"),
)


def beyond_shacl(graph: Graph) -> list[Problem]:
    """Return the reversed periods, the wrong SIRENs and the keys that two things share."""
    return [*_reversed_periods(graph), *_wrong_sirens(graph), *_shared_keys(graph)]


def _reversed_periods(graph: Graph) -> Iterator[Problem]:
    """Yield what ends before it begins; dates of different precision are compared over what both say."""
    for first, last in _PERIODS:
        for node, end in graph.subject_objects(last):
            for start in graph.objects(node, first):
                shared = min(len(str(start)), len(str(end)))
                if str(start)[:shared] > str(end)[:shared]:
                    yield _problem("Thing-period", "Order", node, end)


def _wrong_sirens(graph: Graph) -> Iterator[Problem]:
    for node, siren in graph.subject_objects(CG.siren):
        if re.fullmatch("[0-9]{9}", str(siren)) and not luhn(str(siren)):
            yield _problem("Thing-siren", "Luhn", node, siren)


def _shared_keys(graph: Graph) -> Iterator[Problem]:
    """Yield what has the key of another; a thing that no longer exists has left its key free."""
    for prop, cls, shape in _KEYS:
        holders: defaultdict[Node, list[Node]] = defaultdict(list)
        for node in _instances(graph, cls):
            if (node, CG.validUntil, None) not in graph:
                for key in graph.objects(node, prop):
                    holders[key].append(node)
        for key, nodes in holders.items():
            if len(nodes) > 1:
                yield from (_problem(shape, "UniqueKey", node, key) for node in nodes)


def _undescribed_graphs(dataset: Dataset) -> Iterator[Problem]:
    for graph in dataset.graphs():
        iri = str(graph.identifier)
        source, _, edition = iri.removeprefix(GRAPH).partition("/")
        if not iri.startswith(GRAPH) or source == META or iri in (DECISION_GRAPH, INFERENCE_GRAPH) or not edition:
            continue
        if (graph.identifier, None, None) not in dataset.graph(URIRef(meta_graph(source))):
            yield _problem("SourceGraph-described", "Described", graph.identifier, None)


def _problem(shape: str, component: str, focus: Node, value: Node | None) -> Problem:
    """Return a problem in the words and with the severity of a shape."""
    shapes, node = shapes_graph(), CGSH[shape]
    fr, en = _messages(shapes, node, SH.message)
    return Problem(
        focus=name(focus),
        shape=shorten(str(node)),
        component=component,
        severity=_local(shapes.value(node, SH.severity)),
        message_fr=fr,
        message_en=en,
        path=path_text(shapes, shapes.value(node, SH.path)),
        value="" if value is None else value.n3(),
    )


# Reading


_FORMATS = {
    ".ttl": pyoxigraph.RdfFormat.TURTLE,
    ".trig": pyoxigraph.RdfFormat.TRIG,
    ".nt": pyoxigraph.RdfFormat.N_TRIPLES,
    ".nq": pyoxigraph.RdfFormat.N_QUADS,
    ".jsonld": pyoxigraph.RdfFormat.JSON_LD,
}


def read_rdf(path: Path) -> Graph:
    """Return the graph of a file, told by its suffix; of TriG and N-Quads a Dataset seen as its union.

    Nothing is fetched: a JSON-LD context must stand in the file. Raise SyntaxFault.
    """
    form = _FORMATS.get(path.suffix.lower())
    if form is None:
        raise SyntaxFault(
            fr=f"{path.name} : suffixe inconnu ; attendu : {', '.join(_FORMATS)}.",
            en=f"{path.name}: unknown suffix; expected: {', '.join(_FORMATS)}.",
        )
    # An ill-typed value is a problem to report, not a traceback on the way.
    logging.getLogger("rdflib.term").setLevel(logging.ERROR)
    graph: Graph = Dataset(default_union=True) if form.supports_datasets else Graph()
    try:
        for quad in pyoxigraph.parse(path=path, format=form):
            _add(graph, quad, path)
    except SyntaxError as error:
        raise _syntax_fault(path, error) from error
    return graph


def _syntax_fault(path: Path, error: SyntaxError) -> SyntaxFault:
    if "LoadDocumentCallback" in str(error):
        return SyntaxFault(
            fr=f"{path.name} : le contexte JSON-LD est ailleurs et rien n'est téléchargé ; écrivez-le dans le fichier.",
            en=f"{path.name}: the JSON-LD context is elsewhere and nothing is fetched; write it into the file.",
        )
    line_fr, line_en = (f", ligne {error.lineno}", f", line {error.lineno}") if error.lineno else ("", "")
    return SyntaxFault(
        fr=f"{path.name}{line_fr} : syntaxe RDF fautive ({error.msg}).",
        en=f"{path.name}{line_en}: wrong RDF syntax ({error.msg}).",
    )


def _add(graph: Graph, quad: pyoxigraph.Quad, path: Path) -> None:
    triple = _term(quad.subject, path), _term(quad.predicate, path), _term(quad.object, path)
    if not isinstance(graph, Dataset):
        graph.add(triple)
    elif isinstance(quad.graph_name, pyoxigraph.DefaultGraph):
        graph.default_graph.add(triple)
    else:
        graph.graph(_term(quad.graph_name, path)).add(triple)


def _term(term: object, path: Path) -> URIRef | BNode | Literal:
    match term:
        case pyoxigraph.NamedNode():
            return URIRef(term.value)
        case pyoxigraph.BlankNode():
            return BNode(term.value)
        case pyoxigraph.Literal() if term.language:
            return Literal(term.value, lang=term.language)
        case pyoxigraph.Literal() if term.datatype.value == str(XSD.string):
            return Literal(term.value)
        case pyoxigraph.Literal():
            return Literal(term.value, datatype=URIRef(term.datatype.value), normalize=False)
        case _:
            raise SyntaxFault(
                fr=f"{path.name} : un triplet en position de terme (RDF 1.2) n'est pas pris en charge.",
                en=f"{path.name}: a triple term (RDF 1.2) is not supported.",
            )


# Reports

_WORDS = {
    "fr": {"Violation": "erreur", "Warning": "avertissement", "Info": "information"},
    "en": {"Violation": "error", "Warning": "warning", "Info": "information"},
}


def report_text(problems: Sequence[Problem], lang: str) -> str:
    """Return one paragraph a problem, then how many there are of each severity."""
    words, colon = _WORDS[lang], " :" if lang == "fr" else ":"
    lines = []
    for p in problems:
        lines.append(f"{words[p.severity]}{colon} {p.say(lang)}")
        where = f"{p.path} {_shown(p.value)}".strip()
        lines.append(f"    {shorten(p.focus)}{f' · {where}' if where else ''} ({p.shape}, {p.component})")
    counts = (f"{words[s]}{colon} {sum(p.severity == s for p in problems)}" for s in SEVERITIES)
    return "\n".join([*lines, " · ".join(counts)])


def report_json(problems: Sequence[Problem], lang: str) -> str:
    """Return a list of objects: the fields of Problem, and ``message`` in the language asked for."""
    return json.dumps([{**asdict(p), "message": p.say(lang)} for p in problems], ensure_ascii=False, indent=2)


def report_csv(problems: Sequence[Problem], lang: str) -> str:
    """Return a table with one row a problem."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(["severity", "focus", "path", "value", "message", "shape", "component"])
    for p in problems:
        table.writerow([p.severity, p.focus, p.path, _shown(p.value), p.say(lang), p.shape, p.component])
    return out.getvalue().rstrip("\n")


def report_turtle(problems: Sequence[Problem], lang: str) -> str:
    """Return a sh:ValidationReport, with the messages of one language. Source: W3C SHACL, section 3.6."""
    report = Graph(bind_namespaces="none")
    for prefix in ("cg", "cgsh", "sh", "xsd"):
        report.bind(prefix, PREFIXES[prefix])
    root = BNode("report")
    report.add((root, RDF.type, SH.ValidationReport))
    report.add((root, SH.conforms, Literal(not problems)))
    for number, problem in enumerate(problems):
        result = BNode(f"result{number:06}")
        report.add((root, SH.result, result))
        for prop, value in _result(problem, lang):
            report.add((result, prop, value))
        report += _path_triples(problem, result)
    return report.serialize(format="turtle").rstrip("\n")


def _result(p: Problem, lang: str) -> Iterator[tuple[URIRef, Node]]:
    yield RDF.type, SH.ValidationResult
    yield SH.focusNode, _read(p.focus) if p.focus.startswith("_:") else URIRef(p.focus)
    yield SH.resultSeverity, SH[p.severity]
    yield SH.sourceShape, URIRef(expand(p.shape))
    yield SH.sourceConstraintComponent, (CGSH if p.component in _OURS else SH)[f"{p.component}ConstraintComponent"]
    yield SH.resultMessage, Literal(p.say(lang), lang=lang)
    if p.value:
        yield SH.value, _read(p.value)


def _read(term: str) -> Node:
    node = from_n3(term)
    assert isinstance(node, Node)
    return node


def _path_triples(p: Problem, result: Node) -> Graph:
    """Return the path of the shape as sh:resultPath of a result, blank nodes and all."""
    shapes, found = shapes_graph(), Graph()
    path = shapes.value(URIRef(expand(p.shape)), SH.path)
    if path is not None:
        found.add((result, SH.resultPath, path))
        if isinstance(path, BNode):
            found += shapes.cbd(path)
    return found


REPORTS: dict[str, Callable[[Sequence[Problem], str], str]] = {
    "text": report_text,
    "json": report_json,
    "csv": report_csv,
    "turtle": report_turtle,
}


def _shown(value: str) -> str:
    return shorten(value[1:-1]) if value.startswith("<") else value
