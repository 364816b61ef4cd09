// The page: reads who is there and what they may see, then lives on server-sent events.

import {api} from "/api.js";
import {beginCare, drawCare} from "/care.js";
import {drawCharts} from "/charts.js";
import {$, say, trying} from "/dom.js";
import {beginEyes, drawEyes, live} from "/eyes.js";
import {begin, came, drawScenes, readHome, took} from "/home.js";
import {beginMind, drawMind} from "/mind.js";
import {drawNetwork} from "/network.js";
import {drawLetter, drawQuestions, drawTurn, readTalk} from "/talk.js";
import {addTurn} from "/turns.js";

const DRAWS = {
  home: () => {},
  talk: () => {},
  eyes: () => drawEyes().then(() => live(view === "eyes")),
  network: () => drawNetwork(false),
  mind: drawMind,
  charts: drawCharts,
  care: drawCare,
};
const GUEST = ["home", "talk"];
const AGAIN = 3000, // milliseconds until a lost line is tried again
  SILENT = 40000, // without a word the line is lost, whatever the browser thinks: Dobby says something every 15 s
  LOOK = 30000; // between two looks at what is not told by itself
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
  trying(DRAWS[view])();
}

function listen() {
  const events = new EventSource("/api/events"),
    line = $("line");
  const told = (state, text) => {
    line.dataset.state = state;
    line.textContent = text;
  };
  let heard = Date.now();
  const again = () => {
    clearInterval(watch);
    events.close();
    told("lost", "the line is lost; trying again");
    setTimeout(listen, AGAIN);
  };
  const watch = setInterval(() => Date.now() - heard > SILENT && again(), AGAIN); // a cable that was pulled says nothing
  events.onopen = () => told("up", "live");
  events.onerror = () => {
    told("lost", "the line is lost; trying again");
    if (events.readyState !== EventSource.CLOSED) return;
    api("GET", "/api/me").catch(() => {}); // a session that ended goes to the door
    again(); // refused, not broken: the browser gave up
  };
  const on = (kind, does) =>
    events.addEventListener(kind, (event) => {
      heard = Date.now();
      trying(does)(JSON.parse(event.data));
    });
  on("still", () => {});
  const anew = () => Promise.all([readHome(), readTalk(), drawQuestions()]);
  on("reading", took);
  on("device", came);
  on("turn", (turn) => {
    drawTurn(turn);
    addTurn(turn);
    if (view === "mind" && !document.activeElement.closest("form, details")) return drawMind();
  });
  on("letter", drawLetter);
  on("question", drawQuestions);
  on("seen", () => view === "eyes" && drawEyes());
  on("health", () => Promise.all([guest || drawScenes(), view === "care" && drawCare()]));
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
begin(trying(drawQuestions), owner);
beginEyes(owner);
beginMind(owner);
beginCare(owner);
$("stop").addEventListener(
  "click",
  trying(async () => {
    await api("POST", "/api/stop", {});
    say("Everything that ran or waited is stopped.");
  }),
);
$("again").addEventListener(
  "click",
  trying(() => drawNetwork(true)),
);
setInterval(
  trying(
    () =>
      !document.hidden &&
      ["care", "charts"].includes(view) &&
      !document.querySelector("#charts details[open]") &&
      DRAWS[view](),
  ),
  LOOK,
);
addEventListener("hashchange", show);
listen(); // its first word has the home read: what changes meanwhile is told after that
show();
if (!guest) await drawScenes();
