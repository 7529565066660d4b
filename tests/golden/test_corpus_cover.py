"""Every key of the Framework's schema that concerns AWS functions and their events is in a map of the corpus.

`corpus-keys.txt` says which key is in which map: `python -m tests.golden.test_corpus_cover` writes it anew.
"""

from collections import defaultdict
from pathlib import Path

from dewstack.service.nodes import parse_yaml, plain
from tests.golden.corpus_maps import CORPUS
from tests.golden.schema_keys import schema_keys, used_keys

KEYS = CORPUS.with_name("corpus-keys.txt")
LEFT_OUT = {
    "functions.*.events.[].activemq": "brokers are none of the events that are emulated",
    "functions.*.events.[].alb": "load balancers are none of the events that are emulated",
    "functions.*.events.[].alexaSkill": "Alexa is none of the events that are emulated",
    "functions.*.events.[].alexaSmartHome": "Alexa is none of the events that are emulated",
    "functions.*.events.[].cloudFront": "Lambda@Edge is none of the events that are emulated",
    "functions.*.events.[].iot": "IoT is none of the events that are emulated",
    "functions.*.events.[].iotFleetProvisioning": "IoT is none of the events that are emulated",
    "functions.*.events.[].kafka": "brokers are none of the events that are emulated",
    "functions.*.events.[].msk": "brokers are none of the events that are emulated",
    "functions.*.events.[].rabbitmq": "brokers are none of the events that are emulated",
    "provider.alb": "for load balancers",
    "provider.cloudFront": "for Lambda@Edge",
    "provider.ecr.images.*.buildArgs": "for images that Docker builds on the way",
    "provider.ecr.images.*.buildOptions": "for images that Docker builds on the way",
    "provider.ecr.images.*.cacheFrom": "for images that Docker builds on the way",
    "provider.ecr.images.*.file": "for images that Docker builds on the way",
    "provider.ecr.images.*.path": "for images that Docker builds on the way",
    "provider.ecr.images.*.platform": "for images that Docker builds on the way",
    "provider.ecr.images.*.provenance": "for images that Docker builds on the way",
}
"""Keys that no map has, with what is below them, and why."""


def keys_by_cover() -> dict[str, list[str]]:
    """The maps of each key that is wanted."""
    known = schema_keys()
    covering: dict[str, list[str]] = defaultdict(list)
    for path in sorted(CORPUS.glob("*/serverless.yml")):
        for key in set(used_keys(_read(path), known)):
            covering[key].append(path.parent.name)
    return {key: covering.get(key, []) for key in sorted(known) if not _is_left_out(key)}


def _is_left_out(key: str) -> bool:
    return any(key == left or key.startswith(f"{left}.") for left in LEFT_OUT)


def _read(path: Path) -> object:
    return plain(parse_yaml(path.read_text(), path.name))


def _listing() -> str:
    return "".join(f"{key}: {' '.join(maps)}\n" for key, maps in keys_by_cover().items())


def test_every_key_is_in_a_map() -> None:
    assert [key for key, maps in keys_by_cover().items() if not maps] == []


def test_the_list_of_keys_says_where_each_is() -> None:
    assert KEYS.read_text() == _listing(), "write it anew: python -m tests.golden.test_corpus_cover"


def test_what_is_left_out_is_in_the_schema() -> None:
    assert set(LEFT_OUT) <= schema_keys()


def test_a_key_without_a_map_is_noticed() -> None:
    known = frozenset({"a", "a.*", "a.*.b", "c"})
    assert set(used_keys({"a": {"x": {"other": 1}}}, known)) == {"a", "a.*"}


if __name__ == "__main__":
    KEYS.write_text(_listing())
