// A device's card: its name and what it does in words, the control that matters most beside it, the rest below, what few
// look at behind "More". Made once, then written to.

import {api} from "/api.js";
import {actions, control, inDanger, label, shown, yesNo} from "/controls.js";
import {ago, element, icon, say} from "/dom.js";

const HIDDEN = new Set(["uri", "track", "reachable", "ignore"]);
const MAIN = ["on", "playing", "locked", "open", "watching"]; // the switch beside the name
const SHOWN = new Set([
  "brightness",
  "position",
  "volume",
  "speed",
  "target",
  "armed",
  "mode",
  "task",
  "title",
  "power",
]);
const ICONS = {
  light: "light",
  speaker: "speaker",
  thermostat: "heat",
  shade: "shade",
  lock: "lock",
  garage: "garage",
  alarm: "alarm",
  pool: "pool",
  spa: "pool",
  plug: "plug",
  sensor: "sensor",
  camera: "eyes",
  fan: "fan",
  vacuum: "vacuum",
  tv: "tv",
};
export const trait = (device, name) => device.traits.find((one) => one.name === name);
export const value = (device, name) => trait(device, name)?.value;

// house: {of(id): the device as it is now, set(device, trait, value), mayName, renamed()}
export function card(device, house) {
  const {id} = device;
  const node = element("article", {className: "device"});
  node.setAttribute("aria-label", device.name);
  node.dataset.id = node.dataset.device = id;
  node.dataset.kind = device.kind;
  const state = element("span", {className: "state"}),
    age = element("time", {});
  const head = element(
    "header",
    {},
    icon(ICONS[device.kind] ?? "thing"),
    element("div", {}, element("h3", {textContent: device.name}), element("p", {}, state, age)),
  );
  const rows = [],
    send = (_, one, wish) => house.set(house.of(id), trait(house.of(id), one.name), wish);
  const add = (one, to) => {
    const row = control(device, one, send);
    rows.push([one.name, row]);
    to.append(row.node);
  };
  const visible = device.traits.filter((one) => !HIDDEN.has(one.name));
  const main = visible.find((one) => MAIN.includes(one.name) && one.kind === "switch");
  const body = element("div", {className: "body"}),
    more = element("div", {className: "more"});
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
  const fill = () => {
    // made when it is looked at: of a thousand devices few ever are
    if (!details.open || more.firstChild) return;
    for (const one of rest) add(one, more);
    more.append(
      element("p", {className: "note", textContent: `${device.make} · ${device.kind}`}),
      ...(house.mayName ? [naming(device, house)] : []),
    );
    self.write();
  };
  details.addEventListener("toggle", fill);
  node.append(head, body, error, details);
  const stamp = () => {
    const at = Math.max(...house.of(id).traits.map((one) => (one.at ? Date.parse(one.at) : 0)));
    const text = at ? ago(at) : "";
    if (age.textContent !== text) age.textContent = text;
  };
  const self = {
    node,
    open() {
      details.open = true;
      fill();
    },
    age: () => house.of(id) && stamp(),
    write() {
      const now = house.of(id);
      if (!now) return;
      for (const [name, row] of rows) {
        const one = trait(now, name);
        row.write(one, now.reachable);
        const empty =
          one.kind === "sensor" && (one.value === null || one.value === "" || (one.value === false && !yesNo(one)));
        row.node.hidden = empty;
      }
      buttons?.write(now.reachable);
      const text = now.reachable ? now.asking || told(now) : "does not answer";
      if (state.textContent !== text) state.textContent = text;
      stamp();
      node.dataset.on = String(now.reachable && (value(now, "on") ?? value(now, "playing")) === true);
      node.dataset.alarm = String(inDanger(now));
      node.classList.toggle("gone", !now.reachable);
      node.classList.toggle(
        "pending",
        now.traits.some((one) => one.pending),
      );
      error.hidden = !now.error;
      if (error.textContent !== (now.error ?? "")) error.textContent = now.error ?? "";
    },
  };
  return self;
}

// What a device is doing, in a few words: its own report, nothing that was merely asked for.
function told(device) {
  const of = (name) => {
    const one = trait(device, name);
    return one && one.value !== null && one.value !== "" ? shown(one) : "";
  };
  const say = {
    light: () => [of("on"), value(device, "on") && of("brightness")],
    speaker: () => [of("playing"), value(device, "playing") && of("title")],
    thermostat: () => [of("current") && `${of("current")} now`, of("activity")],
    shade: () => [
      {0: "closed", 100: "open"}[value(device, "position")] ?? `${of("position")} open`,
      value(device, "moving") && "moving",
    ],
    lock: () => [of("locked"), value(device, "jammed") && "jammed!"],
    garage: () => [of("open"), value(device, "moving") && "moving", value(device, "jammed") && "jammed!"],
    alarm: () => [of("armed"), value(device, "triggered") && "sounding!"],
    pool: () => [of("current"), of("on")],
    spa: () => [of("current"), of("on")],
    plug: () => [of("on")],
    fan: () => [of("on"), value(device, "on") && of("speed")],
    vacuum: () => [of("activity")],
    camera: () => [value(device, "picture"), value(device, "motion") && "motion"],
  }[device.kind];
  const words = (
    say?.() ??
    device.traits
      .filter((one) => one.kind === "sensor" && one.name !== "battery" && one.value !== null && one.value !== "")
      .map(shown)
  ).filter(Boolean);
  return (words.length ? words : device.traits.slice(0, 1).map(shown)).join(" · ");
}

// The owner's words for a device: what it is called, where it stands, and whether "everything off" means it.
function naming(device, house) {
  const field = (name, text, now) =>
    element(
      "label",
      {className: "field"},
      text,
      element("input", {name, value: now, maxLength: 80, autocomplete: "off"}),
    );
  const form = element(
    "form",
    {},
    field("name", "Name", device.name),
    field("room", "Room", device.room),
    field("aliases", "Also called", (device.aliases ?? []).join(", ")),
  );
  if (device.kind === "plug") {
    const box = element("input", {type: "checkbox", name: "in_everything", checked: device.in_everything === true});
    form.append(element("label", {className: "field"}, "Part of “everything off”", box));
  }
  form.append(element("button", {type: "submit", textContent: "Keep"}));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const given = new FormData(form);
    try {
      await api("POST", `/api/devices/${encodeURIComponent(device.id)}`, {
        name: given.get("name").trim(),
        room: given.get("room").trim(),
        aliases: given
          .get("aliases")
          .split(",")
          .map((one) => one.trim())
          .filter(Boolean),
        ...(device.kind === "plug" ? {in_everything: given.get("in_everything") !== null} : {}),
      });
      await house.renamed();
    } catch (error) {
      say(error.message);
    }
  });
  return form;
}
