// One control for each kind of trait. A device that nobody has heard of is shown from its traits alone.

const NAMES = {on: "Power", brightness: "Brightness", color_temperature: "Warmth", color: "Color", effect: "Effect",
  playing: "Playing", play: "Play", volume: "Volume", muted: "Muted", group: "Group with", title: "Title",
  locked: "Locked", position: "Position", target: "Target", current: "Now", battery: "Battery",
  watching: "Watching", motion: "Motion", night: "Night", picture: "Picture", co2: "CO₂", pm2_5: "Fine dust",
  task: "Task", power: "Using", energy: "Used", open: "Open", opened: "It is"};
// what a yes and a no of these are called
const WORDS = {on: ["on", "off"], open: ["open", "closed"], opened: ["open", "closed"], locked: ["locked", "unlocked"],
  leak: ["wet", "dry"], smoke: ["smoke!", "none"], carbon_monoxide: ["found!", "none"], gas: ["found!", "none"],
  triggered: ["sounding!", "quiet"], motion: ["motion", "none"], occupied: ["occupied", "empty"]};
const ALARMS = new Set(["leak", "smoke", "carbon_monoxide", "gas", "triggered"]);
const HIDDEN = new Set(["uri", "track", "reachable", "ignore"]);

export const label = (trait) => NAMES[trait.name] ?? trait.name[0].toUpperCase() + trait.name.slice(1).replaceAll("_", " ");

export function shown(trait) {
  const value = trait.value;
  if (value === null || value === undefined) return "?";
  if (typeof value === "boolean") return (WORDS[trait.name] ?? ["yes", "no"])[value ? 0 : 1];
  if (typeof value === "number") return `${Math.round(value * 10) / 10}${trait.unit ? " " + trait.unit : ""}`;
  if (typeof value === "object") return hex(value);
  return value;
}

// CIE xy to sRGB at full brightness, for the color well.
export function hex({x, y}) {
  const Y = 1, X = x / Math.max(y, 1e-6), Z = (1 - x - y) / Math.max(y, 1e-6);
  const linear = [3.2406 * X - 1.5372 * Y - 0.4986 * Z, -0.9689 * X + 1.8758 * Y + 0.0415 * Z,
    0.0557 * X - 0.204 * Y + 1.057 * Z];
  const top = Math.max(...linear, 1e-6);
  return "#" + linear.map((c) => Math.max(c, 0) / top)
    .map((c) => (c <= 0.0031308 ? 12.92 * c : 1.055 * c ** (1 / 2.4) - 0.055))
    .map((c) => Math.round(Math.min(c, 1) * 255).toString(16).padStart(2, "0")).join("");
}

export const inDanger = (device) => device.traits.some((one) => ALARMS.has(one.name) && one.value === true);

function element(tag, props = {}, ...children) {
  const made = Object.assign(document.createElement(tag), props);
  made.append(...children);
  return made;
}

function input(trait, id, set) {
  switch (trait.kind) {
    case "switch": {
      const box = element("input", {type: "checkbox", className: "switch", id, checked: trait.value === true});
      box.setAttribute("role", "switch");
      box.addEventListener("change", () => set(box.checked));
      return box;
    }
    case "number": {
      const range = element("input", {type: "range", id, min: trait.min ?? 0, max: trait.max ?? 100,
        step: trait.step ?? 1, value: trait.value ?? trait.min ?? 0});
      range.addEventListener("change", () => set(Number(range.value)));
      return range;
    }
    case "choice": {
      const options = (trait.choices ?? []).map((one) => new Option(one || "alone", one, false, one === trait.value));
      if (!(trait.choices ?? []).includes(trait.value)) options.unshift(new Option("", "", true, true));
      const list = element("select", {id}, ...options);
      list.addEventListener("change", () => set(list.value));
      return list;
    }
    case "color": {
      const well = element("input", {type: "color", id, value: trait.value ? hex(trait.value) : "#ffffff"});
      well.addEventListener("change", () => set(well.value));
      return well;
    }
  }
  return null;
}

function control(device, trait, set) {
  const id = `${device.id}.${trait.name}`;
  const field = input(trait, id, (value) => set(device, trait, value));
  const row = element("div", {className: `control${trait.pending ? " pending" : ""}`});
  const value = element("output", {textContent: shown(trait)});
  value.setAttribute("for", id);
  if (trait.at) value.title = `as the device itself showed it, ${new Date(trait.at).toLocaleTimeString()}`;
  const name = field ? element("label", {htmlFor: id, textContent: label(trait)})
    : element("span", {textContent: label(trait)});
  if (field) field.disabled = !device.reachable;
  row.append(name, field ?? element("span"), value);
  row.dataset.trait = trait.name;
  return row;
}

function actions(device, traits, set) {
  const row = element("div", {className: "actions"});
  for (const trait of traits) {
    if (trait.name === "play" && trait.choices?.length) {
      const list = element("select", {}, new Option("Play …", ""), ...trait.choices.map((one) => new Option(one, one)));
      list.setAttribute("aria-label", `Play on ${device.name}`);
      list.disabled = !device.reachable;
      list.addEventListener("change", () => { if (list.value) set(device, trait, list.value); });
      row.append(list);
      continue;
    }
    const press = element("button", {type: "button", textContent: label(trait), disabled: !device.reachable});
    press.addEventListener("click", () => set(device, trait, null));
    row.append(press);
  }
  return row;
}

// The owner's words for a device: what it is called, where it stands, and whether "everything off" means it.
function names(device, rename) {
  const field = (name, text, value) => {
    const input = element("input", {name, value, maxLength: 80, autocomplete: "off"});
    return element("label", {className: "field"}, text, input);
  };
  const form = element("form", {}, field("name", "Name", device.name), field("room", "Room", device.room),
    field("aliases", "Also called", (device.aliases ?? []).join(", ")));
  if (device.kind === "plug") {
    const box = element("input", {type: "checkbox", name: "in_everything", checked: device.in_everything === true});
    form.append(element("label", {className: "field"}, "Part of “everything off”", box));
  }
  form.append(element("button", {type: "submit", textContent: "Keep"}));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const given = new FormData(form);
    rename(device, {name: given.get("name").trim(), room: given.get("room").trim(),
      aliases: given.get("aliases").split(",").map((one) => one.trim()).filter(Boolean),
      ...(device.kind === "plug" ? {in_everything: given.get("in_everything") !== null} : {})});
  });
  return element("details", {}, element("summary", {textContent: "Names"}), form);
}

export function card(device, set, rename) {
  const on = device.traits.find((one) => one.name === "on" || one.name === "playing");
  const note = device.reachable ? device.make : "does not answer";
  const box = element("article", {className: `device${device.reachable ? "" : " gone"}`},
    element("header", {}, element("h3", {textContent: device.name}), element("p", {className: "note", textContent: note})));
  box.dataset.id = device.id;
  box.dataset.on = String(device.reachable && on?.value === true);
  box.dataset.alarm = String(inDanger(device));
  const empty = (one) => one.value === null || one.value === "" || (one.value === false && !WORDS[one.name]);
  const visible = device.traits.filter((one) => !HIDDEN.has(one.name) && !(one.kind === "sensor" && empty(one)));
  for (const trait of visible.filter((one) => one.kind !== "action")) box.append(control(device, trait, set));
  const verbs = visible.filter((one) => one.kind === "action");
  if (verbs.length) box.append(actions(device, verbs, set));
  box.append(names(device, rename));
  if (device.error) box.append(element("p", {className: "error", textContent: device.error}));
  return box;
}

export {element};
