"""The documentation of a REST API, named and spelled as `apigateway` does."""

from msgspec import Struct, field


class DocumentationLocation(Struct, frozen=True):
    """What of an API a piece of documentation speaks of."""

    type: str = ""
    path: str | None = None
    method: str | None = None
    status_code: str | None = None
    name: str | None = None


class DocumentationPart(Struct, frozen=True):
    """A piece of documentation; `properties` is a JSON object."""

    id: str
    location: DocumentationLocation
    properties: str


class DocumentationVersion(Struct, frozen=True):
    """The documentation as it was once."""

    version: str
    created_date: float
    description: str | None = None
    parts: list[DocumentationPart] = field(default_factory=list)
