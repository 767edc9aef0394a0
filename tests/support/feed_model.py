"""A *feed model* says in plain Python what an infinite query shows, one request after the other.

It knows pages as dicts, edits as functions that are applied anew for each look, and no time but the order of requests.
"""

import copy


class FeedModel:
    """The pages of one feed, its edits, and the requests that it has made."""

    def __init__(self, server, max_pages, refetch_pages, keyed):
        self.server = server
        self.max_pages = max_pages
        self.refetch_pages = refetch_pages
        self.keyed = keyed
        #: None before the first load.
        self.pages = []
        #: The edits that are pending, in order.
        self.edits = []
        self.calls = []
        #: The cursors of pages dropped in front, the nearest last.
        self.dropped = []

    def ask(self, cursor, number):
        self.calls.append(cursor)
        page = self.server(cursor)
        return {
            "cursor": cursor,
            "items": copy.deepcopy(page.items),
            "answered": copy.deepcopy(page.items),
            "next": page.next_cursor,
            "previous": page.prev_cursor,
            "number": number,
        }

    # --- what loads

    def load(self, intents, between):
        """Do what is asked for at the same moment; `between` is called after the first request was sent."""
        asked = len(self.calls)

        def ask(cursor, number):
            page = self.ask(cursor, number)
            if len(self.calls) == asked + 1:
                between()
            return page

        # Who asks for more at the same end again has joined; at an end of the list there is nothing to join.
        wishes = [one for one in dict.fromkeys(intents) if one != "refetch" and self.can(one)]
        if not self.pages:
            self.pages = [ask(None, 0)]
            return
        if "refetch" in intents:
            self.renew(ask)
        for wish in wishes:
            if self.can(wish):
                self.extend(wish, ask)

    def renew(self, ask):
        count = 1 if self.refetch_pages == "first" else len(self.pages)
        pages = [ask(self.pages[0]["cursor"], 0)]
        while len(pages) < count and pages[-1]["next"] is not None:
            pages.append(ask(pages[-1]["next"], 0))
        self.pages = pages

    def can(self, side):
        if not self.pages:
            return side == "next"
        if side == "next":
            return self.pages[-1]["next"] is not None
        return self.pages[0]["previous"] is not None or bool(self.dropped)

    def extend(self, side, ask):
        newest = max(page["number"] for page in self.pages)
        most = self.max_pages or len(self.pages) + 1
        if side == "next":
            self.pages.append(ask(self.pages[-1]["next"], newest))
            while len(self.pages) > most:
                self.dropped.append(self.pages.pop(0)["cursor"])
        else:
            known = self.dropped.pop() if self.dropped else None
            cursor = self.pages[0]["previous"]
            page = ask(cursor if cursor is not None else known, newest + 1)
            self.pages = [page, *self.pages][:most]

    # --- what is shown

    def visible(self):
        pages = copy.deepcopy(self.pages)
        if pages:
            for edit in self.edits:
                edit([page["items"] for page in pages])
        return pages

    def commit_oldest(self):
        self.edits.pop(0)([page["items"] for page in self.pages])

    def items(self):
        copies = [
            (item, item not in page["answered"], page["number"], index)
            for index, page in enumerate(self.visible())
            for item in page["items"]
        ]
        if not self.keyed:
            return [item for item, *_ in copies]
        ids = list(dict.fromkeys(item["id"] for item, *_ in copies))
        return [_best([one for one in copies if one[0]["id"] == wanted]) for wanted in ids]


def _best(copies):
    """The edited one, else the later answer, else the one behind."""
    best = copies[0]
    for one in copies[1:]:
        if one[1:] >= best[1:]:
            best = one
    return best[0]
