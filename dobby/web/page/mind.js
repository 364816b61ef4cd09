// The mind: what is remembered and by whom it was said, the skills and their files, and what is planned.

import {api} from "/api.js";
import {element} from "/controls.js";

const $ = (id) => document.getElementById(id);
const press = (text, does) => {
  const made = element("button", {type: "button", textContent: text});
  made.addEventListener("click", does);
  return made;
};

export async function drawMind() {
  const [memory, skills, plans] = await Promise.all([api("GET", "/api/memory"), api("GET", "/api/skills"),
    api("GET", "/api/plans")]);
  const subjects = Map.groupBy ? Map.groupBy(memory.facts, (one) => one.subject) : grouped(memory.facts);
  $("paraphrases").textContent = memory.knows_paraphrases ? "Found by words and by meaning." : "Found by words.";
  $("facts").replaceChildren(...memory.problems.map((one) => element("p", {className: "bad", textContent: one})),
    ...[...subjects].map(([subject, facts]) => element("section", {},
      element("h3", {textContent: subject.replace("people/", "").replace("rooms/", "").replaceAll("-", " ")}),
      element("ul", {}, ...facts.map(fact)))));
  $("skills").replaceChildren(...skills.skills.map(skill));
  $("plans").replaceChildren(...(plans.plans.length ? plans.plans.map(plan)
    : [element("li", {textContent: "Nothing is planned."})]));
}

function grouped(facts) {
  const found = new Map();
  for (const one of facts) found.set(one.subject, [...(found.get(one.subject) ?? []), one]);
  return found;
}

function fact(one) {
  const now = async (what) => { await api("POST", `/api/memory/${one.id}`, {now: what}); drawMind(); };
  const origin = one.role === "hand" ? "written by hand" : `${one.who} (${one.role}), ${one.at}`;
  return element("li", {className: one.until ? "past" : ""}, element("span", {textContent: one.text}),
    element("small", {textContent: ` ${origin}${one.until ? `, until ${one.until}` : ""} `}),
    one.until ? press("True again", () => now("true")) : press("No longer true", () => now("past")),
    press("Forget", () => now("gone")));
}

function skill(one) {
  const text = element("textarea", {value: one.text, rows: 16, spellcheck: false});
  text.setAttribute("aria-label", `The file of ${one.name}`);
  const note = element("p", {className: "note"});
  const keep = press("Keep", async () => {
    try {
      await api("PUT", `/api/skills/${encodeURIComponent(one.name)}`, {text: text.value});
      note.textContent = "Kept.";
    } catch (error) { note.textContent = error.message; }
  });
  const run = press("Do it", async () => {
    const phrase = Object.values(one.phrases)[0]?.[0];
    note.textContent = phrase ? (await api("POST", "/api/say", {text: phrase})).reply : "It has no phrase.";
  });
  return element("details", {className: "skill"}, element("summary", {textContent: one.name.replaceAll("-", " ")}),
    element("p", {textContent: one.description}), text, element("div", {className: "actions"}, keep, run), note);
}

function plan(one) {
  return element("li", {}, element("strong", {textContent: one.what}), element("small", {textContent: ` ${one.when} `}),
    press("Cancel", async () => { await api("DELETE", `/api/plans/${one.id}`); drawMind(); }));
}

$("remember").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = $("fact").value.trim();
  if (!text) return;
  $("fact").value = "";
  await api("POST", "/api/memory", {text});
  drawMind();
});
