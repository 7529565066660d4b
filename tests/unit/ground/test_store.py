"""The store: transactions, batches, and what is on disk when."""

import json
import random
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path

import pytest

from dewstack.store import Collection, Store


@dataclass(frozen=True, slots=True)
class Item:
    value: int


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    store = Store(path)
    yield store
    store.close()


@pytest.fixture
def items(store: Store) -> Collection[Item]:
    return store.collection("items", Item)


def on_disk(path: Path) -> list[int]:
    """What somebody else finds in the file."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as other:
        return [json.loads(row[0])["value"] for row in other.execute("SELECT value FROM items ORDER BY key")]


def in_another_thread(work: object) -> None:
    thread = threading.Thread(target=work)  # type: ignore[arg-type]
    thread.start()
    thread.join(timeout=10)
    assert not thread.is_alive()


def test_what_put_returned_from_is_on_disk(items: Collection[Item], path: Path) -> None:
    items.put(Item(1), "a")
    assert on_disk(path) == [1]


def test_a_transaction_is_all_or_nothing(store: Store, items: Collection[Item], path: Path) -> None:
    with pytest.raises(ValueError), store.transaction():
        items.put(Item(1), "a")
        raise ValueError
    assert items.scan() == on_disk(path) == []


def test_a_batch_is_on_disk_at_its_end_and_at_each_flush(
    store: Store, items: Collection[Item], path: Path
) -> None:
    with store.batch():
        items.put(Item(1), "a")
        assert on_disk(path) == []
        assert items.scan() == [Item(1)]
        store.flush()
        assert on_disk(path) == [1]
        items.put(Item(2), "b")
    assert on_disk(path) == [1, 2]


def test_a_transaction_that_fails_in_a_batch_takes_only_itself_back(
    store: Store, items: Collection[Item], path: Path
) -> None:
    with store.batch():
        for number, name in enumerate("abc"):
            try:
                with store.transaction():
                    items.put(Item(number), name)
                    if name == "b":
                        raise ValueError
            except ValueError:
                pass
    assert on_disk(path) == [0, 2]


def test_a_first_transaction_that_fails_leaves_a_batch_usable(
    store: Store, items: Collection[Item], path: Path
) -> None:
    with store.batch():
        with pytest.raises(ValueError), store.transaction():
            items.put(Item(1), "a")
            raise ValueError
        items.put(Item(2), "b")
    assert on_disk(path) == [2]


def test_what_another_thread_writes_during_a_batch_is_on_disk_at_once(
    store: Store, items: Collection[Item], path: Path
) -> None:
    with store.batch():
        items.put(Item(1), "a")
        in_another_thread(lambda: items.put(Item(2), "b"))
        assert on_disk(path) == [1, 2]
        items.put(Item(3), "c")
        assert on_disk(path) == [1, 2]

        def fail() -> None:
            with pytest.raises(ValueError), store.transaction():
                items.put(Item(9), "z")
                raise ValueError

        in_another_thread(fail)
    assert on_disk(path) == [1, 2, 3]


def test_a_second_batch_at_the_same_time_commits_as_usual(
    store: Store, items: Collection[Item], path: Path
) -> None:
    def second() -> None:
        with store.batch():
            items.put(Item(2), "b")
            assert on_disk(path) == [1, 2]

    with store.batch():
        items.put(Item(1), "a")
        in_another_thread(second)
        assert on_disk(path) == [1, 2]


def test_a_store_that_closes_keeps_what_a_batch_wrote(path: Path) -> None:
    store = Store(path)
    with store.batch():
        store.collection("items", Item).put(Item(1), "a")
        store.close()
    assert on_disk(path) == [1]


def test_trim_keeps_the_last_in_key_order(items: Collection[Item]) -> None:
    items.put_all(((group, str(number)), Item(number)) for group in "ab" for number in range(5))
    items.trim("a", keep=2)
    assert items.scan("a") == [Item(3), Item(4)]
    assert items.count("b") == 5
    items.trim("a", keep=2)
    assert items.count("a") == 2
    items.clear("b")
    assert items.scan() == [Item(3), Item(4)]


def test_a_batch_reads_its_own_writes(store: Store, items: Collection[Item], path: Path) -> None:
    items.put(Item(0), "old")
    with store.batch():
        items.put(Item(1), "a")
        items.put(Item(2), "a")
        assert items.get("a") == Item(2)
        assert items.scan() == [Item(2), Item(0)]
        assert items.delete("old")
        assert not items.delete("old")
        items.put(Item(3), "b")
        assert items.count() == 2
        with store.transaction():
            items.put(Item(4), "a")
            assert items.get("a") == Item(4)
            assert items.scan() == [Item(4), Item(3)]
            items.put(Item(5), "c")
            assert items.get("c") == Item(5)
        assert on_disk(path) == [0]
    assert on_disk(path) == [4, 3, 5]


@pytest.mark.parametrize("looks", ["never", "before", "between", "after"])
def test_a_failed_transaction_of_a_batch_leaves_what_was_before(
    store: Store, items: Collection[Item], path: Path, looks: str
) -> None:
    items.put(Item(0), "on disk")
    with store.batch():
        items.put(Item(1), "a")
        with pytest.raises(ValueError), store.transaction():
            if looks == "before":
                items.scan()
            items.put(Item(2), "a")
            items.put(Item(3), "b")
            if looks == "between":
                items.scan()
            items.put(Item(4), "b")
            items.put(Item(5), "on disk")
            if looks == "after":
                items.delete("on disk")
            raise ValueError
        assert items.get("a") == Item(1)
        assert items.get("b") is None
        assert items.scan() == [Item(1), Item(0)]
        items.put(Item(6), "z")
    assert on_disk(path) == [1, 0, 6]


def test_another_thread_reads_what_a_batch_has_put(store: Store, items: Collection[Item], path: Path) -> None:
    with store.batch():
        items.put(Item(1), "a")
        found: list[Item | None] = []
        in_another_thread(lambda: found.append(items.get("a")))
        in_another_thread(lambda: found.extend(items.scan()))
        assert found == [Item(1), Item(1)]
        assert on_disk(path) == []
        in_another_thread(lambda: items.delete("a"))
        assert on_disk(path) == []
        assert items.get("a") is None


def test_random_batches_are_as_without_one(tmp_path: Path) -> None:
    """The same steps with and without a batch end in the same state, whatever their order."""

    def play(path: Path, seed: int, batched: bool) -> list[object]:
        chance, seen = random.Random(seed), []
        store = Store(path)
        items = store.collection("items", Item)
        steps = {
            "put": lambda: items.put(Item(chance.randrange(99)), chance.choice("abcd")),
            "get": lambda: seen.append(items.get(chance.choice("abcd"))),
            "scan": lambda: seen.append(items.scan()),
            "delete": lambda: seen.append(items.delete(chance.choice("abcd"))),
            "flush": store.flush,
        }
        with store.batch() if batched else nullcontext():
            for _ in range(60):
                whole, fails = chance.random() < 0.6, chance.random() < 0.4
                try:
                    with store.transaction() if whole else nullcontext():
                        for name in chance.choices(list(steps), k=chance.randrange(6)):
                            steps[name]()
                        if fails and whole:
                            raise ValueError
                except ValueError:
                    pass
        seen.append(items.scan())
        store.close()
        return [*seen, on_disk(path)]

    for seed in range(25):
        assert play(tmp_path / f"{seed}a", seed, True) == play(tmp_path / f"{seed}b", seed, False)
