// The network: everything that was seen, as a map and as a list, with the reasons, and what could be let in or learned.

import {api} from "/api.js";
import {$, element} from "/dom.js";

const state = (host) => (host.linked ? "part of the home" : host.make ? "could be let in" : "unknown");
const colour = (host) => (host.linked ? "in" : host.make ? "could" : "other");

export async function drawNetwork(now) {
  $("looking").textContent = now ? "Looking…" : "";
  let hosts;
  try {
    ({hosts} = await api("GET", `/api/network${now ? "" : "?now=0"}`));
  } finally {
    $("looking").textContent = "";
  }
  $("looking").textContent = hosts.length ? "" : "Nothing was seen yet.";
  $("map").replaceChildren(...dots(hosts));
  $("hosts").replaceChildren(...hosts.map(row));
}

// Dobby in the middle, what belongs to the home on the inner ring, the rest outside.
function dots(hosts) {
  const svg = (name, set) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(set)) made.setAttribute(key, value);
    return made;
  };
  const drawn = [];
  for (const [ring, some] of [
    [60, hosts.filter((one) => one.linked)],
    [95, hosts.filter((one) => !one.linked)],
  ]) {
    some.forEach((host, at) => {
      const turn = (2 * Math.PI * at) / some.length - Math.PI / 2;
      const x = 200 + 1.8 * ring * Math.cos(turn),
        y = 110 + ring * Math.sin(turn);
      const dot = svg("circle", {cx: x, cy: y, r: 6, class: colour(host)});
      const title = svg("title", {});
      title.textContent = `${host.what || "unknown"} ${host.name} ${host.address}`;
      dot.append(title);
      drawn.push(svg("line", {x1: 200, y1: 110, x2: x, y2: y}), dot);
      if (some.length > 16) return;
      const left = x < 199,
        text = svg(
          "text",
          Math.abs(x - 200) < 112 // further out there is no room beside a dot: its name stands on the inner side
            ? {x: x + (left ? -10 : 10), y: y + 3, "text-anchor": left ? "end" : "start"}
            : {x: x + (left ? -6 : 6), y: y + (y < 110 ? 16 : -10), "text-anchor": left ? "start" : "end"},
        );
      text.textContent = (host.room || host.name || host.what || host.address).slice(0, 14);
      drawn.push(text);
    });
  }
  return [...drawn, svg("circle", {cx: 200, cy: 110, r: 9, class: "me"})];
}

function row(host) {
  const why = host.evidence.map((one) =>
    element("li", {textContent: `${one.strength}: ${one.how} says “${one.shown}”, so ${one.says}`}),
  );
  const ask = element("button", {type: "button", textContent: host.make ? "Let it in" : "What is it?"});
  const said = element("p", {className: "note"});
  ask.addEventListener("click", async () => {
    ask.disabled = true;
    said.textContent = "Looking at it…";
    try {
      said.textContent = (await api("POST", "/api/say", {text: `what is ${host.address}?`})).reply;
    } catch (error) {
      said.textContent = error.message;
    }
    ask.disabled = false;
  });
  return element(
    "li",
    {className: `host ${colour(host)}`},
    element("strong", {textContent: host.what || "Unknown"}),
    ` ${host.name} `,
    element("small", {textContent: [host.address, host.vendor, host.room, state(host)].filter(Boolean).join(" · ")}),
    element("details", {}, element("summary", {textContent: "Why?"}), element("ul", {}, ...why)),
    ...(host.linked ? [] : [ask]),
    said,
  );
}
