"""Which arm of a recording a finding's view shows. Knows nothing about what that arm says."""

from protocol.app.findings import View
from protocol.worker.frames import Start


def arm_shown(start: Start, view: View) -> int | None:
    """The arm of the view's strength. Where that pushes nothing: what is held by itself if anything is, else the
    baseline, 0. None for a strength that was not run."""
    for index, arm in enumerate(start.arms):
        if view.sweep is not None and (arm.sweep, arm.strength) == (view.sweep, view.strength):
            return index
    sweeps = start.request.sweeps
    idle = 0.0 if view.sweep is None or view.sweep >= len(sweeps) else sweeps[view.sweep].idle
    if view.sweep is not None and view.strength != idle:
        return None
    return next((index for index, arm in enumerate(start.arms) if arm.held and arm.sweep is None), 0)
