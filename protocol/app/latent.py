"""What is known of one latent by itself: a worker's two frames, whole and together, as the app tells them."""

from protocol.base import Message
from protocol.worker.latent_frames import Firing, Lens


class LatentRead(Message):
    """What its direction promotes and suppresses, and where it fires."""

    lens: Lens
    firing: Firing
