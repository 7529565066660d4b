"""What moto's buckets and topics would tell functions: collected while a request is served, and handed out afterwards.

moto delivers by itself, to functions of its own, of which there are none here. Its two functions that do so are
replaced where they are loaded; whatever else it delivers (SNS to SQS) stays its own.
"""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

Notice = dict[str, Any]
"""`kind` is `bucket` or `topic`; the rest is what `collect` and `published` below write."""
Notify = Callable[[list[Notice]], None]
"""Takes what was collected, from a worker thread; it may wait until that is on disk."""

COLLECTED: ContextVar[list[Notice]] = ContextVar("dewstack-notices")
"""The notices of the request that this thread serves."""

_MARK = "__dewstack__"


def _tell(notice: Notice) -> None:
    notices = COLLECTED.get(None)
    if notices is not None:
        notices.append(notice)


def replace_buckets(notifications: Any) -> None:
    """Let `moto.s3.notifications` tell us of objects, instead of telling moto's functions."""
    if getattr(notifications, _MARK, False):
        return
    setattr(notifications, _MARK, True)

    def send_event(account_id: str, event_name: Any, bucket: Any, key: Any) -> None:
        configuration = bucket.notification_configuration
        if configuration is None:
            return
        all_of_them = [*configuration.cloud_function, *configuration.queue, *configuration.topic]
        name = str(getattr(event_name, "value", event_name))
        version = getattr(key, "version_id", None) if getattr(bucket, "is_versioned", False) else None
        _tell(
            {
                "kind": "bucket",
                "account_id": account_id,
                "region": bucket.region_name,
                "bucket": bucket.name,
                "event": name.removeprefix("s3:"),
                "key": key.name,
                "size": getattr(key, "size", 0),
                "etag": str(getattr(key, "etag", "")).strip('"'),
                "version_id": version,
                "targets": [(each.id, each.arn) for each in all_of_them if each.matches(name, key.name)],
                "event_bridge": configuration.event_bridge is not None,
            }
        )

    notifications.send_event = send_event


def replace_topics(subscription: Any) -> None:
    """Let moto's `Subscription` of SNS tell us what it would invoke a function with."""
    if getattr(subscription, _MARK, False):
        return
    setattr(subscription, _MARK, True)
    publish = subscription.publish

    def published(
        self: Any,
        message: str,
        message_id: str,
        subject: str | None = None,
        message_attributes: dict[str, Any] | None = None,
        **more: Any,
    ) -> None:
        if self.protocol != "lambda":
            publish(self, message, message_id, subject, message_attributes, **more)
            return
        matcher = self._filter_policy_matcher
        if matcher is not None and not matcher.matches(message_attributes, message):
            return
        if more.get("message_structure") == "json":
            message = self._parse_message_structure(message, self.protocol)
        _tell(
            {
                "kind": "topic",
                "account_id": self.account_id,
                "topic": self.topic.arn,
                "subscription": self.arn,
                "function": self.endpoint,
                "message": message,
                "message_id": message_id,
                "subject": subject,
                "attributes": message_attributes or {},
                "redrive_policy": self.attributes.get("RedrivePolicy"),
            }
        )

    subscription.publish = published
