"""Two requests at once: what somebody else does after a request has read its rows, and before its
view stores anything.
"""

from collections.abc import Callable
from typing import Any

import pytest

_waiting: list[Callable[[], Any]] = []


def middleware(get_response: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def answer(request: Any) -> Any:
        if request.method == "POST" and _waiting:
            _waiting.pop()()
        return get_response(request)

    return answer


@pytest.fixture
def meanwhile(settings):
    """Let something happen in the middle of the next POST: `meanwhile(lambda: ...)`."""
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "tests.meanwhile.middleware"]
    yield _waiting.append
    assert not _waiting, "no request came in which it could have happened"
