// Charts of what people would rather look at than read, drawn as SVG; each says the same as a table.

import {api} from "/api.js";
import {$, element, grouped, svg, trying, when} from "/dom.js";

const WIDE = 480, // about as wide as it is shown, so that its words keep their size
  HIGH = 160,
  LEFT = 48,
  LOW = 22;
const TITLES = {
  temperature: "Temperatures",
  pool: "Pool and spa",
  humidity: "Humidity",
  power: "Power",
  energy: "Energy",
  air: "Air",
  light: "Light",
  battery: "Batteries",
};
const FAR = 15; // °C
const GLIDES = new Set(["current", "temperature", "humidity", "co2"]); // the rest holds until it changes
const LINES = 8; // in one chart
let span = "day",
  mine = 0;

export async function drawCharts() {
  const turn = ++mine;
  $("charts").ariaBusy = "true";
  for (const one of document.querySelectorAll("#spans button"))
    one.setAttribute("aria-pressed", String(one.value === span));
  const found = await api("GET", `/api/charts?span=${span}`);
  const boxes = [];
  for (const kind of Object.keys(TITLES)) {
    for (const [unit, rows] of grouped(
      (found.series[kind] ?? []).filter((one) => kind === "pool" || one.trait !== "target"),
      (one) => one.unit,
    )) {
      const lines = await Promise.all(
        rows.map(async (one) => ({
          name: named(one, rows),
          unit,
          trait: one.trait,
          ...(await api(
            "GET",
            `/api/history?span=${span}&device=${encodeURIComponent(one.device)}&trait=${one.trait}`,
          )),
        })),
      );
      if (turn !== mine) return;
      const groups = apart(lines.filter((one) => one.points.length));
      for (const near of groups) {
        const title = groups.length > 1 && near.length === 1 ? near[0].name : TITLES[kind]; // a freezer is no room
        for (let first = 0; first < near.length; first += LINES)
          boxes.push(lineChart(`${title}, ${unit}`, near.slice(first, first + LINES)));
      }
    }
  }
  if (found.seen.length)
    boxes.push(
      barChart(
        `What the cameras saw, events per ${["day", "week"].includes(span) ? "hour" : "day"}`,
        found.seen.map((one) => [one.at, one.count]),
        "",
      ),
    );
  if (found.cardio.length)
    boxes.push(
      barChart(
        "Cardio, minutes",
        found.cardio.map((one) => [Date.parse(one.began) / 1000, one.minutes]),
        "min",
      ),
    );
  $("charts").ariaBusy = "false";
  $("charts").replaceChildren(
    ...(boxes.length
      ? boxes
      : [element("p", {className: "empty", textContent: "Nothing was measured yet. Readings are kept from now on."})]),
  );
}

for (const one of document.querySelectorAll("#spans button")) {
  one.addEventListener(
    "click",
    trying(() => {
      span = one.value;
      return drawCharts();
    }),
  );
}

// A freezer would press the rooms into one line: what lies far apart is drawn apart.
function apart(lines) {
  const level = (one) => one.points.at(-1)[2],
    groups = [];
  for (const one of lines.toSorted((a, b) => level(a) - level(b))) {
    const last = groups.at(-1);
    if (one.unit === "°C" && last && level(one) - level(last.at(-1)) < FAR) last.push(one);
    else if (one.unit !== "°C" && last) last.push(one);
    else groups.push([one]);
  }
  return groups.sort((one, other) => other.length - one.length);
}

const named = (one, rows) =>
  rows.some((other) => other !== one && other.device === one.device) ? `${one.name} ${one.trait}` : one.name;

function nice(low, high) {
  if (high - low < 1e-9) [low, high] = [low - 1, high + 1];
  const rough = (high - low) / 4,
    power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 2.5, 5, 10].find((one) => one * power >= rough);
  const ticks = [];
  for (let at = Math.floor(low / step) * step; at < high + step * 0.999; at += step)
    ticks.push(Math.round(at * 1e6) / 1e6);
  return ticks;
}

// The frame of a chart: its lines, hours or days below, and how places become points.
function frame(title, from, to, low, high) {
  const ticks = nice(low, high),
    x = (at) => LEFT + ((at - from) / (to - from || 1)) * (WIDE - LEFT - 8);
  const top = ticks.at(-1),
    y = (value) => HIGH - LOW - ((value - ticks[0]) / (top - ticks[0])) * (HIGH - LOW - 10);
  const drawn = svg("svg", {
    viewBox: `0 0 ${WIDE} ${HIGH}`,
    role: "img",
    "aria-label": `${title}; the table below says the same`,
  });
  for (const one of ticks) {
    const text = svg("text", {x: LEFT - 6, y: y(one) + 3.5, class: "end"});
    text.textContent = one.toLocaleString();
    drawn.append(svg("line", {x1: LEFT, x2: WIDE - 8, y1: y(one), y2: y(one), class: "grid"}), text);
  }
  const days = (to - from) / 86400,
    step = days <= 2 ? 6 * 3600 : days <= 10 ? 86400 : days <= 60 ? 5 * 86400 : 31 * 86400;
  const zone = new Date(from * 1000).getTimezoneOffset() * 60;
  for (let at = Math.ceil((from - zone) / step) * step + zone; at < to; at += step) {
    const text = svg("text", {x: x(at), y: HIGH - 6, class: "mid"});
    text.textContent = new Date(at * 1000).toLocaleString(
      [],
      days <= 2
        ? {hour: "2-digit", minute: "2-digit"}
        : days <= 10
          ? {weekday: "short"}
          : days <= 60
            ? {day: "numeric", month: "short"}
            : {month: "short"},
    );
    drawn.append(text);
  }
  return {drawn, x, y};
}

