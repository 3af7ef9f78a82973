"""The command line: one command per verb, its words in cli.toml. Data goes to stdout, all else to stderr.

Every command imports what it needs when it runs, so that ``--help`` answers at once.
"""

import datetime
import os
import re
import sys
import tomllib
from collections.abc import Callable, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from cesergraph import __version__
from cesergraph.errors import CesergraphError, ParameterError, StoreError

if TYPE_CHECKING:
    from cesergraph.answers import Source
    from cesergraph.build import Summary

TABULAR = ("table", "csv", "json", "markdown", "parquet")
GRAPHS = ("turtle", "ntriples", "jsonld")
FAULTY, MISUSED = 1, 2


@cache
def _texts() -> dict[str, Any]:
    return tomllib.loads(files("cesergraph").joinpath("cli.toml").read_text(encoding="utf-8"))


def _lang(argv: Sequence[str]) -> str:
    """The language asked for, else that of the locale, else French. Known before the help is written."""
    for position, word in enumerate(argv):
        if word == "--lang" and argv[position + 1 : position + 2]:
            return "en" if argv[position + 1] == "en" else "fr"
        if word.startswith("--lang="):
            return "en" if word == "--lang=en" else "fr"
    locale = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return "en" if locale.startswith("en") else "fr"


def _write_lines(formatter: click.HelpFormatter, text: str) -> None:
    """Write an example as it is to be typed: a wrapped command no longer runs."""
    for line in text.splitlines():
        formatter.write(f"{'':>{formatter.current_indent}}{line}\n")


class Command(click.Command):
    """A command whose help speaks the language of the call."""

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write usage, help, options and an example."""
        lang, own, common = ctx.obj, _texts()[str(self.name)], _texts()["common"]
        words = " ".join(self.collect_usage_pieces(ctx))
        formatter.write_usage(ctx.command_path, words, prefix=common["usage"][lang])
        formatter.write_paragraph()
        formatter.write_text(own["help"][lang])
        rows = [(self._left(param, ctx), self._help(param, lang)) for param in self.get_params(ctx)]
        with formatter.section(common["options"][lang]):
            formatter.write_dl(rows)
        with formatter.section(common["example"][lang]):
            _write_lines(formatter, own["example"])

    def _left(self, param: click.Parameter, ctx: click.Context) -> str:
        if isinstance(param, click.Argument):
            return param.make_metavar(ctx)
        record = param.get_help_record(ctx)
        return record[0] if record else ""

    def _help(self, param: click.Parameter, lang: str) -> str:
        name = "help" if "--help" in param.opts else str(param.name)
        own = _texts()[str(self.name)].get("options", {})
        return str((own.get(name) or _texts()["common"][name])[lang])


class Group(click.Group):
    """The program: its help lists the commands in the language of the call."""

    command_class = Command

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write usage, help, the commands, and an example."""
        lang, own, common = ctx.obj, _texts()["cesergraph"], _texts()["common"]
        formatter.write_usage(ctx.command_path, "[--lang fr|en] COMMAND …", prefix=common["usage"][lang])
        formatter.write_paragraph()
        formatter.write_text(own["help"][lang])
        with formatter.section(common["commands"][lang]):
            formatter.write_dl([(name, _texts()[name]["help"][lang]) for name in self.commands])
        with formatter.section(common["example"][lang]):
            _write_lines(formatter, own["example"])


@click.group(cls=Group, context_settings={"help_option_names": ["--help", "-h"]})
@click.option("--lang", type=click.Choice(["fr", "en"]))
@click.version_option(__version__, prog_name="cesergraph")
def cesergraph(lang: str | None) -> None:
    """Hold the commands; ``main`` reads the language."""


