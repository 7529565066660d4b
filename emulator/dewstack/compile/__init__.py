"""A map's model, compiled to the CloudFormation template that the Serverless Framework makes of it."""

from collections.abc import Mapping
from typing import Any

import msgspec

from dewstack.service import Service

from .bus_events import compile_bus_rules, compile_event_rules, compile_log_subscriptions
from .core import core_template, finish
from .dependencies import without_redundant_dependencies
from .draft import Artifact, Draft, alias_of
from .event_sources import compile_queues, compile_streams
from .function_roles import compile_function_roles
from .functions import compile_functions
from .http_api import compile_http_api
from .layers import compile_layers
from .notifications import compile_buckets, compile_topics
from .pseudo_parameters import PLUGIN, substituted
from .rest_api import compile_rest_api, name_deployment
from .roles import compile_log_groups, compile_role
from .schedules import compile_schedules
from .user_pools import compile_user_pools, trigger_events
from .websockets import compile_websockets

__all__ = [
    "Artifact",
    "alias_of",
    "compile_service",
    "create_template",
    "trigger_events",
    "without_redundant_dependencies",
]


def create_template(service: Service) -> dict[str, Any]:
    """The template of a deployment's first step: only the bucket that code is uploaded to."""
    return core_template(service)


def compile_service(
    service: Service,
    artifacts: Mapping[str, Artifact],
    layer_artifacts: Mapping[str, Artifact] | None = None,
) -> dict[str, Any]:
    """The whole template. `artifacts` has the code of every function with a handler, by its name in the map.

    The same service and artifacts give the same template, in the same order. The template shares nothing with
    the model. Raises UserError when `resources.extensions` extends what isn't there.
    """
    draft = Draft(service, core_template(service), artifacts, layer_artifacts or {})
    if service.functions:
        compile_log_groups(draft)
        compile_role(draft)
    compile_layers(draft)
    compile_functions(draft)
    compile_schedules(draft)
    compile_buckets(draft)
    compile_rest_api(draft)
    compile_websockets(draft)
    compile_topics(draft)
    compile_streams(draft)
    compile_queues(draft)
    compile_event_rules(draft)
    compile_log_subscriptions(draft)
    compile_user_pools(draft)
    compile_http_api(draft)
    compile_bus_rules(draft)
    compile_function_roles(draft)
    finished = finish(draft)
    if PLUGIN in service.plugins:
        finished |= {name: substituted(finished[name]) for name in ("Resources", "Outputs")}
    text = name_deployment(service, finished, msgspec.json.encode(finished))
    template: dict[str, Any] = msgspec.json.decode(text)
    return template
