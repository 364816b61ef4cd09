// The eyes: the cameras as they see now, what was seen and who was told, and the parts of a picture that a person drew.

import {api} from "/api.js";
import {$, element, grouped, press, say, trying, when} from "/dom.js";
import {drawQuestions, pictures} from "/talk.js";
import {drawing} from "/zones.js";

const EVERY = 1000; // milliseconds between two pictures of a camera that is looked at
let timer = 0,
  mayChange = false,
  only = "";

export function beginEyes(change) {
  mayChange = change;
}

export async function drawEyes() {
  const found = await api("GET", `/api/eyes?hours=${$("hours").value}`);
  const names = {local: "a model on this machine", server: "your vision server", claude: "Claude (Anthropic)"};
  const ends = found.shown_to.map((one) => names[one.end] + (one.leaves_home ? ", outside the house" : ""));
  $("shownto").textContent = found.cameras.length
    ? `Pictures are shown to ${ends.join(", then ") || "no model"} and to the people of the house.`
    : "There are no cameras. Ask me to find one: “is there a camera on the network?”";
  const known = [...$("cameras").children].map((one) => one.dataset.camera).join();
  if (known !== found.cameras.map((one) => one.name).join()) $("cameras").replaceChildren(...found.cameras.map(tile));
  for (const one of found.cameras) mark(one);
  const rows = found.events.filter((one) => !only || one.camera === only);
  $("seen").replaceChildren(
    ...[
      ...grouped(rows, (one) =>
        new Date(one.at).toLocaleDateString([], {weekday: "long", day: "numeric", month: "long"}),
      ),
    ].flatMap(([day, events]) => [element("li", {className: "day", textContent: day}), ...events.map(row)]),
  );
  if (!rows.length) $("seen").append(element("li", {className: "empty", textContent: "Nothing was seen."}));
}
$("hours").addEventListener("change", trying(drawEyes));

function tile(camera) {
  const picture = element("img", {alt: `What ${camera.name} sees now`, className: "live"});
  const note = element("p", {className: "note"});
  const box = element(
    "figure",
    {className: "camera"},
    picture,
    element("figcaption", {}, element("strong", {textContent: camera.name}), note),
  );
  box.dataset.camera = camera.name;
  const row = element(
    "div",
    {className: "actions"},
    press("Its events", () => {
      only = only === camera.name ? "" : camera.name;
      return drawEyes();
    }),
  );
  if (mayChange) row.append(press("Zones", () => open(camera.name)));
  box.lastChild.append(row);
  return box;
}

function mark(camera) {
  const box = document.querySelector(`[data-camera="${CSS.escape(camera.name)}"]`);
  const words = [
    camera.state === "up" ? "" : camera.state,
    camera.trouble,
    camera.night ? "night picture" : "",
    camera.busy ? "much is moving" : "",
  ];
  box.querySelector(".note").textContent = words.filter(Boolean).join(" · ") || "watching";
  box.dataset.state = camera.state;
}

// While the view is open every camera is asked for a picture each second, once the last one came.
export function live(on) {
  clearTimeout(timer);
  if (!on || document.hidden) return;
  for (const box of $("cameras").children) refresh(box);
  timer = setTimeout(() => live(true), EVERY);
}
document.addEventListener("visibilitychange", () =>
  live(!document.hidden && !$("cameras").closest("[data-view]").hidden),
);

async function refresh(box) {
  if (box.dataset.waiting) return;
  box.dataset.waiting = "1";
  try {
    const answer = await fetch(`/api/cameras/${encodeURIComponent(box.dataset.camera)}`);
    if (!answer.ok) return;
    const picture = box.querySelector("img"),
      old = picture.src;
    picture.src = URL.createObjectURL(await answer.blob());
    if (old) URL.revokeObjectURL(old);
  } catch {
    /* the line says so */
  } finally {
    delete box.dataset.waiting;
  }
}

function row(event) {
  const told = event.told.length
    ? `told ${event.told.join(", ")}`
    : Object.keys(event.skipped).length
      ? `not told: ${Object.entries(event.skipped)
          .map(([who, why]) => `${who}: ${why}`)
          .join("; ")}`
      : "not told yet";
  const what = event.what || `something the size of a ${event.size === "small" ? "cat" : event.size}`;
  const label = (text, wish) =>
    press(
      text,
      async () => {
        await api("POST", `/api/eyes/${encodeURIComponent(event.event)}`, {label: wish});
        await drawEyes();
      },
      {className: "quiet"},
    );
  const buttons = !mayChange ? [] : event.label ? [] : [label("Right", "right"), label("False alarm", "false alarm")];
  return element(
    "li",
    {className: `seen ${event.told.length ? "told" : ""}`},
    ...pictures(event.pictures.slice(0, 1), what),
    element(
      "div",
      {},
      element("strong", {textContent: what}),
      element("small", {textContent: `${when(event.at)}, ${event.camera}${event.zone ? `, ${event.zone}` : ""}`}),
      element("small", {textContent: event.label ? `${event.label} (${told})` : told}),
      element("div", {className: "actions"}, ...buttons),
    ),
  );
}

async function open(name) {
  const {cameras} = await api("GET", "/api/eyes?hours=0"),
    camera = cameras.find((one) => one.name === name);
  if (!camera) return;
  drawing(camera, async (zones) => {
    const text = zones
      .map(
        (one) =>
          `${one.kind === "watch" ? "+" : ""}${one.name}|` +
          one.points.map(([x, y]) => `${x.toFixed(3)},${y.toFixed(3)}`).join(" "),
      )
      .join("; ");
    const {outcomes, question} = await api("POST", "/api/commands", [
      {device: camera.id, trait: "ignore", value: text},
    ]);
    if (question) return drawQuestions();
    const bad = outcomes.find((one) => one.result === "failed");
    if (bad) throw new Error(bad.error.text);
    say(
      `${name}: ${zones.length ? zones.map((one) => `“${one.name}” ${one.kind === "watch" ? "has a name" : "is not looked at"}`).join(", ") : "the whole picture is looked at"}.`,
    );
  });
}
