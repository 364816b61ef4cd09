"""Settings: every mistake at once, each with its place and the nearest key, and never a secret in an error."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dobby.config import load, parse, secrets
from dobby.errors import ConfigError
from dobby.settings import Config

EXAMPLE = Path(__file__).parent.parent / "config.example.toml"


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as error:
        parse(tomllib.loads(text))
    return error.value.problems


def test_no_file_is_a_default_home(tmp_path: Path) -> None:
    assert load(tmp_path / "config.toml") == Config()


def test_the_example_is_valid_and_explains_every_key() -> None:
    text = EXAMPLE.read_text("utf-8")
    uncommented = re.sub(r"^# (?=\w+ = |\[)", "", text, flags=re.MULTILINE)
    parse(tomllib.loads(uncommented))
    for key in ("daily_tokens", "callbacks", "simulated", "pin_hash", "public_url", "latitude", "units", "sub_url"):
        assert key in text


def test_all_mistakes_at_once_with_place_and_mend() -> None:
    found = "\n".join(problems("""
        [home]
        nam = "x"
        timezone = "Europe/Berln"
        units = "parsec"
        [[people]]
        role = "boss"
        addresses = ["+1555"]
        [brian]
        model = 1
    """))
    for words in ("home.nam is not a known key. Did you mean name?", "Did you mean Europe/Berlin?",
                  "home.units must be one of metric, imperial", "people[0].role must be one of owner",
                  "people[0].name is missing", 'whatsapp:+1555', "brian is not a known key. Did you mean brain?"):
        assert words in found


@pytest.mark.parametrize("bits", [8, 15, 31])
def test_a_network_is_never_wider_than_65_thousand_addresses(bits: int) -> None:
    assert "network.widest must be 16 to 30" in "\n".join(problems(f"[network]\nwidest = {bits}"))


def test_a_pin_in_the_clear_is_refused_without_being_repeated() -> None:
    found = "\n".join(problems('[[people]]\nname = "Ann"\npin_hash = "2468"'))
    assert "Never write the PIN itself" in found
    assert "2468" not in found


def test_broken_toml_names_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("[home]\nname = 3 4\n", "utf-8")
    with pytest.raises(ConfigError, match="line 2"):
        load(path)


def test_secrets_come_from_a_private_file_or_the_environment(tmp_path: Path) -> None:
    path = tmp_path / "secrets.toml"
    path.write_text('twilio_auth_token = "from the file"\nanthropic_api_key = "file"', "utf-8")
    path.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        secrets(tmp_path, {})
    path.chmod(0o600)
    found = secrets(tmp_path, {"ANTHROPIC_API_KEY": "from outside"})
    assert (found.twilio_auth_token, found.anthropic_api_key) == ("from the file", "from outside")
    assert "file" not in repr(found)
    assert "outside" not in repr(found)


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=8),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3))


@given(st.dictionaries(st.sampled_from(["home", "people", "brain", "network", "cameras", "twilio", "web", "x"]), JSON))
def test_any_table_is_settings_or_a_list_of_mistakes(table: dict[str, Any]) -> None:
    try:
        parse(table)
    except ConfigError as error:
        found = error.problems
        assert found  # either way is right; silence is not
        assert all(problem.startswith("config.toml: ") for problem in found)


@pytest.mark.parametrize(("row", "mend"), [
    ({"url": "rtsp://dobby:secret@10.0.0.2/x"}, "has a password in it"),
    ({"url": "ftp://10.0.0.2/x"}, "must begin with rtsp"),
    ({"url": "rtsp://10.0.0.2/x", "sensitivity": 9.0}, "goes from 0.25 to 4"),
    ({"url": "rtsp://10.0.0.2/x", "zones": [{"name": "a", "points": "0,0 2,2 1,1"}]}, "three corners or more"),
    ({"url": "rtsp://10.0.0.2/x", "zones": [{"name": "a", "points": "left"}]}, "three corners or more"),
])
def test_a_cameras_mistake_is_named_with_its_mend_and_no_password(row: dict[str, object], mend: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse({"cameras": [{"name": "Drive", **row}]})
    assert mend in str(error.value)
    assert "secret@" not in str(error.value)


def test_time_and_presence_are_checked() -> None:
    found = "\n".join(problems("""
        [home]
        latitude = 97.0
        [time]
        quiet = "ten to six"
        quite = ""
        [[people]]
        name = "Robin"
        phone = "not a phone"
        """))
    for words in ("home.latitude goes from -90 to 90", "needed together", "time.quiet must be two times",
                  "time.quite is not a known key. Did you mean quiet?", "people[0].phone must be a hardware address"):
        assert words in found
    parse({"time": {"quiet": "22:30-06:30"}, "people": [{"name": "Robin", "phone": "AA:bb:cc:dd:ee:ff"},
                                                        {"name": "Sam", "phone": "sams-phone.lan"}]})


def test_vision_ends_need_what_they_need() -> None:
    with pytest.raises(ConfigError, match=r"vision\.model is needed"):
        parse({"vision": {"ends": ["local"]}})
    with pytest.raises(ConfigError, match="23:00-06:30"):
        parse({"eyes": {"quiet": "at night"}})
    zone = parse({"cameras": [{"name": "D", "url": "onvif://10.0.0.2", "zones": [
        {"name": "path", "points": "0,0 1,0 1,1", "smallest": 0.01}]}]}).cameras[0].zones[0]
    assert zone.corners() == ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0))
