"""What LocalStack finds by entry points (`pip install dewstack[localstack]`): what it does at its start, and the names
of the services that dewstack brings.
"""

import logging
from typing import Any

from localstack import config as settings
from localstack.aws import handlers
from localstack.aws.skeleton import Skeleton
from localstack.aws.spec import load_service
from localstack.runtime import hooks
from localstack.runtime.shutdown import ON_AFTER_SERVICE_SHUTDOWN_HANDLERS
from localstack.services.plugins import Service, aws_provider

from dewstack.config import Config
from dewstack.localstack.bridge import Bridge
from dewstack.localstack.gateway import HandOver, Written
from dewstack.localstack.resident import SERVICES, Resident

PROVIDER = "dewstack"
_LOG = logging.getLogger("dewstack.localstack")


def _move_in() -> None:
    """Start the emulator, and put it into LocalStack's gateway until LocalStack stops."""
    providers = settings.SERVICE_PROVIDER_CONFIG
    stacks = providers.get_provider("cloudformation") in ("default", PROVIDER)
    for service in SERVICES:
        if stacks or service != "cloudformation":
            providers.set_provider(service, PROVIDER)
    config = Config(aws_port=0, service_port=0, frontend_port=0, spares=False)
    bridge = Bridge(Resident(config, settings.GATEWAY_LISTEN[0].port, stacks=stacks))
    bridge.start()
    ON_AFTER_SERVICE_SHUTDOWN_HANDLERS.register(bridge.stop)
    handlers.preprocess_request.append(HandOver(bridge))
    handlers.run_custom_response_handlers.append(Written(bridge))
    _LOG.info("dewstack answers for %s", ", ".join(SERVICES))


def _provider(service: str) -> Any:
    """A service that LocalStack lists, and whose requests dewstack answers before they come to it."""

    def make() -> Any:
        return Service(name=service, skeleton=Skeleton(load_service(service), {}))

    return aws_provider(api=service, name=PROVIDER)(make)


start = hooks.on_infra_start()(_move_in)
apigateway = _provider("apigateway")
apigatewaymanagementapi = _provider("apigatewaymanagementapi")
apigatewayv2 = _provider("apigatewayv2")
cloudformation = _provider("cloudformation")
cognito_idp = _provider("cognito-idp")
lambda_ = _provider("lambda")
logs = _provider("logs")
scheduler = _provider("scheduler")
