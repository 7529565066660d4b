"""`dew` is a fixture of dewstack's pytest plugin: this service, running."""

import json
from urllib.request import urlopen


def test_hello_greets(dew):
    with urlopen(f"{dew.url}/hello?name=Ada") as response:
        assert json.load(response) == {"message": "Hello, Ada!"}
