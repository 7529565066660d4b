"""The functions behind the views: held in this process where that is possible, invoked where it is not.

On AWS every function is a process of its own, with its own environment variables and its own modules. Here they
share one process with Flask, so each gets its environment, its modules and its directory for the length of a
call, one function at a time. What cannot be held, such as a function in Node.js, one with layers, or one that
has exited or run into its timeout, is invoked at the endpoint instead, where it has a process of its own.
"""

import asyncio
import json
import logging
import threading
import time
import traceback
import uuid
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from dewstack.deploy.remote import boto3_call
from dewstack.errors import AwsError, UserError
from dewstack.shim.overlay import Overlay

log = logging.getLogger("dewstack.shim")

RESPONSE_LIMIT = 6_291_556
"""Bytes that Lambda takes as a response."""
INVOKE_SECONDS = 30.0
"""The longest that an API waits for a function."""


class Result(Struct, frozen=True):
    """What a function answered: its JSON, and `Unhandled` where it failed."""

    payload: bytes
    function_error: str | None = None


class Unreachable(AwsError):
    """The endpoint does not answer."""

    code = "ServiceException"
    status = 500


class LambdaContext:
    """The handler's second argument, as Lambda's Python runtime has it."""

    client_context = identity = None
    log_stream_name = "flask"

    def __init__(self, configuration: Mapping[str, Any], deadline: float) -> None:
        self.aws_request_id = str(uuid.uuid4())
        self.function_name = configuration["FunctionName"]
        self.function_version = configuration["Version"]
        self.invoked_function_arn = configuration["FunctionArn"]
        self.memory_limit_in_mb = str(configuration["MemorySize"])
        self.log_group_name = f"/aws/lambda/{self.function_name}"
        self._deadline = deadline

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the invocation is given up."""
        return max(0, int((self._deadline - time.monotonic()) * 1000))


class HeldFunction:
    """A Python function in this process. `fault` says why it is not called here any more."""

    def __init__(self, configuration: Mapping[str, Any], overlay: Overlay) -> None:
        self._configuration = configuration
        self._overlay = overlay
        self._module, _, self._name = configuration["Handler"].rpartition(".")
        self._timeout: int = configuration["Timeout"]
        self.fault: str | None = None

    def call(self, event: bytes, seconds: float, patient: bool) -> Result:
        """Run the handler, for `seconds` at most and no longer than its own timeout; `patient` means for as long
        as it takes. Raises TimeoutError after `seconds`, or where other functions leave it no turn."""
        limit = min(self._timeout, seconds)
        context = LambdaContext(self._configuration, time.monotonic() + self._timeout)
        answers: list[Result] = []
        with self._overlay.entered(seconds):
            worker = threading.Thread(target=lambda: answers.append(self._run(event, context)), daemon=True)
            worker.start()
            worker.join(None if patient else limit)
        if answers:
            return answers[0]
        self.fault = f"has not answered within {limit:g} seconds"
        if self._timeout > seconds:
            raise TimeoutError
        message = (
            f"RequestId: {context.aws_request_id} Error: Task timed out after {self._timeout}.00 seconds"
        )
        return failure("Sandbox.Timedout", message)

    def _run(self, event: bytes, context: LambdaContext) -> Result:
        try:
            module = self._overlay.load(self._module.replace("/", "."))
            answer = getattr(module, self._name)(json.loads(event), context)
            payload = json.dumps(answer, default=_decimal).encode()
        except Exception as error:
            log.error("%s failed\n%s", self._configuration["FunctionName"], traceback.format_exc().rstrip())
            return failure(type(error).__name__, str(error))
        except BaseException as error:  # SystemExit: on AWS it ends the process, and here it must not
            self.fault = f"has exited ({error})"
            return failure("Runtime.ExitError", "Error: Runtime exited without providing a reason")
        if len(payload) > RESPONSE_LIMIT:
            return failure("Function.ResponseSizeTooLarge", "Response payload size exceeded maximum")
        return Result(payload)


def failure(kind: str, message: str) -> Result:
    """A function's error, in Lambda's words."""
    return Result(json.dumps({"errorMessage": message, "errorType": kind}).encode(), "Unhandled")


def _decimal(value: object) -> float:
    """json's callback: a Decimal, which DynamoDB gives, becomes a number."""
    if type(value).__name__ == "Decimal":
        return float(value)  # type: ignore[arg-type]
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


