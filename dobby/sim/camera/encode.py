"""Pictures into H.264 and JPEG. Heavy: imported in the cameras' worker thread when somebody looks, never before."""

from fractions import Fraction

import av
import cv2
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType

from .camera import View
from .draw import render
from .rtp import SPS, Unit, parameter_sets, split
from .texture import Image

KEY_SECONDS = 2
QUALITY = {"main": "28", "sub": "25"}
FROZEN_QUALITY = "26"
JPEG = [cv2.IMWRITE_JPEG_QUALITY, 88]

# one worker draws for all cameras; more threads would only take the other core away from the tests
cv2.setNumThreads(1)


class Film:
    """An encoder and its sensor's noise: pictures of one size go in, access units come out, the first a key picture."""

    def __init__(self, name: str, size: tuple[int, int], rate: int, frozen: bool) -> None:
        self.size = size
        self._rng = np.random.default_rng()
        self._frames = 0
        # rate control would go on refining a picture that stands still; a constant quantiser gives it again exactly
        quality = {"qp": FROZEN_QUALITY} if frozen else {"crf": QUALITY[name]}
        self._codec = _codec(quality, size, rate, headers_apart=False)

    def shoot(self, view: View, fresh: bool) -> Unit:
        """Draw and encode a view; a `fresh` one begins a new group of pictures."""
        picture = frame_of(view, self.size, self._rng)
        planes = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420), np.uint8)
        frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts, self._frames = self._frames, self._frames + 1
        if fresh:
            frame.pict_type = PictureType.I
        # without look-ahead and B-frames every picture comes out at once
        nals = tuple(nal for packet in self._codec.encode(frame) for nal in split(bytes(packet)))
        return Unit(nals, any(nal[0] & 0x1F == SPS for nal in nals))


def frame_of(view: View, size: tuple[int, int], rng: np.random.Generator) -> Image:
    """The drawn frame; a frozen camera's noise stands still too."""
    return render(view.picture, size, rng if view.noise is None else np.random.default_rng(view.noise))


def jpeg_of(view: View, size: tuple[int, int]) -> bytes:
    """One JPEG."""
    return bytes(cv2.imencode(".jpg", frame_of(view, size, np.random.default_rng()), JPEG)[1])


def headers(name: str, size: tuple[int, int], rate: int) -> tuple[bytes, bytes]:
    """The parameter sets that a film of this kind will begin with."""
    codec = _codec({"crf": QUALITY[name]}, size, rate, headers_apart=True)
    return parameter_sets(split(bytes(codec.extradata or b"")))


def _codec(quality: dict[str, str], size: tuple[int, int], rate: int, headers_apart: bool) -> VideoCodecContext:
    codec: VideoCodecContext = av.CodecContext.create("libx264", "w")
    codec.width, codec.height = size
    codec.pix_fmt = "yuv420p"
    codec.time_base, codec.framerate = Fraction(1, rate), Fraction(rate, 1)
    codec.gop_size, codec.max_b_frames, codec.thread_count = KEY_SECONDS * rate, 0, 1
    usual = {"preset": "ultrafast", "tune": "zerolatency", "forced-idr": "1", "sc_threshold": "0"}
    codec.options = usual | quality
    if headers_apart:
        codec.flags |= av.codec.context.Flags.global_header
    codec.open()
    return codec
