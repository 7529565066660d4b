"""User pools: create, describe, list, update, delete, their schema, tags and MFA settings.

Settings are replaced as a whole by an update, what is left out falling back to its default, as on AWS.
"""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from dewstack.clock import Clock
from dewstack.cognito import errors
from dewstack.cognito.directory import Directory
from dewstack.cognito.model import Settings, UserPool
from dewstack.cognito.paging import page
from dewstack.cognito.pools import pool_ids, pool_rules
from dewstack.cognito.pools.domains import Domains
from dewstack.cognito.pools.pool_mfa import check_deliverable
from dewstack.cognito.schema import check_count, declare, schema_of
from dewstack.cognito.shapes import describe_pool
from dewstack.cognito.tokens.keys import Keys
from dewstack.cognito.triggers import configured
from dewstack.config import Caller
from dewstack.wire import operation

Params = dict[str, Any]

NOT_SETTINGS = frozenset({"PoolName", "Schema", "UserPoolId"})
IMMUTABLE = ("UsernameAttributes", "AliasAttributes", "UsernameConfiguration")
STRICT_POLICY = {
    "MinimumLength": 8,
    "RequireUppercase": True,
    "RequireLowercase": True,
    "RequireNumbers": True,
    "RequireSymbols": True,
    "TemporaryPasswordValidityDays": 7,
}
LAX_POLICY = {key: False if value is True else value for key, value in STRICT_POLICY.items()}


def settings_of(params: Params) -> Settings:
    """A pool's settings from a request, AWS's defaults filled in. Raises what `pool_rules.check` does."""
    pool_rules.check(params)
    given = {key: value for key, value in params.items() if key not in NOT_SETTINGS}
    policies = given.pop("Policies", None) or {}
    own_policy = policies.get("PasswordPolicy")
    policy = dict(STRICT_POLICY) if own_policy is None else {**LAX_POLICY, **own_policy}
    admin = {"AllowAdminCreateUserOnly": False, **(given.pop("AdminCreateUserConfig", None) or {})}
    days = (
        (own_policy or {}).get("TemporaryPasswordValidityDays") or admin.get("UnusedAccountValidityDays") or 7
    )
    policy["TemporaryPasswordValidityDays"] = admin["UnusedAccountValidityDays"] = days
    sign_in = policies.get("SignInPolicy") or {"AllowedFirstAuthFactors": ["PASSWORD"]}
    template = {
        "DefaultEmailOption": "CONFIRM_WITH_CODE",
        **(given.pop("VerificationMessageTemplate", None) or {}),
    }
    return {
        "Policies": {"PasswordPolicy": policy, "SignInPolicy": sign_in},
        "DeletionProtection": "INACTIVE",
        "VerificationMessageTemplate": template,
        "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": []},
        "MfaConfiguration": "OFF",
        "EmailConfiguration": {"EmailSendingAccount": "COGNITO_DEFAULT"},
        "UserPoolTags": {},
        "AdminCreateUserConfig": admin,
        "UserPoolTier": "ESSENTIALS",
        **given,
        "LambdaConfig": configured(
            params.get("LambdaConfig") or {}, params.get("UserPoolTier") or "ESSENTIALS"
        ),
    }