def common(*, reads: bool = False, formats: Sequence[str] = ()) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command the options that all, all readers, or all printers have."""

    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        options: list[Callable[[Callable[..., Any]], Callable[..., Any]]]
        options = [click.option("--lang", type=click.Choice(["fr", "en"]), expose_value=False)]
        if reads:
            options.append(click.option("--endpoint", envvar="CESERGRAPH_ENDPOINT", metavar="URL"))
        options.append(_store_option())
        if formats:
            options.append(click.option("--format", type=click.Choice(formats), default=formats[0]))
        for option in options:
            function = option(function)
        return function

    return add


def _store_option() -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return click.option(
        "--store", type=click.Path(path_type=Path), envvar="CESERGRAPH_STORE", default="cesergraph.store", metavar="DIR"
    )


def _say(fr: str, en: str) -> None:
    click.echo(en if click.get_current_context().obj == "en" else fr, err=True)


def _spoken() -> str:
    return str(click.get_current_context().obj)


def _source(store: Path, endpoint: str | None) -> "Source":
    if endpoint:
        from cesergraph.endpoint import Endpoint

        return Endpoint(endpoint)
    from cesergraph.store import open_store

    return open_store(store)


def _address(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Check the public address of a site, and end it with a slash."""
    if value is None:
        return None
    if not re.match(r"https?://[^/\s?#]+(/[^\s?#]*)?\Z", value):
        raise ParameterError(
            fr=f"--base {value!r} : attendu : l'adresse publique du site, http://… ou https://….",
            en=f"--base {value!r}: expected: the public address of the site, http://… or https://….",
        )
    return value.rstrip("/") + "/"


