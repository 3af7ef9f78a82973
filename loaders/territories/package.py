"""Renew the committed tables from the npm package that gathers INSEE's and the DGCL's files."""

import csv
import io
import json
import shutil
import subprocess
import tarfile
import tempfile
import tomllib
from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeAlias

from cesergraph.errors import EquipmentMissing, SourceChanged
from cesergraph.sources import Change

Record: TypeAlias = Mapping[str, Any]
Lines: TypeAlias = list[tuple[str, ...]]

_FILES = ("communes", "departements", "epci", "ept", "regions")
_NPM_SECONDS = 300
_SHOWN = 10


def refresh(folder: Path, package: Path | None = None) -> list[Change]:
    """Rewrite the tables below ``folder``, the loader's, from the package; return what changed.

    Without a file given, npm fetches the version that the card names. The same package gives the same bytes.
    Raise EquipmentMissing where npm is absent or fails, SourceChanged where the package is not as the card says.
    """
    card = tomllib.loads(files(__package__).joinpath("source.toml").read_text(encoding="utf-8"))
    wanted = card["package"]
    if package is None:
        with tempfile.TemporaryDirectory() as place:
            tables = _read_package(_fetch_package(wanted, Path(place)), wanted)
    else:
        tables = _read_package(package, wanted)
    said: list[Change] = []
    for name, lines in tables.items():
        entry = card["tables"][name]
        said += _write_table(folder / entry["file"], [tuple(entry["columns"]), *lines], name)
    return said or [Change(fr="Aucune table n'a changé.", en="No table has changed.")]


def _fetch_package(wanted: Record, place: Path) -> Path:
    npm = shutil.which("npm")
    if npm is None:
        raise EquipmentMissing(
            fr="npm n'est pas installé ; installez-le, ou donnez le fichier .tgz du paquet.",
            en="npm is not installed; install it, or give the .tgz file of the package.",
        )
    command = [npm, "pack", f"{wanted['name']}@{wanted['version']}", "--silent", "--ignore-scripts"]
    try:
        subprocess.run(command, cwd=place, check=True, capture_output=True, text=True, timeout=_NPM_SECONDS)
    except subprocess.CalledProcessError as error:
        raise EquipmentMissing(
            fr=f"npm n'a pas pu prendre {command[2]} : {error.stderr.strip()}.",
            en=f"npm could not fetch {command[2]}: {error.stderr.strip()}.",
        ) from error
    except subprocess.TimeoutExpired as error:
        raise EquipmentMissing(
            fr=f"npm n'a pas rendu {command[2]} en {_NPM_SECONDS} secondes.",
            en=f"npm did not return {command[2]} in {_NPM_SECONDS} seconds.",
        ) from error
    return next(place.glob("*.tgz"))


def _read_package(archive: Path, wanted: Record) -> dict[str, Lines]:
    """Return the lines of each table; nothing of the package is written to the disk."""
    try:
        with tarfile.open(archive) as tar:
            about = _member(tar, "package.json")
            found = (about["name"], about["version"])
            if found != (wanted["name"], wanted["version"]):
                raise SourceChanged(
                    fr=f"{archive.name} est {'@'.join(found)} ; la fiche source.toml donne les millésimes de "
                    f"{wanted['name']}@{wanted['version']} : lisez ceux du nouveau paquet et notez-les dans [package].",
                    en=f"{archive.name} is {'@'.join(found)}; the card source.toml gives the vintages of "
                    f"{wanted['name']}@{wanted['version']}: read those of the new package and note them in [package].",
                )
            return _tables({name: _member(tar, f"data/{name}.json") for name in _FILES}, wanted["vintages"])
    except (tarfile.TarError, OSError, ValueError, KeyError) as error:
        raise SourceChanged(
            fr=f"{archive} n'est pas le paquet {wanted['name']} tel que la fiche le connaît : {error}.",
            en=f"{archive} is not the package {wanted['name']} as the card knows it: {error}.",
        ) from error


