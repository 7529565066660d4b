"""Custom senders: functions that deliver a pool's messages themselves, with the code encrypted under a KMS key.

AWS invokes them without waiting. The code is in the message format of the AWS Encryption SDK, base64, with the
pool's id as encryption context.
"""

import asyncio
import base64
import importlib.util
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Literal

import msgspec
from msgspec import Struct

from dewstack.cognito import errors
from dewstack.cognito.model import User, UserPool
from dewstack.cognito.triggers.asking import Asker, Question, event_of
from dewstack.cognito.triggers.occasion import Occasion, attributes_of
from dewstack.errors import NotEmulated
from dewstack.extras import install_command

logger = logging.getLogger("dewstack.cognito")

Medium = Literal["EMAIL", "SMS"]

Send = Callable[[str, bytes], Awaitable[object]]
"""Hand an event to the function with this ARN, on the loop: what has returned will be served, and isn't waited for."""


class Sender(Struct, frozen=True):
    """A kind of custom sender: its member of LambdaConfig, and the `type` of its requests."""

    trigger: str
    request_type: str


SENDERS: dict[Medium, Sender] = {
    "EMAIL": Sender("CustomEmailSender", "customEmailSenderRequestV1"),
    "SMS": Sender("CustomSMSSender", "customSMSSenderRequestV1"),
}


class Sending(Struct, frozen=True):
    """A message for a custom sender: the medium, its user, the code in clear."""

    medium: Medium
    user: User
    code: str


class Senders:
    """The custom senders of all pools. `kms_url` is the AWS endpoint where their keys are."""

    def __init__(self, asker: Asker, send: Send | None, kms_url: str) -> None:
        self._asker = asker
        self._send = send
        self._kms_url = kms_url

    def carry(self, pool: UserPool, medium: Medium) -> bool:
        """Whether messages by this medium are a function's to deliver."""
        return bool(_config(pool).get(SENDERS[medium].trigger))

    async def send(self, occasion: Occasion, kind: str, sending: Sending) -> None:
        """Give the function its message. Raises UnexpectedLambdaException when it may not be invoked,
        CodeDeliveryFailureException when its code can't be encrypted."""
        sender = SENDERS[sending.medium]
        config = _config(occasion.pool)
        code = await asyncio.to_thread(
            encrypt, sending.code, config["KMSKeyID"], occasion.pool, self._kms_url
        )
        question = Question(
            trigger=sender.trigger,
            arn=config[sender.trigger]["LambdaArn"],
            source=f"{sender.trigger}_{kind}",
            user_name=sending.user.username,
            request={
                "type": sender.request_type,
                "code": code,
                "clientMetadata": occasion.metadata,
                "userAttributes": attributes_of(occasion.pool, sending.user),
            },
            response={},
        )
        event = event_of(occasion, question)
        del event["response"]
        await self._asker.check_permission(occasion, question)
        if self._send is not None:
            await self._send(question.arn, msgspec.json.encode(event))


def check_library() -> None:
    """Raises NotEmulated, naming the extra, where the AWS Encryption SDK is not installed."""
    if importlib.util.find_spec("aws_encryption_sdk") is None:
        raise NotEmulated(
            "CustomEmailSender and CustomSMSSender need the AWS Encryption SDK; install it: "
            + install_command("aws")
        )


def encrypt(code: str, key_arn: str, pool: UserPool, kms_url: str) -> str:
    """The code as a custom sender gets it. Slow: call it in a thread.

    Raises NotEmulated without the library, CodeDeliveryFailureException when the key can't be used.
    """
    check_library()
    import aws_encryption_sdk
    import boto3
    from aws_encryption_sdk.exceptions import AWSEncryptionSDKClientError
    from aws_encryption_sdk.key_providers.kms import KMSMasterKey
    from botocore.exceptions import BotoCoreError, ClientError

    kms: Any = boto3.client(
        "kms",
        endpoint_url=kms_url,
        region_name=pool.region,
        aws_access_key_id=pool.account_id,
        aws_secret_access_key="dewstack",
    )
    try:
        ciphertext, _ = aws_encryption_sdk.EncryptionSDKClient().encrypt(
            source=code.encode(),
            key_provider=KMSMasterKey(key_id=key_arn, client=kms),
            encryption_context={"userpool-id": pool.id},
        )
    except (AWSEncryptionSDKClientError, BotoCoreError, ClientError) as error:
        reason = error.__cause__ or error.__context__ or error
        raise errors.CodeDeliveryFailureException(
            f"The code could not be encrypted under {key_arn}: {reason}"
        ) from error
    finally:
        kms.close()
    return base64.b64encode(ciphertext).decode()


def _config(pool: UserPool) -> dict[str, Any]:
    return pool.settings.get("LambdaConfig") or {}
