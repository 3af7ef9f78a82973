"""The page of a thing: every class in both languages, what special pages must tell, and labels that mean harm."""

import html
import json
import re
from collections import Counter
from collections.abc import Iterable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
import servers
from small_graphs import GRAPH as SMALL
from small_graphs import lines

from cesergraph.answers import Answers
from cesergraph.errors import NotFound, ParameterError
from cesergraph.identifiers import META
from cesergraph.namespaces import CG, GRAPH, ID, VOCAB, expand, shorten
from cesergraph.nquads import literal
from cesergraph.quality import read_problems
from cesergraph.shapes import Problem
from cesergraph.store import EmbeddedStore, open_store, write_store
from cesergraph.things import Things
from cesergraph.vocabulary import most_specific
from cesergraph.web.documents import thing_document
from cesergraph.web.pages.thing import page
from cesergraph.web.schema_org import as_jsonld, schema_org
from cesergraph.web.site import LANGUAGES, Page, Request, Site

mini_store = servers.mini_store
RECOMMENDATION = ID + "preconisation/avis-zones-emploi-occitanie-2022/5"
REGION = ID + "organisation/siren/234500023"
_VOID = frozenset(
    "area base br col embed hr img input link meta source track wbr circle line polyline rect path".split()
)
_PATH = re.compile(r">\s*((?:[a-z-]+/)+[a-z0-9._-]*[0-9a-z])\s*<")


def site_of(store: EmbeddedStore, *, static: bool = False) -> Site:
    return Site(store, store, Things(store.data, store), "http://127.0.0.1:8000/", static=static)


@pytest.fixture(scope="module")
def whole(graph: EmbeddedStore) -> Site:
    return site_of(graph)


def made(site: Site, iri: str, lang: str = "fr", **query: str) -> Page:
    return page(site, lang, Request({"iri": iri}, {name: [value] for name, value in query.items()}))


def written(site: Site, iri: str, lang: str = "fr", **query: str) -> str:
    return site.render(made(site, iri, lang, **query), lang, site.path_of(iri)).decode()


def plain(text: str) -> str:
    """Return the words of a page without its tags."""
    body = text[text.index("<main") : text.index("</main>")]
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", body))).replace(" ,", ",")


def part(text: str, heading: str) -> str:
    """Return the words of the section with a heading."""
    sections = re.findall(rf'<section[^>]* aria-labelledby="{heading}">.*?</section>', text, re.S)
    assert len(sections) == 1, heading
    return plain(f"<main>{sections[0]}</main>")


