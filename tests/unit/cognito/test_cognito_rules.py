"""The pure rules: passwords, SRP's numbers, lockout times, masks, filters, issuers, pages."""

import hashlib
import random

import pytest

from dewstack.cognito.clients.secret_hash import secret_hash
from dewstack.cognito.errors import InvalidParameterException, InvalidPasswordException
from dewstack.cognito.mail.messages import mask
from dewstack.cognito.model import Attempts
from dewstack.cognito.paging import key_of, page, token_of
from dewstack.cognito.schema import EMAIL, PHONE_NUMBER
from dewstack.cognito.secrets import passwords, srp
from dewstack.cognito.tokens.keys import pool_of_issuer
from dewstack.cognito.users.lockout import locked_until

STRICT = {
    "MinimumLength": 8,
    "RequireUppercase": True,
    "RequireLowercase": True,
    "RequireNumbers": True,
    "RequireSymbols": True,
}


def test_a_password_matches_itself_only():
    kept = passwords.derive("us-east-1_abcdefghi", "ada", "Correct-Horse-1")
    assert passwords.matches(kept, "Correct-Horse-1")
    assert not passwords.matches(kept, "Correct-Horse-2")
    assert not passwords.matches(None, "Correct-Horse-1")
    again = passwords.derive("us-east-1_abcdefghi", "ada", "Correct-Horse-1")
    assert (again.digest, again.srp_verifier) != (kept.digest, kept.srp_verifier)


def test_passwords_may_be_any_text():
    kept = passwords.derive("us-east-1_abcdefghi", "ада", "пароль-Ж1 🔑")
    assert passwords.matches(kept, "пароль-Ж1 🔑")


@pytest.mark.parametrize("symbol", list(passwords.SYMBOLS))
def test_every_symbol_of_awss_list_counts(symbol):
    passwords.check_policy(STRICT, f"Abcdefg1{symbol}")


def test_a_space_counts_inside_only():
    passwords.check_policy(STRICT, "Abcd efg1")
    with pytest.raises(InvalidPasswordException, match="symbol"):
        passwords.check_policy(STRICT, " Abcdefg1 ")


def test_letters_beyond_ascii_are_no_uppercase_or_lowercase():
    with pytest.raises(InvalidPasswordException, match="uppercase"):
        passwords.check_policy(STRICT, "Éabcdef1!")


@pytest.mark.parametrize("length", [6, 8, 40, 99])
def test_generated_passwords_keep_to_the_strictest_policy(length):
    for _ in range(50):
        passwords.check_policy(
            {**STRICT, "MinimumLength": length}, passwords.generate({"MinimumLength": length})
        )