class Functions:
    """Every function of the map by its ARN. `invoked` are names of those that are never held in this process."""

    def __init__(
        self,
        directory: Path,
        endpoint: str,
        region: str,
        *,
        invoked: Collection[str] = (),
        patient: Callable[[], bool] = lambda: False,
    ) -> None:
        self._directory = directory
        self._endpoint = endpoint
        self._region = region
        self._invoked = invoked
        self._patient = patient
        self._call = boto3_call(endpoint=endpoint, region=region, access_key="test", secret_key="test")
        self._clients: dict[float, Any] = {}
        self._turn = threading.Lock()
        self._held: dict[str, HeldFunction | None] = {}

    def call(self, arn: str, event: bytes, seconds: float) -> Result:
        """The function's answer to a JSON event. Raises TimeoutError after `seconds`, and Lambda's AwsErrors."""
        held = self._held[arn] if arn in self._held else self._hold(arn)
        if held is None:
            return self._invoke(arn, event, seconds)
        result = held.call(event, seconds, self._patient())
        if held.fault:
            log.warning("%s %s: from now on it has a process of its own", arn.rpartition(":")[2], held.fault)
            self._held[arn] = None
        return result

    async def invoke(self, arn: str, event: bytes) -> Result:
        """The same for the gateway's own authorizers, which are asynchronous."""
        return await asyncio.to_thread(self.call, arn, event, INVOKE_SECONDS)

    def _hold(self, arn: str) -> HeldFunction | None:
        try:
            configuration = self._call("lambda", "GetFunctionConfiguration", {"FunctionName": arn})
        except UserError as error:
            raise Unreachable(str(error)) from error
        held = None
        if self._can_be_held(configuration):
            overlay = Overlay(self._directory, self._environment(configuration), self._turn)
            held = HeldFunction(configuration, overlay)
        return self._held.setdefault(arn, held)

    def _can_be_held(self, configuration: Mapping[str, Any]) -> bool:
        module = Path(configuration.get("Handler", "").rpartition(".")[0].replace(".", "/"))
        return (
            configuration.get("Runtime", "").startswith("python")
            and not configuration.get("Layers")
            and configuration["FunctionName"] not in self._invoked
            and self._directory.joinpath(module).with_suffix(".py").is_file()
        )

    def _environment(self, configuration: Mapping[str, Any]) -> dict[str, str]:
        """What the function finds in `os.environ`, beside what this process has."""
        return {
            "AWS_ENDPOINT_URL": self._endpoint,
            **configuration.get("Environment", {}).get("Variables", {}),
            "_HANDLER": configuration["Handler"],
            "AWS_REGION": self._region,
            "AWS_DEFAULT_REGION": self._region,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{configuration['Runtime']}",
            "AWS_LAMBDA_FUNCTION_NAME": configuration["FunctionName"],
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(configuration["MemorySize"]),
            "AWS_LAMBDA_FUNCTION_VERSION": configuration["Version"],
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{configuration['FunctionName']}",
            "LAMBDA_TASK_ROOT": str(self._directory),
        }

    def _invoke(self, arn: str, event: bytes, seconds: float) -> Result:
        from botocore.exceptions import BotoCoreError, ClientError, ReadTimeoutError

        try:
            answer = self._client(seconds).invoke(FunctionName=arn, Payload=event)
        except ReadTimeoutError:
            raise TimeoutError from None
        except ClientError as error:
            raise _refusal(error) from error
        except BotoCoreError as error:
            raise Unreachable(str(error)) from error
        return Result(answer["Payload"].read(), answer.get("FunctionError"))

    def _client(self, seconds: float) -> Any:
        """A client that invokes once, and waits for `seconds`."""
        if seconds not in self._clients:
            import boto3
            from botocore.config import Config

            self._clients[seconds] = boto3.client(
                "lambda",
                self._region,
                endpoint_url=self._endpoint,
                aws_access_key_id="test",
                aws_secret_access_key="test",
                config=Config(read_timeout=seconds, retries={"total_max_attempts": 1}),
            )
        return self._clients[seconds]


def _refusal(error: Any) -> AwsError:
    """What Lambda refused, as our own code knows it."""
    code = error.response["Error"]["Code"]
    kind = type(code, (AwsError,), {"code": code})
    refusal: AwsError = kind(error.response["Error"]["Message"])
    return refusal