class _Checker(HTMLParser):
    """Reads a page as a strict parser would: every tag closed in its turn, no id twice, nothing inline."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: Counter[str] = Counter()
        self.headings: list[str] = []
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag not in _VOID:
            self.open.append(tag)
        if tag in ("h1", "h2", "h3"):
            self.headings.append(tag)
        if identifier := told.get("id"):
            self.ids[identifier] += 1
        if tag == "script" and told.get("type") != "application/ld+json" and not told.get("src"):
            self.faults.append("inline script")
        self.faults += [f"{name} on {tag}" for name in told if name == "style" or name.startswith("on")]
        if tag == "a" and not re.match(r"/|#|https?://", told.get("href") or ""):
            self.faults.append(f"link to {told.get('href')!r}")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes nothing")


def check(text: str) -> None:
    reader = _Checker()
    reader.feed(text)
    reader.close()
    assert not reader.faults and not reader.open
    assert [one for one, times in reader.ids.items() if times > 1] == []
    assert reader.headings[0] == "h1" and reader.headings.count("h1") == 1


def embedded(text: str) -> set[ox.Triple]:
    """Return the triples of the JSON-LD in a page."""
    (script,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', text, re.S)
    quads = ox.parse(script.encode(), format=ox.RdfFormat.JSON_LD)
    return {ox.Triple(quad.subject, quad.predicate, quad.object) for quad in quads}


def one_of_each_class(data: ox.Store) -> dict[str, list[str]]:
    """Return for each narrowest class the first thing by IRI, the one in the middle, and the one most referred to."""
    types: dict[str, set[str]] = {}
    for quad in data.quads_for_pattern(None, ox.NamedNode(expand("rdf:type")), None, None):
        types.setdefault(str(quad.subject)[1:-1], set()).add(str(quad.object)[1:-1])
    found: dict[str, list[str]] = {}
    for iri, kinds in types.items():
        if "#" not in iri:
            found.setdefault(most_specific({one for one in kinds if one.startswith(CG)} or kinds), []).append(iri)
    referred = Counter(str(quad.object)[1:-1] for quad in data if isinstance(quad.object, ox.NamedNode))
    return {
        kind: sorted({min(some), sorted(some)[len(some) // 2], max(some, key=lambda one: (referred[one], one))})
        for kind, some in found.items()
    }


@pytest.mark.parametrize("lang", LANGUAGES)
def test_things_of_every_class_have_a_page(whole: Site, lang: str) -> None:
    chosen = one_of_each_class(whole.store.data)
    assert len(chosen) > 80
    for iri in sorted(one for some in chosen.values() for one in some):
        text = written(whole, iri, lang)
        check(text)
        words = plain(text)
        (name,) = re.findall(r"<h1>(.*?)</h1>", text, re.S)
        assert plain(f"<main>{name}</main>").strip() not in ("", shorten(iri), iri), iri
        raw = {path for path in _PATH.findall(text) if whole.things.exists(ID + path)}
        assert not raw, (iri, raw)
        assert iri in words and "Turtle" in words and "BibTeX" in words
        told = {ox.Triple(quad.subject, quad.predicate, quad.object) for quad in thing_document(whole.things, iri)}
        assert embedded(text) and embedded(text) <= told, iri


def test_a_page_says_which_source_says_what(whole: Site) -> None:
    words = plain(written(whole, RECOMMENDATION))
    assert "Sauf mention, selon : Communiqué de presse : Zones d'emploi et bassins de vie" in words
    assert re.search(r"adressée à déduit Région Occitanie", words)
    assert "thème (2) finances publiques" in words


def test_a_source_that_differs_is_named_where_it_does(tmp_path: Path) -> None:
    told = """
