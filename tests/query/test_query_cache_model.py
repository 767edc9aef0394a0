"""Random operations on a query cache and on a naive one, which keeps typed keys in an OrderedDict."""

import random
from collections import OrderedDict

import pytest

from conftest import FIRST_SEED
from halflife import QueryCache
from halflife.testing import ManualClock

TTL = 10.0
POOL = [0, 1, True, False, None, 1.0, 0.0, "1", "", (), [], ("a", 1), ["a", 1], ("a", True), ("a", 1.0), ((1,),), [[1]]]
POOL += [("user", number) for number in range(40)]
POOL += [["user", str(number)] for number in range(40)]
POOL += range(2, 40)


def naive_key(key):
    if not isinstance(key, (tuple, list)):
        return (type(key), key)
    parts = tuple(naive_key(part) for part in key)
    return parts[0] if len(parts) == 1 and not isinstance(key[0], (tuple, list)) else ("sequence", parts)


class Naive:
    def __init__(self, max_size, clock):
        self.max_size = max_size
        self.clock = clock
        self.kept = OrderedDict()

    def get(self, key):
        if key not in self:
            self.kept.pop(naive_key(key), None)
            return None
        self.kept.move_to_end(naive_key(key))
        return self.kept[naive_key(key)][0]

    def set(self, key, data):
        self.kept[naive_key(key)] = (data, self.clock.now())
        self.kept.move_to_end(naive_key(key))
        if len(self.kept) > self.max_size:
            self.kept.popitem(last=False)

    def invalidate(self, key):
        self.kept.pop(naive_key(key), None)

    def invalidate_all(self):
        self.kept.clear()

    def __contains__(self, key):
        one = naive_key(key)
        return one in self.kept and self.clock.now() < self.kept[one][1] + TTL

    def __len__(self):
        for key, (_, at) in list(self.kept.items()):
            if self.clock.now() >= at + TTL:
                del self.kept[key]
        return len(self.kept)


def data_of(entry):
    return None if entry is None else entry.data


OPERATIONS = {
    "set": 45,
    "get": 35,
    "entry": 10,
    "invalidate": 3,
    "contains": 3,
    "advance": 4,
    "len": 0.05,
    "invalidate_all": 0.05,
}


@pytest.mark.parametrize("max_size", [1, 7, 50, 1000])
def test_a_cache_does_what_a_naive_one_does(max_size) -> None:
    draw, clock = random.Random(FIRST_SEED + max_size), ManualClock()
    cache, model = QueryCache(max_size, TTL, 5.0, clock), Naive(max_size, clock)
    for step, name in enumerate(draw.choices(list(OPERATIONS), list(OPERATIONS.values()), k=20_000)):
        key = draw.choice(POOL)
        if name == "set":
            cache.set(key, step)
            model.set(key, step)
        elif name == "entry":
            assert data_of(cache.entry(key)) == model.get(key)
        elif name == "advance":
            clock.advance(draw.choice([0.0, 0.1, 0.5]))
        elif name in ("get", "invalidate"):
            assert getattr(cache, name)(key) == getattr(model, name)(key)
        elif name == "contains":
            assert (key in cache) == (key in model)
        elif name == "len":
            assert len(cache) == len(model)
        else:
            cache.invalidate_all()
            model.invalidate_all()
