"""The change detector over drawn scenes: who comes and goes is told once, light, weather and camera faults are not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import cv2
import numpy as np
import pytest

from dobby.eyes.change import Detector, Tuning
from dobby.eyes.seen import Box, Change, Zone
from tests.eyes import drawn
from tests.eyes.drawn import HIGH, RATE, WIDE, Array, Draw, both, car, film, nobody, parcel, person, walker


def told(detector: Detector, pictures: Iterable[tuple[float, Array]]) -> list[Change]:
    """Everything the detector says about a film."""
    return [change for at, picture in pictures for change in detector.see(picture, at)]


def kinds(changes: list[Change]) -> list[str]:
    return [change.kind for change in changes]


@pytest.mark.parametrize("seed", [1, 2])
def test_a_walker_is_one_event_that_starts_within_a_second_and_ends_when_he_is_gone(seed: int) -> None:
    detector = Detector()
    changes = told(detector, film(seed, 30, walker(10)))
    assert kinds(changes) == ["start", "end"]
    start, end = changes
    assert 10 <= start.at <= 11.3  # his first limb shows at 10.3 s
    assert 19.2 <= end.at <= 21.5
    assert end.why == "gone"
    assert end.event == start.event
    assert not start.known
    assert not detector.open
    assert not detector.boxes


def test_the_boxes_hold_the_walker_and_little_more() -> None:
    detector = Detector()
    for at, picture in film(4, 17, walker(10)):
        detector.see(picture, at)
        if at > 12:
            assert detector.open
            x = -15 + (at - 10) * 45
            whole = detector.boxes[0]
            for box in detector.boxes[1:]:
                whole = whole.joined(box)
            assert whole.left * WIDE <= x <= whole.right * WIDE
            assert whole.top * HIGH <= 140
            assert whole.bottom * HIGH >= 182
            assert whole.area * WIDE * HIGH < 3 * 30 * 60


def test_two_far_apart_are_two_events_and_a_company_is_one() -> None:
    apart = told(Detector(), film(5, 30, both(walker(10, foot=215, speed=30), walker(10, foot=75, speed=70, tall=40))))
    assert kinds(apart).count("start") == 2
    company = told(Detector(), film(5, 24, both(walker(10), walker(10.6), walker(11.1, foot=195))))
    assert kinds(company) == ["start", "end"]


def parks(at: float, begin: float, leave: float = 1e9) -> float:
    """Where the left end of a car is that comes from the left, stops, and goes on."""
    way = min((at - begin) * 60, 260.0) - 115
    return way + max(0.0, at - leave) * 60


def test_a_car_that_parks_is_settled_and_leaves_no_ghost() -> None:
    def draw(picture: Array, at: float) -> None:
        if at > 10 and parks(at, 10, 50) < WIDE:
            car(picture, parks(at, 10, 50), 200)
    detector = Detector()
    changes = told(detector, film(6, 80, draw))
    assert kinds(changes) == ["start", "end", "start", "end"]
    assert changes[1].why == "settled"
    assert 18 <= changes[1].at <= 24
    assert changes[2].known
    assert 50 <= changes[2].at <= 51.6
    assert changes[3].why == "gone"
    assert changes[3].at < 60


def test_somebody_who_stands_still_a_moment_stays_one_event() -> None:
    def draw(picture: Array, at: float) -> None:
        x = (min(at, 13) - 10) * 50 + max(0.0, at - 16) * 50
        if at > 10 and x < WIDE + 15:
            person(picture, x, 190, phase=at * 7 if not 13 < at < 16 else 0)
    assert kinds(told(Detector(), film(7, 34, draw))) == ["start", "end"]


def errand(brings: bool) -> Draw:
    """Somebody walks in, bends down, walks out again; a parcel is there afterwards, or before."""
    def draw(picture: Array, at: float) -> None:
        if (at > 14) == brings:
            parcel(picture, 212, 190)
        x = 200 - abs(at - 14) * 50
        if x > -15:
            person(picture, x, 190, phase=at * 7)
    return draw


def test_a_parcel_that_was_brought_is_told_as_left_and_one_that_was_fetched_as_taken() -> None:
    for brings, kind in ((True, "left"), (False, "taken")):
        changes = told(Detector(), film(8, 45, errand(brings)))
        assert sorted(kinds(changes)) == sorted(["start", "end", kind])
        change = next(change for change in changes if change.kind == kind)
        assert abs(change.box.foot[0] * WIDE - 224) < 12
        assert abs(change.box.foot[1] * HIGH - 190) < 12
        assert change.event != changes[0].event


def test_a_parcel_that_came_and_went_again_is_told_both_times() -> None:
    def draw(picture: Array, at: float) -> None:
        errand(True)(picture, at) if at < 45 else errand(False)(picture, at - 40)
    changes = told(Detector(), film(9, 80, draw))
    assert [kind for kind in kinds(changes) if kind in ("left", "taken")] == ["left", "taken"]
    assert kinds(changes).count("start") == 2


def test_an_infrared_switch_is_one_mode_and_no_event() -> None:
    def coloured() -> Iterator[tuple[float, Array]]:
        for at, picture in film(10, 40):
            light = picture.astype(np.float32)
            if at < 20:
                yield at, np.dstack([drawn.grey(light * share) for share in (0.7, 0.9, 1.1)])
            else:
                other = drawn.grey((255 - light) * 0.4 + light * 0.3)
                yield at, np.dstack([other] * 3)
    detector = Detector()
    changes = told(detector, coloured())
    assert kinds(changes) == ["mode"]
    assert 20 <= changes[0].at < 21
    assert detector.night


def test_another_view_altogether_is_one_mode() -> None:
    there = [(at + 20, picture) for at, picture in film(12, 20)]
    assert kinds(told(Detector(), [*film(11, 20), *there])) == ["mode"]


Stress = Callable[[Iterable[tuple[float, Array]], np.random.Generator], Iterator[tuple[float, Array]]]


def brightness(flow: Iterable[tuple[float, Array]], rng: np.random.Generator) -> Iterator[tuple[float, Array]]:
    for at, picture in flow:
        yield at, drawn.grey(picture * np.float32((1.0, 1.5, 0.6, 1.2)[int(at / 8) % 4]))


def dusk(flow: Iterable[tuple[float, Array]], rng: np.random.Generator) -> Iterator[tuple[float, Array]]:
    for at, picture in flow:
        yield at, drawn.grey(picture * np.float32(max(0.2, 1 - at / 45)))


def cloud(flow: Iterable[tuple[float, Array]], rng: np.random.Generator) -> Iterator[tuple[float, Array]]:
    sky = drawn.soft(rng, 10, (WIDE * 5, HIGH))
    for at, picture in flow:
        x = int(at * 25)
        yield at, drawn.grey(picture * (1 - 0.5 * sky[:, x:x + WIDE]))


def noise(flow: Iterable[tuple[float, Array]], rng: np.random.Generator) -> Iterator[tuple[float, Array]]:
    grain = rng.normal(0, 11, (9, HIGH, WIDE)).astype(np.float32)
    for at, picture in flow:
        yield at, drawn.grey(picture * 0.4 + np.roll(grain[int(at * RATE) % 9], int(rng.integers(0, 300)), 1))


def rain(flow: Iterable[tuple[float, Array]], rng: np.random.Generator) -> Iterator[tuple[float, Array]]:
    for at, picture in flow:
        for _ in range(90):
            x, y, long = (int(value) for value in rng.uniform((0, -10, 8), (WIDE, HIGH, 20)))
            cv2.line(picture, (x, y), (x + 2, y + long), [int(rng.uniform(180, 240))], 1)
        yield at, picture


def shake(flow: Iterable[tuple[float, Array]], rng: np.random.Generator) -> Iterator[tuple[float, Array]]:
    for at, picture in flow:
        dx, dy = rng.uniform(-1.6, 1.6, 2)
        yield at, drawn.cv.warpAffine(picture, np.array([[1, 0, dx], [0, 1, dy]], np.float32), (WIDE, HIGH),
                                      borderMode=cv2.BORDER_REPLICATE)


def sway(flow: Iterable[tuple[float, Array]], rng: np.random.Generator) -> Iterator[tuple[float, Array]]:
    gx, gy = np.meshgrid(np.arange(WIDE, dtype=np.float32), np.arange(HIGH, dtype=np.float32))
    where, lag = np.clip(drawn.soft(rng, 5) * 4 - 2, 0, 1) * 2.5, drawn.soft(rng, 8) * 10
    for at, picture in flow:
        off = (where * np.sin(3.1 * at + lag)).astype(np.float32)
        yield at, drawn.cv.remap(picture, gx + off, gy + off / 2, cv2.INTER_LINEAR)


def headlight(flow: Iterable[tuple[float, Array]], rng: np.random.Generator) -> Iterator[tuple[float, Array]]:
    gx, gy = np.meshgrid(np.arange(WIDE, dtype=np.float32), np.arange(HIGH, dtype=np.float32))
    for at, picture in flow:
        x = (at % 8) * 250 - 200
        spot = np.exp(-((gx - x) / 70) ** 2 - ((gy - 120) / 45) ** 2)
        yield at, drawn.grey(picture * 0.4 * (1 + 1.5 * spot))


@pytest.mark.parametrize("stress", [brightness, dusk, cloud, noise, rain, shake, sway, headlight])
def test_nobody_is_told_of_light_weather_and_camera(stress: Stress) -> None:
    detector = Detector()
    for at, picture in stress(film(20, 45), np.random.default_rng(20)):
        assert detector.see(picture, at) == []
        assert not detector.open


@pytest.mark.parametrize("stress", [brightness, cloud, rain, shake, sway])
def test_a_walker_is_found_in_the_same_weather(stress: Stress) -> None:
    changes = told(Detector(), stress(film(22, 32, walker(14)), np.random.default_rng(22)))
    assert kinds(changes) == ["start", "end"]
    assert 14 <= changes[0].at <= 16


def test_what_happens_in_a_mask_is_not_looked_at() -> None:
    street = Zone("street", ((0, 0.5), (1, 0.5), (1, 1), (0, 1)), "mask")
    assert told(Detector(zones=[street]), film(23, 28, walker(10))) == []
    above = walker(10, foot=90, tall=45, speed=60)
    assert kinds(told(Detector(zones=[street]), film(23, 24, above))) == ["start", "end"]


def test_a_watched_zone_says_how_small_is_too_small() -> None:
    for smallest, expected in ((0.001, ["start", "end"]), (0.1, [])):
        lawn = Zone("lawn", ((0, 0), (1, 0), (1, 1), (0, 1)), "watch", smallest)
        assert kinds(told(Detector(zones=[lawn]), film(24, 26, walker(10)))) == expected


def test_sensitivity_sees_smaller_things() -> None:
    small = walker(10, foot=150, tall=13, speed=25)
    assert kinds(told(Detector(Tuning(sensitivity=0.5)), film(25, 29, small))) == []
    assert "start" in kinds(told(Detector(Tuning(sensitivity=4)), film(25, 29, small)))


def test_another_resolution_is_learned_quietly() -> None:
    detector = Detector()
    assert told(detector, film(26, 10)) == []
    larger = [(at + 10, cv2.resize(picture, (1280, 720))) for at, picture in film(26, 25, walker(10))]
    assert kinds(told(detector, larger)) == ["start", "end"]
    assert told(detector, [(at + 40, picture) for at, picture in film(26, 10)]) == []


def test_garbage_raises_nothing_and_starts_nothing() -> None:
    rng = np.random.default_rng(1)
    detector = Detector()
    frames: list[Array] = [np.zeros((0, 0), np.uint8), np.zeros((1, 1), np.uint8), np.zeros((HIGH, WIDE), np.uint8),
              np.full((HIGH, WIDE), 255, np.uint8), np.zeros((HIGH, WIDE, 3), np.uint8),
              np.zeros((HIGH, WIDE, 4), np.uint8),
              np.zeros((HIGH, WIDE), np.float32), np.zeros(9, np.uint8), np.zeros((9, 4000), np.uint8),
              rng.integers(0, 256, (HIGH, WIDE), np.uint8), np.full((HIGH, WIDE), 128, np.uint8)]
    at = 0.0
    for frame in frames * 3:
        for _ in range(12):
            at += 0.2
            assert "start" not in kinds(detector.see(frame, at))
    assert not detector.open


def test_a_clock_that_jumps_back_or_a_gap_drops_what_was_followed_and_goes_on() -> None:
    detector = Detector()
    assert kinds(told(detector, film(27, 13, walker(10)))) == ["start"]
    back = told(detector, film(27, 30, walker(1012), begin=1000))
    assert kinds(back) == ["end", "start", "end"]
    assert back[0].why == "lost"
    assert kinds(told(detector, film(27, 30, walker(14), begin=0))) == ["start", "end"]


@pytest.mark.parametrize("rate", [1.0, 2.0, 10.0, 25.0])
def test_any_frame_rate_will_do(rate: float) -> None:
    changes = told(Detector(), film(28, 35, walker(12, speed=25), rate=rate))
    assert kinds(changes) == ["start", "end"]


def test_a_scene_that_never_closes_is_throttled_and_told_once_and_is_well_again() -> None:
    def draw(picture: Array, at: float) -> None:
        if 10 < at < 260:
            person(picture, 200 + 150 * np.sin(at * 0.35), 190, phase=at * 7)
    detector = Detector()
    changes = told(detector, film(29, 580, draw, rate=2))
    rest = [change for change in changes if change.kind in ("busy", "calm")]
    assert kinds(rest) == ["busy", "calm"]
    assert 185 < rest[0].at < 260
    assert rest[1].at > 400


def test_the_same_film_gives_the_same_words() -> None:
    one, two = (told(Detector(), film(30, 25, walker(10))) for _ in range(2))
    assert one == two
    assert all(isinstance(change.box, Box) for change in one)


def test_nothing_is_told_of_an_empty_place() -> None:
    assert told(Detector(), film(31, 60, nobody)) == []
    assert RATE == 5.0
