"""The simulated cameras: drawn scenes with a known truth, behind RTSP, HTTP, ONVIF and WS-Discovery.

Only draw, sprites, figures, vehicles, places, texture and encode need cv2, numpy or PyAV; the rest imports them in a
thread when somebody looks, so that a home whose cameras nobody watches pays nothing for them.

On the control port:

- `GET /camera` -> `{"cameras": {KEY: {"name", "room", "url", "sub_url", "onvif", "snapshot", "mjpeg", "user",
  "playing", "until", "queued", "viewers"}}, "events": {NAME: {"about", "cameras", "seconds"}}}`.
- `POST /camera {"camera", "event", "seed"?, "seconds"?, "carrier"?, "queue"?}` -> `{"camera", "event", "seed", "began",
  "stops"?, "ends"}`: aware ISO times; `stops` is when the first actor stops, `seconds` plays it all faster or slower.
  While something plays the answer is 409 with what and until when, unless `queue` is true (then `{"queued", "after",
  "free"}`). What cannot be (a second parked car) is 409 too.
- `/truth` of a camera: `{"event", "on_screen": [{"what", "name", "carrier", "box", "moving"}], "night", "light",
  "history"}`; a box is left, top, right, bottom in fractions, what stands before the actor not taken off.
  `POST /truth` sets `night`.
- `/faults`: dead (connections reset, new ones hang), slow (requests wait, running streams drip), lies (frozen: the
  picture of that moment for ever, to the last grain of noise, with good timestamps), refuses (401, running streams
  end), garbage (random bytes in good RTP and HTTP framing), resize (three quarters of the
  resolution, in mid-stream), black.
"""
