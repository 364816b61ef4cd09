// One control for each kind of trait. A device that nobody has heard of is shown from its traits alone. A control is made
// once and then kept up to date, so that a slider is never pulled from under a hand and a thousand devices stay smooth.

import {element} from "/dom.js";
import {hex} from "/colors.js";

const NAMES = {
  on: "Power",
  brightness: "Brightness",
  color_temperature: "Warmth",
  color: "Color",
  effect: "Effect",
  playing: "Music",
  play: "Play",
  volume: "Volume",
  muted: "Muted",
  group: "Group with",
  title: "Title",
  locked: "Lock",
  position: "Position",
  target: "Target",
  current: "Now",
  battery: "Battery",
  watching: "Watching",
  motion: "Motion",
  night: "Night",
  picture: "Picture",
  co2: "CO₂",
  pm2_5: "Fine dust",
  task: "Task",
  power: "Using",
  energy: "Used",
  open: "Door",
  opened: "It is",
  armed: "Armed",
  mode: "Mode",
  activity: "Doing",
  fan_mode: "Fan",
  speed: "Speed",
};
// what a yes and a no of these are called
const WORDS = {
  on: ["on", "off"],
  open: ["open", "closed"],
  opened: ["open", "closed"],
  locked: ["locked", "unlocked"],
  playing: ["playing", "paused"],
  leak: ["wet", "dry"],
  smoke: ["smoke!", "none"],
  carbon_monoxide: ["found!", "none"],
  gas: ["found!", "none"],
  triggered: ["sounding!", "quiet"],
  motion: ["motion", "none"],
  occupied: ["occupied", "empty"],
};
const ALARMS = new Set(["leak", "smoke", "carbon_monoxide", "gas", "triggered"]);
export const called = {choice: (value) => value}; // what a choice is called: another device by its name
const FEW = 5; // choices that stand side by side; more make a list

export const label = (trait) =>
  NAMES[trait.name] ?? trait.name[0].toUpperCase() + trait.name.slice(1).replaceAll("_", " ");
export const inDanger = (device) => device.traits.some((one) => ALARMS.has(one.name) && one.value === true);
export const yesNo = (trait) => WORDS[trait.name];

export function shown(trait) {
  const value = trait.value;
  if (value === null || value === undefined) return "?";
  if (typeof value === "boolean") return (WORDS[trait.name] ?? ["yes", "no"])[value ? 0 : 1];
  if (typeof value === "number") return `${Math.round(value * 10) / 10}${trait.unit ? ` ${trait.unit}` : ""}`;
  if (typeof value === "object") return hex(value);
  return String(value).replaceAll("_", " ");
}

// A field is {node, write(trait)}: what stands on the page, and how a new reading is shown in it.
const FIELDS = {
  switch(trait, id, set) {
    const box = element("input", {type: "checkbox", className: "switch", id});
    box.setAttribute("role", "switch");
    box.addEventListener("change", () => set(box.checked));
    return {
      node: box,
      write: (now) => {
        box.checked = now.value === true;
      },
    };
  },
  number: (trait, id, set) => (trait.unit === "°C" ? stepper : slider)(trait, id, set),
  choice: (trait, id, set) =>
    ((trait.choices ?? []).length <= FEW && trait.name !== "group" ? segments : list)(trait, id, set),
  color(trait, id, set) {
    const well = element("input", {type: "color", id});
    well.addEventListener("change", () => set(well.value));
    return {
      node: well,
      write: (now) => {
        well.value = now.value ? hex(now.value) : "#ffffff";
      },
    };
  },
};

function slider(trait, id, set) {
  const range = element("input", {
    type: "range",
    id,
    min: trait.min ?? 0,
    max: trait.max ?? 100,
    step: trait.step ?? 1,
  });
  if (trait.name === "color_temperature") range.className = "warmth";
  let held = false; // what a hand holds is not moved
  range.addEventListener("input", () => {
    held = true;
  });
  range.addEventListener("change", () => {
    held = false;
    set(Number(range.value));
  });
  for (const end of ["pointerup", "pointercancel", "blur"]) {
    range.addEventListener(end, () => {
      held = false; // put back where it was, it says no change
    });
  }
  return {
    node: range,
    write: (now) => {
      if (!held) range.value = now.value ?? trait.min ?? 0;
    },
  };
}

const SETTLE = 400; // milliseconds after the last press of − or + until it counts

