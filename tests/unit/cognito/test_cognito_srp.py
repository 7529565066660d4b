"""SRP's arithmetic against a client of its own, its texts, and the secret block."""

import base64
import hashlib
import hmac
import sys
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dewstack.clock import Clock
from dewstack.cognito.directory import Directory
from dewstack.cognito.errors import InvalidParameterException, NotAuthorizedException
from dewstack.cognito.model import UserPool, UserPoolClient
from dewstack.cognito.secrets import srp
from dewstack.cognito.secrets.secret_blocks import SecretBlocks, SrpChallenge
from dewstack.store import Store
from tests.srp_client import SrpClient, now_string, padded

POOL_ID = "us-east-1_AbCdEf123"
ADA = srp.Identity.of_user(POOL_ID, "ada")
BLOCK = base64.b64encode(b"\x00what the server keeps\xff").decode()
WORDS = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=40)
quick = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def challenged(
    identity: srp.Identity, password: str, salt: bytes
) -> tuple[int, srp.Ephemeral, dict[str, str]]:
    """What is kept, the server's numbers, and the parameters a client gets to see."""
    kept = srp.verifier(identity, password, salt)
    server = srp.ephemeral(kept)
    parameters = {
        "SALT": srp.hexadecimal(int.from_bytes(salt, "big")),
        "SRP_B": srp.hexadecimal(server.public),
        "SECRET_BLOCK": BLOCK,
        "USER_ID_FOR_SRP": identity.name,
    }
    return kept, server, parameters


def claim_of(answer: dict[str, str]) -> srp.Claim:
    return srp.Claim.parse(
        answer["PASSWORD_CLAIM_SECRET_BLOCK"], answer["TIMESTAMP"], answer["PASSWORD_CLAIM_SIGNATURE"]
    )


def accepted(client: SrpClient, identity: srp.Identity, password: str, salt: bytes, **changed: str) -> bool:
    kept, server, parameters = challenged(identity, password, salt)
    answer = {**client.answer(parameters), **changed}
    return srp.proves(claim_of(answer), identity, srp.read_public(client.large_a), server, kept)


@quick
@given(
    username=WORDS,
    password=WORDS,
    salt=st.binary(min_size=16, max_size=16).filter(any),
    small_a=st.integers(min_value=1, max_value=2**1024),
)
def test_who_knows_the_password_proves_it_and_nobody_else(username, password, salt, small_a):
    identity = srp.Identity.of_user(POOL_ID, username)
    client = SrpClient("AbCdEf123", password, small_a)
    assert accepted(client, identity, password, salt)
    assert not accepted(SrpClient("AbCdEf123", f"{password}x", small_a), identity, password, salt)
    assert not accepted(SrpClient("Another1", password, small_a), identity, password, salt)


@pytest.mark.parametrize(
    "salt",
    ["ff" * 16, "80" + "00" * 15, "7f" + "00" * 15, "00" * 15 + "01", "0012" + "ab" * 14, "00ff" + "ab" * 14],
)
def test_salts_of_every_shape_are_padded_alike(salt):
    assert accepted(SrpClient("AbCdEf123", "Correct-Horse-1"), ADA, "Correct-Horse-1", bytes.fromhex(salt))


def test_salt_and_b_are_written_without_leading_zeros():
    """pycognito pads the text as it came; zeros in front would be hashed there and nowhere else."""
    assert srp.hexadecimal(int.from_bytes(bytes.fromhex("0012" + "ab" * 14), "big")) == "12" + "ab" * 14


@quick
@given(st.integers(min_value=1, max_value=2**3072))
def test_numbers_are_padded_as_the_client_pads_them(number):
    assert srp.pad(number).hex() == padded(number)


def test_a_device_proves_itself_by_the_verifier_it_has_registered():
    client = SrpClient("-device-group", "device-password")
    for salt in (0xFF00 << 112, 0x7F << 120, 1):
        config = client.device_verifier("us-east-1_d3v1ce", salt)
        kept, number = srp.read_verifier(config["PasswordVerifier"], config["Salt"])
        server = srp.ephemeral(kept)
        parameters = {
            "SALT": srp.hexadecimal(number),
            "SRP_B": srp.hexadecimal(server.public),
            "SECRET_BLOCK": BLOCK,
            "USER_ID_FOR_SRP": "us-east-1_d3v1ce",
        }
        device = srp.Identity("-device-group", "us-east-1_d3v1ce")
        claim = claim_of(client.answer(parameters))
        assert srp.proves(claim, device, srp.read_public(client.large_a), server, kept)
        assert not srp.proves(claim, ADA, srp.read_public(client.large_a), server, kept)


@pytest.mark.parametrize(
    ("verifier", "salt"),
    [("", "AQ=="), ("AA==", "AQ=="), ("?", "AQ=="), ("AQ==", ""), ("AQ==", "?"), ("/" * 684, "AQ==")],
)
def test_a_device_cannot_register_what_is_no_verifier(verifier, salt):
    with pytest.raises(InvalidParameterException):
        srp.read_verifier(verifier, salt)


