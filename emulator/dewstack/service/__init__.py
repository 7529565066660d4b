"""serverless.yml, read into a model: `load` gives a `Service`, or a `MapError` that names every mistake."""

from .load import find_map, load, offline_of
from .model import (
    Authorizer,
    Cors,
    DeploymentBucket,
    Event,
    FunctionSpec,
    HttpApi,
    HttpApiEvent,
    IamRole,
    OtherEvent,
    Provider,
    Route,
    RouteAuthorizer,
    ScheduleEvent,
    Service,
    WebsocketEvent,
)
from .offline import Offline
from .problems import MapError, Position, Problem
from .remote import Ask
from .rest_model import (
    ApiKey,
    HttpAuthorizer,
    HttpCors,
    HttpEvent,
    HttpRequest,
    HttpResponse,
    RestApi,
    UsagePlan,
)

__all__ = [
    "ApiKey",
    "Ask",
    "Authorizer",
    "Cors",
    "DeploymentBucket",
    "Event",
    "FunctionSpec",
    "HttpApi",
    "HttpApiEvent",
    "HttpAuthorizer",
    "HttpCors",
    "HttpEvent",
    "HttpRequest",
    "HttpResponse",
    "IamRole",
    "MapError",
    "Offline",
    "OtherEvent",
    "Position",
    "Problem",
    "Provider",
    "RestApi",
    "Route",
    "RouteAuthorizer",
    "ScheduleEvent",
    "Service",
    "UsagePlan",
    "WebsocketEvent",
    "find_map",
    "load",
    "offline_of",
]
