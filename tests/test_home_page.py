"""The home page: its answers are those of the queries, its numbers those of the graph, and it stays small and plain."""

import gzip
import html
import json
import re
import tomllib
from math import atan2
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pyoxigraph as ox
import pytest
import servers
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st
from servers import ask
from small_graphs import lines

from cesergraph.namespaces import CG, ID, PREFIXES, expand
from cesergraph.queries import get_query
from cesergraph.search import search
from cesergraph.store import EmbeddedStore, open_store, write_store
from cesergraph.things import Things
from cesergraph.web.pages.home import make
from cesergraph.web.pages.home_answers import Card, answered, half_circle
from cesergraph.web.problems import Problem
from cesergraph.web.site import LANGUAGES, Page, Request, Site

site = servers.site
mini_store = servers.mini_store
STATIC = ROOT / "cesergraph" / "web" / "static"
PAGES = STATIC.parent / "pages"
LARGEST = 100_000


def site_of(store: EmbeddedStore) -> Site:
    return Site(store, store, Things(store.data, store), "http://localhost/")


@pytest.fixture(scope="module")
def whole(graph: EmbeddedStore) -> Site:
    return site_of(graph)


def home(site: Site, lang: str = "fr") -> str:
    return site.render(make(site, lang, Request()), lang, "/").decode()


def cards(site: Site) -> dict[str, Card]:
    return {card.query: card for card in answered(site, "fr")}


