"""The page of quality: what it says is missing is what validation found, and its numbers are those of the graph."""

import html
import json
import re
from pathlib import Path

import pytest
import servers
from servers import ask
from small_graphs import lines

from cesergraph.namespaces import ID
from cesergraph.quality import completeness
from cesergraph.queries import get_query
from cesergraph.stats import count_documents
from cesergraph.store import EmbeddedStore, open_store, write_store
from cesergraph.things import Things
from cesergraph.web.pages.quality import make
from cesergraph.web.site import LANGUAGES, Request, Site

site = servers.site
mini_store = servers.mini_store

UNKNOWN = """
id/inconnu/1 a cg:StatedUnknown
id/inconnu/1 skos:prefLabel "date de fin"@fr
id/dispositif/a cg:statedUnknown id/inconnu/1
id/dispositif/b cg:statedUnknown id/inconnu/1
id/dispositif/a skos:prefLabel "A"@fr
id/dispositif/b skos:prefLabel "B"@fr
id/inconnu/1 cg:evidencedBy id/passage/1
id/passage/1 cg:passageOf id/document/d
id/document/d skos:prefLabel "Lettre"@fr
"""


@pytest.fixture(scope="module")
def whole(graph: EmbeddedStore) -> Site:
    return site_of(graph)


def site_of(store: EmbeddedStore) -> Site:
    return Site(store, store, Things(store.data, store), "http://localhost/")


def quality(site: Site, lang: str = "fr") -> str:
    return site.render(make(site, lang, Request()), lang, "/qualite").decode()


def plain(text: str) -> str:
    """Return the words of a page without its tags."""
    spaced = html.unescape(re.sub(r"<[^>]*>", " ", text)).replace("\N{NARROW NO-BREAK SPACE}", "")
    return re.sub(r"\s+", " ", spaced)


def problems_of(site: Site) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(site.store.file("problems.json").read_text(encoding="utf-8"))
    assert len(found) > 100
    return found


@pytest.mark.parametrize("lang", LANGUAGES)
def test_each_problem_is_told_in_the_language_of_the_page_with_a_link_to_its_thing(whole: Site, lang: str) -> None:
    text = quality(whole, lang)
    links, told = set(re.findall(r'href="([^"]+)"', text)), plain(text)
    for problem in problems_of(whole):
        assert html.escape(whole.href(problem["focus"], lang)) in links, problem["focus"]
        assert re.sub(r"\s+", " ", problem[f"message_{lang}"]) in told


def test_every_problem_is_counted_once_by_severity_and_by_document(whole: Site) -> None:
    told, problems = plain(quality(whole)), problems_of(whole)
    for severity, name in (("Violation", "violations"), ("Warning", "avertissements"), ("Info", "remarques")):
        assert f"{sum(problem['severity'] == severity for problem in problems)} {name}" in told
    things = [link for block in lists(quality(whole)) for link in re.findall(r"<li>", block)]
    assert len(things) == len({(problem["focus"], problem["shape"]) for problem in problems})


def lists(text: str) -> list[str]:
    """Return the lists of things below what the shapes say."""
    return re.findall(r'<span class="badge[^>]*>.*?</p>\s*<ul>(.*?)</ul>', text, re.S)


def test_the_documents_stand_with_what_they_give_and_lack(whole: Site) -> None:
    text = quality(whole)
    documents = count_documents(whole.source, [], "fr")
    assert len(documents) >= 5
    for document in documents:
        key = document.iri.removeprefix(f"{ID}document/")
        row = re.search(rf'<tr><th scope="row"><a href="#{key}">.*?</tr>', text, re.S)
        assert row and f'id="{key}"' in text
        share = f"{100 * document.evidenced // document.items} %"
        assert f"{document.label} {document.items} {share} " in plain(row[0])
    items, evidenced = sum(one.items for one in documents), sum(one.evidenced for one in documents)
    assert f"{100 * evidenced // items} % des {items} éléments" in plain(text)


def test_what_is_announced_stands_beside_what_is_stated(whole: Site) -> None:
    found = completeness(whole.source, "fr")
    assert len(found) >= 3
    text = quality(whole)
    for one in found:
        row = re.search(rf'<tr><th scope="row"><a href="{whole.href(one.work, "fr")}">.*?</tr>', text, re.S)
        assert row
        numbers = " ".join(map(str, [*one.announced, one.stated, one.borderline]))
        assert plain(row[0]).strip().endswith(numbers)
        assert one.cause is None or one.cause in plain(row[0])
        width = re.search(r'class="bar-1" width="([\d.]+)"', row[0])
        assert width and float(width[1]) == round(100 * one.stated / max(one.announced), 1)


def test_what_documents_say_they_do_not_know_is_told_once_under_its_document(whole: Site) -> None:
    rows = get_query("what_documents_do_not_know").run(whole.source)
    told = plain(quality(whole))
    assert len(rows) > 10
    for row in rows:
        assert str(row["unknown"]) in told[told.index(str(row["document"])) :]
    section = told[told.index("disent eux-mêmes ignorer") : told.index("Un avertissement porte")]
    assert all(section.count(unknown) == 1 for unknown in {str(row["unknown"]) for row in rows})


def test_what_is_unknown_about_two_things_is_told_once(tmp_path: Path) -> None:
    write_store(tmp_path / "store", {"documents": sorted(lines(UNKNOWN))}, search_rows=[], problems=[])
    assert quality(site_of(open_store(tmp_path / "store"))).count("date de fin") == 1


def test_nothing_is_missing_from_a_store_without_problems(mini_store: EmbeddedStore) -> None:
    for lang in LANGUAGES:
        text = quality(site_of(mini_store), lang)
        assert "<h1>" in text and "badge" not in text


def test_the_english_page_marks_the_french(whole: Site) -> None:
    text = quality(whole, "en")
    assert '<bdi lang="fr">Culture dans les territoires</bdi>' in text
    assert "built-in method" not in text and "Undefined" not in text and 'aria-current="page">Quality' in text


def test_the_running_site_serves_it(site: str) -> None:
    answer = ask(site, "/qualite", Accept="text/html")
    assert answer.status == 200 and "Culture dans les territoires" in answer.text
    assert ask(site, "/static/quality.css").status == 200
