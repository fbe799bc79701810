"""A study's first frame, as its figures read it. Knows nothing about any study."""

from typing import TypeVar

from protocol.worker.study_frames import Study

Asked = TypeVar("Asked")


def request_of(opening: Study, kind: type[Asked]) -> Asked:
    """The request as it was resolved, which is of that kind."""
    assert isinstance(opening.request, kind)
    return opening.request
