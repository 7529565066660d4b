"""Groups, and who is in them: tokens carry their names in `cognito:groups`."""

from typing import Any

from msgspec.structs import replace

from dewstack.clock import Clock
from dewstack.cognito import errors
from dewstack.cognito.directory import Directory
from dewstack.cognito.model import Group, UserPool
from dewstack.cognito.paging import key_of, page, token_of
from dewstack.cognito.shapes import describe_group, describe_user
from dewstack.config import Caller
from dewstack.wire import operation

Params = dict[str, Any]

MEMBERS = {"Description": "description", "RoleArn": "role_arn", "Precedence": "precedence"}


class Groups:
    """The operations on groups."""

    def __init__(self, directory: Directory, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock

    @operation("CreateGroup")
    def create_group(self, caller: Caller, params: Params) -> Params:
        """Make a group."""
        pool = self._directory.pool(caller, params["UserPoolId"])
        now = self._clock.time()
        fields = {field: params.get(member) for member, field in MEMBERS.items()}
        group = Group(name=params["GroupName"], created=now, modified=now, **fields)
        with self._directory.transaction():
            if self._directory.groups.get(*pool.key, group.name):
                raise errors.GroupExistsException("A group with the name already exists.")
            self._directory.groups.put(group, *pool.key, group.name)
        return {"Group": describe_group(pool, group)}

    @operation("GetGroup")
    def get_group(self, caller: Caller, params: Params) -> Params:
        """One group."""
        pool, group = self._named(caller, params)
        return {"Group": describe_group(pool, group)}

    @operation("ListGroups")
    def list_groups(self, caller: Caller, params: Params) -> Params:
        """A pool's groups, by name."""
        pool = self._directory.pool(caller, params["UserPoolId"])
        entries = [(key[-1], group) for key, group in self._directory.groups.items(*pool.key)]
        groups, token = page(entries, params.get("Limit") or 60, params.get("NextToken"))
        listed = [describe_group(pool, group) for group in groups]
        return {"Groups": listed, **({"NextToken": token} if token else {})}

    @operation("UpdateGroup")
    def update_group(self, caller: Caller, params: Params) -> Params:
        """Change what is given of a group."""
        with self._directory.transaction():
            pool, group = self._named(caller, params)
            fields = {field: params[member] for member, field in MEMBERS.items() if member in params}
            group = replace(group, modified=self._clock.time(), **fields)
            self._directory.groups.put(group, *pool.key, group.name)
        return {"Group": describe_group(pool, group)}

    @operation("DeleteGroup")
    def delete_group(self, caller: Caller, params: Params) -> Params:
        """Remove a group; its members stay users."""
        with self._directory.transaction():
            pool, group = self._named(caller, params)
            for _, user in self._directory.members(pool, group.name, None, -1):
                self._directory.leave(pool, user, group.name)
            self._directory.groups.delete(*pool.key, group.name)
        return {}

    @operation("AdminAddUserToGroup")
    def admin_add_user_to_group(self, caller: Caller, params: Params) -> Params:
        """Make a user a member; once is enough."""
        with self._directory.transaction():
            pool, group = self._named(caller, params)
            self._directory.join(pool, self._directory.require(pool, params["Username"]), group.name)
        return {}

    @operation("AdminRemoveUserFromGroup")
    def admin_remove_user_from_group(self, caller: Caller, params: Params) -> Params:
        """End a membership, if there is one."""
        with self._directory.transaction():
            pool, group = self._named(caller, params)
            self._directory.leave(pool, self._directory.require(pool, params["Username"]), group.name)
        return {}

    @operation("AdminListGroupsForUser")
    def admin_list_groups_for_user(self, caller: Caller, params: Params) -> Params:
        """The groups a user is in."""
        pool = self._directory.pool(caller, params["UserPoolId"])
        user = self._directory.require(pool, params["Username"])
        kept = [(name, self._directory.groups.get(*pool.key, name)) for name in user.groups]
        entries = [(name, group) for name, group in kept if group]
        groups, token = page(entries, params.get("Limit") or 60, params.get("NextToken"))
        listed = [describe_group(pool, group) for group in groups]
        return {"Groups": listed, **({"NextToken": token} if token else {})}

    @operation("ListUsersInGroup")
    def list_users_in_group(self, caller: Caller, params: Params) -> Params:
        """The members of a group, by username."""
        pool, group = self._named(caller, params)
        limit = params.get("Limit") or 60
        members = self._directory.members(pool, group.name, key_of(params.get("NextToken")), limit + 1)
        listed = [describe_user(user) for _, user in members[:limit]]
        token = token_of(members[limit - 1][0]) if len(members) > limit else None
        return {"Users": listed, **({"NextToken": token} if token else {})}

    def _named(self, caller: Caller, params: Params) -> tuple[UserPool, Group]:
        pool = self._directory.pool(caller, params["UserPoolId"])
        group = self._directory.groups.get(*pool.key, params["GroupName"])
        if group is None:
            raise errors.ResourceNotFoundException("Group not found.")
        return pool, group
