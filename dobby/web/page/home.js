// The home: rooms with their devices, a line on top, scenes as buttons. Readings come by the hundred; what they touch is
// gathered and written once a frame.

import {api} from "/api.js";
import {actions, called, control, inDanger, label, shown, yesNo} from "/controls.js";
import {$, ago, element, grouped, icon, press, say} from "/dom.js";

export const home = new Map(); // devices by id, as /api/home tells them
const cards = new Map();
const touched = new Set();
let wanted = () => true, asked = () => {}, mayName = false;

const HIDDEN = new Set(["uri", "track", "reachable", "ignore"]);
const MAIN = ["on", "playing", "locked", "open", "watching"]; // the switch beside the name
const SHOWN = new Set(["brightness", "position", "volume", "speed", "target", "armed", "mode", "task", "title", "power"]);
const ICONS = {light: "light", speaker: "speaker", thermostat: "heat", shade: "shade", lock: "lock", garage: "garage",
  alarm: "alarm", pool: "pool", spa: "pool", plug: "plug", sensor: "sensor", camera: "eyes", fan: "fan",
  vacuum: "vacuum", tv: "tv"};
const ELSEWHERE = "Elsewhere";

called.choice = (value) => home.get(value)?.name ?? value;

const trait = (device, name) => device.traits.find((one) => one.name === name);
const value = (device, name) => trait(device, name)?.value;

// --- reading ----------------------------------------------------------------------------------------------------------

// asking: called when an order became a question; naming: whether this person may name devices.
export function begin(asking, naming) {
  asked = asking;
  mayName = naming;
  $("find").addEventListener("input", () => filter($("find").value));
  addEventListener("answered", () => {
    for (const device of home.values()) if (device.asking) { device.asking = ""; touch(device.id); }
  });
  setInterval(() => { for (const card of cards.values()) card.age(); }, 30000);
}

export async function readHome() {
  const {devices} = await api("GET", "/api/home");
  home.clear();
  for (const device of devices) home.set(device.id, device);
  drawHome();
}

export function drawHome() {
  const rooms = grouped([...home.values()], (one) => one.room || ELSEWHERE);
  const names = [...rooms.keys()].sort((one, other) => (one === ELSEWHERE) - (other === ELSEWHERE) || one.localeCompare(other));
  const open = new Set([...document.querySelectorAll(".device details[open]")].map((one) => one.closest(".device").dataset.id));
  cards.clear();
  $("rooms").replaceChildren(...names.map((name) => room(name, rooms.get(name))));
  if (!home.size) {
    $("rooms").append(element("p", {className: "empty", textContent: "Nothing is part of this home yet. Ask me to find "
      + "what you have: “I think I have Sonos, can you find it?”"}));
  }
  touched.clear();
  for (const [id, card] of cards) {
    card.write();
    if (open.has(id)) card.open();
  }
  summarize();
  filter($("find").value);
}

export function took({device, trait: name, value: now, at, pending, reachable}) {
  const known = home.get(device), one = known && trait(known, name);
  if (!known) return void readHome();
  known.reachable = reachable;
  if (one) Object.assign(one, pending ? {pending} : {value: now, at, pending});
  touch(device);
}

export function came({id, device}) {
  const before = home.get(id), face = (one) => JSON.stringify([one.name, one.room, one.kind, one.aliases, one.in_everything,
    one.traits.map((row) => [row.name, row.kind, row.min, row.max, row.choices])]);
  if (device) home.set(id, device); else home.delete(id);
  if (before && device && face(before) === face(device)) touch(id); else later(drawHome);
}

