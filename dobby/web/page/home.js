// The home: rooms with their devices, a line on top, scenes as buttons. Readings come by the hundred; what they touch is
// gathered and written once a frame.

import {api} from "/api.js";
import {card, trait, value} from "/cards.js";
import {called, inDanger, label, shown} from "/controls.js";
import {$, element, grouped, press, say} from "/dom.js";

export const home = new Map(); // devices by id, as /api/home tells them
const cards = new Map();
const touched = new Set();
const house = {of: (id) => home.get(id), set, mayName: false, renamed: () => readHome()};
let wanted = () => true,
  asked = () => {};

const ELSEWHERE = "Elsewhere";

called.choice = (value) => home.get(value)?.name ?? value;

// --- reading ----------------------------------------------------------------------------------------------------------

// asking: called when an order became a question; naming: whether this person may name devices.
export function begin(asking, naming) {
  asked = asking;
  house.mayName = naming;
  $("find").addEventListener("input", () => filter($("find").value));
  addEventListener("answered", () => {
    for (const device of home.values())
      if (device.asking) {
        device.asking = "";
        touch(device.id);
      }
  });
  setInterval(() => {
    for (const card of cards.values()) card.age();
  }, 30000);
  setInterval(() => document.hidden || readHome().catch(() => {}), 300000); // ages: what stays the same is not told
}

// One reading of the whole home at a time; what is told while it is under way comes after it, in its order.
let reading = null;
const meanwhile = [];
export const readHome = () => (reading ??= read());

async function read() {
  try {
    const {devices} = await api("GET", "/api/home");
    const same =
      cards.size > 0 &&
      devices.length === home.size &&
      devices.every((one) => home.has(one.id) && face(home.get(one.id)) === face(one));
    for (const one of devices) keepSaid(one);
    home.clear();
    for (const one of devices) home.set(one.id, one);
    if (same) for (const id of home.keys()) touch(id);
    else drawHome();
  } finally {
    reading = null;
    for (const again of meanwhile.splice(0)) again();
  }
}

// What a card is built from; while it is the same, the card is kept, with whatever a hand does on it.
const face = (one) =>
  JSON.stringify([
    one.name,
    one.room,
    one.kind,
    one.aliases,
    one.in_everything,
    one.traits.map((row) => [row.name, row.kind, row.min, row.max, row.choices]),
  ]);

// What was said on a card about its device outlives a new reading of it.
function keepSaid(device) {
  const before = home.get(device.id);
  return Object.assign(device, {error: before?.error ?? "", asking: before?.asking ?? ""});
}

function drawHome() {
  const rooms = grouped([...home.values()], (one) => one.room || ELSEWHERE);
  const names = [...rooms.keys()].sort(
    (one, other) => (one === ELSEWHERE) - (other === ELSEWHERE) || one.localeCompare(other),
  );
  const open = new Set(
    [...document.querySelectorAll(".device details[open]")].map((one) => one.closest(".device").dataset.id),
  );
  cards.clear();
  $("rooms").replaceChildren(...names.map((name) => room(name, rooms.get(name))));
  if (!home.size) {
    $("rooms").append(
      element("p", {
        className: "empty",
        textContent:
          "Nothing is part of this home yet. Ask me to find " +
          "what you have: “I think I have Sonos, can you find it?”",
      }),
    );
  }
  touched.clear();
  for (const [id, card] of cards) {
    card.write();
    if (open.has(id)) card.open();
  }
  summarize();
  filter($("find").value);
}

export function took(event) {
  if (reading) return void meanwhile.push(() => took(event));
  const {device, trait: name, value: now, at, pending, reachable} = event,
    known = home.get(device),
    one = known && trait(known, name);
  if (!known) return void readHome().catch((error) => say(error.message));
  known.reachable = reachable;
  if (one) Object.assign(one, pending ? {pending} : {value: now, at, pending});
  touch(device);
}

export function came(event) {
  if (reading) return void meanwhile.push(() => came(event));
  const {id, device} = event,
    before = home.get(id);
  if (device) home.set(id, keepSaid(device));
  else home.delete(id);
  if (before && device && face(before) === face(device)) touch(id);
  else later(drawHome);
}

let drawing = null;
function later(all) {
  if (drawing === null)
    requestAnimationFrame(() => {
      const draw = drawing;
      drawing = null;
      draw();
    });
  if (drawing !== drawHome) drawing = all;
}

function touch(id) {
  touched.add(id);
  later(drawTouched);
}

function drawTouched() {
  for (const id of touched) cards.get(id)?.write();
  touched.clear();
  summarize();
}

// --- acting -----------------------------------------------------------------------------------------------------------

async function set(device, one, wish) {
  one.pending = true;
  device.error = device.asking = "";
  touch(device.id);
  try {
    const {outcomes, question} = await api("POST", "/api/commands", [
      {device: device.id, trait: one.name, value: wish},
    ]);
    [device, one] = now(device, one);
    const bad = outcomes.find((outcome) => outcome.result === "failed");
    if (bad && !question) device.error = `${label(one)}: ${bad.error.text}`;
    if (question) {
      device.asking = "waits for your yes, above";
      asked(question);
    }
  } catch (error) {
    [device, one] = now(device, one);
    device.error = error.message;
  }
  one.pending = false;
  touch(device.id);
}

