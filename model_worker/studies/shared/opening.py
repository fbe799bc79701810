"""A study's first frame, as its figures read it. Knows nothing about any study."""

from typing import TypeVar

from protocol.worker.study_frames import Study

AnyStudyRequest = TypeVar("AnyStudyRequest")


def request_of(opening: Study, kind: type[AnyStudyRequest]) -> AnyStudyRequest:
    """The request as it was resolved, which is of that kind."""
    assert isinstance(opening.request, kind)
    return opening.request
