// Every turn opened up: what was heard, which mind answered, each call with its verdict and outcomes, and the time it took.

import {api} from "/api.js";
import {shown} from "/controls.js";
import {$, element, when} from "/dom.js";
import {home} from "/home.js";

const KEEP = 50;

export async function drawTurns() {
  const {turns} = await api("GET", "/api/turns");
  const open = new Set([...document.querySelectorAll("#lately details[open]")].map((one) => one.dataset.turn));
  $("lately").replaceChildren(...turns.reverse().map(row));
  for (const one of open) document.querySelector(`#lately [data-turn="${one}"]`)?.setAttribute("open", "");
}

// A turn that just ended, with its calls; one without words (a hand on the page) is told too.
export function addTurn(turn) {
  if (!turn.text && !turn.calls?.length) return;
  document.querySelector(`#lately [data-turn="${turn.id}"]`)?.parentNode.remove();
  $("lately").prepend(row(turn));
  while ($("lately").children.length > KEEP) $("lately").lastChild.remove();
}

function row(turn) {
  const inside = element("div", {});
  const heard = turn.text ? `“${turn.text}”` : `on the page: ${words(turn.calls)}`;
  const box = element(
    "details",
    {},
    element("summary", {}, heard, element("small", {textContent: ` ${turn.who}, ${when(turn.at)}`})),
    inside,
  );
  box.dataset.turn = turn.id;
  box.addEventListener("toggle", async () => {
    if (!box.open || inside.firstChild) return;
    try {
      inside.replaceChildren(...opened(await api("GET", `/api/turns/${turn.id}`)));
    } catch (error) {
      inside.textContent = error.message;
    }
  });
  return element("li", {}, box);
}

const named = (id) => home.get(id)?.name ?? id;

function words(calls) {
  const [first] = (calls ?? []).flatMap((one) => one.outcomes);
  return first
    ? `${named(first.device)}, ${first.trait} ${shown({name: first.trait, value: first.value})}, ${first.result}`
    : "nothing was done";
}

function opened(turn) {
  const minds = {reflex: "reflex: no model was asked", none: "no model was asked"};
  return [
    element("p", {}, element("strong", {textContent: "Answer: "}), turn.reply || "none"),
    element("p", {
      className: "note",
      textContent: `${minds[turn.mind] ?? turn.mind} · ${turn.channel} · ${turn.elapsed_ms} ms`,
    }),
    ...turn.calls.map((call) =>
      element(
        "section",
        {className: "call"},
        element("h4", {textContent: call.tool}),
        element("pre", {textContent: JSON.stringify(call.args, null, 1)}),
        element("p", {}, element("strong", {textContent: "Verdict: "}), verdict(call.verdict)),
        element(
          "ul",
          {},
          ...call.outcomes.map((one) =>
            element("li", {
              className: one.result === "failed" ? "bad" : "good",
              textContent:
                `${named(one.device)}: ${one.trait} ${shown({name: one.trait, value: one.value})}: ` +
                (one.result === "failed" ? one.error.text : one.result),
            }),
          ),
        ),
      ),
    ),
  ];
}

const verdict = (one) =>
  typeof one === "string"
    ? one
    : [one?.kind ?? one?.verdict, one?.why ?? one?.reason].filter(Boolean).join(": ") || JSON.stringify(one);
