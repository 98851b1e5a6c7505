"""Data sets in memory are bounded in bytes, and their counts follow from the spec."""

import pytest

from normscape.landscape.data import dataset, load_data
from normscape.landscape.data.byte_cache import ByteCache
from normscape.specs import DataSpec
from normscape.specs.data import GaussianSpec
from tests.conftest import BRIEF


def test_the_least_recently_used_values_are_dropped_before_a_new_one_is_created() -> None:
    cache: ByteCache[int] = ByteCache(10, lambda size: size)
    for key, size in (("a", 4), ("b", 6)):
        cache.get_or_create(key, lambda size=size: size)
    assert cache.get_or_create("a", lambda: 99) == 4
    cache.get_or_create("c", lambda: 7)  # 10 bytes are kept besides it
    held: list[int] = []
    cache.get_or_create("d", lambda: held.append(cache.nbytes) or 1)
    assert held == [7]  # 17 bytes were more than 10, and 11 still
    assert cache.nbytes == 8
    assert cache.get_or_create("c", lambda: 99) == 7


def test_the_last_value_stays_whatever_its_size() -> None:
    cache: ByteCache[int] = ByteCache(10, lambda size: size)
    cache.get_or_create("large", lambda: 1000)
    assert cache.get_or_create("large", lambda: 0) == 1000
    cache.get_or_create("small", lambda: 1)
    assert cache.nbytes == 1


@pytest.mark.slow
@pytest.mark.skipif(BRIEF, reason="it computes for a minute")
def test_eight_data_seeds_keep_no_more_than_the_bound_and_one_data_set() -> None:
    sets = [DataSpec("gaussian", size=20_000, seed=k, gaussian=GaussianSpec(500, 100)) for k in range(8)]
    one = 20_000 * 600 * 8
    for spec in sets:
        assert len(load_data(spec).train) == 16_000
        assert len(load_data(spec).held_out) == 4_000
    assert dataset._READ.nbytes <= dataset.CACHED_BYTES + 2 * one
    dataset._READ.clear()


@pytest.mark.parametrize("size", [None, 20, 77, 1003])
@pytest.mark.parametrize("name", ["digits", "moons", "circles", "blobs", "spirals", "gaussian"])
def test_counts_are_known_before_samples_are_made(name: str, size: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    data = load_data(DataSpec(name, size=size))
    lengths = {split: len(data.split(split)) for split in ("train", "held-out")}
    monkeypatch.setattr(dataset, "_read", None)
    assert {split: data.count(split) for split in lengths} == lengths