function stepper(trait, id, set) {
  const number = element("input", {
    type: "number",
    id,
    min: trait.min ?? "",
    max: trait.max ?? "",
    step: "any",
    inputMode: "decimal",
  });
  const by = Math.max(trait.step ?? 0.5, 0.5);
  let timer = 0;
  const soon = (wait) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      timer = 0;
      if (number.value !== "") set(Number(number.value));
    }, wait);
  };
  const button = (text, way, says) => {
    const made = element("button", {
      type: "button",
      textContent: text,
      onclick() {
        number.value = Math.min(Math.max(Number(number.value) + way * by, trait.min ?? -1e9), trait.max ?? 1e9);
        soon(SETTLE);
      },
    });
    made.setAttribute("aria-label", `${label(trait)} ${says}`);
    return made;
  };
  number.addEventListener("change", () => soon(0));
  let last = null; // as the device has it; shown again when the hand leaves
  number.addEventListener("blur", () => {
    if (!timer && last) number.value = last.value ?? "";
  });
  return {
    node: element("span", {className: "stepper"}, button("−", -1, "down"), number, button("+", 1, "up")),
    write: (now) => {
      last = now;
      if (!timer && document.activeElement !== number) number.value = now.value ?? "";
    },
  };
}

function list(trait, id, set) {
  const choose = element(
    "select",
    {id},
    ...(trait.choices ?? []).map((one) => new Option(called.choice(one) || "alone", one)),
  );
  const other = new Option("", "");
  choose.addEventListener("change", () => set(choose.value));
  return {
    node: choose,
    write(now) {
      const known = (trait.choices ?? []).includes(now.value);
      if (known) other.remove();
      else if (!other.isConnected) choose.prepend(other);
      if (known) choose.value = now.value;
      else other.selected = true;
    },
  };
}

function segments(trait, id, set) {
  const boxes = (trait.choices ?? []).map((one, at) => {
    const box = element("input", {type: "radio", name: id, value: one, id: at ? `${id}.${at}` : id});
    box.addEventListener("change", () => set(one));
    return box;
  });
  const node = element(
    "span",
    {className: "segments"},
    ...boxes.map((box) =>
      element("label", {}, box, element("span", {textContent: (box.value || "alone").replaceAll("_", " ")})),
    ),
  );
  node.setAttribute("role", "radiogroup");
  node.setAttribute("aria-label", label(trait));
  return {
    node,
    write: (now) => {
      for (const box of boxes) box.checked = box.value === now.value;
    },
  };
}

// A row: what it is called, its field, and the value as the device itself reported it.
export function control(device, trait, set) {
  const id = `${device.id}.${trait.name}`;
  const field = FIELDS[trait.kind]?.(trait, id, (value) => set(device, trait, value));
  const value = element("output", {});
  const name =
    field && field.node.id === id
      ? element("label", {htmlFor: id, textContent: label(trait)})
      : element("span", {className: "name", textContent: label(trait)});
  if (field?.node.className === "stepper") field.node.children[1].setAttribute("aria-label", label(trait));
  const node = element("div", {className: "control"}, name, field?.node ?? element("span"), value);
  node.dataset.trait = trait.name;
  const fields = field ? [field.node, ...field.node.querySelectorAll("input, button, select")] : [];
  return {
    node,
    write(now, reachable) {
      const text = shown(now);
      if (value.textContent !== text) value.textContent = text;
      value.title = now.at ? `as the device itself showed it, ${new Date(now.at).toLocaleTimeString()}` : "";
      node.classList.toggle("pending", Boolean(now.pending));
      if (!now.pending) field?.write(now);
      for (const one of fields) if ("disabled" in one) one.disabled = !reachable;
    },
  };
}

// The verbs of a device: buttons, and a list of what can be played.
export function actions(device, traits, set) {
  const row = element("div", {className: "actions"});
  for (const trait of traits) {
    if (trait.name === "play" && trait.choices?.length) {
      const choose = element(
        "select",
        {id: `${device.id}.play`},
        new Option("Play …", ""),
        ...trait.choices.map((one) => new Option(one, one)),
      );
      choose.setAttribute("aria-label", `Play on ${device.name}`);
      choose.addEventListener("change", () => {
        if (choose.value) set(device, trait, choose.value);
        choose.value = ""; // the same can be asked for again
      });
      row.append(choose);
    } else {
      row.append(
        element("button", {
          type: "button",
          textContent: label(trait),
          id: `${device.id}.${trait.name}`,
          onclick: () => set(device, trait, null),
        }),
      );
    }
    row.lastChild.dataset.trait = trait.name;
  }
  return {
    node: row,
    write(reachable) {
      for (const one of row.children) one.disabled = !reachable;
    },
  };
}
