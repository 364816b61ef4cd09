// The page: reads the home once, then lives on server-sent events; what it commands is shown as pending until the device
// itself confirmed it.

import {api} from "/api.js";
import {card, element, inDanger, label, shown} from "/controls.js";
import {drawMind} from "/mind.js";
import {drawNetwork} from "/network.js";

const home = new Map();
const $ = (id) => document.getElementById(id);

// --- the home ---------------------------------------------------------------------------------------------------------

async function readHome() {
  const {devices} = await api("GET", "/api/home");
  home.clear();
  for (const device of devices) home.set(device.id, device);
  drawHome();
}

function drawHome() {
  const rooms = new Map();
  for (const device of home.values()) {
    const room = device.room || "Elsewhere";
    rooms.set(room, [...(rooms.get(room) ?? []), device]);
  }
  $("rooms").replaceChildren(...[...rooms.keys()].sort().map((room) => element("section", {className: "room"},
    element("h2", {textContent: room}),
    element("div", {className: "devices"}, ...rooms.get(room)
      .sort((one, other) => one.name.localeCompare(other.name)).map((device) => card(device, set, rename))))));
  summarize();
}

function drawDevice(id) {
  const device = home.get(id), old = document.querySelector(`[data-id="${CSS.escape(id)}"]`);
  if (!device || !old) return drawHome();
  const active = document.activeElement;
  const busy = active.type === "range" || active.closest?.("details");  // never pull a slider or a form from under a hand
  if (old.contains(active) && busy) return summarize();
  const focused = old.contains(active) ? active.id : "";
  old.replaceWith(card(device, set, rename));
  if (focused) $(focused)?.focus();
  summarize();
}

function summarize() {
  const devices = [...home.values()], value = (device, name) => device.traits.find((one) => one.name === name)?.value;
  const count = (list, one, many) => `${list.length} ${list.length === 1 ? one : many}`;
  const lights = devices.filter((one) => one.kind === "light" && value(one, "on"));
  const music = devices.filter((one) => value(one, "playing"));
  const unlocked = devices.filter((one) => value(one, "locked") === false);
  const open = devices.filter((one) => value(one, "open") === true || value(one, "opened") === true);
  const armed = devices.filter((one) => one.kind === "alarm" && !["disarmed", null].includes(value(one, "armed")));
  const danger = devices.filter(inDanger);
  const gone = devices.filter((one) => !one.reachable);
  const parts = [lights.length ? `${count(lights, "light", "lights")} on` : "no lights on"];
  if (music.length) parts.push(`${count(music, "player", "players")} playing`);
  parts.unshift(...danger.map((one) => `⚠ ${one.name}`));
  parts.push(...unlocked.map((one) => `${one.name} is unlocked`), ...open.map((one) => `${one.name} is open`));
  parts.push(...armed.map((one) => `${one.name}: ${value(one, "armed")}`));
  if (gone.length) parts.push(`no answer from ${gone.map((one) => one.name).join(", ")}`);
  $("summary").textContent = parts.join(" · ");
}

async function set(device, trait, value) {
  trait.pending = true;
  device.error = "";
  drawDevice(device.id);
  try {
    const {outcomes} = await api("POST", "/api/commands", [{device: device.id, trait: trait.name, value}]);
    const [outcome] = outcomes;
    if (outcome.result === "failed") device.error = `${label(trait)}: ${outcome.error.text}`;
  } catch (error) {
    device.error = error.message;
  }
  trait.pending = false;
  drawDevice(device.id);
}

async function rename(device, given) {
  try {
    await api("POST", `/api/devices/${encodeURIComponent(device.id)}`, given);
    await readHome();
  } catch (error) {
    device.error = error.message;
    drawDevice(device.id);
  }
}

// --- talk, questions, lately ------------------------------------------------------------------------------------------

const seenTurns = new Set();

function drawTurn(turn) {
  if (turn.text && !seenTurns.has(turn.id)) {
    const when = new Date(turn.at).toLocaleTimeString([], {hour: "2-digit", minute: "2-digit"});
    $("thread").append(
      element("li", {className: "me", textContent: turn.text}, element("small", {textContent: `${turn.who}, ${when}`})),
      element("li", {className: "dobby", textContent: turn.reply || "…"}, ...pictures(turn.pictures, turn.reply),
        element("small", {textContent: `${turn.mind}, ${turn.elapsed_ms} ms`})));
    const down = () => { $("thread").scrollTop = $("thread").scrollHeight; };
    $("thread").querySelectorAll("li:last-child img").forEach((one) => one.addEventListener("load", down));
    down();
  }
  seenTurns.add(turn.id);
  for (const call of turn.calls ?? []) {
    for (const outcome of call.outcomes) {
      const name = home.get(outcome.device)?.name ?? outcome.device;
      const why = `${turn.who}, ${turn.text ? `“${turn.text}”` : "on the page"}, ${call.tool}`;
      const result = outcome.result === "failed" ? outcome.error.text : outcome.result;
      $("lately").prepend(element("li", {title: why},
        `${name}: ${outcome.trait} ${shown({name: outcome.trait, value: outcome.value})} `,
        element("span", {className: outcome.result === "failed" ? "bad" : "good", textContent: result}),
        element("small", {textContent: ` why? ${why}`})));
    }
  }
  while ($("lately").children.length > 30) $("lately").lastChild.remove();
}

