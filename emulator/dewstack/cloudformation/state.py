"""Where stacks, resources, events and change sets are kept."""

from collections.abc import Iterable

from msgspec.structs import replace

from dewstack.cloudformation.errors import ChangeSetNotFoundException, ValidationError
from dewstack.cloudformation.model import ChangeSet, Resource, Stack, StackEvent
from dewstack.config import Caller
from dewstack.store import Store

GONE = "DELETE_COMPLETE"
MAX_EVENTS = 20_000
"""Events kept per stack; AWS keeps them for 90 days."""


class Texts:
    """A long text for each stack, kept in memory too."""

    def __init__(self, store: Store, name: str) -> None:
        self._stored = store.collection(name, str)
        self._known: dict[str, str] = {}

    def get(self, stack: Stack) -> str:
        """The stack's text, empty if it has none."""
        known = self._known.get(stack.stack_id)
        if known is None:
            known = self._stored.get(stack.account_id, stack.region, stack.stack_id) or ""
            self._known[stack.stack_id] = known
        return known

    def put(self, stack: Stack, text: str) -> None:
        """Save the stack's text, if it is another one."""
        if self.get(stack) != text:
            self._stored.put(text, stack.account_id, stack.region, stack.stack_id)
            self._known[stack.stack_id] = text

    def delete(self, stack: Stack) -> None:
        """Forget the stack's text."""
        self._stored.delete(stack.account_id, stack.region, stack.stack_id)
        self._known.pop(stack.stack_id, None)


