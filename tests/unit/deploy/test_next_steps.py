"""What to do about a stack's failure, by the reason that CloudFormation gives."""

import pytest

from dewstack.deploy.failures import next_step


@pytest.mark.parametrize(
    ("reason", "step"),
    [
        ("The runtime python4 is not emulated by dewstack: python2.7 to python3.14 are", "at 'runtime'"),
        ("API action CreateFlow of service appflow is not emulated by dewstack", "take it out of the map"),
        ("Template format error: Unresolved resource dependencies [Tabel] in the Resources block", "!Ref"),
        ("The name says it all", ""),
    ],
)
def test_a_reason_has_a_step_of_its_own(reason: str, step: str) -> None:
    said = next_step(reason)
    assert step in said and bool(step) == bool(said)