class Pools:
    """The operations on user pools."""

    def __init__(self, directory: Directory, clock: Clock, keys: Keys, domains: Domains) -> None:
        self._directory = directory
        self._domains = domains
        self._keys = keys
        self._clock = clock

    @operation("CreateUserPool")
    def create_user_pool(self, caller: Caller, params: Params) -> Params:
        """Make a pool. Raises InvalidParameterException."""
        now = self._clock.time()
        check_deliverable(params)
        pool = UserPool(
            account_id=caller.account_id,
            region=caller.region,
            id=pool_ids.choose(caller, params.get("UserPoolTags") or {}, self._is_taken),
            name=params["PoolName"],
            created=now,
            modified=now,
            schema=schema_of(params.get("Schema") or []),
            settings=settings_of(params),
        )
        self._directory.add_pool(pool)
        return {"UserPool": describe_pool(pool, 0)}

    @operation("DescribeUserPool")
    def describe_user_pool(self, caller: Caller, params: Params) -> Params:
        """The pool with all its settings and schema."""
        pool = self._directory.pool(caller, params["UserPoolId"])
        described = describe_pool(pool, self._directory.count_users(pool))
        members = {
            domain.name: "CustomDomain" if domain.custom else "Domain" for domain in self._domains.of(pool)
        }
        return {"UserPool": described | {member: name for name, member in members.items()}}

    @operation("ListUserPools")
    def list_user_pools(self, caller: Caller, params: Params) -> Params:
        """The caller's pools in their region, by id."""
        entries = self._directory.pools.items(caller.account_id, caller.region)
        pools, token = page(
            [(key[-1], pool) for key, pool in entries], params["MaxResults"], params.get("NextToken")
        )
        listed = [
            {
                "Id": pool.id,
                "Name": pool.name,
                "LambdaConfig": pool.settings.get("LambdaConfig") or {},
                "CreationDate": pool.created,
                "LastModifiedDate": pool.modified,
            }
            for pool in pools
        ]
        return {"UserPools": listed, **({"NextToken": token} if token else {})}

    @operation("UpdateUserPool")
    def update_user_pool(self, caller: Caller, params: Params) -> Params:
        """Replace the settings; what is not given goes back to its default."""
        settings = settings_of(params)

        def revision(pool: UserPool) -> UserPool:
            kept = {key: pool.settings[key] for key in IMMUTABLE if key in pool.settings}
            tags = {
                **pool_ids.system_tags(pool.settings.get("UserPoolTags") or {}),
                **settings["UserPoolTags"],
            }
            changed = {**settings, **kept, "UserPoolTags": tags}
            return replace(pool, name=params.get("PoolName") or pool.name, settings=changed)

        self._revise(caller, params["UserPoolId"], revision)
        return {}

    @operation("DeleteUserPool")
    def delete_user_pool(self, caller: Caller, params: Params) -> Params:
        """Remove the pool and all that is in it, unless it is protected."""
        with self._directory.transaction():
            pool = self._directory.pool(caller, params["UserPoolId"])
            if pool.settings.get("DeletionProtection") == "ACTIVE":
                raise errors.InvalidParameterException(
                    "The user pool cannot be deleted because deletion protection is activated. "
                    "Deletion protection must be inactivated first."
                )
            if self._domains.of(pool):
                raise errors.InvalidParameterException(
                    "User pool cannot be deleted. It has a domain configured that should be deleted first."
                )
            self._directory.drop_pool(pool)
        self._keys.forget(pool)
        return {}

    @operation("AddCustomAttributes")
    def add_custom_attributes(self, caller: Caller, params: Params) -> Params:
        """Extend the schema; nothing is ever taken out of it."""

        def revision(pool: UserPool) -> UserPool:
            schema = list(pool.schema)
            for shape in params["CustomAttributes"]:
                attribute = declare(shape, custom=True)
                if any(attribute.name == known.name for known in schema):
                    raise errors.InvalidParameterException(
                        f"{attribute.name}: Existing attribute already has name {attribute.name}."
                    )
                schema.append(attribute)
            check_count(schema)
            return replace(pool, schema=schema)

        self._revise(caller, params["UserPoolId"], revision)
        return {}

    def _is_taken(self, pool_id: str) -> bool:
        return self._directory.pool_anywhere(pool_id) is not None

    def _revise(self, caller: Caller, pool_id: str, revision: Callable[[UserPool], UserPool]) -> UserPool:
        with self._directory.transaction():
            pool = replace(revision(self._directory.pool(caller, pool_id)), modified=self._clock.time())
            self._directory.pools.put(pool, *pool.key)
            return pool
