// Elements, and times in words. Text is only ever set as text: markup in a name stays a name.

export function element(tag, props = {}, ...children) {
  const made = Object.assign(document.createElement(tag), props);
  made.append(...children.filter((one) => one !== null && one !== undefined));
  return made;
}

export function press(text, does, props = {}) {
  const made = element("button", {type: "button", textContent: text, ...props});
  made.addEventListener("click", async () => {
    if (made.ariaBusy === "true") return;
    made.ariaBusy = "true"; // not disabled: that would lose the focus of who works with the keys
    try {
      await does(made);
    } catch (error) {
      say(error.message);
    } finally {
      made.ariaBusy = "false";
    }
  });
  return made;
}

export function svg(name, set = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(set)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

export const icon = (name) =>
  svg("svg", {class: "icon", "aria-hidden": "true"}, svg("use", {href: `/icons.svg#${name}`}));

export const $ = (id) => document.getElementById(id);

// A short word at the lower edge, read aloud by a screen reader; gone after a while.
let gone = 0;
export function say(text) {
  const toast = $("toast");
  toast.textContent = text;
  toast.hidden = false;
  clearTimeout(gone);
  gone = setTimeout(() => {
    toast.hidden = true;
  }, 6000);
}

// What goes wrong in it is said, not swallowed.
export const trying =
  (does) =>
  async (...given) => {
    try {
      await does(...given);
    } catch (error) {
      say(error.message);
    }
  };

const clock = (at) => new Date(at).toLocaleTimeString([], {hour: "2-digit", minute: "2-digit"});

export function when(at) {
  const date = new Date(at),
    days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(date).setHours(0, 0, 0, 0)) / 864e5);
  if (days === 0) return clock(at);
  return `${days === 1 ? "yesterday" : date.toLocaleDateString([], {weekday: "short", day: "numeric", month: "short"})}, ${clock(at)}`;
}

export function ago(at) {
  const seconds = (Date.now() - new Date(at)) / 1000;
  if (seconds < 45) return "now";
  if (seconds < 5400) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 129600) return `${Math.round(seconds / 3600)} h ago`;
  return `${Math.round(seconds / 86400)} days ago`;
}

export function grouped(list, key) {
  const found = new Map();
  for (const one of list) found.set(key(one), [...(found.get(key(one)) ?? []), one]);
  return found;
}