def _version(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Check a version, which becomes a part of addresses."""
    if value is not None and not re.fullmatch(r"[0-9A-Za-z][0-9A-Za-z.+_-]*", value):
        raise ParameterError(
            fr=f"--version {value!r} : attendu : des lettres, chiffres, points et tirets, comme 1.0.",
            en=f"--version {value!r}: expected: letters, digits, dots and hyphens, such as 1.0.",
        )
    return value


def _date(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Check a day."""
    try:
        return value and datetime.date.fromisoformat(value).isoformat()
    except ValueError as error:
        raise ParameterError(
            fr=f"{param.opts[0]} {value!r} : attendu : une date AAAA-MM-JJ.",
            en=f"{param.opts[0]} {value!r}: expected: a date YYYY-MM-DD.",
        ) from error


EXISTING = click.Path(exists=True, path_type=Path)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@cesergraph.command()
@click.option("--records", type=FOLDER, multiple=True, metavar="DIR")
@click.option("--corpus", type=FOLDER, metavar="DIR")
@click.option("--only", multiple=True, metavar="SOURCE")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR")
@common()
def build(records: tuple[Path, ...], corpus: Path | None, only: tuple[str, ...], out: Path | None, store: Path) -> int:
    """Build the whole graph and print a summary."""
    from cesergraph import build as building

    target = out or store
    summary = building.build(target, records=records, corpus=corpus, only=only, say=_say)
    return _report(summary, target)


@cesergraph.command()
@click.argument("source")
@click.argument("files", nargs=-1, required=True, type=EXISTING)
@click.option("--errors", type=click.Path(path_type=Path), metavar="FILE")
@common()
def load(source: str, files: tuple[Path, ...], errors: Path | None, store: Path) -> int:
    """Load files of one source into its own graphs."""
    from cesergraph import build as building

    summary = building.load(store, source, files, errors or Path(f"{source}.errors.csv"), say=_say)
    return _report(summary, store)


def _report(summary: "Summary", out: Path) -> int:
    from cesergraph.reports import build_report

    click.echo(build_report(summary, out, _spoken()))
    return FAULTY if summary.violations else 0


@cesergraph.command()
@click.argument("files", nargs=-1, type=EXISTING)
@common(formats=("text", "json", "csv", "turtle"))
def validate(files: tuple[Path, ...], store: Path, format: str) -> int:
    """Print a SHACL report of files or of the store."""
    from cesergraph import shapes

    if files:
        problems = [problem for file in files for problem in shapes.check(shapes.read_rdf(file))]
    else:
        from cesergraph.build import check_lines
        from cesergraph.store import open_store

        opened = open_store(store)
        problems = check_lines({name: opened.quads(name) for name in opened.manifest.sources})
    click.echo(shapes.REPORTS[format](problems, _spoken()))
    return FAULTY if any(problem.severity == "Violation" for problem in problems) else 0


@cesergraph.command()
@common()
def check(store: Path) -> int:
    """Check the ontology itself, and that the store names no term it lacks."""
    from cesergraph.ontology import check_all, check_terms, terms_used

    faults = check_all()
    if store.exists():
        from cesergraph.store import open_store

        faults += check_terms(terms_used(open_store(store)))
    for fault in faults:
        click.echo(fault.say(_spoken()))
    _say(f"{len(faults)} défaut(s) dans l'ontologie.", f"{len(faults)} fault(s) in the ontology.")
    return FAULTY if faults else 0


@cesergraph.command()
@click.option("--corpus", type=FOLDER, envvar="CESERGRAPH_CORPUS", default="corpus", metavar="DIR")
@click.option("--records", type=FOLDER, multiple=True, metavar="DIR")
@common(formats=("table", "csv", "json", "markdown"))
def coverage(corpus: Path, records: tuple[Path, ...], store: Path, format: str) -> int:
    """List what the documents hold that no record accounts for."""
    from cesergraph.build import find_gaps
    from cesergraph.reports import list_gaps

    gaps = find_gaps(corpus, records)
    list_gaps(gaps, format, _out(), _spoken())
    _say(f"{len(gaps)} lacune(s) dans {corpus}.", f"{len(gaps)} gap(s) in {corpus}.")
    return FAULTY if gaps else 0


@cesergraph.command()
@click.option("--tag", metavar="TAG")
@common(formats=("table", "csv", "json", "markdown"))
def queries(tag: str | None, store: Path, format: str) -> None:
    """List the named queries."""
    from cesergraph.queries import all_queries
    from cesergraph.reports import list_queries

    chosen = [query for query in all_queries().values() if tag is None or tag in query.tags]
    list_queries(chosen, format, _out(), _spoken())


@cesergraph.command()
@click.argument("name")
@click.argument("values", nargs=-1, metavar="[KEY=VALUE]…")
@common(reads=True, formats=TABULAR)
def query(name: str, values: tuple[str, ...], store: Path, endpoint: str | None, format: str) -> None:
    """Run a named query."""
    from cesergraph.formats import write
    from cesergraph.queries import get_query

    asked = get_query(name)
    given: dict[str, list[str]] = {}
    for value in values:
        key, equals, text = value.partition("=")
        if not equals:
            raise ParameterError(fr=f"{value!r} : attendu : clé=valeur.", en=f"{value!r}: expected: key=value.")
        given.setdefault(key, []).append(text)
    write(asked.answers(_source(store, endpoint), **given), format, _out(), _spoken())


@cesergraph.command()
@click.argument("text", default="-")
@common(reads=True, formats=(*TABULAR, *GRAPHS))
def sparql(text: str, store: Path, endpoint: str | None, format: str) -> None:
    """Run any read query."""
    from cesergraph.formats import write

    write(_source(store, endpoint).query(_read_query(text)), format, _out(), _spoken())


def _read_query(text: str) -> str:
    if text == "-":
        return sys.stdin.buffer.read().decode("utf-8", errors="replace")
    if not text.startswith("@"):
        return text
    try:
        return Path(text[1:]).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ParameterError(
            fr=f"{text[1:]} : requête illisible ({error.__class__.__name__}).",
            en=f"{text[1:]}: the query cannot be read ({error.__class__.__name__}).",
        ) from error


def _out() -> IO[bytes]:
    return sys.stdout.buffer


@cesergraph.command()
@click.argument("name")
@click.option("--why", is_flag=True)
@common(reads=True, formats=("text", "json", "turtle"))
def show(name: str, why: bool, store: Path, endpoint: str | None, format: str) -> None:
    """Print what the graph says of one thing."""
    from cesergraph.show import describe_thing, write_description

    source = _source(store, endpoint)
    write_description(describe_thing(source, name, lang=_spoken(), why=why), format, _out(), _spoken())


@cesergraph.command()
@click.argument("words", nargs=-1, required=True)
@click.option("--type", metavar="CLASS")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True)
@common(reads=True, formats=("table", "csv", "json", "markdown"))
def find(words: tuple[str, ...], type: str | None, limit: int, store: Path, endpoint: str | None, format: str) -> None:
    """Search the names."""
    if endpoint:
        raise StoreError(
            fr="find a besoin de l'index local ; donnez --store au lieu de --endpoint.",
            en="find needs the local index; give --store instead of --endpoint.",
        )
    from cesergraph import search
    from cesergraph.reports import list_hits
    from cesergraph.store import open_store

    hits = search.find(open_store(store).file("search.sqlite"), " ".join(words), type=type, limit=limit)
    list_hits(hits, format, _out(), _spoken())


@cesergraph.command()
@common(reads=True, formats=("table", "csv", "json", "markdown"))
def stats(store: Path, endpoint: str | None, format: str) -> None:
    """Print counts, shares and problems."""
    from cesergraph.stats import statistics, write_statistics

    write_statistics(statistics(_source(store, endpoint), _spoken()), format, _out(), _spoken())


