"""Runs that a page asks for, answered from those that were asked before: the same request gets the same answer.

For tests that look at what a run shows, not at how it comes: the first to ask has it run by the worker, and nobody
waits for it twice. A kept answer has the id of the run that gave it, so that it can be shared.
"""

import re

from playwright.sync_api import BrowserContext, Error, Route

WHOLE_RUNS = re.compile(r"/api/runs\?page=\w+-main$")
KEPT = re.compile(r"/api/runs\?page=\w+-(main|other|look)$")  # a point, samples and what is shared are asked anew


class KeptRuns:
    def __init__(self) -> None:
        self._answers: dict[tuple[str, str | None], tuple[int, dict[str, str], bytes]] = {}

    def serve(self, context: BrowserContext) -> None:
        """To every page of it."""
        context.route(KEPT, self._answer)

    def _answer(self, route: Route) -> None:
        asked = (route.request.url.split("/api/")[0], route.request.post_data)
        try:
            if asked not in self._answers:
                answer = route.fetch()
                if answer.status != 200:
                    return route.fulfill(response=answer)
                self._answers[asked] = (answer.status, answer.headers, answer.body())
            status, headers, body = self._answers[asked]
            return route.fulfill(status=status, headers=headers, body=body)
        except Error:  # the page asked for something else meanwhile
            return None
