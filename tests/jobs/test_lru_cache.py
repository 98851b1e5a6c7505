"""The cache keeps the most recently used values."""

from normscape.jobs.lru_cache import LRUCache


def test_the_least_recently_used_value_is_evicted() -> None:
    cache: LRUCache[str] = LRUCache(2)
    cache.put("a", "A")
    assert cache.get_or_create("b", lambda: "B") == "B"
    assert cache.get("a") == "A"  # used now, so "b" is the oldest
    cache.put("c", "C")
    assert [cache.get(key) for key in "abc"] == ["A", None, "C"]
    assert cache.get_or_create("a", lambda: "another") == "A"
    cache.discard("a")
    cache.discard("a")
    assert cache.get("a") is None
    cache.clear()
    assert cache.get("c") is None