// --- the eyes: what the cameras saw, and who is shown their pictures --------------------------------------------------

const pictures = (names, alt) => (names ?? []).map((name) =>
  element("a", {href: `/api/pictures/${name}`, target: "_blank"},
    element("img", {src: `/api/pictures/${name}`, alt: alt || "a picture", loading: "lazy", className: "picture"})));

async function drawEyes() {
  const found = await api("GET", "/api/eyes").catch(() => null);
  $("eyes").hidden = !found?.cameras.length;
  if (!found) return;
  const names = {local: "a model on this machine", server: "your vision server", claude: "Claude (Anthropic)"};
  const ends = found.shown_to.map((one) => names[one.end] + (one.leaves_home ? ", outside the house" : ""));
  $("shownto").textContent = `Pictures are shown to ${ends.join(", then ") || "no model"} and to the people of the house.`;
  $("seen").replaceChildren(...found.events.slice(0, 12).map(seenRow));
}

function seenRow(event) {
  const when = new Date(event.at).toLocaleTimeString([], {hour: "2-digit", minute: "2-digit"});
  const skipped = Object.entries(event.skipped).map(([who, why]) => `${who}: ${why}`);
  const told = event.told.length ? `told ${event.told.join(", ")}` : `not told (${skipped.join("; ") || "yet"})`;
  const what = event.what || `something the size of a ${event.size === "small" ? "cat" : event.size}`;
  const wrong = element("button", {type: "button", textContent: "False alarm"});
  wrong.addEventListener("click", async () => {
    await api("POST", `/api/eyes/${event.event}`, {label: "false alarm"});
    drawEyes();
  });
  return element("li", {}, ...pictures(event.pictures.slice(0, 1), what), `${when} ${event.camera}: ${what} `,
    element("small", {textContent: event.label || told}), ...(event.label ? [] : [wrong]));
}

async function drawQuestions() {
  const {questions} = await api("GET", "/api/questions");
  $("questions").replaceChildren(...questions.map((one) => {
    const pin = element("input", {type: "password", inputMode: "numeric", placeholder: "PIN", autocomplete: "off"});
    pin.setAttribute("aria-label", "PIN");
    const reply = async (answer, choice = "") => {
      try {
        const said = await api("POST", `/api/questions/${one.id}`, {answer, pin: pin.value, choice});
        note.textContent = said.reply;
      } catch (error) { note.textContent = error.message; }
      setTimeout(drawQuestions, 1500);
    };
    const note = element("p", {textContent: one.text});
    const yes = (one.choices.length > 1 ? one.choices : [""]).map((choice) => {
      const press = element("button", {type: "button", textContent: choice ? `Yes: ${choice}` : "Yes"});
      press.addEventListener("click", () => reply("yes", choice));
      return press;
    });
    const no = element("button", {type: "button", textContent: "No"});
    no.addEventListener("click", () => reply("no"));
    return element("div", {className: "question"}, note, ...(one.needs_pin ? [pin] : []), ...yes, no);
  }));
}

$("say").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = $("text").value.trim();
  if (!text) return;
  $("text").value = "";
  try {
    await api("POST", "/api/say", {text});
  } catch (error) {
    $("thread").append(element("li", {className: "dobby", textContent: error.message}));
  }
});

$("stop").addEventListener("click", () => api("POST", "/api/stop", {}));

// --- views ----------------------------------------------------------------------------------------------------------

const draws = {home: () => {}, network: () => drawNetwork(false), mind: drawMind};

function show() {
  const wanted = location.hash.slice(1), name = wanted in draws ? wanted : "home";
  for (const one of document.querySelectorAll("[data-view]")) one.hidden = one.dataset.view !== name;
  for (const one of document.querySelectorAll("nav a")) {
    if (one.hash === `#${name}`) one.setAttribute("aria-current", "page");
    else one.removeAttribute("aria-current");
  }
  draws[name]();
}
addEventListener("hashchange", show);
$("again").addEventListener("click", () => drawNetwork(true));

// --- the line ---------------------------------------------------------------------------------------------------------

function listen() {
  const events = new EventSource("/api/events"), line = $("line");
  const told = (state, text) => { line.dataset.state = state; line.textContent = text; };
  events.onopen = () => told("up", "live");
  events.onerror = () => told("lost", "the line is lost; trying again");
  const on = (kind, does) => events.addEventListener(kind, (event) => does(JSON.parse(event.data)));
  on("reading", ({device, trait, value, at, pending, reachable}) => {
    const known = home.get(device), one = known?.traits.find((row) => row.name === trait);
    if (!known) return readHome();
    known.reachable = reachable;
    if (one) Object.assign(one, pending ? {pending} : {value, at, pending});
    drawDevice(device);
  });
  on("device", ({id, device}) => { if (device) home.set(id, device); else home.delete(id); drawHome(); });
  on("turn", drawTurn);
  on("question", drawQuestions);
  on("seen", drawEyes);
  on("reset", readHome);
  on("hello", readHome);
}

await readHome();
const {turns} = await api("GET", "/api/turns");
turns.forEach(drawTurn);
await drawQuestions();
await drawEyes();
show();
listen();
