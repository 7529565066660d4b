"""Users who come from elsewhere: UserMigration is asked for whom nobody here knows.

Where the trigger gives attributes, the user is made as they are: confirmed, with the password they signed in with,
unless `finalUserStatus` says otherwise. The welcome is sent unless `messageAction` is SUPPRESS.
"""

import asyncio
from collections.abc import Sequence

from dewstack import ids
from dewstack.clock import Clock
from dewstack.cognito import errors, schema
from dewstack.cognito.directory import Directory
from dewstack.cognito.mail.messages import MEDIUMS, Delivery, Messenger
from dewstack.cognito.model import User, UserPool, UserStatus
from dewstack.cognito.secrets import passwords
from dewstack.cognito.triggers import Occasion, Triggers, UserMigrationAnswer
from dewstack.cognito.users.naming import Naming
from dewstack.cognito.users.verification import Verification

STATUSES: dict[str | None, UserStatus] = {
    None: "CONFIRMED",
    "CONFIRMED": "CONFIRMED",
    "RESET_REQUIRED": "RESET_REQUIRED",
    "FORCE_CHANGE_PASSWORD": "FORCE_CHANGE_PASSWORD",
}
"""finalUserStatus."""


class Migration:
    """Makes users of those whom UserMigration knows."""

    def __init__(
        self,
        directory: Directory,
        clock: Clock,
        messenger: Messenger,
        verification: Verification,
        naming: Naming,
        triggers: Triggers,
    ) -> None:
        self._directory = directory
        self._clock = clock
        self._messenger = messenger
        self._verification = verification
        self._naming = naming
        self._triggers = triggers

    async def migrate(
        self, occasion: Occasion, source: str, name: str, password: str = "", *, hidden: bool = False
    ) -> User | None:
        """The user `name`, who has just been made; None where the pool has no UserMigration, and where it knows
        nobody and that is to be `hidden`.

        `source` is `UserMigration_Authentication` or `UserMigration_ForgotPassword`. Raises what the trigger's
        failure means, and UserNotFoundException when it knows nobody.
        """
        answer = await self._triggers.migrate_user(occasion, source, name, password)
        if answer is None:
            return None
        if not answer.user_attributes or answer.final_user_status not in STATUSES:
            if hidden:
                return None
            raise errors.UserNotFoundException(f"Exception migrating user in app client {occasion.client_id}")
        user = await asyncio.to_thread(self._user, occasion.pool, name, password, answer)
        welcomed = _welcomed(user, answer)
        delivery = await self._messenger.prepare(occasion, "AdminCreateUser", user, welcomed)
        await asyncio.to_thread(self._keep, user, answer, delivery, welcomed)
        await self._messenger.complete(delivery)
        return user

    def _user(self, pool: UserPool, name: str, password: str, answer: UserMigrationAnswer) -> User:
        given = dict(answer.user_attributes)
        own_name = given.pop("username", "")
        if not pool.username_attributes and own_name:
            name = own_name
        username, attributes = self._naming.name(pool, name, given)
        schema.check_new(pool.schema, attributes, need_required=True)
        now = self._clock.time()
        return User(
            username=username,
            sub=username if pool.username_attributes else ids.uuid4(),
            attributes=attributes,
            status=STATUSES[answer.final_user_status],
            created=now,
            modified=now,
            password=passwords.derive(pool.id, username, password) if password else None,
        )

    def _keep(
        self, user: User, answer: UserMigrationAnswer, delivery: Delivery, welcomed: Sequence[str]
    ) -> None:
        pool = delivery.occasion.pool
        with self._directory.transaction():
            self._naming.check_free(pool, user.username, user.attributes)
            self._verification.claim_aliases(pool, user, take_over=answer.force_alias_creation)
            self._directory.put(pool, user)
            for attribute in welcomed:
                # The password they have is not ours to write down; what AWS sends is one that was generated.
                generated = passwords.generate(pool.password_policy)
                self._messenger.invitation(delivery, user, attribute, user.attributes[attribute], generated)


def _welcomed(user: User, answer: UserMigrationAnswer) -> list[str]:
    """The attributes that the welcome goes to: text messages unless desiredDeliveryMediums says otherwise."""
    if answer.message_action == "SUPPRESS":
        return []
    wanted = answer.desired_delivery_mediums or ["SMS"]
    return [name for name, medium in MEDIUMS.items() if medium in wanted and user.attributes.get(name)]