// A device and its trait as they are known by now: both may have been read anew while an order was under way.
function now(device, one) {
  const known = home.get(device.id) ?? device;
  return [known, trait(known, one.name) ?? one];
}

async function setAll(devices, name, wish) {
  const rows = devices.filter((one) => one.reachable).map((one) => ({device: one.id, trait: name, value: wish}));
  if (!rows.length) return;
  const {outcomes, question} = await api("POST", "/api/commands", rows);
  for (const one of outcomes.filter(
    (outcome) => outcome.result === "failed" && !(question && outcome.error.kind === "policy"),
  )) {
    const device = home.get(one.device);
    if (device) {
      device.error = one.error.text;
      touch(device.id);
    }
  }
  if (question) asked(question);
}

// --- rooms --------------------------------------------------------------------------------------------------

function room(name, devices) {
  const lights = devices.filter((one) => one.kind === "light" && trait(one, "on"));
  const section = element("section", {className: "room"}, element("header", {}, element("h2", {textContent: name})));
  section.setAttribute("aria-label", name);
  const facts = element("p", {className: "facts"});
  section.firstChild.append(facts);
  if (lights.length > 1) {
    const now = () => devices.filter((one) => one.kind === "light").map((one) => home.get(one.id) ?? one);
    for (const [text, wish] of [
      ["All on", true],
      ["All off", false],
    ]) {
      const button = press(text, () => setAll(now(), "on", wish), {className: "quiet"});
      button.setAttribute("aria-label", `${name}: all lights ${wish ? "on" : "off"}`);
      section.firstChild.append(button);
    }
  }
  const grid = element("div", {className: "devices"});
  for (const device of devices.sort((one, other) => (one.kind + one.name).localeCompare(other.kind + other.name))) {
    const made = card(device, house);
    cards.set(device.id, made);
    grid.append(made.node);
  }
  section.append(grid);
  facts.textContent = devices
    .flatMap((one) =>
      one.traits
        .filter(
          (row) =>
            row.kind === "sensor" &&
            ["current", "temperature", "humidity"].includes(row.name) &&
            row.value !== null &&
            !["pool", "spa"].includes(one.kind) &&
            (one.kind === "thermostat" || one.traits.some((other) => other.name === "humidity")),
        )
        .map(shown),
    )
    .slice(0, 2)
    .join(" · ");
  return section;
}

// --- the line on top, scenes, finding -----------------------------------------------------------------------------------

function summarize() {
  const all = [...home.values()];
  const facts = []; // [text, class, which devices]
  const one = (test, text, kind) => {
    for (const device of all.filter(test)) facts.push([text(device), kind, (other) => other.id === device.id]);
  };
  const many = (test, single, plural, kind) => {
    const found = all.filter(test);
    if (found.length) facts.push([`${found.length} ${found.length === 1 ? single : plural}`, kind, test]);
  };
  one(inDanger, (device) => `${device.name}!`, "bad");
  one(
    (device) => value(device, "locked") === false,
    (device) => `${device.name} is unlocked`,
    "warn",
  );
  one(
    (device) => value(device, "open") === true || value(device, "opened") === true,
    (device) => `${device.name} is open`,
    "warn",
  );
  many((device) => !device.reachable, "does not answer", "do not answer", "bad");
  many((device) => device.kind === "light" && device.reachable && value(device, "on"), "light on", "lights on", "");
  many((device) => value(device, "playing"), "player playing", "players playing", "");
  one(
    (device) => device.kind === "alarm",
    (device) => `${device.name}: ${shown(trait(device, "armed"))}`,
    "",
  );
  const text = JSON.stringify(facts);
  if ($("summary").dataset.text === text) return;
  $("summary").dataset.text = text;
  $("summary").replaceChildren(
    ...facts.map(([words, kind, test]) =>
      element("button", {
        type: "button",
        className: `chip ${kind}`,
        textContent: words,
        onclick() {
          $("find").value = "";
          wanted = test;
          sift();
        },
      }),
    ),
  );
  if (!facts.length) $("summary").append(element("span", {className: "chip", textContent: "All is quiet"}));
}

function filter(text) {
  const words = text.trim().toLowerCase();
  wanted = (device) => !words || `${device.name} ${device.room} ${device.kind}`.toLowerCase().includes(words);
  sift();
}

function sift() {
  let left = 0;
  for (const [id, one] of cards) {
    one.node.hidden = !wanted(home.get(id));
    left += one.node.hidden ? 0 : 1;
  }
  for (const section of document.querySelectorAll("section.room")) {
    section.hidden = !section.querySelector("article:not([hidden])");
  }
  $("all").hidden = left === cards.size;
}
$("all").addEventListener("click", () => {
  $("find").value = "";
  filter("");
});

export async function drawScenes() {
  const found = await api("GET", "/api/skills").catch(() => ({skills: []}));
  $("scenes").replaceChildren(
    ...found.skills
      .filter((one) => one.say)
      .map((one) =>
        press(
          one.say,
          async () => {
            const {reply} = await api("POST", "/api/say", {text: one.say});
            say(reply);
          },
          {title: one.description, className: "scene"},
        ),
      ),
  );
}
