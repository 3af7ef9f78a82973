"""The ontology checked: hygiene queries, OWL 2 profiles, HermiT, and the closed namespace.

The ontology's folders: the modules themselves, ``codes`` (concept lists), ``imports`` (frozen declarations of
the outside terms used) and ``alignments`` (what our terms mean in other vocabularies; may be left out).
"""

import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import owlready2
import pyoxigraph as ox
from rdflib import OWL, RDF, SKOS, BNode, Graph, Literal, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from cesergraph.answers import Source
from cesergraph.errors import EquipmentMissing
from cesergraph.header import read_header
from cesergraph.namespaces import BASE, CG, VOCAB, shorten
from cesergraph.resources import walk

ROOT = URIRef(BASE + "def")
FOLDERS = ("codes", "imports", "alignments")
_NAMED = (ox.NamedNode, ox.Literal)
_DECLARATIONS = (OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty, OWL.AnnotationProperty)
_JAVA_SOURCE = Path(__file__).parent / "java" / "OwlProfile.java"
_HERMIT = Path(owlready2.__file__).parent / "hermit" / "HermiT.jar"


@dataclass(frozen=True, order=True)
class Fault:
    """One thing wrong with the ontology, or with the terms that data use."""

    check: str
    subject: str
    message_fr: str
    message_en: str

    def say(self, lang: str) -> str:
        """Return the fault as a sentence in ``fr`` or ``en``, with what it is about."""
        return f"{self.subject}: {self.message_en}" if lang == "en" else f"{self.subject} : {self.message_fr}"


@dataclass(frozen=True)
class Verdict:
    """What HermiT says of a graph."""

    consistent: bool
    unsatisfiable: tuple[str, ...] = ()


@dataclass(frozen=True)
class HygieneCheck:
    """A query whose every row is a fault; its first column is what is at fault."""

    name: str
    title_fr: str
    title_en: str
    columns: tuple[str, ...]
    text: str

    def run(self, store: ox.Store) -> list[Fault]:
        """Return a fault per row."""
        faults = []
        rows = store.query(self.text)
        assert isinstance(rows, ox.QuerySolutions)
        for row in rows:
            cells = [shorten(cell.value) if isinstance(cell, _NAMED) else str(cell) for cell in row]
            rest = ", ".join(f"{column}: {cell}" for column, cell in zip(self.columns[1:], cells[1:], strict=True))
            detail = f" ({rest})" if rest else ""
            faults.append(Fault(self.name, cells[0], f"{self.title_fr}{detail}.", f"{self.title_en}{detail}."))
        return sorted(faults)


def load_ontology(folders: Iterable[str] = FOLDERS) -> Graph:
    """Return the modules and the files of some folders beside them, as one graph."""
    wanted = set(folders)
    graph = Graph()
    for path, file in walk("ontology", ".ttl").items():
        folder = path.rpartition("/")[0]
        if not folder or folder in wanted:
            graph.parse(data=file.read_text(encoding="utf-8"), format="turtle")
    return graph


def hygiene_checks() -> dict[str, HygieneCheck]:
    """Return the queries of ``ontology/checks`` by name; raise HeaderError."""
    checks = {}
    for path, file in walk("ontology", ".rq").items():
        folder, _, name = path.rpartition("/")
        if folder == "checks":
            text = file.read_text(encoding="utf-8")
            header = read_header(text, f"{path}.rq")
            title = header["title"]
            checks[name] = HygieneCheck(name, title["fr"], title["en"], tuple(header["columns"]), text)
    return checks


def check_hygiene(graph: Graph | None = None) -> list[Fault]:
    """Return what the hygiene queries find in a graph, by default the whole ontology."""
    store = ox.Store()
    triples = (load_ontology() if graph is None else graph).serialize(format="nt", encoding="utf-8")
    store.load(triples, format=ox.RdfFormat.N_TRIPLES)
    return [fault for check in hygiene_checks().values() for fault in check.run(store)]


def check_profiles(graph: Graph | None = None) -> list[Fault]:
    """Return the violations of OWL 2 DL and OWL 2 RL in a graph, by default the whole ontology.

    The judge is the OWLAPI inside owlready2's HermiT.jar. Raise EquipmentMissing without a JDK.
    """
    java = _find_jdk()
    with TemporaryDirectory() as folder:
        file = Path(folder) / "ontology.nt"
        file.write_bytes(_axioms(load_ontology() if graph is None else graph))
        command = [java, "-cp", str(_HERMIT), str(_JAVA_SOURCE), str(file)]
        lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    found = [line.split("\t", 1) for line in lines]
    if not found or found[-1][0] != "axioms":
        raise RuntimeError(f"OwlProfile.java did not finish: {lines}")
    return sorted(
        Fault("profile", profile, f"Hors du profil {profile} : {text}.", f"Outside the profile {profile}: {text}.")
        for profile, text in found[:-1]
    )


def reason(graph: Graph) -> Verdict:
    """Return HermiT's verdict on a graph; imports are not followed. Raise EquipmentMissing without Java."""
    owlready2.JAVA_EXE = _find_java()
    world = owlready2.World()
    try:
        world.get_ontology(BASE + "reasoned#").load(fileobj=BytesIO(_axioms(graph)))
        owlready2.sync_reasoner_hermit(world, debug=0, ignore_unsupported_datatypes=True)
        impossible = {one.iri for one in world.inconsistent_classes()} - {str(OWL.Nothing)}
        return Verdict(True, tuple(sorted(impossible)))
    except owlready2.OwlReadyInconsistentOntologyError:
        return Verdict(False)
    finally:
        world.close()


