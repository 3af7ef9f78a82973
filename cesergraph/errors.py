"""Every error a user can meet, each said in French and in English.

CesergraphError
├── ResourceNotFound    a packaged file or folder is missing
├── HeaderError         the #+ header of a query, rule or example cannot be read
├── ParameterError      a command or a query was given something it does not take
├── SourceChanged       a source no longer looks the way its card says
├── RecordError         a curated record is not what its schema says
├── IdentifierError     an IRI cannot be made from what was given
├── DecisionError       a recorded decision cannot be read or names an IRI that is gone
├── SyntaxFault         an RDF file or a query cannot be parsed
├── StoreError          a store is absent, of another version, or in use by a build
├── EndpointError       a SPARQL endpoint does not answer, or not as it must
├── NotFound            nothing in the graph answers to the name given
└── EquipmentMissing    a tool outside Python is needed and is not installed
"""


class CesergraphError(Exception):
    """Base of all errors that are the user's or a source's, not a bug."""

    def __init__(self, *, fr: str, en: str) -> None:
        super().__init__(en)
        self.fr = fr
        self.en = en

    def say(self, lang: str) -> str:
        """Return the message in ``fr`` or ``en``."""
        return self.en if lang == "en" else self.fr


class ResourceNotFound(CesergraphError): ...


class HeaderError(CesergraphError): ...


class ParameterError(CesergraphError): ...


class SourceChanged(CesergraphError): ...


class RecordError(CesergraphError): ...


class IdentifierError(CesergraphError): ...


class DecisionError(CesergraphError): ...


class SyntaxFault(CesergraphError): ...


class StoreError(CesergraphError): ...


class EndpointError(CesergraphError): ...


class NotFound(CesergraphError): ...


class EquipmentMissing(CesergraphError): ...
