"""serverless.yml, read into a model: `load` gives a `Service`, or a `MapError` that names every mistake."""

from .load import find_map, load
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
from .problems import MapError, Position, Problem

__all__ = [
    "Authorizer",
    "Cors",
    "DeploymentBucket",
    "Event",
    "FunctionSpec",
    "HttpApi",
    "HttpApiEvent",
    "IamRole",
    "MapError",
    "OtherEvent",
    "Position",
    "Problem",
    "Provider",
    "Route",
    "RouteAuthorizer",
    "ScheduleEvent",
    "Service",
    "WebsocketEvent",
    "find_map",
    "load",
]