let drawing = null;
function later(all) {
  if (drawing === null) requestAnimationFrame(() => { const draw = drawing; drawing = null; draw(); });
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

export async function set(device, one, wish) {
  one.pending = true;
  device.error = device.asking = "";
  touch(device.id);
  try {
    const {outcomes, question} = await api("POST", "/api/commands", [{device: device.id, trait: one.name, value: wish}]);
    const bad = outcomes.find((outcome) => outcome.result === "failed");
    if (bad && !question) device.error = `${label(one)}: ${bad.error.text}`;
    if (question) { device.asking = "waits for your yes, above"; asked(question); }
  } catch (error) {
    device.error = error.message;
  }
  one.pending = false;
  touch(device.id);
}

async function setAll(devices, name, wish) {
  const rows = devices.filter((one) => one.reachable).map((one) => ({device: one.id, trait: name, value: wish}));
  if (!rows.length) return;
  const {outcomes, question} = await api("POST", "/api/commands", rows);
  for (const one of outcomes.filter((outcome) => outcome.result === "failed" && outcome.error.kind !== "policy")) {
    const device = home.get(one.device);
    if (device) { device.error = one.error.text; touch(device.id); }
  }
  if (question) asked(question);
}

// --- rooms and cards --------------------------------------------------------------------------------------------------

function room(name, devices) {
  const lights = devices.filter((one) => one.kind === "light" && trait(one, "on"));
  const section = element("section", {className: "room"}, element("header", {}, element("h2", {textContent: name})));
  section.setAttribute("aria-label", name);
  const facts = element("p", {className: "facts"});
  section.firstChild.append(facts);
  if (lights.length > 1) {
    const now = () => devices.filter((one) => one.kind === "light").map((one) => home.get(one.id) ?? one);
    for (const [text, wish] of [["All on", true], ["All off", false]]) {
      const button = press(text, () => setAll(now(), "on", wish), {className: "quiet"});
      button.setAttribute("aria-label", `${name}: all lights ${wish ? "on" : "off"}`);
      section.firstChild.append(button);
    }
  }
  const grid = element("div", {className: "devices"});
  for (const device of devices.sort((one, other) => (one.kind + one.name).localeCompare(other.kind + other.name))) {
    const made = card(device);
    cards.set(device.id, made);
    grid.append(made.node);
  }
  section.append(grid);
  facts.textContent = devices.flatMap((one) => one.traits.filter((row) => row.kind === "sensor"
    && ["current", "temperature", "humidity"].includes(row.name) && row.value !== null && !["pool", "spa"].includes(one.kind)
    && (one.kind === "thermostat" || one.traits.some((other) => other.name === "humidity"))).map(shown))
    .slice(0, 2).join(" · ");
  return section;
}

function card(device) {
  const {id} = device;
  const node = element("article", {className: "device"});
  node.setAttribute("aria-label", device.name);
  node.dataset.id = node.dataset.device = id;
  node.dataset.kind = device.kind;
  const state = element("span", {className: "state"}), age = element("time", {});
  const head = element("header", {}, icon(ICONS[device.kind] ?? "thing"),
    element("div", {}, element("h3", {textContent: device.name}), element("p", {}, state, age)));
  const rows = [], send = (_, one, wish) => set(home.get(id), trait(home.get(id), one.name), wish);
  const add = (one, to) => { const row = control(device, one, send); rows.push([one.name, row]); to.append(row.node); };
  const visible = device.traits.filter((one) => !HIDDEN.has(one.name));
  const main = visible.find((one) => MAIN.includes(one.name) && one.kind === "switch");
  const body = element("div", {className: "body"}), more = element("div", {className: "more"});
  if (main) {
    add(main, head);
    head.lastChild.classList.add("main");
    head.querySelector("input").setAttribute("aria-label", `${device.name}: ${label(main)}`);
  }
  const rest = visible.filter((one) => one !== main && one.kind !== "action" && !SHOWN.has(one.name));
  for (const one of visible) if (one !== main && one.kind !== "action" && SHOWN.has(one.name)) add(one, body);
  const verbs = visible.filter((one) => one.kind === "action");
  const buttons = verbs.length ? actions(device, verbs, send) : null;
  if (buttons) body.append(buttons.node);
  const error = element("p", {className: "error", hidden: true});
  error.setAttribute("role", "alert");
  const details = element("details", {}, element("summary", {textContent: "More"}), more);
  const fill = () => { // made when it is looked at: of a thousand devices few ever are
    if (!details.open || more.firstChild) return;
    for (const one of rest) add(one, more);
    more.append(element("p", {className: "note", textContent: `${device.make} · ${device.kind}`}), ...(mayName ? [naming(device)] : []));
    self.write();
  };
  details.addEventListener("toggle", fill);
  node.append(head, body, error, details);
  const stamp = () => {
    const at = Math.max(...home.get(id).traits.map((one) => (one.at ? Date.parse(one.at) : 0)));
    const text = at ? ago(at) : "";
    if (age.textContent !== text) age.textContent = text;
  };
  const self = {node, open() { details.open = true; fill(); }, age: () => home.has(id) && stamp(), write() {
    const now = home.get(id);
    if (!now) return;
    for (const [name, row] of rows) {
      const one = trait(now, name);
      row.write(one, now.reachable);
      const empty = one.kind === "sensor" && (one.value === null || one.value === "" || (one.value === false && !yesNo(one)));
      row.node.hidden = empty;
    }
    buttons?.write(now.reachable);
    const text = now.reachable ? now.asking || told(now) : "does not answer";
    if (state.textContent !== text) state.textContent = text;
    stamp();
    node.dataset.on = String(now.reachable && (value(now, "on") ?? value(now, "playing")) === true);
    node.dataset.alarm = String(inDanger(now));
    node.classList.toggle("gone", !now.reachable);
    node.classList.toggle("pending", now.traits.some((one) => one.pending));
    error.hidden = !now.error;
    if (error.textContent !== (now.error ?? "")) error.textContent = now.error ?? "";
  }};
  return self;
}

// What a device is doing, in a few words: its own report, nothing that was merely asked for.
function told(device) {
  const of = (name) => { const one = trait(device, name); return one && one.value !== null && one.value !== "" ? shown(one) : ""; };
  const say = {
    light: () => [of("on"), value(device, "on") && of("brightness")],
    speaker: () => [of("playing"), value(device, "playing") && of("title")],
    thermostat: () => [of("current") && `${of("current")} now`, of("activity")],
    shade: () => [{0: "closed", 100: "open"}[value(device, "position")] ?? `${of("position")} open`,
      value(device, "moving") && "moving"],
    lock: () => [of("locked"), value(device, "jammed") && "jammed!"],
    garage: () => [of("open"), value(device, "moving") && "moving", value(device, "jammed") && "jammed!"],
    alarm: () => [of("armed"), value(device, "triggered") && "sounding!"],
    pool: () => [of("current"), of("on")], spa: () => [of("current"), of("on")],
    plug: () => [of("on")], fan: () => [of("on"), value(device, "on") && of("speed")],
    vacuum: () => [of("activity")], camera: () => [value(device, "picture"), value(device, "motion") && "motion"],
  }[device.kind];
  const words = (say?.() ?? device.traits.filter((one) => one.kind === "sensor" && one.name !== "battery"
    && one.value !== null && one.value !== "").map(shown)).filter(Boolean);
  return (words.length ? words : device.traits.slice(0, 1).map(shown)).join(" · ");
}

// The owner's words for a device: what it is called, where it stands, and whether "everything off" means it.
function naming(device) {
  const field = (name, text, now) => element("label", {className: "field"}, text,
    element("input", {name, value: now, maxLength: 80, autocomplete: "off"}));
  const form = element("form", {}, field("name", "Name", device.name), field("room", "Room", device.room),
    field("aliases", "Also called", (device.aliases ?? []).join(", ")));
  if (device.kind === "plug") {
    const box = element("input", {type: "checkbox", name: "in_everything", checked: device.in_everything === true});
    form.append(element("label", {className: "field"}, "Part of “everything off”", box));
  }
  form.append(element("button", {type: "submit", textContent: "Keep"}));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const given = new FormData(form);
    try {
      await api("POST", `/api/devices/${encodeURIComponent(device.id)}`, {name: given.get("name").trim(),
        room: given.get("room").trim(), aliases: given.get("aliases").split(",").map((one) => one.trim()).filter(Boolean),
        ...(device.kind === "plug" ? {in_everything: given.get("in_everything") !== null} : {})});
      await readHome();
    } catch (error) { say(error.message); }
  });
  return form;
}