id/groupe/x a cg:AddresseeGroup
id/groupe/x skos:prefLabel "X"@fr
id/groupe/x skos:altLabel "Premier"@fr
id/groupe/x cg:groupMember id/groupe/y
"""
    other = 'id/groupe/x skos:altLabel "Autre"@fr\nid/groupe/x dcterms:description "Dit ailleurs"@fr'
    titles = f'<{SMALL}> dcterms:title "La source"@fr\n<{GRAPH}b/1> dcterms:title "La seconde"@fr'
    quads = {"avis-essai": lines(told), "b": lines(other, GRAPH + "b/1"), META: lines(titles, GRAPH + "meta/x")}
    words = plain(written(small(tmp_path, quads), ID + "groupe/x"))
    assert "Sauf mention, selon : La source" in words and words.count("La source") == 1
    assert "autre nom (2) Autre La seconde Premier" in words
    assert "description La seconde Dit ailleurs" in words and words.count("La seconde") == 2


def test_what_is_said_both_ways_is_told_once(whole: Site) -> None:
    comparable = written(whole, ID + "grandeur/sress-cvl-2025/part-ess-emploi-prive-2020")
    assert comparable.count(">comparable à</a>") == 1
    measure = written(whole, ID + "mesure/sress-cvl-2025/mesure-14")
    assert ">parties directes</a>" in measure and ">a pour composant direct</a>" not in measure


def test_a_derived_statement_tells_why(whole: Site) -> None:
    text = written(whole, RECOMMENDATION)
    assert '?why=1#statements"' in text and "Pourquoi :" not in text
    told = plain(written(whole, RECOMMENDATION, why="1"))
    assert "Pourquoi : Chaîne de deux propriétés" in told
    assert "Région Occitanie · explicite — destinataire — Région Occitanie" in told
    assert "noindex" in written(whole, RECOMMENDATION, why="1")
    assert "Why: Chain of two properties" in plain(written(whole, RECOMMENDATION, "en", why="1"))


def test_a_recommendation_tells_who_asks_what_of_whom(whole: Site) -> None:
    told = part(written(whole, RECOMMENDATION), "recommendation")
    assert "Qui le dit Conseil économique, social et environnemental régional d'Occitanie" in told
    assert "Région Occitanie — explicite, écrit la Région" in told
    assert told.index("chef de file") < told.index("budget régional") < told.index("services régionaux")
    assert "force : stricte" in told and "préconiser" in told
    assert "Aucune suite connue dans le graphe." in told
    english = part(written(whole, RECOMMENDATION, "en"), "recommendation")
    assert "explicit, written la Région" in english and "No follow-up known in the graph." in english


def test_an_inherited_addressee_shows_where_it_comes_from(whole: Site) -> None:
    query = """PREFIX cg: <https://w3id.org/cesergraph/def#> SELECT ?r WHERE {
      ?r cg:addressing ?a . ?a cg:inheritedFrom ?whole . ?whole cg:asWritten ?words } ORDER BY ?r LIMIT 1"""
    ((iri,),) = whole.source.query(query).rows
    told = part(written(whole, str(iri)[1:-1]), "recommendation")
    assert (
        "— hérité" in told and "hérité d'un adressage de tout le document ou de la section : explicite, écrit" in told
    )


def test_a_follow_up_is_told_with_its_state(whole: Site) -> None:
    told = part(written(whole, ID + "preconisation/sress-cvl-2025/ceser-formation"), "recommendation")
    assert "Propositions du CESER sur la formation, en partie reprises" in told
    assert "par Région Centre-Val de Loire, à travers Stratégie régionale" in told
    assert "Aucune suite connue" not in told


def test_a_document_shows_its_vote_outline_and_people(whole: Site) -> None:
    text = written(whole, ID + "document/deliberation-dap-25-01-01")
    votes = part(text, "votes")
    assert "adopté à la majorité" in votes and "6 mars 2025" in votes
    assert "Rassemblement National et Alliés – 11 – –" in votes
    assert "Somme (calculée) 56 11 8 –" in votes
    assert "François Bonneau — signataire ( Le Président du Conseil régional )" in part(text, "roles")
    assert re.search(r"SHA-256 [0-9a-f]{64}", part(text, "captures"))
    against = re.findall(r'<rect class="bar-2" x="0.0" y="0" width="([0-9.]+)"', text)
    assert against == ["44.0"]


def test_a_document_counts_what_is_announced_and_what_is_stated(whole: Site) -> None:
    text = written(whole, ID + "document/etude-reussite-premier-cycle-ceser-pays-de-la-loire")
    told = part(text, "recommendations")
    assert re.search(r"Préconisations strictes relevées, sur celles que les documents annoncent : \d+ sur 25", told)
    plan = written(whole, ID + "document/sress-cvl-2025")
    assert re.search(r"<li><a [^>]*>[^\n]*Axe|<summary><small>Comprend", plan) and "outline" in plan
    assert "caractères" in part(plan, "figures")


def test_a_strategy_shows_its_tree_objectives_and_schemes(whole: Site) -> None:
    text = written(whole, ID + "strategie/sress-centre-val-de-loire-2025-2030")
    tree = part(text, "tree")
    first, second = (
        "Créer et animer un réseau régional des investisseurs citoyens solidaires",
        "Développer le réseau des Cigales",
    )
    assert tree.index("I. PARTICIPER") < tree.index(f"14. {first}") < tree.index(second) < tree.index("III. ")
    (branches,) = re.findall(r'<section aria-labelledby="tree">.*?</section>', text, re.S)
    assert re.findall(r'href="[^"]*/mesure/[^"]*">(\d+)\. ', branches) == [str(number) for number in range(1, 23)]
    assert "À VOS ID" in part(text, "schemes")
    assert "2 800 salarié" in part(text, "objectives").replace("\u202f", " ")
    crumbs = plain(
        re.sub("(?s).*<ol class=.crumbs.>", "<main>", written(whole, ID + "mesure/sress-cvl-2025/mesure-14"))
    )
    assert crumbs.index("Stratégie régionale") < crumbs.index("FAIRE GRANDIR") < crumbs.index("RENFORCER")


def test_a_target_shows_where_it_starts_and_what_it_aims_at(whole: Site) -> None:
    text = written(whole, ID + "cible/sress-cvl-2025/cible-axe-1-3")
    told = part(text, "targets").replace("\u202f", " ")
    assert "Point de départ (2023) 1 400 Visé (2030) 2 800" in told and "d'ici à 2030" in told
    bars = re.findall(r'<rect class="bar-(\w+)" x="0" y="0" width="([0-9.]+)"', text)
    assert bars == [("baseline", "50.0"), ("goal", "100.0")]
    assert re.search(r'aria-label="Évolution \(salarié\), 2023 : 1.400, 2030 : 2.800"', text)
    unstated = part(written(whole, ID + "cible/sress-cvl-2025/cible-axe-3-3"), "targets")
    assert "échéance non dite" in unstated and "non dit" in unstated


CLAIMS = """
id/grandeur/d/q a cg:MeasuredQuantity
id/grandeur/d/q skos:prefLabel "Part"@fr
id/chiffre/d/1 a cg:FigureClaim
id/chiffre/d/1 cg:quantity id/grandeur/d/q
id/chiffre/d/1 cg:value "12.5"^^<http://www.w3.org/2001/XMLSchema#decimal>
id/chiffre/d/1 cg:unit vocab/unit/percent
id/chiffre/d/1 cg:preferredOver id/chiffre/d/2
id/chiffre/d/2 a cg:FigureClaim
id/chiffre/d/2 cg:quantity id/grandeur/d/q
id/chiffre/d/2 cg:value "13"^^<http://www.w3.org/2001/XMLSchema#decimal>
id/chiffre/d/2 cg:unit vocab/unit/percent
id/decision/d cg:decisionAbout id/chiffre/d/1
id/decision/d cg:decisionReason "Plus récent."@fr
"""


@pytest.mark.parametrize("path", ["grandeur/d/q", "chiffre/d/2"])
def test_claims_that_disagree_stand_side_by_side(tmp_path: Path, path: str) -> None:
    told = part(written(small(tmp_path, {"avis-essai": lines(CLAIMS)}), ID + path), "claims")
    assert "Les sources ne disent pas le même nombre" in told
    assert re.search(r"12,5 pour cent Préféré à Chiffre avancé Plus récent", told)
    assert "13 pour cent On lui préfère" in told


def test_a_region_tells_what_it_holds_and_who_governs_it(whole: Site) -> None:
    told = part(written(whole, ID + "territoire/region/24"), "territory").replace("\u202f", " ")
    assert "Départements (6) Cher, Eure-et-Loir, Indre, Indre-et-Loire, Loir-et-Cher, Loiret" in told
    assert "Qui l'administre Région Centre-Val de Loire" in told
    assert "régional du Centre-Val de Loire — documents :" in told and "préconisations relevées : 2" in told
    assert "82 y ont au moins une commune" in told and "77 y sont entièrement" in told
    assert "aucun registre du graphe ne donne les sièges" in told


def test_a_commune_tells_its_population_and_intercommunality(whole: Site) -> None:
    told = part(written(whole, ID + "territoire/commune/14476"), "territory")
    assert "190 habitants" in told and "Calvados, Normandie" in told and "CC du Pays de Falaise" in told


def test_actors_schemes_and_sessions(whole: Site) -> None:
    region = written(whole, REGION)
    assert "Préconisations qui lui sont adressées (2)" in part(region, "asked")
    relations = part(region, "relations")
    assert "cet acteur adopte …" in relations and "( prévu )" in relations and "… partenaire de cet acteur" in relations
    person = part(written(whole, ID + "personne/francois-bonneau"), "mandates")
    assert "François Bonneau — Président du Conseil régional" in person
    trajectory = part(written(whole, ID + "parcours/sress-cvl-2025/cycloposteurs"), "trajectory-1")
    assert trajectory.index("Amorçage") < trajectory.index("CAP ASSO")
    scheme = part(written(whole, ID + "dispositif/a-vos-id-centre-val-de-loire"), "versions")
    assert scheme.index("2010 ID en Campagne") < scheme.index("2015")
    session = written(whole, ID + "seance/deliberation-dap-25-01-01/pleniere-2025-03-06")
    assert "Vote de la délibération" in part(session, "vote")


VERSIONS = """
id/dispositif/d a cg:Scheme
id/version/d/a cg:versionOf id/dispositif/d
id/version/d/a cg:validFrom "2019"^^<http://www.w3.org/2001/XMLSchema#gYear>
id/version/d/a skos:prefLabel "Seconde"@fr
id/version/d/b cg:versionOf id/dispositif/d
id/version/d/b cg:validFrom "2009"^^<http://www.w3.org/2001/XMLSchema#gYear>
id/version/d/b skos:prefLabel "Première"@fr
"""


def test_versions_stand_in_the_order_of_time(tmp_path: Path) -> None:
    told = part(written(small(tmp_path, {"avis-essai": lines(VERSIONS)}), ID + "dispositif/d"), "versions")
    assert told.index("2009 Première") < told.index("2019 Seconde")


def test_what_the_checks_found_is_told(whole: Site, graph: EmbeddedStore) -> None:
    found = [one for one in read_problems(graph) if one.focus.startswith(ID)]
    assert len(found) > 100
    for lang in LANGUAGES:
        assert found[0].say(lang) in part(written(whole, found[0].focus, lang), "problems")
    assert 'id="problems"' not in written(whole, ID + "territoire/commune/14476")


def test_dates_stand_in_order(whole: Site) -> None:
    text = written(whole, ID + "document/deliberation-dap-25-01-01")
    (timeline,) = re.findall(r'<ol class="timeline">.*?</ol>', text, re.S)
    dates = re.findall(r'datetime="([^"]+)"', timeline)
    assert dates == sorted(dates) and {"2025-03-06", "2025-03-07", "2025-03-10"} <= set(dates)
    assert "7 mars 2025 signé le" in plain(f"<main>{timeline}</main>")


def test_all_values_of_a_property_come_by_pages(whole: Site) -> None:
    asked = dict(property="^cg:relationFrom")
    first, second = (written(whole, REGION, page=str(n), **asked) for n in (1, 2))
    check(first)
    rows = [re.findall(r"<dd><a href=\"([^\"]+)\"", text) for text in (first, second)]
    assert len(rows[0]) == 50 and not set(rows[0]) & set(rows[1])
    total = int(re.findall(r'class="count">\((\d+)\)', first)[0])
    assert len(rows[1]) == min(total - 50, 50)
    passages = ID + "document/sress-cvl-2025"
    outgoing = [re.findall(r"<dd>", written(whole, passages, property="cg:contains", page=n)) for n in ("1", "2")]
    places = [
        re.findall(r'<dd><a href="([^"]+)"', written(whole, passages, property="cg:contains", page=n)) for n in "12"
    ]
    assert [len(one) for one in outgoing] == [50, 50] and not set(places[0]) & set(places[1])
    assert f"{whole.path_of(REGION)}?property=%5Ecg:relationFrom" in written(whole, REGION)


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ({"property": "cg:nothing"}, NotFound),
        ({"property": "^cg:relationFrom", "page": "999"}, NotFound),
        ({"property": "^cg:relationFrom", "page": "0"}, ParameterError),
        ({"property": "^cg:relationFrom", "page": "'"}, ParameterError),
        ({"property": "<x>"}, NotFound),
    ],
)
def test_a_page_of_values_that_is_not_there(whole: Site, query: dict[str, str], error: type[Exception]) -> None:
    with pytest.raises(error):
        made(whole, REGION, **query)


@pytest.mark.parametrize("path", ["organisation/aucune", "a b", "x>y", "\u202e"])
def test_a_thing_that_is_not_there(whole: Site, path: str) -> None:
    with pytest.raises(NotFound):
        made(whole, ID + path)


def test_concepts_and_sources_have_pages(whole: Site) -> None:
    theme = plain(written(whole, VOCAB + "theme/social-economy", "en"))
    assert theme.startswith(" social and solidarity economy Term of a code list :") or "Term of a code list:" in theme
    unused = next(one for one in ("delivery-state/moot", "delivery-state/none") if not whole.things.exists(VOCAB + one))
    assert "Rien d'autre n'en est dit" in plain(written(whole, VOCAB + unused))
    (source,) = (str(one)[1:-1] for one in whole.store.data.named_graphs() if "/sress-cvl-2025/" in str(one))
    assert "Stratégie régionale économie sociale et solidaire 2025-2030" in made(whole, source).title
    check(written(whole, source))


def test_a_static_page_leads_to_no_query_string(graph: EmbeddedStore) -> None:
    text = written(site_of(graph, static=True), ID + "document/sress-cvl-2025")
    assert len(re.findall(r"l\. \d", plain(text))) > 200 and "Les 200 premières valeurs" in text
    assert not re.search(r'href="[^"]*\?', text)
    assert ".html" in text and "déduit" in text


class _Counting:
    """A source that counts what is asked of it."""

    def __init__(self, store: EmbeddedStore) -> None:
        self._store = store
        self.asked: list[str] = []

    def query(self, text: str) -> Answers:
        self.asked.append(text)
        return self._store.query(text)


@pytest.mark.parametrize(
    ("path", "most"),
    [("territoire/commune/14476", 0), ("territoire/region/24", 0), ("document/sress-cvl-2025", 1)],
)
def test_a_page_reads_the_store_and_asks_no_query_but_for_a_few(graph: EmbeddedStore, path: str, most: int) -> None:
    source = _Counting(graph)
    site = Site(graph, source, Things(graph.data, source), "http://127.0.0.1:8000/")
    written(site, ID + path)
    source.asked.clear()
    written(site, ID + path)
    assert len(source.asked) == most


HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)> \u202egnirts \u2066\"'&" + "W" * 500


def small(folder: Path, quads: dict[str, list[str]], problems: Iterable[Problem] = ()) -> Site:
    path = folder / "store"
    write_store(path, {name: sorted(some) for name, some in quads.items()}, search_rows=[], problems=problems)
    return site_of(open_store(path))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_label_that_means_harm_does_none(tmp_path: Path, lang: str) -> None:
    named = f"{literal(HOSTILE)}@fr"
    told = f"""
