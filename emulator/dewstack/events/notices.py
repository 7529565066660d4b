"""What buckets and topics tell functions, queues, topics and buses, in the shapes that AWS tells it in."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import CancelledError
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

from dewstack.clock import Clock
from dewstack.config import Caller
from dewstack.events.bridge.bus import Bus, envelope
from dewstack.events.delivery import Shipment
from dewstack.events.outbox import Outbox
from dewstack.ids import random_string, uuid4

logger = logging.getLogger("dewstack.events")

Notice = dict[str, Any]
WAIT_SECONDS = 30.0
"""The longest that a request waits until what it told is on disk."""
_HEX = "0123456789ABCDEF"
_REASONS = {
    "ObjectCreated:Put": "PutObject",
    "ObjectCreated:Post": "POST Object",
    "ObjectCreated:Copy": "CopyObject",
    "ObjectCreated:CompleteMultipartUpload": "CompleteMultipartUpload",
    "ObjectRemoved:Delete": "DeleteObject",
    "ObjectRemoved:DeleteMarkerCreated": "DeleteObject",
}
_DETAIL_TYPES = {
    "ObjectCreated": "Object Created",
    "ObjectRemoved": "Object Deleted",
    "ObjectTagging": "Object Tags Added",
    "ObjectAcl": "Object ACL Updated",
}


class Notices:
    """Takes what happened to objects, and what was published, and sends it on. Lives on the loop."""

    def __init__(self, clock: Clock, outbox: Outbox, bus: Bus) -> None:
        self._clock = clock
        self._outbox = outbox
        self._bus = bus
        self._closed = False
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._kinds: dict[str, Callable[[Notice], Awaitable[None]]] = {
            "bucket": self._of_bucket,
            "topic": self._of_topic,
        }

    def take(self, notices: list[Notice]) -> None:
        """Send these on; from any thread but the loop's. Where events are kept, it returns once these are."""
        if self._closed:
            return
        taking = self._take(notices)
        try:
            taken = asyncio.run_coroutine_threadsafe(taking, self._loop)
        except RuntimeError:  # the loop has ended, and nobody is answered any more
            taking.close()
            return
        if not self._outbox.durable:
            return
        try:
            taken.result(WAIT_SECONDS)
        except CancelledError:  # the emulator ends
            return
        except TimeoutError:
            logger.error("%d notices could not be kept within %d s", len(notices), WAIT_SECONDS)

    def close(self) -> None:
        """Send nothing any more."""
        self._closed = True
        for task in self._tasks:
            task.cancel()

    async def _take(self, notices: list[Notice]) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        for notice in () if self._closed else notices:
            try:
                await self._kinds[notice["kind"]](notice)
            except Exception:
                where = notice.get("bucket") or notice.get("topic")
                logger.exception("what %s told is lost", where)

    async def _of_bucket(self, notice: Notice) -> None:
        caller = Caller(notice["account_id"], notice["region"])
        source = f"arn:aws:s3:::{notice['bucket']}"
        moment, sequencer = self._clock.time(), random_string(18, _HEX)
        shipments = []
        for identity, target in notice["targets"]:
            body = json.dumps({"Records": [bucket_record(notice, identity, moment, sequencer)]})
            shipments.append(Shipment(target, body, source, caller, ("s3.amazonaws.com",)))
        await self._outbox.post(shipments)
        kind = _DETAIL_TYPES.get(notice["event"].partition(":")[0])
        if notice["event_bridge"] and kind:
            detail = bucket_detail(notice, sequencer)
            await self._bus.publish(caller, envelope(caller, "aws.s3", kind, detail, [source], moment))

    async def _of_topic(self, notice: Notice) -> None:
        caller = Caller(notice["account_id"], notice["topic"].split(":")[3])
        policy = notice["redrive_policy"]
        policy = json.loads(policy) if isinstance(policy, str) and policy else policy or {}
        body = json.dumps({"Records": [topic_record(notice, self._clock.time())]})
        shipment = Shipment(
            notice["function"],
            body,
            notice["topic"],
            caller,
            ("sns.amazonaws.com",),
            policy.get("deadLetterTargetArn") or "",
        )
        await self._outbox.post([shipment])


def _iso(moment: float) -> str:
    at = datetime.fromtimestamp(moment, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def _object(notice: Notice, key: str, sequencer: str) -> dict[str, Any]:
    """An object; one that is removed has neither size nor ETag any more."""
    described: dict[str, Any] = {"key": key}
    if not notice["event"].startswith("ObjectRemoved"):
        described |= {"size": notice["size"], "eTag": notice["etag"]}
    return {**described, "sequencer": sequencer}


def bucket_record(notice: Notice, configuration: str, moment: float, sequencer: str) -> dict[str, Any]:
    """A record of S3's notifications, version 2.1; the key is URL-encoded. `moment` is seconds since the epoch."""
    described = _object(notice, quote_plus(notice["key"], safe="/"), sequencer)
    if notice["version_id"]:
        described["versionId"] = notice["version_id"]
    owner = {"principalId": notice["account_id"]}
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": notice["region"],
        "eventTime": _iso(moment),
        "eventName": notice["event"],
        "userIdentity": {"principalId": f"AWS:{notice['account_id']}"},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {"x-amz-request-id": random_string(16, _HEX), "x-amz-id-2": random_string(64)},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": configuration,
            "bucket": {
                "name": notice["bucket"],
                "ownerIdentity": owner,
                "arn": f"arn:aws:s3:::{notice['bucket']}",
            },
            "object": described,
        },
    }


def bucket_detail(notice: Notice, sequencer: str) -> dict[str, Any]:
    """The detail of an event that S3 puts onto the default bus; the key is as it is."""
    described = _object(notice, notice["key"], sequencer)
    if "eTag" in described:
        described["etag"] = described.pop("eTag")
    if notice["version_id"]:
        described["version-id"] = notice["version_id"]
    detail = {
        "version": "0",
        "bucket": {"name": notice["bucket"]},
        "object": described,
        "request-id": random_string(16, _HEX),
        "requester": notice["account_id"],
        "source-ip-address": "127.0.0.1",
    }
    if reason := _REASONS.get(notice["event"]):
        detail["reason"] = reason
    if notice["event"].startswith("ObjectRemoved"):
        marked = notice["event"].endswith("DeleteMarkerCreated")
        detail["deletion-type"] = "Delete Marker Created" if marked else "Permanently Deleted"
    return detail


def topic_record(notice: Notice, moment: float) -> dict[str, Any]:
    """A record of SNS. Its signature is empty: Lambda's events aren't verified by anybody."""
    region = notice["topic"].split(":")[3]
    host = f"https://sns.{region}.amazonaws.com"
    attributes = {
        name: {"Type": value.get("Type"), "Value": _attribute_value(value.get("Value"))}
        for name, value in notice["attributes"].items()
    }
    return {
        "EventVersion": "1.0",
        "EventSubscriptionArn": notice["subscription"],
        "EventSource": "aws:sns",
        "Sns": {
            "SignatureVersion": "1",
            "Timestamp": _iso(moment),
            "Signature": "",
            "SigningCertUrl": f"{host}/SimpleNotificationService-{uuid4().replace('-', '')}.pem",
            "MessageId": notice["message_id"],
            "Message": notice["message"],
            "MessageAttributes": attributes,
            "Type": "Notification",
            "UnsubscribeUrl": f"{host}/?Action=Unsubscribe&SubscriptionArn={notice['subscription']}",
            "TopicArn": notice["topic"],
            "Subject": notice["subject"],
        },
    }


def _attribute_value(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
