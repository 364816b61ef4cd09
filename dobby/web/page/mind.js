// The mind: what is planned, what waits for an answer, what is remembered and by whom it was said, the skills and their
// files with what they said before, and what thinking cost.

import {api} from "/api.js";
import {$, element, grouped, press, say, when} from "/dom.js";
import {drawQuestions} from "/talk.js";
import {drawTurns} from "/turns.js";

let mayWrite = false,
  facts = [];
export function beginMind(write) {
  mayWrite = write;
}

export async function drawMind() {
  const [memory, skills, plans, budget] = await Promise.all([
    api("GET", "/api/memory"),
    api("GET", "/api/skills"),
    api("GET", "/api/plans"),
    api("GET", "/api/budget"),
  ]);
  facts = memory.facts;
  $("paraphrases").textContent = memory.knows_paraphrases ? "Found by words and by meaning." : "Found by words.";
  $("problems").replaceChildren(...memory.problems.map((one) => element("li", {className: "bad", textContent: one})));
  drawFacts();
  const open = new Set([...document.querySelectorAll("details.skill[open]")].map((one) => one.dataset.skill));
  if (!open.size) $("skills").replaceChildren(...skills.skills.map(skill));
  $("plans").replaceChildren(
    ...(plans.plans.length
      ? plans.plans.map(plan)
      : [element("li", {className: "empty", textContent: "Nothing is planned."})]),
  );
  drawBudget(budget);
  await drawTurns();
  await drawQuestions();
}

function drawFacts() {
  const words = $("recall").value.trim().toLowerCase();
  const found = facts.filter((one) => !words || `${one.text} ${one.subject} ${one.who}`.toLowerCase().includes(words));
  $("facts").replaceChildren(
    ...[...grouped(found, (one) => one.subject)].map(([subject, rows]) =>
      element(
        "section",
        {},
        element("h3", {textContent: subject.replace("people/", "").replace("rooms/", "").replaceAll("-", " ")}),
        element("ul", {}, ...rows.map(fact)),
      ),
    ),
  );
  if (!found.length)
    $("facts").append(
      element("p", {className: "empty", textContent: words ? "Nothing like it." : "Nothing yet. Tell me something."}),
    );
}
$("recall").addEventListener("input", drawFacts);

function fact(one) {
  const change = async (what) => {
    await api("POST", `/api/memory/${encodeURIComponent(one.id)}`, what);
    await drawMind();
  };
  const origin = one.role === "hand" ? "written by hand" : `${one.who} (${one.role}), ${one.at}`;
  const row = element(
    "li",
    {className: one.until ? "past" : ""},
    element("span", {textContent: one.text}),
    element("small", {textContent: ` ${origin}${one.until ? `, until ${one.until}` : ""} `}),
  );
  const edit = press("Edit", () => {
    const text = element("input", {value: one.text, maxLength: 600});
    text.setAttribute("aria-label", "What it says");
    const form = element(
      "form",
      {className: "inline"},
      text,
      element("button", {type: "submit", textContent: "Keep"}),
      press("Leave it", () => form.replaceWith(row)),
    );
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      try {
        await change({text: text.value});
      } catch (error) {
        say(error.message);
      }
    });
    row.replaceWith(form);
    text.focus();
  });
  row.append(
    element(
      "span",
      {className: "buttons"},
      ...(one.until
        ? [press("True again", () => change({now: "true"}))]
        : [edit, press("No longer true", () => change({now: "past"}))]),
      press("Forget", () => change({now: "gone"})),
    ),
  );
  return row;
}

function skill(one) {
  const text = element("textarea", {value: one.text, rows: 16, spellcheck: false, readOnly: !mayWrite});
  text.setAttribute("aria-label", `The file of ${one.name}`);
  const note = element("p", {className: "note"}),
    before = element("div", {});
  note.setAttribute("role", "status");
  const path = `/api/skills/${encodeURIComponent(one.name)}`;
  const keep = press("Keep", async () => {
    try {
      await api("PUT", path, {text: text.value});
      note.textContent = "Kept.";
    } catch (error) {
      note.textContent = error.message;
    }
  });
  const run = press("Do it", async () => {
    note.textContent = one.say ? (await api("POST", "/api/say", {text: one.say})).reply : "It has no phrase.";
  });
  const history = press("What it said before", async () => {
    const {versions} = await api("GET", `${path}/versions`);
    before.replaceChildren(
      ...versions.map((old) =>
        element(
          "details",
          {},
          element("summary", {textContent: `until ${when(old.at)}, changed by ${old.who}`}),
          element("pre", {textContent: old.text}),
          mayWrite
            ? press("Take this text", () => {
                text.value = old.text;
                note.textContent = "Read it over, then keep it.";
              })
            : null,
        ),
      ),
    );
    if (!versions.length)
      before.replaceChildren(element("p", {className: "note", textContent: "It was never changed here."}));
  });
  const box = element(
    "details",
    {className: "skill"},
    element("summary", {textContent: one.name.replaceAll("-", " ")}),
    element("p", {textContent: one.description}),
    text,
    element("div", {className: "actions"}, mayWrite ? keep : null, run, history),
    note,
    before,
  );
  box.dataset.skill = one.name;
  return box;
}

function plan(one) {
  return element(
    "li",
    {},
    element("strong", {textContent: one.what}),
    element("small", {textContent: ` ${one.when} `}),
    press("Cancel", async () => {
      const {begun} = await api("DELETE", `/api/plans/${one.id}`);
      if (begun) say(`It has begun already and is being done: ${one.what}.`);
      await drawMind();
    }),
  );
}

function drawBudget({daily_tokens: most, days}) {
  const shown = days.slice(0, 14),
    top = Math.max(most, ...shown.map((one) => one.tokens), 1);
  $("budget").replaceChildren(
    ...shown.map((one) =>
      element(
        "li",
        {},
        element("span", {textContent: one.day}),
        element("meter", {min: 0, max: top, value: one.tokens, high: most || top, title: `${one.tokens} tokens`}),
        element("small", {textContent: `${one.tokens.toLocaleString()} tokens`}),
      ),
    ),
  );
  for (const one of $("budget").querySelectorAll("meter")) one.setAttribute("aria-label", one.title);
  const words = shown.length ? "" : "No model was asked yet. ";
  $("allowance").textContent =
    `${words}${most ? `A day may cost ${most.toLocaleString()} tokens.` : "There is no daily limit."}`;
}

$("remember").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = $("fact").value.trim();
  if (!text) return;
  $("fact").value = "";
  try {
    await api("POST", "/api/memory", {text});
  } catch (error) {
    say(error.message);
  }
  await drawMind();
});