id/preconisation/d/1 a cg:Recommendation
id/preconisation/d/1 skos:prefLabel {named}
id/preconisation/d/1 dcterms:description {named}
id/preconisation/d/1 cg:recommendationOf id/document/d
id/preconisation/d/1 foaf:page <javascript:alert(3)>
id/document/d a cg:Document
id/document/d skos:prefLabel {named}
"""
    titles = lines(f"<{SMALL}> dcterms:title {named}", GRAPH + "meta/x")
    problem = Problem(ID + "preconisation/d/1", "cgsh:x", "MinCount", "Warning", HOSTILE, HOSTILE)
    text = written(
        small(tmp_path, {"avis-essai": lines(told), META: titles}, [problem]), ID + "preconisation/d/1", lang
    )
    check(text)
    assert len(re.findall(r"<script(?! type=\"module\" src=\"/static/)", text)) == 1 and "<img src=x" not in text
    assert "javascript:" not in re.sub(r">[^<]*<", "><", text)
    assert any(str(one.object.value) == HOSTILE for one in embedded(text) if isinstance(one.object, ox.Literal))
    (title,) = re.findall(r"<title>(.*?)</title>", text, re.S)
    assert "\u202e" not in title and "\u2066" not in title
    shown = text[text.index("<main") :]
    inside = "".join(re.findall(r"<bdi[^>]*>[^<]*</bdi>", shown))
    assert inside.count("\u202e") >= 5 and "overflow-wrap: anywhere" in style()


def style() -> str:
    return (Path(page.__code__.co_filename).parents[1] / "static" / "thing.css").read_text(encoding="utf-8")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_mini_graph_has_pages(mini_store: EmbeddedStore, lang: str) -> None:
    site = site_of(mini_store)
    things = {str(quad.subject)[1:-1] for quad in mini_store.data}
    assert len(things) > 10
    for iri in things:
        check(written(site, iri, lang))


def test_a_citation_names_thing_version_and_address(whole: Site) -> None:
    words = plain(written(whole, ID + "territoire/commune/14476"))
    version = whole.store.manifest.version
    assert f"« Olendon », cesergraph, version {version}. {ID}territoire/commune/14476" in words
    assert f"note = {{cesergraph, version {version}}}" in words


def known_as(triples: Iterable[ox.Triple], name: str) -> list[Any]:
    return [one.object for one in triples if one.predicate.value == f"https://schema.org/{name}"]


@pytest.mark.parametrize(
    ("path", "kind", "told"),
    [
        ("territoire/commune/14476", "AdministrativeArea", {"name": "Olendon", "identifier": "14476"}),
        ("preconisation/avis-zones-emploi-occitanie-2022/5", "CreativeWork", {"keywords": "coopération territoriale"}),
        ("document/loi-2015-991", "Legislation", {"dateCreated": "2015-08-07"}),
        ("organisation/ceser-occitanie-pyrenees-mediterranee", "GovernmentOrganization", {}),
        ("chiffre/sress-cvl-2025/collectivites-engagees-2024", "Observation", {"value": "0"}),
        ("dispositif/leader", "GovernmentService", {}),
        ("cible/sress-cvl-2025/cible-axe-1-3", "Thing", {}),
    ],
)
def test_schema_org_says_facts_and_nothing_else(whole: Site, path: str, kind: str, told: dict[str, str]) -> None:
    iri = ID + path
    quads = whole.things.about(iri)
    triples = schema_org(iri, quads, lambda one: whole.things.label(one, "fr"))
    assert {str(one.subject) for one in triples} == {f"<{iri}>"}
    assert not any(isinstance(one.object, ox.BlankNode) for one in triples)
    assert [str(one.object) for one in triples if one.predicate.value == expand("rdf:type")] == [
        f"<https://schema.org/{kind}>"
    ]
    for name, value in told.items():
        assert value in [one.value for one in known_as(triples, name)], name
    held = {quad.object for quad in quads} | {ox.NamedNode(f"https://w3id.org/cesergraph/doc/{path}")}
    invented = [one for one in triples if one.object not in held and one.predicate.value != expand("rdf:type")]
    assert {one.predicate.value.rpartition("/")[2] for one in invented} <= {"keywords", "unitText"}
    parsed = ox.parse(json.dumps(as_jsonld(triples)).encode(), format=ox.RdfFormat.JSON_LD)
    assert {ox.Triple(one.subject, one.predicate, one.object) for one in parsed} == set(triples)
