"""A process that is there to be killed: it makes users in a state file, and prints each step once it is acknowledged.

python people.py STATE_DIRECTORY ROUND
"""

import asyncio
import itertools
import sys
from pathlib import Path

from dewstack.clock import Clock
from dewstack.cognito import Cognito
from dewstack.config import Caller, Config
from dewstack.store import Store

AT_ONCE = 6
PASSWORD, NEW_PASSWORD = "Correct-Horse-1", "Battery-Staple-2"


async def live(cognito: Cognito, client_id: str, name: str) -> None:
    """Sign up, confirm, sign in, change the password: a line for each, after its answer."""
    caller, call = Caller(), cognito.operations
    email = f"{name}@example.com"
    given = {"ClientId": client_id, "Username": name}
    attributes = [{"Name": "email", "Value": email}]
    await call["SignUp"](caller, {**given, "Password": PASSWORD, "UserAttributes": attributes})
    print("UNCONFIRMED", name, flush=True)
    code = cognito.mailbox.messages(email)[-1].code
    await call["ConfirmSignUp"](caller, {**given, "ConfirmationCode": code})
    print("CONFIRMED", name, flush=True)
    parameters = {"USERNAME": name, "PASSWORD": PASSWORD}
    sign_in = {"ClientId": client_id, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": parameters}
    answer = await call["InitiateAuth"](caller, sign_in)
    print("REFRESH", name, answer["AuthenticationResult"]["RefreshToken"], flush=True)
    change = {
        "AccessToken": answer["AuthenticationResult"]["AccessToken"],
        "PreviousPassword": PASSWORD,
        "ProposedPassword": NEW_PASSWORD,
    }
    changed = call["ChangePassword"](caller, change)
    if asyncio.iscoroutine(changed):
        await changed
    print("CHANGED", name, flush=True)


async def main(directory: Path, attempt: str) -> None:
    """Make users until killed."""
    store = Store(directory / "state.db")
    cognito = Cognito(store, Clock(), Config())
    caller, call = Caller(), cognito.operations
    pools = call["ListUserPools"](caller, {"MaxResults": 1})["UserPools"]
    if pools:
        clients = call["ListUserPoolClients"](caller, {"UserPoolId": pools[0]["Id"]})
        client_id = clients["UserPoolClients"][0]["ClientId"]
    else:
        pool = call["CreateUserPool"](caller, {"PoolName": "people", "AutoVerifiedAttributes": ["email"]})
        flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
        settings = {
            "UserPoolId": pool["UserPool"]["Id"],
            "ClientName": "web",
            "ExplicitAuthFlows": flows,
        }
        client_id = call["CreateUserPoolClient"](caller, settings)["UserPoolClient"]["ClientId"]
    names = (f"user-{attempt}-{number}" for number in itertools.count())

    async def make() -> None:
        for name in names:
            await live(cognito, client_id, name)

    await asyncio.gather(*(make() for _ in range(AT_ONCE)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
