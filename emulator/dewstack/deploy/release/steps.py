"""The steps of a deployment, the same for every target.

A target that takes code from a bucket needs the bucket first: its stack is made with nothing else in it, then updated
with all. What fails leaves nothing half-created behind: CloudFormation rolls back what it had begun, and what was
made or uploaded for it here is taken away again.
"""

import time
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from dewstack.compile import create_template
from dewstack.deploy.changes import ResourceChange
from dewstack.deploy.failures import Overtaken, as_user_error, overtaken
from dewstack.deploy.gateway_logs import ensure_role, wants_logs
from dewstack.deploy.progress import OnEvent
from dewstack.deploy.release.afterwards import see_to_events, see_to_stack
from dewstack.deploy.release.compiled import Compiled
from dewstack.deploy.release.settings import stack_settings
from dewstack.deploy.release.uploads import Uploads, bucket_name, empty_bucket
from dewstack.deploy.stack import (
    Outputs,
    Prepared,
    change_set_kind,
    discard,
    execute,
    find_stack,
    outputs_of,
    prepare,
    remove_stack,
    stack_status,
    template_body,
)
from dewstack.deploy.target import Call, Target
from dewstack.errors import AwsError, UserError

PATIENCE = 3
"""How many other deployments of the same stack may come first."""


class Plan(Struct, frozen=True):
    """What a deployment is about to do. `creates`: there is no such stack yet."""

    stack_name: str
    creates: bool
    changes: tuple[ResourceChange, ...]


class Deployed(Struct, frozen=True):
    """What came of a deployment; no changes where nothing had to be done."""

    stack_name: str
    created: bool
    changes: tuple[ResourceChange, ...]
    uploaded: tuple[str, ...]
    outputs: Outputs
    seconds: float


class Watcher(Struct, frozen=True):
    """Who follows a deployment. `approve` sees the plan before anything is made; what it raises stops it."""

    say: Callable[[str], None]
    on_event: OnEvent
    approve: Callable[[Plan], None]