// --- the line on top, scenes, finding -----------------------------------------------------------------------------------

function summarize() {
  const all = [...home.values()];
  const facts = []; // [text, class, which devices]
  const one = (test, text, kind) => { for (const device of all.filter(test)) facts.push([text(device), kind, (other) => other === device]); };
  const many = (test, single, plural, kind) => {
    const found = all.filter(test);
    if (found.length) facts.push([`${found.length} ${found.length === 1 ? single : plural}`, kind, test]);
  };
  one(inDanger, (device) => `${device.name}!`, "bad");
  one((device) => value(device, "locked") === false, (device) => `${device.name} is unlocked`, "warn");
  one((device) => value(device, "open") === true || value(device, "opened") === true, (device) => `${device.name} is open`, "warn");
  many((device) => !device.reachable, "does not answer", "do not answer", "bad");
  many((device) => device.kind === "light" && device.reachable && value(device, "on"), "light on", "lights on", "");
  many((device) => value(device, "playing"), "player playing", "players playing", "");
  one((device) => device.kind === "alarm", (device) => `${device.name}: ${shown(trait(device, "armed"))}`, "");
  const text = JSON.stringify(facts);
  if ($("summary").dataset.text === text) return;
  $("summary").dataset.text = text;
  $("summary").replaceChildren(...facts.map(([words, kind, test]) => element("button", {type: "button", className: `chip ${kind}`,
    textContent: words, onclick() { $("find").value = ""; wanted = test; sift(); }})));
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
$("all").addEventListener("click", () => { $("find").value = ""; filter(""); });

export async function drawScenes() {
  const found = await api("GET", "/api/skills").catch(() => ({skills: []}));
  $("scenes").replaceChildren(...found.skills.filter((one) => one.say).map((one) => press(one.say, async () => {
    const {reply} = await api("POST", "/api/say", {text: one.say});
    say(reply);
  }, {title: one.description, className: "scene"})));
}
