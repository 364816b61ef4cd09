"""The simulated cameras: drawn scenes with a known truth, behind RTSP, HTTP, ONVIF and WS-Discovery.

Only draw, sprites, figures, vehicles, places, texture and encode need cv2, numpy or PyAV; the rest imports them when
somebody looks, so that a home whose cameras nobody watches pays nothing for them.
"""
