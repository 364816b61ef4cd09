// Care: what is unwell and what to do about it, what was logged, the workspace in one file, and who is logged in.

import {api} from "/api.js";
import {$, ago, element, press, say} from "/dom.js";

let owner = false;
export function beginCare(mine) {
  owner = mine;
  for (const one of document.querySelectorAll("[data-owner]")) one.hidden = !owner;
}

export async function drawCare() {
  const health = await api("GET", "/api/health");
  const rows = [
    ...health.problems.map((one) => [
      "bad",
      typeof one === "string" ? one : (one.text ?? JSON.stringify(one)),
      one.hint ?? "",
    ]),
    ...health.links
      .filter((one) => one.state !== "up")
      .map((one) => [
        "bad",
        `${one.name} (${one.make}): ${one.error || one.state}`,
        one.hint ?? "Is it switched on and on the network? I keep trying.",
      ]),
    ...health.unreachable.map((one) => [
      "bad",
      `${one.name ?? one} does not answer`,
      "Switch it on, or look at its battery and its bridge.",
    ]),
    ...health.parts
      .filter((one) => one.state !== "up")
      .map((one) => [
        "bad",
        `My own part “${one.name}”: ${one.error || one.state}`,
        "It starts again by itself; the log below says why it fell.",
      ]),
    ...health.letters_not_sent.map((one) => [
      "bad",
      `A message was not sent: ${one.text ?? one.error ?? JSON.stringify(one)}`,
      "Look at the number and at Twilio's settings.",
    ]),
    ...health.cameras
      .filter((one) => one.state && one.state !== "up")
      .map((one) => [
        "bad",
        `${one.name}: ${one.trouble || one.state}`,
        "Look whether it has power and whether its password is still the same.",
      ]),
    ...(health.voice?.trouble ?? []).map((one) => ["bad", one, "The voice: see [voice] in config.toml."]),
    ...(health.voice?.satellites ?? [])
      .filter((one) => one.trouble)
      .map((one) => ["bad", `Satellite ${one.name}: ${one.trouble}`, "I call it again by myself."]),
  ];
  $("wellness").replaceChildren(
    ...rows.map(([kind, text, hint]) =>
      element(
        "li",
        {className: kind},
        element("strong", {textContent: text}),
        element("small", {textContent: ` ${hint}`}),
      ),
    ),
  );
  if (!rows.length) $("wellness").append(element("li", {className: "good", textContent: "All is well."}));
  const model = health.model
    ? `${health.model.name ?? health.model.model ?? "a model"}`
    : "no model (plain orders work without)";
  $("facts-of-health").textContent =
    `${health.devices} devices over ${health.links.length} links · ${health.parts.length} parts of mine running · ${model}` +
    ` · ${health.pictures_sent_out_today} pictures shown outside the house today`;
  if (owner) await Promise.all([drawLogs(), drawLogins()]);
}

let lines = [];
async function drawLogs() {
  ({lines} = await api("GET", "/api/logs"));
  sift();
}

function sift() {
  const words = $("sieve").value.toLowerCase(),
    low = $("logs").scrollHeight - $("logs").scrollTop - $("logs").clientHeight < 40;
  const kept = lines
    .map((one) => (typeof one === "string" ? one : Object.values(one).join(" ")))
    .filter((one) => one.toLowerCase().includes(words));
  $("logs").textContent = kept.join("\n") || "Nothing was logged.";
  if (low) $("logs").scrollTop = $("logs").scrollHeight;
}
$("sieve").addEventListener("input", sift);

async function drawLogins() {
  const {logins} = await api("GET", "/api/logins");
  $("logins").replaceChildren(
    ...logins.map((one) =>
      element(
        "li",
        {},
        element("strong", {textContent: one.person}),
        element("small", {textContent: ` since ${ago(one.made)}, last here ${ago(one.used)} `}),
        press("Log out", async () => {
          await api("DELETE", `/api/logins/${one.id}`);
          await drawLogins();
        }),
      ),
    ),
  );
}

function disarm() {
  const button = $("restore").querySelector("button");
  delete button.dataset.sure;
  button.textContent = "Put it back";
}
$("archive").addEventListener("change", disarm);
$("restore").addEventListener("submit", async (event) => {
  event.preventDefault();
  const [file] = $("archive").files,
    button = $("restore").querySelector("button");
  if (!file) return say("Choose the file first.");
  if (!button.dataset.sure) {
    // a second press, no dialog: what stands here is about to be replaced
    button.dataset.sure = "1";
    setTimeout(disarm, 10000);
    button.textContent = "Really put it back?";
    return say("What stands here now is kept aside, and the backup takes its place. Press again if you mean it.");
  }
  disarm();
  try {
    const {made} = await api("POST", "/api/restore", file);
    say(`The backup of ${made.slice(0, 10)} is in order. I start anew with it.`);
    await api("POST", "/api/restart", {});
  } catch (error) {
    say(error.message);
  }
});
$("restart").addEventListener("click", async () => {
  try {
    await api("POST", "/api/restart", {});
    say("I close everything and open it again.");
  } catch (error) {
    say(error.message);
  }
});
$("logout").addEventListener("click", async () => {
  await api("POST", "/api/logout", {});
  location.assign("/login");
});
