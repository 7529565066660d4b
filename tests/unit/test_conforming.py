"""The check of answers against the model finds what is wrong with them."""

import pytest

from dewstack.wire.model import load_model
from tests.conforming import departures


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ({"Username": "ada", "UserCreateDate": 1.5, "Enabled": True}, []),
        ({}, ["answer.Username: is missing"]),
        ({"Username": "ada", "Name": "Ada"}, ["answer.Name: is unknown"]),
        ({"Username": 1}, ["answer.Username: 1 is no string"]),
        ({"Username": "ada", "UserCreateDate": True}, ["answer.UserCreateDate: True is no timestamp"]),
        ({"Username": "ada", "Enabled": 1}, ["answer.Enabled: 1 is no boolean"]),
        ({"Username": "ada", "UserMFASettingList": "x"}, ["answer.UserMFASettingList: 'x' is no list"]),
        ({"Username": "ada", "UserAttributes": [{}]}, ["answer.UserAttributes[0].Name: is missing"]),
        ([], ["answer: [] is no structure"]),
    ],
)
def test_departures_are_told_by_their_path(answer, found):
    model = load_model("cognito-idp")
    assert model is not None
    operation = model.operation("AdminGetUser")
    assert operation is not None and operation.output is not None
    assert list(departures(operation.output, answer)) == found


def test_a_value_outside_its_enumeration_is_told():
    model = load_model("cognito-idp")
    assert model is not None
    first, *_ = departures(model.shape("UserStatusType"), "AWAKE")
    assert first.startswith("answer: 'AWAKE' is none of")