def plain(text: str) -> str:
    """Return the words of a page without its tags."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", text)))


def part(text: str, query: str) -> str:
    found = re.search(rf'<article class="question question-{query}">.*?</article>', text, re.S)
    assert found, query
    return found[0]


def test_every_question_has_an_answer_and_leads_to_its_query(whole: Site) -> None:
    found = cards(whole)
    assert len(found) == 8
    text = home(whole)
    for query, card in found.items():
        assert f'href="/questions/{query}"' in part(text, query)
        if card.subject:
            assert card.subject.address and f'href="{card.subject.address}"' in part(text, query)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_question_is_about_what_its_query_is_about_without_parameters(whole: Site, lang: str) -> None:
    """The question in home.toml names a thing; the page it leads to asks the query as it stands."""
    told = tomllib.loads((PAGES / "home.toml").read_text(encoding="utf-8"))["asked"]
    found = cards(whole)
    assert set(told) == set(found)
    for query, card in found.items():
        assert told[query]["title"][lang].endswith("?")
        for parameter in get_query(query).parameters.values():
            assert card.subject and card.subject.address == "/doc/" + parameter.default.strip("<>").removeprefix(ID)


def test_the_vote_is_shown_seat_by_seat_and_group_by_group(whole: Site) -> None:
    rows = get_query("vote_by_voter").run(whole.source)
    sums = {vote: sum(int(row[vote] or 0) for row in rows) for vote in ("for", "against", "abstentions")}
    text = part(home(whole), "vote_by_voter")
    drawn = text[: text.index("</svg>")]
    assert {vote: drawn.count(f'class="seat-{vote}"') for vote in sums} == sums
    assert sums == {"for": 56, "against": 11, "abstentions": 8}
    assert f"{sums['for']} pour, {sums['against']} contre, {sums['abstentions']} abstentions" in plain(
        re.sub(r'aria-label="([^"]*)"', r">\1<", text)
    )
    for row in rows:
        assert str(row["voter"]) in plain(text)


def test_the_numbers_of_the_answers_are_those_of_the_queries(whole: Site) -> None:
    text = home(whole)
    addressees = get_query("addressees_by_number_of_recommendations").run(whole.source)
    told = plain(part(text, "addressees_by_number_of_recommendations"))
    assert len(addressees) > 6
    for row in addressees[:6]:
        assert f"{row['addressee']} {row['recommendations']}" in told
    assert f"et {len(addressees) - 6} autres" in told
    widths = re.findall(r'class="bar-1" width="([\d.]+)"', part(text, "addressees_by_number_of_recommendations"))
    most = int(addressees[0]["recommendations"] or 0)
    assert [float(width) for width in widths] == [
        round(100 * int(row["recommendations"] or 0) / most, 1) for row in addressees[:6]
    ]
    told = plain(part(text, "recommendations_announced_and_stated"))
    announced = [row for row in get_query("recommendations_announced_and_stated").run(whole.source) if row["announced"]]
    assert announced
    for row in announced:
        assert f"{row['work']} {row['announced']} {row['strict']} {row['borderline']}" in told
    told = plain(part(text, "figures_of_an_indicator"))
    for row in get_query("figures_of_an_indicator").run(whole.source):
        assert f"{row['quantity']} {str(row['value']).replace('.', ',')} %" in told.replace("\N{NO-BREAK SPACE}", " ")


def test_names_lead_to_the_one_thing_that_has_them(whole: Site) -> None:
    names = [name for name, _ in cards(whole)["addressees_by_number_of_recommendations"].values["bars"]]  # type: ignore[attr-defined]
    assert sum(bool(name.address) for name in names) >= 5
    for name in names:
        if name.address:
            iri = ID + name.address.removeprefix("/doc/")
            assert whole.things.label(iri, "fr") == name.text


def test_a_name_that_several_things_have_leads_to_none_of_them(whole: Site) -> None:
    shared, label = "Président du Conseil régional", ox.NamedNode(expand("skos:prefLabel"))
    quads = whole.store.data.quads_for_pattern(None, label, ox.Literal(shared, language="fr"), None)
    assert len({quad.subject for quad in quads}) > 1
    routes = part(home(whole), "referral_routes_of_a_body")
    assert f"<td><bdi>{shared}</bdi></td>" in routes


def test_every_thing_a_link_leads_to_is_in_the_graph(whole: Site) -> None:
    links = set(re.findall(r'href="/doc/([^"#?]+)"', home(whole)))
    assert len(links) > 50
    assert [link for link in links if not whole.things.exists(ID + html.unescape(link))] == []


def test_the_counts_are_those_of_the_graph(whole: Site) -> None:
    text = home(whole)
    kind = ox.NamedNode(expand("rdf:type"))
    counted = re.findall(r'href="/recherche\?kind=(\w+)"><strong>([^<]+)</strong>', text)
    assert {name for name, _ in counted} >= {"Recommendation", "Measure", "Objective", "Actor", "Territory"}
    for name in ("Recommendation", "Measure", "Objective", "Scheme", "Actor"):
        things = {
            quad.subject for quad in whole.store.data.quads_for_pattern(None, kind, ox.NamedNode(CG + name), None)
        }
        assert dict(counted)[name].replace("\N{NARROW NO-BREAK SPACE}", "") == str(len(things))
    captured = {
        quad.subject.value.split("/")[-2]
        for quad in whole.store.data.quads_for_pattern(None, ox.NamedNode(expand("dcterms:source")), None, None)
        if isinstance(quad.subject, ox.NamedNode)
        and isinstance(quad.object, ox.NamedNode)
        and quad.object.value.startswith(ID + "document/")
    }
    assert f"<strong>{len(captured)}</strong> documents lus" in text


def test_the_number_of_a_region_is_what_its_link_finds(whole: Site) -> None:
    text = home(whole)
    cells = re.findall(r'<td class="number"><a href="([^"]*region=[^"]*)">(\d+)</a>', text)
    assert len(cells) > 5
    for address, number in cells:
        facets = parse_qs(urlsplit(html.unescape(address)).query)
        assert search(whole.store.file("search.sqlite"), facets=facets).total == int(number)
    regions = set(re.findall(r'href="/doc/territoire/region/(\d+)"', text))
    assert len(regions) == 18


def test_it_says_what_is_missing_and_how_fresh_it_is(whole: Site) -> None:
    told = plain(home(whole))
    problems = json.loads(whole.store.file("problems.json").read_text(encoding="utf-8"))
    assert f"{len({problem['focus'] for problem in problems})} choses auxquelles manque" in told
    assert whole.store.manifest.version in told
    assert "Code officiel géographique 2026" in told and "6 mars 2025" in told


@pytest.mark.parametrize("lang", LANGUAGES)
def test_names_from_the_documents_are_marked_french_on_an_english_page(whole: Site, lang: str) -> None:
    text = home(whole, lang)
    assert text.startswith(f'<!doctype html>\n<html lang="{lang}">')
    mark = ' lang="fr"' if lang == "en" else ""
    assert f"<bdi{mark}>État</bdi>" in text and f"<bdi{mark}>Occitanie</bdi>" in text
    assert ("/en/questions/vote_by_voter" in text) == (lang == "en")
    assert "built-in method" not in text and "Undefined" not in text


def test_the_structured_data_say_how_to_search_and_what_there_is(whole: Site) -> None:
    (script,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', home(whole, "en"), re.S)
    website, dataset = json.loads(script)["@graph"]
    assert website["potentialAction"]["target"]["urlTemplate"] == "http://localhost/en/recherche?q={words}"
    assert (dataset["@type"], dataset["@id"]) == ("Dataset", PREFIXES["cg"].removesuffix("def#") + "dataset/cesergraph")
    assert dataset["version"] == whole.store.manifest.version


def files_of(text: str) -> set[str]:
    """Return the names of the files in static/ that a page asks for."""
    return set(re.findall(r'(?:src|href)="/static/([^"]+)"', text))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_and_all_it_needs_are_small(whole: Site, lang: str) -> None:
    text = home(whole, lang)
    names = files_of(text)
    assert {"site.css", "home.css", "logo.svg", "favicon.svg"} <= names
    sizes = [len(gzip.compress(text.encode()))]
    sizes += [len(gzip.compress((STATIC / name).read_bytes())) for name in names]
    assert sum(sizes) < LARGEST / 4


@pytest.mark.parametrize("status", [0, 404, 500])
def test_nothing_comes_from_elsewhere_and_nothing_is_written_inline(whole: Site, status: int) -> None:
    text = home(whole) if not status else problem_page(whole, status, "fr")
    assert not re.search(r"<[^>]*\sstyle=", text) and "<style" not in text
    assert not re.search(r"<[^>]*\son\w+=", text)
    assert all("application/ld+json" in tag for tag in re.findall(r"<script[^>]*>", text) if "src=" not in tag)
    fetched = re.findall(
        r'<(?:img|script|form|iframe|link rel="(?:stylesheet|icon)")[^>]*?(?:src|href|action)="([^"]+)"', text
    )
    assert fetched and all(address.startswith("/") for address in fetched)


def test_the_styles_ask_for_nothing_elsewhere() -> None:
    sheets = sorted(STATIC.glob("*.css"))
    assert len(sheets) >= 3
    for sheet in sheets:
        assert not re.search(r"url\(\s*[\"']?(?!data:)|@import|https?:", sheet.read_text(encoding="utf-8")), sheet.name


VOICES = st.integers(min_value=0, max_value=160)


@given(VOICES, VOICES, VOICES)
def test_a_half_circle_has_one_seat_a_vote_in_its_frame(yes: int, no: int, abstentions: int) -> None:
    votes = {"for": yes, "against": no, "abstentions": abstentions}
    seats = half_circle(votes)
    assert {vote: sum(seat.vote == vote for seat in seats) for vote in votes} == votes
    assert all(4 <= seat.x <= 196 and 4 <= seat.y <= 100 for seat in seats)
    if len(seats) < 150:
        assert len({(seat.x, seat.y) for seat in seats}) == len(seats)
    turns = {vote: [atan2(100 - seat.y, seat.x - 100) for seat in seats if seat.vote == vote] for vote in votes}
    for left, right in (("for", "abstentions"), ("abstentions", "against"), ("for", "against")):
        if turns[left] and turns[right]:
            assert min(turns[left]) >= max(turns[right]) - 0.02


@pytest.mark.parametrize("votes", [0, 501, 10**12])
def test_no_seats_are_drawn_where_there_is_none_or_too_many(votes: int) -> None:
    assert half_circle({"for": votes, "against": 0, "abstentions": 0}) == []


def test_a_store_without_the_documents_has_a_home_page_too(mini_store: EmbeddedStore) -> None:
    for lang in LANGUAGES:
        text = home(site_of(mini_store), lang)
        assert "<h1>" in text and 'role="search"' in text
        assert "question-vote_by_voter" not in text


HOSTILE = """
id/vote/1 cg:decidedOn id/document/deliberation-dap-25-01-01
id/vote/1 cg:count id/decompte/1
id/decompte/1 cg:countFor id/organisation/x
id/decompte/1 cg:votesFor "3"^^<http://www.w3.org/2001/XMLSchema#nonNegativeInteger>
id/organisation/x a cg:PoliticalGroup
id/organisation/x skos:prefLabel "</script><script>alert(1)</script>"@fr
"""


def test_a_hostile_name_stays_a_name(tmp_path: Path) -> None:
    write_store(tmp_path / "store", {"documents": sorted(lines(HOSTILE))}, search_rows=[], problems=[])
    text = home(site_of(open_store(tmp_path / "store")))
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in part(text, "vote_by_voter")
    assert "<script>alert" not in text


def problem_page(site: Site, status: int, lang: str, **values: object) -> str:
    problem = Problem(status, fr="« <b>rien</b> » n'est pas là.", en="“<b>nothing</b>” is not there.")
    told = {"status": status, "detail": problem.say(lang), "suggestions": (), **values}
    page = Page("problem.html", problem.title(lang), told, status=status, indexed=False)
    return site.render(page, lang, "/").decode()


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("status", [400, 404, 406, 410, 500, 503])
def test_an_error_page_says_what_happened_and_where_to_go(whole: Site, status: int, lang: str) -> None:
    text = problem_page(whole, status, lang)
    assert str(status) in plain(text) and "<b>" not in text and "&lt;b&gt;" in text
    assert '<meta name="robots" content="noindex">' in text and "canonical" not in text
    assert ('class="big-search"' in text) == (status < 500)
    assert f'href="{"/en" if lang == "en" else ""}/questions"' in text


def test_a_page_that_is_not_there_proposes_near_names(whole: Site) -> None:
    text = problem_page(whole, 404, "en", suggestions=[f"{ID}territoire/region/76"])
    assert '<a href="/en/doc/territoire/region/76"><bdi lang="fr">Occitanie</bdi></a>' in text


def test_the_running_site_serves_it_at_once(site: str) -> None:
    answer = ask(site, "/", Accept="text/html", Accept_Encoding="gzip")
    assert answer.status == 200 and answer.headers["content-type"].startswith("text/html")
    assert len(answer.body) < 20_000
    text = gzip.decompress(answer.body).decode()
    assert "Socialistes, Radicaux, Citoyens" in text
    for name in files_of(text):
        assert ask(site, f"/static/{name}").status == 200, name
    english = ask(site, "/en/", Accept="text/html")
    assert english.status == 200 and '<html lang="en">' in english.text
    lost = ask(site, "/doc/rien", Accept="text/html")
    assert lost.status == 404 and 'class="big-search"' in lost.text