def _member(tar: tarfile.TarFile, path: str) -> Any:
    stream = tar.extractfile(f"package/{path}")
    return json.load(stream) if stream is not None else {}


def _tables(data: Mapping[str, list[Record]], vintages: Mapping[str, str]) -> dict[str, Lines]:
    """Return the lines of each table, sorted; a territory outside the départements is told by its zone."""
    overseas = {r["code"] for r in data["regions"] if r["zone"] == "com"}
    communes = [c for c in data["communes"] if c["type"] == "commune-actuelle"]
    mayotte = {c["code"] for c in communes if c["departement"] == "976"}

    def vintage(kind: str, members: Iterable[str]) -> str:
        return vintages["mayotte"] if mayotte.issuperset(members) else vintages[kind]

    def commune(c: Record) -> tuple[str, ...]:
        known = c["departement"] not in overseas
        population = (str(c["population"]), vintage("communes", [c["code"]])) if known else ("", "")
        return (c["code"], c["nom"], c["departement"], *population)

    def populations(e: Record, kind: str) -> tuple[str, ...]:
        return (
            str(e["populationTotale"]),
            str(e["populationMunicipale"]),
            vintage(kind, [m["code"] for m in e["membres"]]),
        )

    tables: dict[str, Lines] = {
        "regions": [(r["code"], r["nom"], r["chefLieu"]) for r in data["regions"] if r["code"] not in overseas],
        "departements": [
            (d["code"], d["nom"], d["region"], d["chefLieu"]) for d in data["departements"] if d["code"] not in overseas
        ],
        "overseas": [(r["code"], r["nom"], r["chefLieu"]) for r in data["regions"] if r["code"] in overseas],
        "communes": [commune(c) for c in communes],
        "epci": [(e["code"], e["nom"], e["type"], *populations(e, "epci")) for e in data["epci"]],
        "epci_members": [(e["code"], m["code"]) for e in data["epci"] for m in e["membres"]],
        "ept": [(e["code"], e["nom"], *populations(e, "ept")) for e in data["ept"]],
        "ept_members": [(e["code"], m["code"]) for e in data["ept"] for m in e["membres"]],
    }
    return {name: sorted(lines) for name, lines in tables.items()}


def _write_table(path: Path, lines: Lines, name: str) -> list[Change]:
    """Write one table; return the sentences that say how it differs from what was there."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(lines)
    before = path.read_bytes() if path.is_file() else b""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(buffer.getvalue().encode())
    old = [tuple(row) for row in csv.reader(io.StringIO(before.decode(), newline=""))]
    return _changes(_by_code(old), _by_code(lines), name)


def _by_code(lines: Lines) -> dict[str, tuple[str, ...]]:
    """Return the lines by code; those of a table of members, which have no other column, by both codes."""
    keyed = 2 if lines and len(lines[0]) == 2 else 1
    return {" ".join(line[:keyed]): line for line in lines[1:]}


def _changes(old: Mapping[str, tuple[str, ...]], new: Mapping[str, tuple[str, ...]], name: str) -> list[Change]:
    both = sorted(old.keys() & new.keys())
    found = [
        ("codes ajoutés", "codes added", sorted(new.keys() - old.keys())),
        ("codes retirés", "codes removed", sorted(old.keys() - new.keys())),
        (
            "noms changés",
            "names changed",
            [f"{code} ({old[code][1]} → {new[code][1]})" for code in both if old[code][1] != new[code][1]],
        ),
        (
            "autres lignes changées",
            "other rows changed",
            [code for code in both if old[code] != new[code] and old[code][1] == new[code][1]],
        ),
    ]
    return [
        Change(
            fr=f"Table {name}, {what_fr} ({len(codes)}) : {_listed(codes)}.",
            en=f"Table {name}, {what_en} ({len(codes)}): {_listed(codes)}.",
        )
        for what_fr, what_en, codes in found
        if codes
    ]


def _listed(codes: list[str]) -> str:
    return ", ".join(codes[:_SHOWN]) + ", …" * (len(codes) > _SHOWN)
