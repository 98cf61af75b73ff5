"""How the platform comes to know of a matter."""

from __future__ import annotations

from enum import IntEnum


class Channel(IntEnum):
    """How a matter became a ticket, or how its citizen would report it."""

    NONE = 0
    PATROL = 1
    OBSERVER = 2  # a part-time gridworker
    CAMERA = 3
    HOTLINE = 4  # a call to 12345
    ONLINE = 5  # WeChat or app, counted among the requests of 12345
    POLICE = 6  # a call to 110


CHANNEL_NAMES = {
    Channel.NONE: ("none", "无"),
    Channel.PATROL: ("patrol", "网格巡查"),
    Channel.OBSERVER: ("part-time observers", "兼职网格员"),
    Channel.CAMERA: ("camera", "视频发现"),
    Channel.HOTLINE: ("12345 call", "12345 来电"),
    Channel.ONLINE: ("12345 online", "微信与网络"),
    Channel.POLICE: ("110 call", "110 报警"),
}
"""English and Chinese names of the channels."""
