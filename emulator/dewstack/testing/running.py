"""An emulator that runs beside the test: on a thread of its own, on free ports, its state in memory."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from dewstack.app import Emulator
from dewstack.background import STOP_SECONDS, LoopThread
from dewstack.clock import Clock
from dewstack.cognito import Message
from dewstack.comparisons import Comparisons
from dewstack.config import Config
from dewstack.control import Pages
from dewstack.service import Service, load
from dewstack.watch import ServedMap

ACCESS_KEY_ID = SECRET_ACCESS_KEY = "test"
START_SECONDS = 60.0


class Dew:
    """A running emulator, as a test uses it. `start` makes one."""

    def __init__(self, emulator: Emulator, served: ServedMap | None) -> None:
        self._emulator = emulator
        self._served = served
        self._clients: dict[tuple[str, str], Any] = {}

    @property
    def url(self) -> str:
        """The service, as its callers reach it: the HTTP API."""
        return self._emulator.urls.service

    @property
    def aws_url(self) -> str:
        """The AWS endpoint, for SDKs and tools."""
        return self._emulator.urls.aws

    @property
    def frontend_url(self) -> str:
        """The front end's origin."""
        return self._emulator.urls.frontend

    @property
    def clock(self) -> Clock:
        """The emulator's time: `clock.advance(seconds)` lets tokens and codes expire."""
        return self._emulator.clock

    @property
    def service(self) -> Service:
        """The map that is deployed."""
        if self._served is None or self._served.service is None:
            raise LookupError("this emulator was started without a map")
        return self._served.service

    @property
    def outputs(self) -> Mapping[str, str]:
        """The stack's outputs, by key."""
        return self._served.outputs if self._served else {}

    @property
    def region(self) -> str:
        """The map's region, or the emulator's own."""
        return (
            self._served.service.region
            if self._served and self._served.service
            else self._emulator.config.region
        )

    @property
    def environ(self) -> dict[str, str]:
        """The environment variables that make an AWS SDK or tool speak to this emulator."""
        return {
            "AWS_ENDPOINT_URL": self.aws_url,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        }

    def client(self, service: str, *, region: str = "") -> Any:
        """A boto3 client of `service` (`"cognito-idp"`) for this emulator, made once."""
        key = (service, region or self.region)
        if key not in self._clients:
            import boto3

            session = boto3.Session(ACCESS_KEY_ID, SECRET_ACCESS_KEY, region_name=key[1])
            self._clients[key] = session.client(service, endpoint_url=self.aws_url)  # type: ignore[call-overload]
        return self._clients[key]

    def mail(self, to: str | None = None) -> list[Message]:
        """The messages that Cognito sent, oldest first; only those to one address or number, if given."""
        return self._emulator.cognito.mailbox.messages(to)

    def call(self, service: str, operation: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """An AWS operation without a socket, in boto3's shapes. Raises the AwsError that AWS would answer."""
        caller = replace(self._emulator.config.caller, region=self.region)
        return self._emulator.call(service, operation, params or {}, caller)

    def close(self) -> None:
        """Close the connections of the clients; `start` does it."""
        for client in self._clients.values():
            client.close()


@contextmanager
def start(
    directory: str | os.PathLike[str] | None = None,
    *,
    stage: str = "",
    opt_region: str = "",
    params: Mapping[str, str] | None = None,
    clock: Clock | None = None,
    pages: Pages | None = None,
    **config: Any,
) -> Iterator[Dew]:
    """Run an emulator for the length of a `with`, the map in `directory` deployed (none: an empty emulator).

    `stage`, `opt_region` (what `${opt:region}` gives) and `params` are the map's; `pages` is the console, for tests of
    it; `config` are fields of `dewstack.config.Config`. Ports are free ones and state is kept in memory unless they
    say otherwise. Raises UserError when the map cannot be served.
    """
    settings = Config(**{"aws_port": 0, "service_port": 0, "frontend_port": 0, **config})
    options = {name: value for name, value in {"stage": stage, "region": opt_region}.items() if value}
    thread = LoopThread()
    emulator = Emulator(settings, clock, pages=pages)
    try:
        thread.run(emulator.start(), START_SECONDS)
        try:
            served = None
            if directory is not None:
                where = Path(directory)
                served = ServedMap(
                    emulator,
                    lambda environ, ask: load(
                        where, options=options, environ=environ, params=params, ask=ask
                    ),
                )
                Comparisons(emulator, lambda: served.service).attach()
                thread.run(served.deploy(), START_SECONDS)
            running = Dew(emulator, served)
            try:
                yield running
            finally:
                running.close()
        finally:
            thread.run(emulator.stop(), STOP_SECONDS)
    finally:
        thread.close()
