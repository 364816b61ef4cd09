"""A parcel at a drawn front door, brought and fetched: left, then taken, whatever lies under it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from dobby.eyes.change import Detector
from dobby.sim.camera import draw, scenes


@pytest.mark.parametrize("seed", [1, 2])
def test_a_parcel_is_left_and_then_taken(seed: int) -> None:
    rng, detector, standing, at = np.random.default_rng(seed), Detector(), scenes.Standing(), 0.0
    for event, kind in (("parcel_left", "left"), ("parcel_taken", "taken")):
        kinds: list[str] = []
        play = scenes.play(event, "front_door", standing, seed, at + 12)
        while at < play.ends + 14:
            picture = play.picture_at(at) if at >= play.began else scenes.still("front_door", standing)
            drawn = cv2.cvtColor(draw.render(picture, (640, 360), rng), cv2.COLOR_BGR2GRAY).astype(np.uint8)
            kinds += [change.kind for change in detector.see(drawn, at) if change.kind != "end"]
            at += 0.2
        assert kinds == ["start", kind]
        standing = play.script.after