@pytest.mark.parametrize("times", [0, 1, 2])
def test_a_public_value_that_is_nothing_mod_n_lets_nobody_in(times):
    """With A = 0 the secret would be 0, whatever the password is."""
    kept, server, parameters = challenged(ADA, "Correct-Horse-1", b"\x01" * 16)
    forged = times * srp.N
    u = hashlib.sha256(srp.pad(forged) + srp.pad(server.public)).digest()
    prk = hmac.digest(srp.pad(int.from_bytes(u, "big")), b"\0", "sha256")
    key = hmac.digest(prk, b"Caldera Derived Key\x01", "sha256")[:16]
    timestamp = now_string()
    signed = b"AbCdEf123ada" + base64.b64decode(BLOCK) + timestamp.encode()
    signature = base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    claim = srp.Claim.parse(parameters["SECRET_BLOCK"], timestamp, signature)
    assert srp.session_key(forged, server, kept) is None
    assert not srp.proves(claim, ADA, srp.read_public(f"{forged:x}"), server, kept)


def test_where_no_verifier_is_kept_nobody_gets_in():
    """With v = 0 the secret would be 0 as well."""
    client = SrpClient("AbCdEf123", "Correct-Horse-1")
    for nothing in (0, srp.N):
        assert srp.session_key(srp.read_public(client.large_a), srp.ephemeral(nothing), nothing) is None


@pytest.mark.parametrize("text", ["", "zz", "-1", "0x10", " 1", "1 ", "1_0", "\u0661", "f" * 1537])
def test_a_public_value_is_hexadecimal_and_bounded(text):
    with pytest.raises(InvalidParameterException, match="at 'sRPA' failed to satisfy constraint"):
        srp.read_public(text)


@pytest.mark.parametrize("signature", ["", "AAAA", base64.b64encode(b"\0" * 32).decode()])
def test_a_wrong_signature_is_wrong_however_it_is_spelled(signature):
    client = SrpClient("AbCdEf123", "Correct-Horse-1")
    wrong = {"PASSWORD_CLAIM_SIGNATURE": signature}
    assert not accepted(client, ADA, "Correct-Horse-1", b"\x01" * 16, **wrong)


def test_a_signature_that_is_no_base64_is_refused_by_name():
    with pytest.raises(InvalidParameterException, match="Must be a Base64 string"):
        srp.Claim.parse(BLOCK, now_string(), "no base64!")


def test_a_proof_is_of_one_secret_block_and_one_moment():
    client = SrpClient("AbCdEf123", "Correct-Horse-1")
    other = base64.b64encode(b"another").decode()
    for changed in (
        {"PASSWORD_CLAIM_SECRET_BLOCK": other},
        {"PASSWORD_CLAIM_SECRET_BLOCK": "no base64!"},
        {"TIMESTAMP": "Wed Apr 5 22:42:34 UTC 2017"},
    ):
        assert not accepted(client, ADA, "Correct-Horse-1", b"\x01" * 16, **changed)


def test_without_gmpy2_the_numbers_are_the_same(monkeypatch):
    fast = srp.power(3, 2**255 + 1)
    monkeypatch.setitem(sys.modules, "gmpy2", None)
    assert srp.power(3, 2**255 + 1) == fast == pow(3, 2**255 + 1, srp.N)


@given(st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(9999, 1, 1)))
def test_timestamps_are_read_as_clients_write_them(moment):
    moment = moment.replace(microsecond=0, tzinfo=UTC)
    text = now_string(moment)
    assert srp.read_timestamp(text) == moment
    assert srp.write_timestamp(moment) == text


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("Wed Apr 05 22:44:40 UTC 2017", "Wed Apr 5 22:44:40 UTC 2017"),
        ("Mon Apr 5 22:44:40 UTC 2017", "Wed Apr 5 22:44:40 UTC 2017"),
        ("mon FEB 12 15:56:09 GMT 2018", "Mon Feb 12 15:56:09 UTC 2018"),
    ],
)
def test_what_is_checked_is_the_timestamp_as_aws_writes_it(text, canonical):
    assert srp.Claim.parse(BLOCK, text, "").timestamp == canonical


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Mi Apr 5 22:44:40 UTC 2017",
        "on. apr. 5 22:44:40 UTC 2017",
        "Wed Apr 5 22:44:40 +05:30 2017",
        "Wed Apr 5 22:44:40 2017",
        "Wed Apr 5 22:44:40 utc 2017",
        "Mon Feb 12 15:56:9 UTC 2018",
        "Mon Feb 12 15:56:09 IST 2018",
        "2017-04-05T22:44:40Z",
        "Wed Apr 31 22:44:40 UTC 2017",
        "Wed Apr 5 24:44:40 UTC 2017",
        "Wed Apr 5 22:44:40 UTC 0000",
        "Wed Apr 5 22:44:40 UTC 2017\n",
        "Wed Apr \u0665 22:44:40 UTC 2017",
    ],
)
def test_a_timestamp_of_another_format_is_refused_by_name(text):
    with pytest.raises(
        InvalidParameterException, match="TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy"
    ):
        srp.Claim.parse(BLOCK, text, "")