class Deployment:
    """One map on its way to one target. Every method raises UserError with what is amiss and the next step."""

    def __init__(self, call: Call, compiled: Compiled, target: Target, watcher: Watcher) -> None:
        self._call = call
        self._compiled = compiled
        self._target = target
        self._watcher = watcher
        self._service = compiled.service
        self._name = compiled.service.stack_name
        self._settings = stack_settings(compiled.service, target)
        self._uploaded: list[str] = []
        self._used_by_others: list[str] = []

    def deploy(self) -> Deployed:
        """Carry it out and wait for its end."""
        started = time.monotonic()
        try:
            stack = find_stack(self._call, self._name)
            creates, changes = False, tuple[ResourceChange, ...]()
            for others in range(PATIENCE + 1):
                if stack is not None and self._is_unchanged(stack):
                    break
                try:
                    creates, changes = self._carry_out()
                    break
                except Overtaken:
                    if others == PATIENCE:
                        raise
                    self._watcher.say(f"Another deployment of {self._name} came first: looking again")
                    stack = self._settled()
            stack = find_stack(self._call, self._name) if changes else stack
            self._finish(stack or {})
            told = outputs_of(stack or {})
        except AwsError as error:
            raise as_user_error(error) from error
        seconds = time.monotonic() - started
        uploaded = (*self._used_by_others, *self._uploaded)
        return Deployed(self._name, creates, changes, uploaded, told, seconds)

    def diff(self) -> Plan:
        """What a deployment would do; nothing is changed."""
        try:
            stack = find_stack(self._call, self._name)
            if stack is not None and self._is_unchanged(stack):
                return Plan(self._name, False, ())
            if change_set_kind(self._call, self._name, self._target) == "CREATE":
                return Plan(self._name, True, self._all_added())
            prepared = self._prepare()
            if prepared.change_set is not None:
                discard(self._call, prepared)
            self._drop_uploads()
            return Plan(self._name, False, prepared.changes)
        except AwsError as error:
            raise as_user_error(error) from error

    def _settled(self) -> dict[str, Any] | None:
        """The stack, once nobody is at it. What was uploaded stays: the other deployment may use it."""
        self._used_by_others += self._uploaded
        self._uploaded.clear()
        change_set_kind(self._call, self._name, self._target)
        return find_stack(self._call, self._name)

    def _carry_out(self) -> tuple[bool, tuple[ResourceChange, ...]]:
        creates = change_set_kind(self._call, self._name, self._target) == "CREATE"
        begun = False
        approved = creates and self._needs_bucket()
        if approved:
            self._watcher.approve(Plan(self._name, True, self._all_added()))
            self._begin()
            begun = True
        try:
            self._upload()
            prepared = self._prepare()
            if prepared.change_set is not None:
                self._execute(prepared, approved=approved)
        except Overtaken:
            raise
        except Exception:
            self._undo(creates)
            raise  # who interrupts it lets it go on where it is
        return creates, self._all_added() if begun else prepared.changes

    def _begin(self) -> None:
        """The first step: a stack with nothing but the bucket."""
        self._watcher.say(f"Making the deployment bucket of {self._name}")
        template = create_template(self._service)
        settings = self._settings.change_set
        settings = {name: value for name, value in settings.items() if name != "Parameters"}
        first = prepare(self._call, self._name, template, settings=settings, target=self._target)
        if first.kind != "CREATE":  # an update to the bucket alone would delete all else
            if first.change_set is not None:
                discard(self._call, first)
            raise overtaken(self._name, "the stack is there by now")
        try:
            execute(self._call, first, target=self._target)
        except Overtaken:
            raise
        except UserError:
            self._remove_failed()
            raise

    def _execute(self, prepared: Prepared, *, approved: bool) -> None:
        if not approved:
            try:
                self._watcher.approve(Plan(self._name, prepared.kind == "CREATE", prepared.changes))
            except BaseException:
                discard(self._call, prepared)
                raise
        if self._target.asks and wants_logs(self._service):
            ensure_role(self._call, self._service, self._target, self._watcher.say)
        execute(
            self._call,
            prepared,
            on_event=self._watcher.on_event,
            settings=self._settings.execution,
            target=self._target,
        )

    def _finish(self, stack: dict[str, Any]) -> None:
        """What the Framework, too, does by other means than the template."""
        see_to_stack(self._call, self._service, stack, self._settings, self._watcher.say)
        see_to_events(self._call, self._service, self._target, self._watcher.say)
        if self._compiled.code and (uploads := self._uploads()):
            uploads.clean(set(self._compiled.packages))

    def _undo(self, creates: bool) -> None:
        """Take away what was made for a deployment that failed. A stack that is still busy stays as it is."""
        try:
            if (stack_status(self._call, self._name) or "").endswith("_IN_PROGRESS"):
                return
            self._drop_uploads()
            others = stack_status(self._call, self._name) == "UPDATE_COMPLETE"
            if creates and not others and not self._settings.execution:
                self._remove_failed()
        except (AwsError, UserError) as left:
            self._watcher.say(f"{self._name} could not be removed again: {left}")

    def _remove_failed(self) -> None:
        if find_stack(self._call, self._name) is not None:
            empty_bucket(self._call, self._service)
            remove_stack(self._call, self._name, target=self._target)

    def _drop_uploads(self) -> None:
        uploads = self._uploads() if self._uploaded else None
        if uploads is not None:
            uploads.drop(self._uploaded)
            self._uploaded.clear()

    def _needs_bucket(self) -> bool:
        """Whether something has to be uploaded to a bucket that the stack makes."""
        if self._service.provider.deployment_bucket.name:
            return False
        return self._compiled.code is not None or self._is_too_large()

    def _is_too_large(self) -> bool:
        return len(template_body(self._compiled.template).encode()) > self._target.template_bytes

    def _upload(self) -> None:
        if not self._compiled.code:
            return
        uploads = self._uploads() or self._made_bucket()
        self._uploaded += uploads.put(self._compiled.packages, self._watcher.say)

    def _uploads(self) -> Uploads | None:
        bucket = bucket_name(self._call, self._service)
        return Uploads(self._call, bucket, self._service) if bucket else None

    def _made_bucket(self) -> Uploads:
        """The bucket of a stack that had none: it was deployed from a directory, or by other means."""
        template = self._call("cloudformation", "GetTemplate", {"StackName": self._name})["TemplateBody"]
        if not isinstance(template, dict):
            raise UserError(
                f"{self._name} has no deployment bucket, and its template isn't JSON",
                hint="name a bucket that is there with provider.deploymentBucket",
            )
        own = create_template(self._service)
        merged = {
            **template,
            "Resources": {**template["Resources"], **own["Resources"]},
            "Outputs": {**template.get("Outputs", {}), **own["Outputs"]},
        }
        prepared = prepare(
            self._call, self._name, merged, settings=self._settings.change_set, target=self._target
        )
        if prepared.change_set is not None:
            execute(self._call, prepared, target=self._target)
        uploads = self._uploads()
        assert uploads is not None
        return uploads

    def _prepare(self) -> Prepared:
        def upload(body: str) -> str:
            uploads = self._uploads() or self._made_bucket()
            key = uploads.put_template(body)
            self._uploaded.append(key)
            return uploads.url(key)

        return prepare(
            self._call,
            self._name,
            self._compiled.template,
            settings=self._settings.change_set,
            upload=upload,
            target=self._target,
        )

    def _is_unchanged(self, stack: dict[str, Any]) -> bool:
        """Whether the stack is what would be deployed, to the last tag: no change set need be made to know."""
        if self._compiled.template.get("Parameters"):
            return False
        if str(stack["StackStatus"]) not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            return False
        tags = {tag["Key"]: tag["Value"] for tag in stack.get("Tags") or ()}
        if self._settings.change_set.get("Tags") and tags != self._settings.tags:
            return False
        template = self._call("cloudformation", "GetTemplate", {"StackName": self._name})["TemplateBody"]
        wanted = self._compiled.template
        return bool(template == (wanted if isinstance(template, dict) else template_body(wanted)))

    def _all_added(self) -> tuple[ResourceChange, ...]:
        resources = self._compiled.template["Resources"].items()
        return tuple(ResourceChange("Add", name, str(each.get("Type", ""))) for name, each in resources)