@cesergraph.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65_535), default=8000, show_default=True)
@click.option("--base", callback=_address, metavar="URL")
@click.option("--contact", metavar="URI")
@click.option("--security-expires", callback=_date, metavar="DATE")
@common()
def serve(
    host: str, port: int, base: str | None, contact: str | None, security_expires: str | None, store: Path
) -> None:
    """Serve the site, the linked-data addresses and the SPARQL endpoint."""
    from cesergraph.catalogue import Options
    from cesergraph.web import server

    options = Options(contact=contact, security_expires=security_expires)
    server.serve(store, host, port, base=base, options=options, say=_say)


@cesergraph.command()
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="DIR")
@click.option("--base", callback=_address, default="https://w3id.org/cesergraph/", show_default=True, metavar="URL")
@click.option("--version", callback=_version, metavar="V")
@click.option("--date", callback=_date, metavar="DATE")
@click.option("--contact", metavar="URI")
@click.option("--security-expires", callback=_date, metavar="DATE")
@common()
def publish(
    out: Path,
    base: str,
    version: str | None,
    date: str | None,
    contact: str | None,
    security_expires: str | None,
    store: Path,
) -> None:
    """Write the site as files, with dumps and catalogue."""
    from cesergraph import publish as publishing
    from cesergraph.catalogue import Options
    from cesergraph.store import open_store

    options = Options(version, date, contact, security_expires)
    done = publishing.publish(open_store(store), out, base, options, say=_say)
    _say(
        f"{out} : {done.things} choses, {done.files} fichiers, {done.bytes // 1_000_000} Mo. "
        f"Pour voir : python -m http.server --directory {out}",
        f"{out}: {done.things} things, {done.files} files, {done.bytes // 1_000_000} MB. "
        f"To look: python -m http.server --directory {out}",
    )


@cesergraph.command()
@common()
def schema(store: Path) -> None:
    """Print the JSON Schema of curated records."""
    from cesergraph.sources import record_schema

    click.echo(record_schema(), nl=False)


@cesergraph.command()
@click.argument("source")
@click.option("--package", type=EXISTING, metavar="FILE")
@common()
def refresh(source: str, package: Path | None, store: Path) -> None:
    """Renew the committed tables of a source."""
    from cesergraph.sources import refresh as renew

    for change in renew(source, package):
        click.echo(change.say(_spoken()))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; return its exit code: 0 clean, 1 a fault in the data, 2 the user or a source is at fault."""
    words = list(sys.argv[1:] if argv is None else argv)
    lang = _lang(words)
    try:
        done = cesergraph.main(words, prog_name="cesergraph", standalone_mode=False, obj=lang)
        sys.stdout.flush()
        return int(done or 0)
    except CesergraphError as error:
        return _fail(error.say(lang), lang)
    except click.UsageError as error:
        return _fail(_misuse(error, lang), lang)
    except (click.Abort, KeyboardInterrupt):
        return _fail("interrompu." if lang == "fr" else "interrupted.", lang)
    except BrokenPipeError:
        # The reader of our output (head, less) has left: nobody is there to be told.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _fail(message: str, lang: str) -> int:
    click.echo(f"cesergraph{' ' if lang == 'fr' else ''}: {message}", err=True)
    return MISUSED


def _misuse(error: click.UsageError, lang: str) -> str:
    """Say what is wrong with the call itself, in the language of the call."""
    command = error.ctx.command_path if error.ctx else "cesergraph"
    if lang == "en":
        return f"{error.format_message().rstrip('.')}. See: {command} --help"
    return f"{_misuse_fr(error).rstrip('.')}. Voir : {command} --help"


def _misuse_fr(error: click.UsageError) -> str:
    match error:
        case click.NoSuchOption():
            return f"l'option {error.option_name} n'existe pas"
        case click.NoSuchCommand():
            return f"la commande {error.command_name!r} n'existe pas"
        case click.MissingParameter() if error.param:
            return f"il manque {error.param.human_readable_name}"
        case click.BadParameter() if error.param:
            return f"valeur refusée pour {error.param.opts[0]} ; attendu : {_expected_fr(error.param.type)}"
        case _:
            return error.format_message()


def _expected_fr(wanted: Any) -> str:
    match wanted:
        case click.Choice():
            return ", ".join(str(choice) for choice in wanted.choices)
        case click.IntRange():
            return f"un nombre entier de {wanted.min} à {wanted.max}"
        case click.Path():
            return "un dossier qui existe" if not wanted.file_okay else "un fichier qui existe"
        case _:
            return str(wanted.name)