class State:
    """Typed access to the store. A stack is named by its name (while it lives) or by its id (always).

    A template of a megabyte is kept beside its stack and in memory: a stack is looked at and saved often, and its
    template changes seldom.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self._stacks = store.collection("cloudformation.stacks", Stack)
        self._resources = store.collection("cloudformation.resources", Resource)
        self._events = store.collection("cloudformation.events", StackEvent)
        self._change_sets = store.collection("cloudformation.change-sets", ChangeSet)
        self._texts = Texts(store, "cloudformation.templates")
        self._processed = Texts(store, "cloudformation.processed")
        self.edition = 0
        """Grows with every change to a resource."""

    def stacks(self, caller: Caller) -> list[Stack]:
        """All stacks of an account and region, deleted ones too, by name."""
        return self._scan(caller.account_id, caller.region)

    def everything(self) -> list[Stack]:
        """The stacks of all accounts and regions."""
        return self._scan()

    def _scan(self, *prefix: str) -> list[Stack]:
        return [
            replace(
                stack,
                template=self._texts.get(stack) or stack.template,
                processed=self._processed.get(stack),
            )
            for stack in self._stacks.scan(*prefix)
        ]

    def find(self, caller: Caller, name: str) -> Stack | None:
        """The stack of this name or id, or None."""
        if name.startswith("arn:"):
            stack_name = name.split("/")[1] if "/" in name else ""
            candidates = self._scan(caller.account_id, caller.region, stack_name)
            return next((stack for stack in candidates if stack.stack_id == name), None)
        candidates = self._scan(caller.account_id, caller.region, name)
        return next((stack for stack in candidates if stack.status != GONE), None)

    def require(self, caller: Caller, name: str) -> Stack:
        """The stack of this name or id. Raises ValidationError when there is none."""
        stack = self.find(caller, name)
        if stack is None:
            raise ValidationError(f"Stack with id {name} does not exist")
        return stack

    def put_stack(self, stack: Stack) -> None:
        """Save a stack."""
        home = (stack.account_id, stack.region)
        with self.store.transaction():
            self._texts.put(stack, stack.template)
            self._processed.put(stack, stack.processed)
            bare = replace(stack, template="", processed="")
            self._stacks.put(bare, *home, stack.name, stack.stack_id)

    def resources(self, stack: Stack) -> dict[str, Resource]:
        """A stack's resources by logical id."""
        found = self._resources.scan(stack.account_id, stack.region, stack.stack_id)
        return {resource.logical_id: resource for resource in found}

    def resources_of(self, beginning: str) -> list[tuple[Stack, Resource]]:
        """The resources of living stacks whose type begins so, in every account and region."""
        return [
            (stack, resource)
            for stack in self.everything()
            if stack.status != GONE
            for resource in self.resources(stack).values()
            if resource.type.startswith(beginning)
        ]

    def events(self, stack: Stack) -> list[StackEvent]:
        """A stack's events, the newest first."""
        return self._events.scan(stack.account_id, stack.region, stack.stack_id)[::-1]

    def write(
        self,
        stack: Stack,
        resources: Iterable[Resource] = (),
        removed: Iterable[str] = (),
        events: Iterable[tuple[str, StackEvent]] = (),
    ) -> None:
        """Save what happened, all at once: `events` come with their keys, which grow with time."""
        prefix = (stack.account_id, stack.region, stack.stack_id)
        with self.store.transaction():
            self.put_stack(stack)
            self._resources.put_all(((*prefix, each.logical_id), each) for each in resources)
            for logical_id in removed:
                self._resources.delete(*prefix, logical_id)
            self._events.put_all(((*prefix, key), event) for key, event in events)
        self.edition += 1

    def tidy(self, stack: Stack) -> None:
        """Drop events beyond `MAX_EVENTS`; of deleted stacks of one name, only the last is remembered."""
        prefix = (stack.account_id, stack.region, stack.stack_id)
        with self.store.transaction():
            self._events.trim(*prefix, keep=MAX_EVENTS)
            if stack.status == GONE:
                for other in self._stacks.scan(stack.account_id, stack.region, stack.name):
                    if other.status == GONE and other.stack_id != stack.stack_id:
                        self._forget(other)
                self._change_sets.clear(*prefix)

    def _forget(self, stack: Stack) -> None:
        prefix = (stack.account_id, stack.region, stack.stack_id)
        for collection in (self._resources, self._events, self._change_sets):
            collection.clear(*prefix)
        self._stacks.delete(stack.account_id, stack.region, stack.name, stack.stack_id)
        self._texts.delete(stack)
        self._processed.delete(stack)

    def change_sets(self, stack: Stack) -> list[ChangeSet]:
        """A stack's change sets, by name."""
        return self._change_sets.scan(stack.account_id, stack.region, stack.stack_id)

    def change_set(self, caller: Caller, name: str, stack_name: str | None) -> ChangeSet:
        """A change set by its id, or by its name and its stack. Raises ChangeSetNotFoundException."""
        if name.startswith("arn:"):
            candidates = self._change_sets.scan(caller.account_id, caller.region)
            found = [each for each in candidates if each.change_set_id == name]
        elif stack_name is None:
            raise ValidationError("StackName must be specified if ChangeSetName is not specified as an ARN.")
        else:
            found = [each for each in self.change_sets(self.require(caller, stack_name)) if each.name == name]
        if not found:
            raise ChangeSetNotFoundException(f"ChangeSet [{name}] does not exist")
        return found[0]

    def put_change_set(self, stack: Stack, change_set: ChangeSet) -> None:
        """Save a change set."""
        self._change_sets.put(change_set, stack.account_id, stack.region, stack.stack_id, change_set.name)

    def drop_change_sets(self, stack: Stack, names: Iterable[str]) -> None:
        """Forget change sets."""
        with self.store.transaction():
            for name in names:
                self._change_sets.delete(stack.account_id, stack.region, stack.stack_id, name)

    def exports(self, caller: Caller) -> dict[str, tuple[Stack, str]]:
        """What living stacks of an account and region export: the stack and the value, by name."""
        return {
            output.export_name: (stack, output.value)
            for stack in self.stacks(caller)
            if stack.status != GONE
            for output in stack.outputs
            if output.export_name
        }

    def importers(self, caller: Caller, name: str) -> list[Stack]:
        """The stacks that import `name`."""
        return [s for s in self.stacks(caller) if s.status != GONE and name in s.imports]
