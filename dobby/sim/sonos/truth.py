"""A player in the words of `/truth`, and what outside hands can do to it."""

from ..house import FAVORITES
from ..things import State, check_words, want_bool, want_number
from .player import Household, Player


def truth(household: Household, player: Player) -> State:
    """What is heard: a follower says what its coordinator plays; `group` is the coordinator's key."""
    leader = household.leader(player)
    track = leader.current()
    return {
        "playing": leader.transport == "PLAYING",
        "uri": track.uri if track else ("" if leader.plays_queue else leader.uri),
        "volume": player.volume,
        "muted": player.muted,
        "group": leader.spec.key,
    }


def change(household: Household, player: Player, state: State, keys: dict[str, str]) -> None:
    """An outside hand; `keys` turns device keys into uids. ValueError for what cannot be."""
    check_words(state, truth(household, player))
    if "volume" in state:
        player.volume = round(want_number(state, "volume", 0, 100))
    if "muted" in state:
        player.muted = want_bool(state, "muted")
    if "group" in state:
        _regroup(household, player, state["group"], keys)
    leader = household.leader(player)
    if "uri" in state:
        leader.uri, leader.metadata = str(state["uri"]), ""
        leader.go("STOPPED")
    if "playing" in state:
        playing = want_bool(state, "playing")
        if playing and (not leader.uri or (leader.plays_queue and not leader.queue)):
            leader.uri, leader.metadata = FAVORITES[0].uri, ""  # a hand on the button of an empty player: the first one
        if playing != (leader.transport == "PLAYING"):
            leader.go("PLAYING" if playing else "PAUSED_PLAYBACK")


def _regroup(household: Household, player: Player, key: object, keys: dict[str, str]) -> None:
    if key not in keys:
        raise ValueError(f"'group' is one of {', '.join(keys)}, not {key!r}")
    uid = keys[str(key)]
    if uid == player.uid:
        household.leave(player)
    else:
        household.join(player, household.players[uid].coordinator)
