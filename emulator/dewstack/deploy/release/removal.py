"""Takes a deployed map away again: what was uploaded for it, then its stack."""

from dewstack.deploy.bucket_events import detach_buckets
from dewstack.deploy.failures import as_user_error, busy
from dewstack.deploy.progress import OnEvent
from dewstack.deploy.release.uploads import empty_bucket
from dewstack.deploy.stack import find_stack, remove_stack
from dewstack.deploy.target import Call, Target
from dewstack.errors import AwsError, UserError
from dewstack.service import Service


def remove(call: Call, service: Service, target: Target, on_event: OnEvent) -> bool:
    """Remove the stack of a map; False when there is none. Raises UserError naming what resists."""
    name = service.stack_name
    try:
        stack = find_stack(call, name)
        if stack is None:
            return False
        status = str(stack["StackStatus"])
        if stack.get("EnableTerminationProtection"):
            raise UserError(
                f"{name} is protected against its removal",
                hint="set provider.deletionProtection to false and deploy, or run 'aws cloudformation"
                f" update-termination-protection --no-enable-termination-protection --stack-name {name}'",
            )
        if status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS":
            raise busy(name, status)
        detach_buckets(call, service)
        empty_bucket(call, service)
        return remove_stack(call, name, on_event=on_event, target=target)
    except AwsError as error:
        raise as_user_error(error) from error