# the secret block


def pool_named(pool_id: str) -> UserPool:
    return UserPool(
        account_id="000000000000",
        region="us-east-1",
        id=pool_id,
        name="people",
        created=0.0,
        modified=0.0,
        schema=[],
        settings={"UsernameConfiguration": {"CaseSensitive": False}},
    )


def client_named(client_id: str) -> UserPoolClient:
    return UserPoolClient(
        account_id="000000000000",
        region="us-east-1",
        pool_id=POOL_ID,
        id=client_id,
        name="web",
        secret=None,
        created=0.0,
        modified=0.0,
        settings={},
    )


class Sealing:
    """Secret blocks of a pool, and a challenge to seal."""

    def __init__(self) -> None:
        self.store, self.clock = Store(), Clock()
        self.pool, self.client = pool_named(POOL_ID), client_named("web")
        self.blocks = SecretBlocks(Directory(self.store, self.clock))
        self.challenge = SrpChallenge(
            challenge="PASSWORD_VERIFIER",
            user_id="ada",
            name="ada",
            sub="00000000-0000-4000-8000-000000000000",
            client_public="ab" * 384,
            private="cd" * 32,
            public="ef" * 384,
            expires=self.clock.time() + 180,
        )

    def seal(self) -> str:
        return self.blocks.seal(self.pool, self.client, self.challenge)


@pytest.fixture
def sealing():
    world = Sealing()
    yield world
    world.store.close()


def test_a_secret_block_carries_its_state_unseen(sealing):
    block = sealing.seal()
    assert sealing.blocks.open(sealing.pool, sealing.client, block) == sealing.challenge
    assert sealing.challenge.server == srp.Ephemeral(int("cd" * 32, 16), int("ef" * 384, 16))
    assert b"cdcdcd" not in base64.b64decode(block)
    assert block != sealing.seal()


@pytest.mark.parametrize("place", [0, 1, 5, 13, 200, -1])
def test_a_secret_block_that_was_changed_is_a_wrong_password(sealing, place):
    raw = bytearray(base64.b64decode(sealing.seal()))
    raw[place] ^= 1
    with pytest.raises(NotAuthorizedException, match="Incorrect username or password"):
        sealing.blocks.open(sealing.pool, sealing.client, base64.b64encode(raw).decode())


@quick
@given(
    st.one_of(
        st.text(max_size=60), st.binary(max_size=60).map(lambda raw: base64.b64encode(b"\1" + raw).decode())
    )
)
def test_what_never_was_a_secret_block_is_a_wrong_password(text):
    world = Sealing()
    with pytest.raises(NotAuthorizedException, match="Incorrect username or password"):
        world.blocks.open(world.pool, world.client, text)
    world.store.close()


def test_a_secret_block_is_of_one_pool_and_one_client(sealing):
    block = sealing.seal()
    for pool, client in (
        (pool_named("us-east-1_Another"), sealing.client),
        (sealing.pool, client_named("app")),
    ):
        with pytest.raises(NotAuthorizedException, match="Incorrect username or password"):
            sealing.blocks.open(pool, client, block)


def test_a_secret_block_expires(sealing):
    block = sealing.seal()
    sealing.clock.advance(180)
    with pytest.raises(NotAuthorizedException, match="session is expired"):
        sealing.blocks.open(sealing.pool, sealing.client, block)


def test_a_secret_block_lets_in_once(sealing):
    block = sealing.seal()
    sealing.blocks.use(sealing.pool, block, sealing.challenge.expires)
    with pytest.raises(NotAuthorizedException, match="only be used once"):
        sealing.blocks.use(sealing.pool, block, sealing.challenge.expires)
    sealing.blocks.use(sealing.pool, sealing.seal(), sealing.challenge.expires)


def test_used_secret_blocks_do_not_pile_up(sealing):
    used = sealing.blocks._used
    for _ in range(60):
        sealing.blocks.use(sealing.pool, sealing.seal(), sealing.clock.time() + 180)
        sealing.clock.advance(100)
    assert used.count(*sealing.pool.key) < 30


def test_who_does_not_exist_always_looks_the_same(sealing):
    first = sealing.blocks.simulated(sealing.pool, "nobody")
    assert first == sealing.blocks.simulated(sealing.pool, "Nobody")
    assert first != sealing.blocks.simulated(sealing.pool, "nobody-else")
    assert first[:2] != sealing.blocks.simulated(pool_named("us-east-1_Another"), "nobody")[:2]
    user_id, salt, verifier = first
    assert len(user_id) == 36 and 0 < salt < 2**128 and 0 < verifier < srp.N