def test_srps_group_is_the_3072_bit_one():
    assert srp.N.bit_length() == 3072
    assert pow(2, srp.N - 1, srp.N) == 1 and pow(3, (srp.N - 1) // 2, srp.N) in (1, srp.N - 1)


def test_srp_agrees_with_a_client_on_the_shared_secret():
    """A client of SRP-6a that knows the password, and a server that knows the verifier, reach one secret."""
    salt, generator = bytes.fromhex("ff" * 16), random.Random(1)
    v = srp.verifier(srp.Identity.of_user("us-east-1_Pool", "ada"), "Correct-Horse-1", salt)
    a, b = generator.getrandbits(256), generator.getrandbits(256)
    k = int(hashlib.sha256(srp.pad(srp.N) + srp.pad(srp.G)).hexdigest(), 16)
    big_a = pow(srp.G, a, srp.N)
    big_b = (k * v + pow(srp.G, b, srp.N)) % srp.N
    u = int(hashlib.sha256(srp.pad(big_a) + srp.pad(big_b)).hexdigest(), 16)
    inner = hashlib.sha256(b"Poolada:Correct-Horse-1").hexdigest()
    x = int(hashlib.sha256(bytes.fromhex("00" + "ff" * 16 + inner)).hexdigest(), 16)
    client = pow(big_b - k * pow(srp.G, x, srp.N), a + u * x, srp.N)
    server = pow(big_a * pow(v, u, srp.N), b, srp.N)
    assert client == server


@pytest.mark.parametrize(
    ("number", "padded"), [(0x7F, "7f"), (0x80, "0080"), (0xFF, "00ff"), (0x100, "0100"), (0x8000, "008000")]
)
def test_numbers_are_padded_as_java_does(number, padded):
    assert srp.pad(number).hex() == padded


@pytest.mark.parametrize(
    ("failures", "seconds"), [(4, 0), (5, 1), (6, 2), (10, 32), (14, 512), (15, 900), (16, 900), (10**6, 900)]
)
def test_lockout_doubles_up_to_fifteen_minutes(failures, seconds):
    assert locked_until(Attempts(failures, 0.0, 1000.0)) == 1000.0 + seconds


@pytest.mark.parametrize(
    ("attribute", "value", "masked"),
    [
        ("email", "ada@example.com", "a***@e***"),
        ("email", "a@b.c", "a***@b***"),
        ("phone_number", "+15551239934", "+*******9934"),
    ],
)
def test_destinations_are_masked(attribute, value, masked):
    assert mask(attribute, value) == masked


@pytest.mark.parametrize(
    ("text", "fine"),
    [
        ("ada@example.com", True),
        ("ada.b+tag@sub.example.co.uk", True),
        ("ada@example", False),
        ("adaFEW6rzXVdy2RLJp0KqkU9A6/pxQBq5FgsxTWe/Ot+CI=example.com", False),
        ("@example.com", False),
        ("ada@example.com\n", False),
        ("a b@example.com", False),
    ],
)
def test_what_an_email_address_looks_like(text, fine):
    assert bool(EMAIL.fullmatch(text)) is fine


@pytest.mark.parametrize(
    ("text", "fine"), [("+15551239934", True), ("15551239934", False), ("+0123456", False), ("+1" * 9, False)]
)
def test_what_a_phone_number_looks_like(text, fine):
    assert bool(PHONE_NUMBER.fullmatch(text)) is fine


@pytest.mark.parametrize(
    ("issuer", "pool"),
    [
        ("https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab3", "eu-west-1_Ab3"),
        ("http://localhost:4566/eu-west-1_Ab3", "eu-west-1_Ab3"),
        ("http://127.0.0.1/eu-west-1_Ab3", "eu-west-1_Ab3"),
        ("https://cognito-idp.eu-west-1.amazonaws.com/us-east-1_Ab3", None),
        ("https://cognito-idp.eu-west-1.amazonaws.com.evil.example/eu-west-1_Ab3", None),
        ("https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab3/", None),
        ("http://example.com/eu-west-1_Ab3", None),
        ("None", None),
    ],
)
def test_which_pool_an_issuer_names(issuer, pool):
    assert pool_of_issuer(issuer) == pool


def test_a_page_continues_after_the_last_key():
    entries = [(key, key.upper()) for key in "abcde"]
    first, token = page(entries, 2, None)
    second, token = page(entries, 2, token)
    third, end = page(entries, 2, token)
    assert (first, second, third, end) == (["A", "B"], ["C", "D"], ["E"], None)
    assert key_of(token_of("ключ")) == "ключ"


@pytest.mark.parametrize("token", ["!", "\x00", "////", "AA==", "ÿ"])
def test_what_is_no_page_token_is_refused(token):
    with pytest.raises(InvalidParameterException):
        key_of(token)


def test_the_secret_hash_is_awss_formula():
    """HMAC-SHA256 over username and client id, checked against a value computed with openssl."""
    assert secret_hash("client", "secret", "ada") == EXPECTED_HASH


EXPECTED_HASH = "FEW6rzXVdy2RLJp0KqkU9A6/pxQBq5FgsxTWe/Ot+CI="
