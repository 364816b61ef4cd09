// The page: reads who is there and what they may see, then lives on server-sent events.

import {api} from "/api.js";
import {beginCare, drawCare} from "/care.js";
import {drawCharts} from "/charts.js";
import {$, say} from "/dom.js";
import {beginEyes, drawEyes, live} from "/eyes.js";
import {begin, came, drawScenes, readHome, took} from "/home.js";
import {beginMind, drawMind} from "/mind.js";
import {drawNetwork} from "/network.js";
import {drawLetter, drawQuestions, drawTurn, readTalk} from "/talk.js";
import {addTurn} from "/turns.js";

const DRAWS = {
  home: () => {},
  talk: () => {},
  eyes: () => drawEyes().then(() => live(true)),
  network: () => drawNetwork(false),
  mind: drawMind,
  charts: drawCharts,
  care: drawCare,
};
const GUEST = ["home", "talk"];
let views = Object.keys(DRAWS),
  view = "";

function show() {
  const wanted = location.hash.slice(1);
  view = views.includes(wanted) ? wanted : "home";
  document.body.dataset.now = view;
  for (const one of document.querySelectorAll("[data-view]")) one.hidden = one.dataset.view !== view;
  for (const one of document.querySelectorAll("nav a")) {
    if (one.hash === `#${view}`) one.setAttribute("aria-current", "page");
    else one.removeAttribute("aria-current");
  }
  $("thread").scrollTop = $("thread").scrollHeight;
  live(false);
  Promise.resolve(DRAWS[view]()).catch((error) => say(error.message));
}

function listen() {
  const events = new EventSource("/api/events"),
    line = $("line");
  const told = (state, text) => {
    line.dataset.state = state;
    line.textContent = text;
  };
  events.onopen = () => told("up", "live");
  events.onerror = () => {
    told("lost", "the line is lost; trying again");
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, 3000); // refused, not broken: the browser gave up
  };
  const on = (kind, does) => events.addEventListener(kind, (event) => does(JSON.parse(event.data)));
  const anew = () => Promise.all([readHome(), readTalk(), drawQuestions()]).catch((error) => say(error.message));
  on("reading", took);
  on("device", came);
  on("turn", (turn) => {
    drawTurn(turn);
    addTurn(turn);
  });
  on("letter", drawLetter);
  on("question", () => drawQuestions().catch(() => {}));
  on("seen", () => {
    if (view === "eyes") drawEyes();
  });
  on("health", () => {
    if (view === "care") drawCare();
  });
  on("reset", anew);
  on("hello", anew);
}

const me = await api("GET", "/api/me");
const owner = me.role === "owner",
  guest = me.role === "guest";
document.body.dataset.role = me.role;
$("who").textContent = me.name;
if (guest) views = GUEST;
for (const one of document.querySelectorAll("nav a")) one.hidden = !views.includes(one.hash.slice(1));
begin(() => drawQuestions(), owner);
beginEyes(owner);
beginMind(owner);
beginCare(owner);
$("stop").addEventListener("click", async () => {
  try {
    await api("POST", "/api/stop", {});
    say("Everything that ran or waited is stopped.");
  } catch (error) {
    say(error.message);
  }
});
$("again").addEventListener("click", () => drawNetwork(true));
addEventListener("hashchange", show);
listen(); // its first word has the home read: what changes meanwhile is told after that
show();
if (!guest) await drawScenes();
