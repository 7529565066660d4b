"""What is sent to a map's APIs: every kind of request, to each of them."""

from pathlib import Path

from dewstack.parity import default_set
from dewstack.service import load

ROOT = Path(__file__).parents[3]
KINDS = {
    "no credentials",
    "bad credentials",
    "credentials",
    "malformed body",
    "no content type",
    "HEAD",
    "wrong method",
    "preflight",
    "foreign preflight",
    "unknown path",
    "odd query",
    "oversize",
}


def test_every_kind_of_request_is_sent_to_both_apis() -> None:
    probes = default_set(load(ROOT, options={}, environ={}))
    for api in ("http", "rest"):
        assert {probe.name.partition(": ")[2] for probe in probes if probe.api == api} == KINDS
    assert len({probe.name for probe in probes}) == len(probes) > 100
