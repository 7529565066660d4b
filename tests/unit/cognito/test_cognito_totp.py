"""One-time passwords of authenticator apps: RFC 6238's own vectors, and the window."""

import base64

import pytest

from dewstack.cognito.signin import totp

SECRET = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("moment", "digits"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_the_vectors_of_the_rfc(moment, digits):
    assert totp.code(SECRET, totp.step_at(moment)) == digits
    assert totp.matching_step(SECRET, digits, moment) == totp.step_at(moment)


def test_a_clock_may_be_a_step_off_and_no_more():
    now = 1234567890.0
    step = totp.step_at(now)
    for off in (-1, 0, 1):
        assert totp.matching_step(SECRET, totp.code(SECRET, step + off), now) == step + off
    for off in (-2, 2):
        assert totp.matching_step(SECRET, totp.code(SECRET, step + off), now) is None
    for nonsense in ("", "000", "abcdef", "\u0661\u0662\u0663\u0664\u0665\u0666"):
        assert totp.matching_step(SECRET, nonsense, now) is None


def test_secrets_are_as_long_as_those_of_aws_and_differ():
    first, second = totp.new_secret(), totp.new_secret()
    assert len(first) == 52 and first != second
    assert totp.code(first, 1).isdigit()
