"""What a record was expected to hold, in French and in English: every sentence of its refusals, in one place."""

from loaders.documents.forms import SPAN

_SENTENCES = {
    "utf8": ("du texte en UTF-8", "text in UTF-8"),
    "depth": ("moins de niveaux imbriqués", "fewer nested levels"),
    "anchor": ("ni ancre ni alias", "neither anchor nor alias"),
    "record": ("un champ document et des sections", "a field document and sections"),
    "tab": ("un retrait fait d'espaces, sans tabulation", "an indent of blanks, no tab"),
    "yaml": ("du YAML 1.2 bien formé{problem}", "well-formed YAML 1.2{problem}"),
    "header": ("la section document, obligatoire", "the section document, required"),
    "key": ("une clé, qui ne changera plus", "a key, which will not change any more"),
    "one key": ("une clé par élément ; {path} est à la ligne {line}", "one key for one item; {path} is on line {line}"),
    "once": ("chaque champ une fois ; {name} est à la ligne {line}", "each field once; {name} is on line {line}"),
    "near field": ("un champ de {kind}", "a field of {kind}"),
    "field": ("un champ de {kind} : {names}", "a field of {kind}: {names}"),
    "item": ("un élément : {fr}", "an item: {en}"),
    "class": ("une classe de {kind} : {names}", "a class of {kind}: {names}"),
    "required": ("le champ {name}, obligatoire pour {kind}", "the field {name}, required for {kind}"),
    "evidence": ("au moins un passage : début-fin/empreinte", "at least one passage: start-end/digest"),
    "one passage": ("un seul passage pour {kind}", "exactly one passage for {kind}"),
    "span": (SPAN.fr, SPAN.en),
    "inside": (
        "un passage dans le texte, de 0 à {length}, le début avant la fin",
        "a passage inside the text, from 0 to {length}, the start before the end",
    ),
    "one value": ("une seule valeur", "one value only"),
    "some values": ("une liste qui n'est pas vide", "a list that is not empty"),
    "plain value": ("une valeur simple", "a plain value"),
    "code": ("une notation de la liste {scheme}", "a notation of the list {scheme}"),
    "one path": ("un chemin sans équivoque : {paths}", "an unambiguous path: {paths}"),
    "reference": (
        "la clé d'un élément de ce relevé ({kinds}) ou un chemin comme territoire/region/76",
        "the key of an item of this record ({kinds}) or a path such as territoire/region/76",
    ),
    "type": ("une chose de type {types}", "a thing of type {types}"),
    "slug": ("un identifiant inscrit dans decisions/slugs.csv", "an identifier that stands in decisions/slugs.csv"),
    "own item": ("un élément de ce relevé", "an item of this record"),
    "other item": (
        "un élément d'un document relevé : type/document/clé",
        "an item of a curated document: type/document/key",
    ),
    "sha256": ("l'empreinte SHA-256 de {file}", "the SHA-256 digest of {file}"),
    "lines": (
        "les débuts de ligne de {file} ; retirez le champ et lancez refresh",
        "the line starts of {file}; remove the field and run refresh",
    ),
    "characters": ("le nombre de caractères de {file}", "the number of characters of {file}"),
    "digest": ("l'empreinte du passage dans {file}", "the digest of the passage in {file}"),
}


def expected(what: str, **words: object) -> tuple[str, str]:
    """Return an expectation in French and in English.

    >>> expected("digest", file="a.txt")
    ("l'empreinte du passage dans a.txt", 'the digest of the passage in a.txt')
    """
    fr, en = _SENTENCES[what]
    return fr.format(**words), en.format(**words)
