"""What the hosted UI reads and seals: parameters, cookies, hosts, values that browsers keep."""

import pytest

from dewstack.clock import Clock
from dewstack.cognito.directory import Directory
from dewstack.cognito.oauth.exchange import Malformed, read_cookies, read_parameters, redirect, with_query
from dewstack.cognito.oauth.places import Places, UnknownDomain
from dewstack.cognito.pools.domains import Domains
from dewstack.cognito.secrets.sealing import Broken, hidden, shown
from dewstack.config import Caller
from dewstack.http import Request
from dewstack.store import Store

KEY = bytes(range(32))


def test_empty_parameters_count_as_absent() -> None:
    assert read_parameters("a=1&b=&c=%26+x") == {"a": "1", "c": "& x"}


@pytest.mark.parametrize(
    "text", ["a=1&a=2", "a=%00", "a=%FF", "a=" + "x" * 9000, "&".join(f"p{n}=1" for n in range(80))]
)
def test_unreadable_parameters_are_refused(text: str) -> None:
    with pytest.raises(Malformed):
        read_parameters(text)


def test_cookies_are_read_past_broken_ones() -> None:
    headers = [(b"Cookie", b"a=1; b@d=x; cognito-us-east-1_Ab=2; =; ;c"), (b"cookie", b"d=3")]
    read = read_cookies(Request("GET", "/", "", headers, b""))
    assert (read["a"], read["cognito-us-east-1_Ab"], read["d"]) == ("1", "2", "3")


def test_a_redirect_cannot_carry_another_header() -> None:
    ((_, location), *_) = redirect("http://localhost/\r\nSet-Cookie: x=\u00e9 y").headers
    assert location == b"http://localhost/%0D%0ASet-Cookie:%20x=%C3%A9%20y"


@pytest.mark.parametrize(
    ("url", "fragment", "whole"),
    [
        ("http://h/p", False, "http://h/p?a=1+2"),
        ("http://h/p?q=1", False, "http://h/p?q=1&a=1+2"),
        ("app://p", True, "app://p#a=1+2"),
    ],
)
def test_parameters_join_what_is_there(url: str, fragment: bool, whole: str) -> None:
    assert with_query(url, {"a": "1 2"}, fragment=fragment) == whole


def test_what_is_sealed_is_for_one_purpose_and_whole() -> None:
    sealed = hidden(KEY, b"secret", b"one")
    assert shown(KEY, sealed, b"one") == b"secret"
    assert sealed != hidden(KEY, b"secret", b"one")
    for key, text, purpose in (
        (bytes(32), sealed, b"one"),
        (KEY, sealed, b"another"),
        (KEY, sealed[:-4] + b"AAAA", b"one"),
        (KEY, b"", b"one"),
        (KEY, b"\xc3\xa9", b"one"),
    ):
        with pytest.raises(Broken):
            shown(key, text, purpose)


def test_hosts_lead_to_pools_by_prefix_in_any_region_and_by_custom_domain() -> None:
    from dewstack.cognito.model import UserPool

    store = Store()
    directory = Directory(store, Clock())
    domains = Domains(directory)
    places = Places(directory, domains, "us-east-1")
    for region, prefix in (("us-east-1", "people"), ("eu-west-1", "people"), ("eu-west-1", "staff")):
        pool_id = f"{region}_{prefix}"
        pool = UserPool(
            account_id="0" * 12,
            region=region,
            id=pool_id,
            name=prefix,
            created=0,
            modified=0,
            schema=[],
            settings={},
        )
        directory.add_pool(pool)
        domains.create_user_pool_domain(Caller("0" * 12, region), {"UserPoolId": pool_id, "Domain": prefix})
    config = {"CertificateArn": "arn:aws:acm:us-east-1:000000000000:certificate/x"}
    domains.create_user_pool_domain(
        Caller("0" * 12, "eu-west-1"),
        {"UserPoolId": "eu-west-1_staff", "Domain": "auth.example.com", "CustomDomainConfig": config},
    )
    for host, pool_id in {
        "people.auth.localhost:4566": "us-east-1_people",
        "PEOPLE.auth.localhost": "us-east-1_people",
        "people.auth.eu-west-1.amazoncognito.com": "eu-west-1_people",
        "staff.auth.localhost:4566": "eu-west-1_staff",
        "auth.example.com": "eu-west-1_staff",
    }.items():
        found = places.pool_of(host)
        assert found is not None and found.id == pool_id
    for host in ("localhost:4566", "127.0.0.1:4566", "[::1]:4566", "example.com", ""):
        assert places.pool_of(host) is None
    for host in ("nobody.auth.localhost:4566", "staff.auth.us-east-1.amazoncognito.com"):
        with pytest.raises(UnknownDomain):
            places.pool_of(host)
    store.close()
