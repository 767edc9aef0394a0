"""A *query client* caches what servers answer, and keeps it fresh. What it makes is bound to its store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from typing import Any, Literal, TypeVar, final, overload

from halflife import _core
from halflife._core import Atom, SourceAtom, is_function
from halflife._drivers.gathering import all_of
from halflife._optimistic.layers import Layer
from halflife._store.default_store import default_store
from halflife._store.store import Store
from halflife._support.checks import check_callable, check_seconds
from halflife._support.reprs import abbreviated
from halflife.query.breakers import CircuitBreaker
from halflife.query.entries import Entry
from halflife.query.filters import Filter, QueryInfo, make_filter
from halflife.query.infinite import InfiniteAtom, make_infinite
from halflife.query.keys import query_key
from halflife.query.mutation_context import MutationContext
from halflife.query.mutation_plan import KeepOn, MutationPlan
from halflife.query.mutation_state import MutationState
from halflife.query.mutations import Mutation
from halflife.query.options import (
    Fetcher,
    QueryDefaults,
    QueryOptions,
    check_fetcher,
    check_options,
    defaults_as_settings,
)
from halflife.query.paged import Paged, make_paged
from halflife.query.pages import Page
from halflife.query.prefetches import Hover, run_loader
from halflife.query.queries import QueryAtom, make_query
from halflife.query.refetches import fetch_again
from halflife.query.requests import Requests
from halflife.query.retries import Retry
from halflife.query.routes import Routes
from halflife.query.surroundings import ClientSurroundings
from halflife.query.tickets import Pending, Ticket, Work, done

T = TypeVar("T")
V = TypeVar("V")
R = TypeVar("R")

_Refetch = Literal["observed", "all", "none"]


@final
class QueryClient:
    """A cache of server state in a store.

    Args:
        store: The store of the queries; by default the default store.
        defaults: The options of all queries.
        routes: Loaders for `prefetch_route`.
        max_concurrent: The most fetches that run at once; None sets no limit.

    Raises:
        TypeError, ValueError: An argument is of the wrong type or not an allowed value.

    Example:
        >>> client = QueryClient(store)
        >>> user = client.query(("user", 1), fetch_user)
        >>> match store.get(user):
        ...     case QueryResult(status="success", data=data):
        ...         show(data)
    """

    def __init__(
        self,
        store: Store | None = None,
        *,
        defaults: QueryDefaults | None = None,
        routes: Routes | None = None,
        max_concurrent: int | None = None,
    ) -> None:
        given: Any = (store, defaults, routes)
        if given[0] is not None and not isinstance(given[0], Store):
            raise TypeError(f"QueryClient: store must be a Store or None, got {abbreviated(store)}")
        if given[1] is not None and not isinstance(given[1], QueryDefaults):
            raise TypeError(f"QueryClient: defaults must be a QueryDefaults or None, got {abbreviated(defaults)}")
        if given[2] is not None and not isinstance(given[2], Routes):
            raise TypeError(f"QueryClient: routes must be a Routes or None, got {abbreviated(routes)}")
        _check_limit(max_concurrent)
        defaults = defaults if defaults is not None else QueryDefaults()
        self.store = store if store is not None else default_store()
        self.defaults = defaults
        self.routes = routes
        settings = defaults_as_settings(defaults)
        surroundings = ClientSurroundings(self.store, settings, defaults.cache_size, max_concurrent)
        self._environment = surroundings.environment
        self._cache = surroundings.cache
        self._mutations = surroundings.mutations
        self._requests = Requests(self._cache)

    # --- what a user interface sets and shows

    @property
    def online(self) -> SourceAtom[bool]:
        """An atom that tells whether the network is there; set it to False to pause fetches."""
        return self._environment.online

    @property
    def focused(self) -> SourceAtom[bool]:
        """An atom that tells whether the program has the focus; stale data is fetched again when it becomes True."""
        return self._environment.focused

    @property
    def visible(self) -> SourceAtom[bool]:
        """An atom that tells whether the program is visible; polling pauses while it is False."""
        return self._environment.visible

    @property
    def is_fetching(self) -> Atom[int]:
        """An atom that counts the keys that are being fetched."""
        return self._cache.fetching_count

    @property
    def is_mutating(self) -> Atom[int]:
        """An atom that counts the calls of mutations that run or wait."""
        return self._mutations.running_count

    @property
    def mutations(self) -> Atom[tuple[MutationState[Any], ...]]:
        """An atom of the states of all calls of mutations that run, wait, or failed and were not dismissed."""
        return self._mutations.states

    # --- options

    def set_defaults(self, prefix: Any, fetcher: Fetcher | None = None, **options: Any) -> None:
        """Set the fetcher and options of all keys that begin with `prefix`. The longest prefix wins.

        Raises:
            TypeError, ValueError: An argument is of the wrong type or not an allowed value.
        """
        key = query_key(prefix, "set_defaults", "prefix")
        checked = check_options("set_defaults", options)
        check_fetcher(fetcher, "set_defaults", thread=bool(checked.get("thread")))
        self._cache.set_prefix(key, fetcher, checked)

    # --- queries

    @overload
    def query(self, key: QueryOptions[T], *, name: str | None = None, **options: Any) -> QueryAtom[T]: ...
    @overload
    def query(
        self, key: Any, fetcher: Callable[..., AsyncIterator[T]], *, name: str | None = None, **options: Any
    ) -> QueryAtom[list[T]]: ...
    @overload
    def query(
        self, key: Any, fetcher: Callable[..., Awaitable[T]], *, name: str | None = None, **options: Any
    ) -> QueryAtom[T]: ...
    @overload
    def query(
        self, key: Any, fetcher: Callable[..., Any] | None = None, *, name: str | None = None, **options: Any
    ) -> QueryAtom[Any]: ...
    def query(
        self, key: Any, fetcher: Callable[..., Any] | None = None, *, name: str | None = None, **options: Any
    ) -> QueryAtom[Any]:
        """An atom of the state of a key, whose data is fetched while the atom is observed or read.

        Args:
            key: A key, a function of `get` that returns one, or the value of `query_options`. None and False turn
                the query off.
            fetcher: ``fetcher(key)`` or ``fetcher(key, ctx)``: async, an async generator that fills the data piece by
                piece, or plain (in a thread with ``thread=True``). Without one, the query shows what the cache holds.
            name: Shown in errors and graphs.
            options: `QueryDefaults` without `cache_size`, and: `enabled`, `network_mode`, `keep_previous`,
                `placeholder`, `initial`, `initial_updated_at`, `select`, `interval`, `interval_in_background`, `tags`,
                `fallback`, `throw`, `thread`, `breaker`, `reduce`, `refetch_mode`.

        Raises:
            TypeError, ValueError: An argument is of the wrong type or not an allowed value.

        Example:
            >>> user = client.query(lambda get: ("user", get(user_id)), fetch_user, stale_time=10)
        """
        key, fetcher, checked = self._requests.given("query", key, fetcher, options, may_be_function=True)
        if is_function(key):
            check_callable(key, "query", "key", "get")
        elif key is not None and key is not False:
            key = query_key(key, "query")
        return make_query(self._cache, key, fetcher, checked, name)

    @overload
    def fetch(self, key: QueryOptions[T], *, allow_stale: bool = False, **options: Any) -> Pending[T]: ...
    @overload
    def fetch(
        self, key: Any, fetcher: Callable[..., Awaitable[T]], *, allow_stale: bool = False, **options: Any
    ) -> Pending[T]: ...
    @overload
    def fetch(
        self, key: Any, fetcher: Callable[..., Any] | None = None, *, allow_stale: bool = False, **options: Any
    ) -> Pending[Any]: ...
    def fetch(
        self, key: Any, fetcher: Callable[..., Any] | None = None, *, allow_stale: bool = False, **options: Any
    ) -> Pending[Any]:
        """The data of a key: that of the cache if it is fresh, else fetched now. All who want a key share one fetch.

        Args:
            key: A key, or the value of `query_options`.
            fetcher: As for `query`.
            allow_stale: Whether stale data is an answer too; it is fetched again behind it.
            options: As for `query`.

        Returns:
            An awaitable of the data. Cancelling one awaiter does not cancel the fetch; cancelling the last one does,
            unless the key is observed or prefetched.

        Raises:
            TypeError, ValueError: An argument is of the wrong type or not an allowed value; there is no fetcher.
            NoEventLoopError: A fetch would have to start, and no event loop is running.
            Exception: When awaited: the error of the fetch.

        Example:
            >>> data = await client.fetch(("user", 1), fetch_user)
        """
        if not isinstance(allow_stale, bool):
            raise TypeError(f"fetch: allow_stale must be True or False, got {abbreviated(allow_stale)}")
        return self._requests.fetch("fetch", key, fetcher, options, "stale" if allow_stale else "fresh")

    @overload
    def ensure(self, key: QueryOptions[T], **options: Any) -> Pending[T]: ...
    @overload
    def ensure(self, key: Any, fetcher: Callable[..., Awaitable[T]], **options: Any) -> Pending[T]: ...
    @overload
    def ensure(self, key: Any, fetcher: Callable[..., Any] | None = None, **options: Any) -> Pending[Any]: ...
    def ensure(self, key: Any, fetcher: Callable[..., Any] | None = None, **options: Any) -> Pending[Any]:
        """The data of a key: that of the cache whatever its age, else fetched now. See `fetch`."""
        return self._requests.fetch("ensure", key, fetcher, options, "any")

    def fetch_all(self, requests: Iterable[Any]) -> Work[list[Any]]:
        """The data of several keys, fetched together: the time is that of the slowest.

        Args:
            requests: ``(key, fetcher)`` pairs, or values of `query_options`.

        Raises:
            Exception: When awaited: the first error. It cancels nothing that others wait for.

        Example:
            >>> user, posts = await client.fetch_all([(("user", 1), fetch_user), (("posts", 1), fetch_posts)])
        """
        pairs = [self._request(position, request) for position, request in enumerate(requests)]
        started: list[Pending[Any]] = []
        try:
            for key, fetcher in pairs:
                started.append(self._requests.fetch("fetch_all", key, fetcher, {}, "fresh"))
        except BaseException:
            for pending in started:
                pending.close()
            raise
        return Work(lambda: _all_of(started))

    @staticmethod
    def _request(position: int, request: Any) -> tuple[Any, Any]:
        if isinstance(request, QueryOptions):
            return request, None
        if isinstance(request, (tuple, list)) and len(request) == 2:
            return request[0], request[1]
        raise TypeError(
            f"fetch_all: request {position} must be a pair (key, fetcher) or a query_options, got"
            f" {abbreviated(request)}"
        )

    def prefetch(
        self, key: Any, fetcher: Callable[..., Any] | None = None, *, use_once: bool = False, **options: Any
    ) -> Work[None]:
        """Fetch the data of a key that will be needed soon. Unused, it is forgotten after 30 seconds.

        Args:
            key: A key, or the value of `query_options`.
            fetcher: As for `query`.
            options: As for `query`.
            use_once: Whether the data answers one `fetch` or observer only, whatever its age.

        Returns:
            An awaitable that ends with the fetch and does not raise its error; it may be dropped.

        Raises:
            NoEventLoopError: A fetch would have to start, and no event loop is running.
        """
        given, fetcher, checked = self._requests.given("prefetch", key, fetcher, options)
        entry, source = self._requests.entry_and_source("prefetch", given, fetcher, checked)
        ticket = self._requests.prefetch(entry, source, use_once=use_once)
        return Work(lambda: _ended([ticket] if ticket is not None else []))

    def hover(
        self, key: Any, fetcher: Callable[..., Any] | None = None, *, delay: float = 0.2, **options: Any
    ) -> Hover:
        """Prefetch while the pointer rests on something: `.enter()` starts after the delay, `.leave()` cancels.

        Args:
            key: A key, or the value of `query_options`.
            fetcher: As for `query`.
            options: As for `query`.
            delay: Seconds.
        """
        given, fetcher, checked = self._requests.given("hover", key, fetcher, options)
        seconds = check_seconds(delay, "hover", "delay")
        entry_key = query_key(given, "hover")
        self._requests.entry_and_source("hover", given, fetcher, checked)

        def start() -> Entry | None:
            entry, source = self._requests.entry_and_source("hover", given, fetcher, checked)
            if entry.in_flight:
                return None
            ticket = self._requests.prefetch(entry, source, use_once=False)
            if ticket is None:
                return None
            entry.in_flight.tickets.discard(ticket)
            return entry

        return Hover(self._cache, entry_key, seconds, start)

    def prefetch_route(self, path: str) -> Awaitable[bool]:
        """Run the loader of the route that a path matches.

        Returns:
            An awaitable: whether a route matched. It raises the error of the loader.
        """
        if not isinstance(path, str):
            raise TypeError(f"prefetch_route: path must be a str, got {abbreviated(path)}")
        found = self.routes.match(path) if self.routes is not None else None
        if found is None:
            return done(False)  # noqa: FBT003 - the value
        loader, params = found
        self._cache.ready()
        return run_loader(self.store, lambda: loader(self, **params), path)

    # --- pages

    @overload
    def paged(
        self,
        key: QueryOptions[T],
        fetch: None = None,
        page_size: int = 20,
        *,
        prefetch_next: bool = False,
        name: str | None = None,
        **options: Any,
    ) -> Paged[T]: ...
    @overload
    def paged(
        self,
        key: Any,
        fetch: Callable[..., Awaitable[T]],
        page_size: int = 20,
        *,
        prefetch_next: bool = False,
        name: str | None = None,
        **options: Any,
    ) -> Paged[T]: ...
    @overload
    def paged(
        self,
        key: Any,
        fetch: Callable[..., Any],
        page_size: int = 20,
        *,
        prefetch_next: bool = False,
        name: str | None = None,
        **options: Any,
    ) -> Paged[Any]: ...
    def paged(
        self,
        key: Any,
        fetch: Callable[..., Any] | None = None,
        page_size: int = 20,
        *,
        prefetch_next: bool = False,
        name: str | None = None,
        **options: Any,
    ) -> Paged[Any]:
        """A list of which one numbered page is shown at a time. The page before is shown while the next one loads.

        Args:
            key: A key, a function of `get` that returns one, or the value of `query_options`. Each page has an entry
                below it.
            fetch: ``fetch(page, page_size, ctx)``, or a function of the first or the first two of these. It returns
                the data of the page; a `Page` with a `total` tells how many pages there are.
            page_size: Items per page.
            prefetch_next: Whether the next page is fetched when one is shown.
            name: Shown in errors and graphs.
            options: As for `query`.

        Raises:
            TypeError, ValueError: An argument is of the wrong type or not an allowed value.

        Example:
            >>> users = client.paged(("users",), fetch_users, page_size=50)
            >>> store.get(users.data)
            >>> await users.next()
        """
        key, fetch, checked = self._requests.paged("paged", key, fetch, options)
        return make_paged(
            self._cache,
            key,
            fetch,
            checked,
            page_size=page_size,
            prefetch_next=prefetch_next,
            prefetch=lambda entry, source: self._requests.prefetch(entry, source, use_once=False),
            name=name,
        )

    @overload
    def infinite(
        self,
        key: QueryOptions[Page[T]],
        fetch: None = None,
        *,
        max_pages: int | None = None,
        refetch_pages: Literal["all", "first"] = "all",
        item_key: Callable[[Any], Any] | None = None,
        name: str | None = None,
        **options: Any,
    ) -> InfiniteAtom[T]: ...
    @overload
    def infinite(
        self,
        key: Any,
        fetch: Callable[..., Awaitable[Page[T] | tuple[list[T], Any]]],
        *,
        max_pages: int | None = None,
        refetch_pages: Literal["all", "first"] = "all",
        item_key: Callable[[Any], Any] | None = None,
        name: str | None = None,
        **options: Any,
    ) -> InfiniteAtom[T]: ...
    @overload
    def infinite(
        self,
        key: Any,
        fetch: Callable[..., Any] | None = None,
        *,
        max_pages: int | None = None,
        refetch_pages: Literal["all", "first"] = "all",
        item_key: Callable[[Any], Any] | None = None,
        name: str | None = None,
        **options: Any,
    ) -> InfiniteAtom[Any]: ...
    def infinite(
        self,
        key: Any,
        fetch: Callable[..., Any] | None = None,
        *,
        max_pages: int | None = None,
        refetch_pages: Literal["all", "first"] = "all",
        item_key: Callable[[Any], Any] | None = None,
        name: str | None = None,
        **options: Any,
    ) -> InfiniteAtom[Any]:
        """An atom of the state of a list that is loaded page by page.

        Args:
            key: A key, a function of `get` that returns one, or the value of `query_options`.
            fetch: ``fetch(cursor, ctx)`` or ``fetch(cursor)``; the cursor of the first page is None. It returns a
                `Page`, a mapping with "items" and "next_cursor", or a pair (items, next_cursor).
            max_pages: The most pages that are kept. When more are loaded, those at the other end are dropped; they
                can be loaded again.
            refetch_pages: Which pages a refetch asks for: "all" that are kept, or the "first" and drops the others.
            item_key: What tells two items apart. With it, an item that several pages hold, because the list moved
                between two loads, is in `.items` once: at its first place, as the later answer has it.
            name: Shown in errors and graphs.
            options: As for `query`, without those of streams.

        Raises:
            TypeError, ValueError: An argument is of the wrong type or not an allowed value.

        Example:
            >>> posts = client.infinite(("posts",), fetch_posts, item_key=lambda post: post["id"])
            >>> store.get(posts.items)
            >>> await posts.load_more()
        """
        key, fetch, checked = self._requests.paged("infinite", key, fetch, options)
        return make_infinite(
            self._cache,
            key,
            fetch,
            checked,
            max_pages=max_pages,
            refetch_pages=refetch_pages,
            item_key=item_key,
            name=name,
        )

    # --- mutations

    def mutation(
        self,
        fn: Callable[[V], Awaitable[R]] | Callable[[V, MutationContext], Awaitable[R]],
        *,
        key: Any = None,
        update: Callable[[Any, V], object] | None = None,
        updates: Callable[[V], Mapping[Any, Callable[[Any], object]]] | None = None,
        post_effect: Callable[..., Any] | None = None,
        server: Callable[..., Any] | None = None,
        included: Callable[..., object] | None = None,
        invalidates: Any = None,
        scope: str | Callable[[V], str | None] | None = None,
        retry: Retry | int | bool = Retry(max_retries=0),  # noqa: B008 - frozen
        keep_on: KeepOn = (),
        on_mutate: Callable[[V], object] | None = None,
        on_success: Callable[[R, V], object] | None = None,
        on_error: Callable[[Exception, V], object] | None = None,
        on_settled: Callable[[R | None, Exception | None, V], object] | None = None,
        debounce: float | None = None,
        merge: Callable[[V, V], V] | None = None,
        network_mode: Literal["online", "always", "offline_first"] = "online",
        breaker: CircuitBreaker | None = None,
    ) -> Mutation[V, R]:
        """A function that changes data on the server. Each call edits the cached data at once; a failure takes it back.

        Args:
            fn: ``async fn(variables)`` or ``async fn(variables, ctx)``; its result is the server's answer.
            key: The key whose data `update` edits, or a function of the variables that returns it.
            update: ``update(draft, variables)``: the edit that is visible at once. Data that is not there yet gets the
                edit when it comes.
            updates: In the place of `key` and `update`, for several keys: ``updates(variables)`` returns a dict of
                recipes by key.
            post_effect: ``post_effect(draft, result, variables)``: edits again after the server has agreed, at the
                position of the edit. With `updates`: a function of the result and the variables that returns a dict of
                recipes by key.
            server: The same, but in the place of the edit.
            included: ``included(data, variables)``, or ``(data, variables, key)`` with `updates`: whether fetched data
                holds the pending edit already, which is then not made again.
            invalidates: Filters of the keys to fetch again afterwards, however the call has ended: beginnings of keys,
                or dicts such as ``{"tag": "todos"}``; or a function of the result (None if it failed) and the
                variables that returns them. A key waits until no mutation that edits or invalidates it runs or waits.
            scope: Calls of one scope run one after another; a str, or a function of the variables.
            retry: What to do when an attempt fails; by default nothing.
            keep_on: Errors that are no refusal, as classes or a function of the error: the edit stays pending, and
                `MutationHandle.retry` sends the call again.
            on_mutate: ``on_mutate(variables)``, awaited before the call is sent. An error of a hook is reported.
            on_success: ``on_success(result, variables)``, awaited after the edit was confirmed.
            on_error: ``on_error(error, variables)``, awaited after a failure.
            on_settled: ``on_settled(result, error, variables)``, awaited at the end, of a cancelled call too.
            debounce: Seconds within which calls of one scope become one request; each call starts the time anew.
            merge: ``merge(earlier, later)``: the variables of such a request; by default the last ones.
            network_mode: As for `query`.
            breaker: As for `query`.

        Raises:
            TypeError, ValueError: An argument is of the wrong type or not an allowed value.

        Example:
            >>> add = client.mutation(
            ...     create_todo,
            ...     key=("todos",),
            ...     update=lambda draft, todo: draft.append(todo),
            ...     invalidates=[("todos",)],
            ... )
            >>> todo = await add({"title": "buy milk"})
        """
        given = {name: value for name, value in locals().items() if name != "self"}
        return Mutation(self._mutations, MutationPlan.of(given))

    def dismiss(self, state: MutationState[Any]) -> bool:
        """Remove a failed call from `mutations`; a call that was kept (`keep_on`) is given up, its edit rolled back.

        Returns:
            False if the call has not failed, or was dismissed before.
        """
        given: object = state
        if not isinstance(given, MutationState):
            raise TypeError(f"dismiss: state must be one of client.mutations, got {abbreviated(state)}")
        return self._mutations.dismiss(given)

    def resume_paused(self) -> Work[None]:
        """Send the paused calls of mutations, each once, in order. While offline they go on waiting.

        Returns:
            An awaitable that ends when they have ended, or are paused again; it may be dropped.
        """
        self._mutations.queue.resume()
        return Work(self._mutations.queue.resumed)

    # --- the cache

    @overload
    def get_data(self, key: QueryOptions[T]) -> T | None: ...
    @overload
    def get_data(self, key: Any) -> Any: ...
    def get_data(self, key: Any) -> Any:
        """The data of a key in the cache, with its pending edits; None if it is absent or expired. Fetches nothing."""
        entry = self._cache.find(self._requests.plain_key("get_data", key))
        return None if entry is None or entry.is_expired() else entry.visible()

    @overload
    def set_data(self, key: QueryOptions[T], value: T | Callable[[T | None], T]) -> None: ...
    @overload
    def set_data(self, key: Any, value: Any) -> None: ...
    def set_data(self, key: Any, value: Any) -> None:
        """Set the confirmed data of a key: fresh, and below pending edits. Fetches in flight do not overwrite it.

        Args:
            key: A key, or the value of `query_options`.
            value: The data, or a function of the confirmed data (None if there is none) that returns the new data.

        Raises:
            TypeError: The function returned None for a dict, list, set or record, so it has edited it in place.
        """
        options = key.options if isinstance(key, QueryOptions) else {}
        entry = self._cache.entry(self._requests.plain_key("set_data", key))
        if is_function(value):
            before = entry.confirmed() if not entry.is_expired() else None
            after = value(before)
            _core.check_replacement("set_data", entry.data, before, after)
            value = after
        entry.set_data(value, self._cache.settings(entry.key, options))
        self._cache.trim_without_loop()

    @overload
    def edit(self, key: QueryOptions[T], recipe: Callable[[T], object]) -> Layer[T]: ...
    @overload
    def edit(self, key: Any, recipe: Callable[[Any], object]) -> Layer[Any]: ...
    def edit(self, key: Any, recipe: Callable[[Any], object]) -> Layer[Any]:
        """Apply a pending edit to the data of a key; without data, it waits for the first data.

        Returns:
            The layer, to be confirmed or rolled back.

        Raises:
            Exception: The error of the recipe; nothing is changed then.

        Example:
            >>> layer = client.edit(("user", 1), lambda draft: draft.update(name="Ada"))
        """
        entry = self._cache.entry(self._requests.plain_key("edit", key))
        try:
            return self.store.layers(entry.data).apply(recipe)
        except Exception as error:
            error.add_note(f"This was an edit of the data of {entry.key!r}.")
            raise

    def invalidate(
        self,
        key: Any = None,
        *,
        refetch: _Refetch = "observed",
        exact: bool = False,
        tag: Any = None,
        where: Callable[[QueryInfo], object] | None = None,
    ) -> Work[None]:
        """Make data stale until a fetch that starts later has ended; observed data is fetched again now.

        Args:
            key: The beginning of the keys; None means every key.
            refetch: Which data is fetched again: "observed", "all" or "none".
            exact: Whether only the key itself counts.
            tag: Only data with this tag.
            where: Only entries for which ``where(info)`` is true; see `QueryInfo`.

        Returns:
            An awaitable that ends with these fetches and does not raise their errors; it may be dropped.
        """
        if refetch not in ("observed", "all", "none"):
            raise ValueError(f'invalidate: refetch must be "observed", "all" or "none", got {abbreviated(refetch)}')
        tickets = self._invalidate(make_filter("invalidate", key, exact, tag, where), refetch)
        return Work(lambda: _ended(tickets))

    def _invalidate(self, chosen: Filter, refetch: _Refetch) -> list[Ticket]:
        entries = [entry for entry in chosen.matches(self._cache) if not entry.is_static]
        with self.store.batch():
            for entry in entries:
                entry.invalidate()
        if refetch == "none":
            return []
        wanted = [entry for entry in entries if entry.observers or entry.in_flight or refetch == "all"]
        found = [fetch_again(entry, is_kept=entry.is_observed or refetch == "all") for entry in wanted]
        return [ticket for ticket in found if ticket is not None]

    def invalidate_all(self, *, refetch: _Refetch = "observed") -> Work[None]:
        """Invalidate every key; see `invalidate`."""
        return self.invalidate(refetch=refetch)

    def remove(
        self,
        key: Any = None,
        *,
        exact: bool = False,
        tag: Any = None,
        where: Callable[[QueryInfo], object] | None = None,
    ) -> None:
        """Forget data. Fetches in flight are cancelled; pending edits wait for new data. See `invalidate`."""
        for entry in make_filter("remove", key, exact, tag, where).matches(self._cache):
            entry.empty(refetch=False, with_layers=False)

    def reset(
        self,
        key: Any = None,
        *,
        exact: bool = False,
        tag: Any = None,
        where: Callable[[QueryInfo], object] | None = None,
    ) -> Work[None]:
        """Forget data, and fetch observed data anew. See `invalidate`."""
        entries = make_filter("reset", key, exact, tag, where).matches(self._cache)
        with self.store.batch():  # Observers are told once: of the fetch, and not of the absence before it.
            for entry in entries:
                entry.empty(refetch=True, with_layers=False)
        tickets = [ticket for entry in entries if (ticket := entry.in_flight.await_newest()) is not None]
        return Work(lambda: _ended(tickets))

    def cancel(
        self,
        key: Any = None,
        *,
        exact: bool = False,
        tag: Any = None,
        where: Callable[[QueryInfo], object] | None = None,
    ) -> None:
        """Cancel fetches: the state is as before them; whoever awaits them gets RunCancelledError. See `invalidate`."""
        for entry in make_filter("cancel", key, exact, tag, where).matches(self._cache):
            entry.in_flight.cancel()

    def clear(self) -> None:
        """Forget everything, mutations and pending edits included. Observed queries show nothing until asked again."""
        self._mutations.clear()
        for entry in self._cache.all_entries():
            entry.empty(refetch=False, with_layers=True)

    def __repr__(self) -> str:
        return f"<QueryClient of {self.store!r}, {len(self._cache)} keys>"


async def _all_of(pending: list[Pending[Any]]) -> list[Any]:
    """The results of all, in order; the first error in time is raised at once."""
    return await all_of(pending)


async def _ended(tickets: list[Ticket]) -> None:
    for ticket in tickets:
        await ticket.ended()


def _check_limit(value: object) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"QueryClient: max_concurrent must be an int or None, got {abbreviated(value)}")
    if value < 1:
        raise ValueError(f"QueryClient: max_concurrent must be positive, got {value}")
