"""What user pools keep on disk is the owner's alone."""

import os
import stat

import pytest

from dewstack.store import Store


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX's")
def test_the_state_file_is_private(tmp_path):
    store = Store(tmp_path / "deep" / "state.db")
    numbers = store.collection("numbers", int)
    numbers.put(1, "a")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "deep").iterdir()}
    store.close()
    assert modes == {0o600}


def test_a_collection_is_read_in_slices_and_counted():
    numbers = Store().collection("numbers", int)
    for index, name in enumerate("abcde"):
        numbers.put(index, "x", name)
    numbers.put(9, "xy", "a")
    assert [value for _, value in numbers.items("x", limit=2)] == [0, 1]
    assert [value for _, value in numbers.items("x", after=("x", "b"))] == [2, 3, 4]
    assert [value for _, value in numbers.items("x", after=("x", "b"), limit=1)] == [2]
    assert numbers.items("x", after=("x", "e")) == []
    assert (numbers.count("x"), numbers.count(), numbers.count("z")) == (5, 6, 0)
