"""What a new user pool is called. AWS makes ids up; here a stack's pool has the same one on every machine.

SRP's verifier has the pool's id in it: only where ids agree can users be shared without their passwords. So the id
is derived from what CloudFormation says in its tags, stack and logical id, and a client that writes down the id, or
a front end that was built with it, goes on working after `dew up --fresh`.
"""

import hashlib
import re
import string
from collections.abc import Callable, Mapping

from dewstack import ids
from dewstack.cognito.errors import InvalidParameterException
from dewstack.config import Caller

OWN_TAG = "_custom_id_"
"""LocalStack's tag for an id of one's own."""
STACK_TAG, LOGICAL_ID_TAG = "aws:cloudformation:stack-name", "aws:cloudformation:logical-id"
"""What CloudFormation tags its resources with."""
ALPHABET = string.ascii_letters + string.digits
LENGTH = 9


def choose(caller: Caller, tags: Mapping[str, str], is_taken: Callable[[str], bool]) -> str:
    """The id of a new pool with these tags: the one it asks for, the one of its place in a stack, or a random one.

    Raises InvalidParameterException for one that was asked for and cannot be had.
    """
    if OWN_TAG in tags:
        return _own(caller.region, tags[OWN_TAG], is_taken)
    if STACK_TAG in tags and LOGICAL_ID_TAG in tags:
        derived = _derived(caller, tags[STACK_TAG], tags[LOGICAL_ID_TAG])
        if not is_taken(derived):  # by the pool that this one replaces
            return derived
    return ids.user_pool_id(caller.region)


def system_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags that are AWS's own: an update of the settings leaves them."""
    return {name: value for name, value in tags.items() if name.startswith("aws:")}


def _own(region: str, wanted: str, is_taken: Callable[[str], bool]) -> str:
    name = wanted.removeprefix(f"{region}_")
    if not re.fullmatch("[0-9a-zA-Z]{1,30}", name):
        raise InvalidParameterException(f"{OWN_TAG}: a pool's id is made of letters and digits, not {wanted}")
    pool_id = f"{region}_{name}"
    if is_taken(pool_id):
        raise InvalidParameterException(f"{OWN_TAG}: there is a user pool {pool_id} already")
    return pool_id


def _derived(caller: Caller, stack: str, logical_id: str) -> str:
    place = "\0".join((caller.account_id, caller.region, stack, logical_id))
    number = int.from_bytes(hashlib.sha256(place.encode()).digest(), "big")
    name = ""
    for _ in range(LENGTH):
        number, index = divmod(number, len(ALPHABET))
        name += ALPHABET[index]
    return f"{caller.region}_{name}"
