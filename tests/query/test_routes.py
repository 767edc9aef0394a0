"""Routes: which loader a path belongs to, and with which parameters."""

import functools

import pytest

from halflife import Routes


def routes_of(*patterns):
    routes = Routes()
    for pattern in patterns:

        async def load(client, **parts):
            return parts

        load.__name__ = pattern
        assert routes.loader(pattern)(load) is load
    return routes


def matched(routes, path):
    found = routes.match(path)
    return None if found is None else (found[0].__name__, found[1])


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/users/7", ("/users/{id}", {"id": "7"})),
        ("/users/a%20b", ("/users/{id}", {"id": "a%20b"})),
        ("/users/", None),
        ("/users/7/", None),
        ("/users/7/posts/8", ("/users/{id}/posts/{post}", {"id": "7", "post": "8"})),
        ("/users/7/posts", None),
        ("/files/a.b+c", ("/files/a.b+c", {})),
        ("/files/aXb+c", None),
        ("/", ("/", {})),
        ("", None),
        ("users/7", None),
        ("/users/7\n", ("/users/{id}", {"id": "7\n"})),
    ],
)
def test_a_path_belongs_to_the_pattern_that_it_fits_as_a_whole(path, expected) -> None:
    routes = routes_of("/", "/users/{id}", "/users/{id}/posts/{post}", "/files/a.b+c")
    assert matched(routes, path) == expected


def test_the_first_pattern_that_fits_counts() -> None:
    assert matched(routes_of("/users/me", "/users/{id}"), "/users/me") == ("/users/me", {})
    assert matched(routes_of("/users/{id}", "/users/me"), "/users/me") == ("/users/{id}", {"id": "me"})


def test_without_loaders_nothing_matches() -> None:
    assert Routes().match("/users/7") is None


@pytest.mark.parametrize("wrong", ["users", "", "/users/{", "/users/}", "/{}", "/{1}", "/{a b}", "/{{a}}", "/{a}/{a}"])
def test_what_is_no_pattern_is_refused(wrong) -> None:
    with pytest.raises(ValueError, match="loader: "):
        Routes().loader(wrong)


@pytest.mark.parametrize("wrong", [None, 5, b"/users", ["/users"]])
def test_what_is_no_text_is_refused(wrong) -> None:
    with pytest.raises(TypeError, match="loader: pattern must be a str"):
        Routes().loader(wrong)
    with pytest.raises(TypeError, match="match: path must be a str"):
        Routes().match(wrong)


def test_a_pattern_has_one_loader() -> None:
    routes = routes_of("/users/{id}")
    with pytest.raises(ValueError, match="has a loader already"):
        routes.loader("/users/{id}")


@pytest.mark.parametrize("wrong", [None, 5, "load"])
def test_what_is_no_loader_is_refused(wrong) -> None:
    routes = Routes()
    with pytest.raises(TypeError, match="loader: loader must be callable"):
        routes.loader("/users")(wrong)
    assert routes.match("/users") is None


async def good(client, id):
    return id


class Loaders:
    async def method(self, client, id):
        return id

    async def __call__(self, client, *, id):
        return id


async def keyword_only(client, *, id):
    return id


async def with_a_default(client, id, page=1):
    return id


async def everything(*args, **kwargs):
    return kwargs["id"]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "load",
    [
        good,
        keyword_only,
        with_a_default,
        everything,
        Loaders(),
        Loaders().method,
        functools.partial(with_a_default, page=2),
        functools.wraps(good)(lambda *args, **kwargs: good(*args, **kwargs)),
    ],
)
async def test_a_loader_gets_the_parts_as_keyword_arguments(load) -> None:
    routes = Routes()
    assert routes.loader("/users/{id}")(load) is load
    function, parts = routes.match("/users/7")
    assert await function(None, **parts) == "7"


async def no_part(client):
    pass


async def another_part(client, name):
    pass


async def one_more(client, id, page):
    pass


async def by_position(client, id, /):
    pass


async def no_client(*, id):
    pass


async def stream(client, id):
    yield id


def plain(client, id):
    pass


def generator(client, id):
    yield id


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (no_part, "no_part: got an unexpected keyword argument 'id'"),
        (another_part, "another_part: "),
        (one_more, "one_more: missing a required argument: 'page'"),
        (by_position, "by_position: .*'id'"),
        (no_client, "no_client: too many positional arguments"),
        (plain, "an async function of the client, and id as keyword argument; plain is not async"),
        (lambda client, id: good(client, id), "is not async"),
        (len, "is not async"),
        (stream, "stream is an async generator"),
        (generator, "generator is a generator"),
    ],
)
def test_a_loader_that_is_not_async_or_does_not_take_the_parts_is_refused(wrong, message) -> None:
    routes = Routes()
    with pytest.raises(TypeError, match=f"^loader: loader must be .*{message}"):
        routes.loader("/users/{id}")(wrong)
    assert routes.match("/users/7") is None
    routes.loader("/users/{id}")(good)
    assert routes.match("/users/7")[0] is good
