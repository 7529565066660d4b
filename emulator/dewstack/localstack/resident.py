"""The emulator as a lodger of LocalStack: its own services behind the one address, those of LocalStack for the rest."""

import asyncio

from msgspec.structs import replace

from dewstack.app import Emulator
from dewstack.config import Config
from dewstack.frontdoor import (
    CONNECTIONS_PATH,
    EXECUTE_API_PATH,
    FUNCTION_URL_PATH,
    HOSTED_HOST,
    HOSTED_PATHS,
    IMPORTS,
    OWN_HOST,
    WELL_KNOWN,
)
from dewstack.http import Request, Response
from dewstack.localstack.live import LiveCode
from dewstack.localstack.neighbours import Neighbours
from dewstack.others import OtherServices
from dewstack.wire.identify import identify, is_aws_request

SERVICES = (
    *("apigateway", "apigatewaymanagementapi", "apigatewayv2", "cloudformation", "cognito-idp"),
    *("lambda", "logs", "scheduler"),
)
"""What dewstack answers instead of LocalStack, by boto3's names."""
_LEFT = ("cloudwatch", "events")
"""What both have, and LocalStack's own services put their events and figures into."""


class Resident(Emulator):
    """An emulator on ports of its own that nobody is told of: LocalStack's gateway on `port` hands it its requests."""

    def __init__(self, config: Config, port: int, *, stacks: bool = True) -> None:
        super().__init__(config)
        self._port = port
        self._stacks = stacks

    async def start(self) -> None:
        """Serve, and watch the code that functions run from in place. Raises UserError."""
        await super().start()
        self._watching = asyncio.create_task(LiveCode(self.functions).run())

    async def stop(self) -> None:
        """End functions and background work."""
        self._watching.cancel()
        await asyncio.gather(self._watching, return_exceptions=True)
        await super().stop()

    def _compose(self) -> None:
        # What it tells of itself, in URLs and to functions, is LocalStack's port.
        self.config = replace(self.config, aws_port=self._port)
        super()._compose()
        for service in (*_LEFT, *(() if self._stacks else ("cloudformation",))):
            self.api.withdraw(service)

    def _other_services(self) -> OtherServices:
        neighbours = Neighbours(self.config.account_id, "127.0.0.1", self._port)
        return OtherServices(self.config.account_id, self.urls.aws, self._restore, backends=neighbours)

    async def _restore(self, service: str) -> None:
        """Nothing to do: LocalStack's services live as long as this one."""

    def claims(self, request: Request) -> bool:
        """Whether a request is dewstack's to answer, told by its head alone: LocalStack streams bodies."""
        host = (request.header("host") or "").lower()
        if OWN_HOST.match(host) or self.gateway.has_domain(host) or HOSTED_HOST.fullmatch(host):
            return True
        path = request.raw_path
        if self.cloudformation.responses.is_response(host, path):
            return True
        if path.startswith(("/_dew/", IMPORTS)) or any(
            pattern.fullmatch(path)
            for pattern in (EXECUTE_API_PATH, FUNCTION_URL_PATH, WELL_KNOWN, CONNECTIONS_PATH)
        ):
            return True
        if not is_aws_request(request):
            return path in HOSTED_PATHS
        if request.method == "OPTIONS":
            return "x-amz-target" in (request.header("access-control-request-headers") or "").lower()
        found = identify(request, self.config)
        if found.service == "sts":
            return self.iam.holds(found.caller.access_key_id)
        return found.service in self.api.offered

    async def answer(self, request: Request) -> Response:
        """Answer one request that `claims` said yes to."""
        return await self._aws_door(request)
