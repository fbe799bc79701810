"""Active latents of a run's frames, unpacked by protocol/worker/frames.py alone: what pages and clients are held to."""

import base64
import struct
from typing import Any

Places = dict[int, list[tuple[int, float]]]


def decoded(frames: list[dict[str, Any]]) -> dict[tuple[int, str], Places]:
    """(arm, dictionary) -> place -> its (latent, value), largest first."""
    found: dict[tuple[int, str], Places] = {}
    for frame in frames:
        if frame["kind"] != "latents":
            continue
        data, n = base64.b64decode(frame["data"]), sum(frame["counts"])
        indices = struct.unpack_from(f"<{n}{'H' if frame['index_bytes'] == 2 else 'I'}", data)
        values = struct.unpack_from(f"<{n}f", data, n * frame["index_bytes"])
        pairs = iter(zip(indices, values, strict=True))
        places = found.setdefault((frame["arm"], frame["dictionary"]), {})
        for place, count in enumerate(frame["counts"], frame["pos"]):
            places[place] = sorted((next(pairs) for _ in range(count)), key=lambda pair: (-pair[1], pair[0]))
    return found
