"""The same proof many times at the same moment: one wins."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from botocore.exceptions import ClientError

from tests.api.cognito.test_cognito_at_once import at_once
from tests.api.cognito.test_cognito_custom_auth import RIDDLES, begin, make
from tests.srp_client import SrpClient

FLOWS = ["ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH"]
SALT = 0xC0FFEE0123456789C0FFEE0123456789
USED = "NotAuthorizedException: Invalid session for the user, session can only be used once."


def proof_of(world, name: str, responses: dict[str, str]) -> dict[str, object]:
    return {"ClientId": world.client, "ChallengeName": name, "ChallengeResponses": responses}


def test_a_password_proved_by_srp_lets_in_once(world):
    world.make_pool()
    world.client = world.make_client(ExplicitAuthFlows=FLOWS)["ClientId"]
    world.confirmed("ada", "ada@example.com")
    srp = SrpClient(world.pool.split("_")[1], world.password)
    asked = world.api.initiate_auth(
        ClientId=world.client,
        AuthFlow="USER_SRP_AUTH",
        AuthParameters={"USERNAME": "ada", "SRP_A": srp.large_a},
    )
    request = proof_of(world, "PASSWORD_VERIFIER", srp.answer(asked["ChallengeParameters"]))
    assert at_once(world, "RespondToAuthChallenge", *[request] * 8) == {"done": 1, USED: 7}


def test_a_device_proves_itself_once(world):
    tracking = {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": False}
    world.make_pool(DeviceConfiguration=tracking)
    world.confirmed("ada", "ada@example.com")
    tokens = world.tokens("ada")
    key = tokens["NewDeviceMetadata"]["DeviceKey"]
    srp = SrpClient(tokens["NewDeviceMetadata"]["DeviceGroupKey"], "a secret of the device")
    world.api.confirm_device(
        AccessToken=tokens["AccessToken"],
        DeviceKey=key,
        DeviceSecretVerifierConfig=srp.device_verifier(key, SALT),
    )
    asked = world.sign_in("ada", DEVICE_KEY=key)
    began = world.api.respond_to_auth_challenge(
        ClientId=world.client,
        ChallengeName="DEVICE_SRP_AUTH",
        Session=asked["Session"],
        ChallengeResponses={"USERNAME": "ada", "DEVICE_KEY": key, "SRP_A": srp.large_a},
    )
    answer = srp.answer({**began["ChallengeParameters"], "USER_ID_FOR_SRP": key})
    request = proof_of(world, "DEVICE_PASSWORD_VERIFIER", {**answer, "USERNAME": "ada", "DEVICE_KEY": key})
    assert at_once(world, "RespondToAuthChallenge", *[request] * 8) == {"done": 1, USED: 7}


def test_a_custom_challenge_hears_one_answer(triggers):
    make(triggers, RIDDLES)
    asked = begin(triggers)

    def answer(guess: int) -> str:
        try:
            triggers.api.respond_to_auth_challenge(
                ClientId=triggers.client,
                ChallengeName="CUSTOM_CHALLENGE",
                Session=asked["Session"],
                ChallengeResponses={"USERNAME": "ada", "ANSWER": str(guess)},
            )
        except ClientError as error:
            return f"{error.response['Error']['Code']}: {error.response['Error']['Message']}"
        return "done"

    with ThreadPoolExecutor(4) as pool:
        results = Counter(pool.map(answer, range(4)))
    assert results == {"done": 1, USED: 3}
    assert triggers.sources.count("VerifyAuthChallengeResponse_Authentication") == 1