def check_consistency(extra: Graph | None = None, folders: Iterable[str] = FOLDERS) -> list[Fault]:
    """Return a fault where HermiT finds the ontology contradictory, alone or with some facts.

    Regions and départements among the facts are declared different from one another. HermiT cannot read a
    malformed literal: where there is one, the facts' literals are the faults and nothing is reasoned.
    """
    graph = load_ontology(folders)
    if extra is not None:
        malformed = _malformed_literals(extra)
        if malformed:
            return malformed
        graph += extra
        graph += different_territories(extra)
    verdict = reason(graph)
    if not verdict.consistent:
        return [
            Fault(
                "consistency",
                shorten(str(ROOT)),
                "HermiT trouve une contradiction : aucun monde ne satisfait tous les axiomes et les faits.",
                "HermiT finds a contradiction: no world satisfies all the axioms and facts.",
            )
        ]
    message_fr, message_en = "Cette classe ne peut avoir aucun membre.", "This class can have no member."
    return [Fault("satisfiability", shorten(iri), message_fr, message_en) for iri in verdict.unsatisfiable]


def different_territories(graph: Graph) -> Graph:
    """Return the statement that the regions of a graph all differ, and its départements likewise.

    With the key on ``cg:inseeCode`` it turns two regions of one code into a contradiction.
    """
    statement = Graph()
    for kind in ("Region", "Departement"):
        iris = {str(territory) for territory in graph.subjects(RDF.type, URIRef(CG + kind))}
        members: list[Node] = [URIRef(iri) for iri in sorted(iris)]
        if len(members) > 1:
            axiom = BNode()
            statement.add((axiom, RDF.type, OWL.AllDifferent))
            statement.add((axiom, OWL.distinctMembers, Collection(statement, BNode(), members).uri))
    return statement


def check_closed_namespace(graph: Graph) -> list[Fault]:
    """Return each ``cg:`` term and each concept that a graph uses and the ontology lacks."""
    return check_terms(str(node) for statement in graph for node in statement if isinstance(node, URIRef))


def check_terms(iris: Iterable[str]) -> list[Fault]:
    """Return each ``cg:`` term and each concept among some IRIs that the ontology lacks."""
    ours = {iri for iri in iris if iri.startswith((CG, VOCAB))}
    return [
        Fault(
            "closed_namespace",
            shorten(iri),
            "Ce terme n'est pas dans l'ontologie ; corrigez le nom ou ajoutez le terme.",
            "This term is not in the ontology; correct the name or add the term.",
        )
        for iri in sorted(ours - _known_iris())
    ]


_TERMS_USED = f"""SELECT DISTINCT ?term WHERE {{
  {{ ?subject ?term ?object }} UNION {{ ?subject a ?term }}
  UNION {{ ?subject ?property ?term . FILTER (STRSTARTS(STR(?term), "{VOCAB}")) }}
}}"""


def terms_used(source: Source) -> list[str]:
    """Return the IRIs of the predicates, classes and concepts that a source uses."""
    return [term.value for (term,) in source.query(_TERMS_USED).rows if isinstance(term, ox.NamedNode)]


def check_all() -> list[Fault]:
    """Return every fault of the ontology: hygiene, profiles, consistency. Raise EquipmentMissing without a JDK.

    What holds with the alignments holds without them: fewer axioms cannot contradict more.
    """
    return [*check_hygiene(), *check_profiles(), *check_consistency()]


@cache
def _known_iris() -> frozenset[str]:
    graph = load_ontology(("codes",))
    kinds = (*_DECLARATIONS, SKOS.Concept, SKOS.ConceptScheme)
    return frozenset(str(subject) for kind in kinds for subject in graph.subjects(RDF.type, kind))


def _malformed_literals(graph: Graph) -> list[Fault]:
    return sorted(
        Fault(
            "literal",
            shorten(str(subject)),
            f"La valeur {value.n3()} n'a pas la forme de son type.",
            f"The value {value.n3()} does not have the form of its datatype.",
        )
        for subject, value in graph.subject_objects()
        if isinstance(value, Literal) and value.ill_typed
    )


def _axioms(graph: Graph) -> bytes:
    """Return a graph as N-Triples without its imports, sorted."""
    kept = Graph()
    for statement in graph:
        if statement[1] != OWL.imports:
            kept.add(statement)
    lines = kept.serialize(format="nt", encoding="utf-8").splitlines(keepends=True)
    return b"".join(sorted(lines))


def _find_java() -> str:
    java = shutil.which("java")
    if java is None:
        raise EquipmentMissing(
            fr="Java est introuvable ; HermiT demande Java 11 ou plus récent (Debian : default-jdk-headless).",
            en="Java is missing; HermiT needs Java 11 or later (Debian: default-jdk-headless).",
        )
    return java


def _find_jdk() -> str:
    java = _find_java()
    modules = subprocess.run([java, "--list-modules"], capture_output=True, text=True, check=True).stdout
    if "jdk.compiler" not in modules:
        raise EquipmentMissing(
            fr="Ce Java n'a pas de compilateur ; la vérification des profils OWL demande un JDK, 11 ou plus récent "
            "(Debian : default-jdk-headless).",
            en="This Java has no compiler; checking the OWL profiles needs a JDK, 11 or later "
            "(Debian: default-jdk-headless).",
        )
    return java
