// Talk: one thread of what was said through every door, typing, and speaking. Open questions stand above every view.

import {api} from "/api.js";
import {$, element, press, say, when} from "/dom.js";
import {record} from "/record.js";

const drawn = new Set();
const KEEP = 200; // entries in the thread
const TOGETHER = 60000; // milliseconds within which one text to several people is one entry

export const pictures = (names, alt) =>
  (names ?? []).map((name) =>
    element(
      "a",
      {href: `/api/pictures/${encodeURIComponent(name)}`, target: "_blank"},
      element("img", {
        src: `/api/pictures/${encodeURIComponent(name)}`,
        alt: alt || "a picture",
        loading: "lazy",
        className: "picture",
      }),
    ),
  );

function append(at, ...rows) {
  const thread = $("thread"),
    low = thread.scrollHeight - thread.scrollTop - thread.clientHeight < 80;
  for (const row of rows) row.dataset.at = at;
  thread.append(...rows);
  while (thread.children.length > KEEP) thread.firstChild.remove();
  const down = () => {
    thread.scrollTop = thread.scrollHeight;
  };
  if (low) down();
  for (const one of thread.querySelectorAll("li:last-child img")) one.addEventListener("load", down, {once: true});
}

export function drawTurn(turn) {
  if (!(turn.text || turn.sent?.length) || drawn.has(`turn ${turn.id}`)) return;
  drawn.add(`turn ${turn.id}`);
  for (const one of document.querySelectorAll("#thread .waiting")) one.remove();
  append(
    turn.at,
    element(
      "li",
      {className: "me"},
      turn.text,
      ...pictures(turn.sent, `a picture from ${turn.who}`),
      element("small", {textContent: `${turn.who}, ${turn.channel}, ${when(turn.at)}`}),
    ),
    element(
      "li",
      {className: "dobby"},
      turn.reply || "…",
      ...pictures(turn.pictures, turn.reply),
      element("small", {textContent: `${turn.mind === "none" ? "" : `${turn.mind}, `}${turn.elapsed_ms} ms`}),
    ),
  );
}

export function drawLetter(letter) {
  if (drawn.has(letter.key)) return;
  drawn.add(letter.key);
  const to = `${letter.who || letter.to}${letter.state === "failed" ? " (not delivered)" : ""}`;
  const same = [...document.querySelectorAll("#thread .letter")].findLast(
    (one) =>
      one.dataset.text === letter.text && Math.abs(Date.parse(letter.at) - Date.parse(one.dataset.at)) < TOGETHER,
  );
  if (same) {
    same.lastChild.prepend(`${to}, `);
    return;
  }
  const row = element(
    "li",
    {className: "dobby letter"},
    letter.text,
    ...pictures(letter.pictures, letter.text),
    element("small", {textContent: `${to}: ${letter.channel}, ${when(letter.at)}`}),
  );
  row.dataset.text = letter.text;
  append(letter.at, row);
}

export async function readTalk() {
  const {turns, letters} = await api("GET", "/api/talk");
  const rows = [
    ...turns.map((one) => [one.at, () => drawTurn(one)]),
    ...letters.map((one) => [one.at, () => drawLetter(one)]),
  ];
  rows.sort(([one], [other]) => one.localeCompare(other)).forEach(([, draw]) => draw());
  $("thread").scrollTop = $("thread").scrollHeight;
}

async function send(text, id) {
  append("", element("li", {className: "dobby waiting", textContent: "…"}));
  try {
    const {turn} = await api("POST", "/api/say", {text, id});
    if (!drawn.has(`turn ${turn}`)) await readTalk();
  } finally {
    for (const one of document.querySelectorAll("#thread .waiting")) one.remove();
  }
}

let unsent = {}; // what did not get through, and the name it went by
const made = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (one) => one.toString(16)).join("");

$("say").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = $("text").value.trim();
  if (!text) return;
  $("text").value = "";
  const id = unsent.text === text ? unsent.id : made();
  unsent = {text, id};
  try {
    await send(text, id);
    unsent = {};
  } catch (error) {
    $("text").value ||= text; // said again it is the same message, and is done once
    append("", element("li", {className: "dobby bad", textContent: error.message}));
  }
});

// --- speaking: press, say it, and be quiet (or press again) -----------------------------------------------------------

$("mic").append(element("span", {className: "hidden", textContent: "Speak"}));
$("mic").addEventListener("click", async () => {
  const mic = $("mic");
  if (mic.getAttribute("aria-pressed") === "true") return mic.dispatchEvent(new Event("done"));
  let taken;
  speaking?.pause(); // not to hear himself
  try {
    taken = await record();
  } catch (error) {
    return say(error.message);
  }
  mic.setAttribute("aria-pressed", "true");
  await Promise.race([
    new Promise((done) => {
      mic.addEventListener("done", done, {once: true});
    }),
    taken.over,
  ]);
  mic.setAttribute("aria-pressed", "false");
  try {
    const wav = await taken.stop();
    const {heard, turn, reply} = await api("POST", "/api/voice", wav);
    say(`I heard “${heard}”.`);
    if (!drawn.has(`turn ${turn}`)) await readTalk();
    await aloud(reply);
  } catch (error) {
    say(error.message);
  }
});

let speaking = null;

// What was asked aloud is answered aloud, where there is a mouth; the words stand in the thread anyhow.
async function aloud(text) {
  const answer = await fetch("/api/voice/speech", {
    method: "POST",
    body: JSON.stringify({text}),
    headers: {"Content-Type": "application/json"},
  });
  if (!answer.ok) return;
  const place = URL.createObjectURL(await answer.blob()),
    sound = new Audio(place);
  const free = () => URL.revokeObjectURL(place);
  for (const end of ["ended", "pause", "error"]) sound.addEventListener(end, free, {once: true});
  speaking = sound;
  await sound.play().catch(free);
}

// --- questions --------------------------------------------------------------------------------------------------------

const LOOK = 15000; // milliseconds; a question whose time is over is told by nobody
setInterval(() => $("questions").firstChild && drawQuestions().catch(() => {}), LOOK);

export async function drawQuestions() {
  const {questions} = await api("GET", "/api/questions");
  const known = new Set(questions.map((one) => one.id)),
    here = new Set();
  for (const one of [...$("questions").children]) {
    if (known.has(one.dataset.id)) here.add(one.dataset.id);
    else one.remove();
  }
  $("questions").append(...questions.filter((one) => !here.has(one.id)).map(question));
  if (!questions.length) dispatchEvent(new Event("answered"));
}

function question(one) {
  const pin = element("input", {type: "password", inputMode: "numeric", placeholder: "PIN", autocomplete: "off"});
  pin.setAttribute("aria-label", "PIN");
  const note = element("p", {textContent: one.text});
  const reply = async (answer, choice = "") => {
    try {
      const said = await api("POST", `/api/questions/${one.id}`, {answer, pin: pin.value, choice});
      say(said.reply);
    } catch (error) {
      note.textContent = error.message;
    }
    await drawQuestions();
  };
  const yes = (one.choices.length > 1 ? one.choices : [""]).map((choice) =>
    press(choice ? `Yes: ${choice}` : "Yes", () => reply("yes", choice), {className: "good"}),
  );
  const box = element(
    "div",
    {className: "question"},
    note,
    one.needs_pin ? pin : null,
    ...yes,
    press("No", () => reply("no")),
  );
  box.dataset.id = one.id;
  pin.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && yes.length === 1) yes[0].click();
  });
  return box;
}