function lineChart(title, lines) {
  const all = lines.flatMap((one) => one.points),
    now = lines[0].now;
  const from = Math.min(...all.map((one) => one[0])),
    to = Math.max(now, from + 60);
  const {drawn, x, y} = frame(
    title,
    from,
    to,
    Math.min(...all.map((one) => one[1])),
    Math.max(...all.map((one) => one[3])),
  );
  lines.forEach((line, index) => {
    const rows = [...line.points, [to, ...line.points.at(-1).slice(1)]];
    if (lines.length === 1) {
      drawn.append(
        svg("polygon", {
          class: "band",
          points: [
            ...rows.map((one) => `${x(one[0])},${y(one[3])}`),
            ...rows.toReversed().map((one) => `${x(one[0])},${y(one[1])}`),
          ].join(" "),
        }),
      );
    }
    const points = rows.flatMap(([at, , mean], step) =>
      GLIDES.has(line.trait) || !step
        ? [[at, mean]]
        : [
            [at, rows[step - 1][2]],
            [at, mean],
          ],
    );
    drawn.append(
      svg("polyline", {class: `line c${index}`, points: points.map(([at, mean]) => `${x(at)},${y(mean)}`).join(" ")}),
    );
  });
  const legend = element(
    "ul",
    {className: "legend"},
    ...lines.map((one, index) =>
      element("li", {
        className: `c${index}`,
        textContent: `${one.name}: ${last(one)}${one.reachable ? ` ${one.unit}` : ""}`,
      }),
    ),
  );
  const near = element("p", {className: "note near"});
  drawn.addEventListener("pointermove", (event) => {
    const box = drawn.getBoundingClientRect(),
      at = from + ((((event.clientX - box.left) / box.width) * WIDE - LEFT) / (WIDE - LEFT - 8)) * (to - from);
    const said = lines.map((one) => {
      const point = one.points.findLast((row) => row[0] <= at);
      return point && `${one.name} ${point[2]} ${one.unit}`;
    });
    near.textContent = `${when(at * 1000)}: ${said.filter(Boolean).join(", ") || "nothing yet"}`;
  });
  return box(
    title,
    drawn,
    legend,
    near,
    table(
      ["", ...lines.map((one) => `${one.name}, ${one.unit}`)],
      [
        ["lowest", ...lines.map((one) => Math.min(...one.points.map((row) => row[1])))],
        ["mean", ...lines.map((one) => Math.round(10 * mean(one)) / 10)],
        ["highest", ...lines.map((one) => Math.max(...one.points.map((row) => row[3])))],
        ["now", ...lines.map(last)],
      ],
    ),
  );
}

// Each value counts for as long as it held.
const mean = ({points, now}) =>
  points.reduce((sum, [at, , value], index) => sum + value * ((points[index + 1]?.[0] ?? now) - at), 0) /
  (now - points[0][0] || 1);

const last = (one) => (one.reachable ? (one.last ?? one.points.at(-1)[2]) : "does not answer");

function barChart(title, rows, unit) {
  const from = rows[0][0],
    width =
      rows.length > 1
        ? Math.min(
            ...rows
              .slice(1)
              .map((one, at) => one[0] - rows[at][0])
              .filter((one) => one > 0),
            86400,
          )
        : 3600;
  const to = rows.at(-1)[0] + width,
    {drawn, x, y} = frame(title, from, to, 0, Math.max(...rows.map((one) => one[1])));
  for (const [at, count] of rows) {
    const bar = svg("rect", {
      x: x(at) + 1,
      width: Math.max(x(at + width) - x(at) - 2, 2),
      y: y(count),
      height: y(0) - y(count),
      class: "bar",
      rx: 2,
    });
    const words = svg("title");
    words.textContent = `${when(at * 1000)}: ${count} ${unit}`;
    bar.append(words);
    drawn.append(bar);
  }
  return box(
    title,
    drawn,
    table(
      ["when", unit || "how many"],
      rows.slice(-60).map(([at, count]) => [when(at * 1000), count]),
    ),
  );
}

const box = (title, ...inside) =>
  element("section", {className: "chart"}, element("h3", {textContent: title}), ...inside);

const table = (head, rows) =>
  element(
    "details",
    {},
    element("summary", {textContent: "As a table"}),
    element(
      "div",
      {className: "wide"},
      element(
        "table",
        {},
        element("thead", {}, element("tr", {}, ...head.map((one) => element("th", {textContent: one})))),
        element(
          "tbody",
          {},
          ...rows.map((row) => element("tr", {}, ...row.map((one) => element("td", {textContent: one})))),
        ),
      ),
    ),
  );
