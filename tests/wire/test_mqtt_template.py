"""Templates of discovery payloads: what real ones say, and what a hostile one cannot do."""

from __future__ import annotations

import json

import pytest

from dobby.wire.mqtt.template import Payload, TemplateProblem, check, fill, render

MESSAGE = json.dumps({"contact": False, "temp": "21.46", "state": "on", "nested": {"a": [1, 2.5]}, "ENERGY": {
    "Power": 12}, "mode": 2, "none": None, "odd key": "x"})


@pytest.mark.parametrize(("template", "said"), [
    ("", MESSAGE),
    ("{{ value_json.contact }}", "False"), ("{{value_json['ENERGY']['Power']}}", "12"),
    ("{{ value_json.nested.a[1] }}", "2.5"), ('{{ value_json["odd key"] }}', "x"), ("{{ value_json.missing }}", ""),
    ("{{ value_json.none }}", "None"), ("{{ value_json.temp | float | round(1) }}", "21.5"),
    ("{{ value_json.temp | float(0) | int }}", "21"), ("{{ value_json.missing | default('off') }}", "off"),
    ("{{ value_json.missing | float(7) }}", "7"), ("{{ value | from_json | to_json | length > 10 }}", "True"),
    ("{% set values = {None: None, 'on': 'heating', 'off': 'idle'} %}{{ values[value_json.state] }}", "heating"),
    ("{% if value_json.mode == 2 %}cool{% elif value_json.mode == 1 %}heat{% else %}off{% endif %}", "cool"),
    ("{{ iif(value_json.contact, 'closed', 'open') }}", "open"), ("{{ value_json.contact | iif('a', 'b') }}", "b"),
    ("{{ (value_json.mode * 50) | int + 1 }}", "101"), ("{{ value_json.state.upper() }}", "ON"),
    ("{{ [value_json.mode, 5] | max }}", "5"), ("{{ min(value_json.mode, 1) }}", "1"),
    ("{{ value_json.get('state') }}", "on"), ("{{ 'ON' if value_json.state | bool else 'OFF' }}", "ON"),
    ("{{ value_json.temp.replace('.', ',') }}", "21,46"), ("{{ value_json.state ~ '-' ~ value_json.mode }}", "on-2"),
    ("{{ value_json.temp | is_defined }}", "21.46"), ("{{ not value_json.contact }}", "True")])
def test_what_real_templates_say(template: str, said: str) -> None:
    assert render(check(template), Payload(MESSAGE)) == said


@pytest.mark.parametrize("template", [
    "{{ value_json.missing.deeper }}", "{{ value_json.state | float }}", "{{ value_json.missing | is_defined }}",
    "{{ value_json.missing | int }}", "{{ states('sensor.x') }}", "{{ value_json.nested.b.c }}"])
def test_what_says_nothing_is_a_problem_and_never_a_zero(template: str) -> None:
    with pytest.raises(TemplateProblem):
        render(check(template), Payload(MESSAGE))


def test_a_message_without_json_is_a_problem_only_where_json_is_wanted() -> None:
    assert render("{{ value | upper }}", Payload("on")) == "ON"
    for template in ("{{ value_json.x }}", "{{ value_json.x | int }}"):
        with pytest.raises(TemplateProblem):
            render(template, Payload("on"))


@pytest.mark.parametrize("template", [
    "{% for i in range(10**9) %}x{% endfor %}", "{{ 'a' * 10**9 }}", "{{ 9 ** 9 ** 9 ** 9 }}", "{{ range(10**9) }}",
    "{% set a = 'x' * 1000 %}", "{{ '%1000000000d' % 1 }}", "{{ '{:1000000000d}'.format(1) }}",
    "{{ 'x'.ljust(10**9) }}", "{{ 'x' | center(10**9) }}", "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ cycler.__init__.__globals__ }}",
    "{{ lipsum.__globals__['os'] }}", "{% include '/etc/passwd' %}", "{% import 'x' as y %}",
    "{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}", "{{ value.encode() }}", "{{ [1] * 10**9 }}",
    "{% set a = 'xxxxxxxxxx' %}" + "{% set a = a ~ a %}" * 40 + "{{ a }}",
    "{% set a = [1, 1] %}" + "{% set a = [a, a, a, a] %}" * 7 + "{{ a }}",
    "{% set a = 'x' %}" + "{% set a = a + a %}" * 7 + "{{ a }}",
    "{{ " + "(" * 300 + "1" + ")" * 300 + " }}", "{{ " + "1 + " * 400 + "1 }}", "x" * 5000, "{{ broken", "{% if %}",
    "{{ value | replace('o', 'o' * 9) }}", "{{ value | to_json" + " | to_json" * 40 + " }}", "{{ value | list }}"])
def test_a_hostile_template_is_refused(template: str) -> None:
    with pytest.raises(TemplateProblem):
        render(check(template), Payload('"' * 60000 if "to_json" in template else "ox"))


@pytest.mark.parametrize("template", ["{{ value.__class__ }}", "{{ self._TemplateReference__context }}"])
def test_what_is_inside_is_not_shown(template: str) -> None:
    assert render(check(template), Payload("ox")) == ""


def test_what_doubles_stays_small() -> None:
    grown = "{{ value" + " | replace('a', 'aaaaaaaaaa')" * 20 + " }}"
    with pytest.raises(TemplateProblem):
        render(grown, Payload("a" * 1000))
    with pytest.raises(TemplateProblem):
        fill("{{ value.replace('a', 'a' ~ value).replace('a', value).replace('a', value) }}", {"value": "a" * 30000})


def test_a_deep_message_is_no_harm() -> None:
    with pytest.raises(TemplateProblem):
        render("{{ value_json.x }}", Payload("[" * 50000))
