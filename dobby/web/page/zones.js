// Drawing parts of a camera's picture: press for a corner, drag a corner, or move it with the arrow keys. A mask is not
// looked at; a zone only gives its name to what happens in it.

import {$, element, press, svg} from "/dom.js";

const STEP = 0.01,
  MOST = 20; // of the picture, by an arrow key; corners of one part

export function drawing(camera, keep) {
  const zones = camera.zones
    .filter((one) => one.kept)
    .map((one) => ({...one, points: one.points.map(([x, y]) => [x, y])}));
  const fixed = camera.zones.filter((one) => !one.kept);
  let at = zones.length ? 0 : -1;
  const note = element("p", {
    className: "note",
    textContent: "Press on the picture for each corner. Arrow keys move a corner.",
  });
  const picture = element("img", {
    src: `/api/cameras/${encodeURIComponent(camera.name)}`,
    alt: `What ${camera.name} sees now`,
  });
  const sheet = svg("svg", {
    viewBox: "0 0 100 100",
    preserveAspectRatio: "none",
    role: "application",
    "aria-label": "Parts of the picture",
  });
  const rows = element("ul", {className: "zones"});

  const place = (event) => {
    const box = sheet.getBoundingClientRect(),
      cap = (one) => Math.min(Math.max(one, 0), 1);
    return [cap((event.clientX - box.left) / box.width), cap((event.clientY - box.top) / box.height)];
  };
  const paint = () => {
    const shape = (zone, kind) =>
      svg("polygon", {class: kind, points: zone.points.map(([x, y]) => `${100 * x},${100 * y}`).join(" ")});
    sheet.replaceChildren(
      ...fixed.map((one) => shape(one, "fixed")),
      ...zones.map((one, index) => shape(one, `${one.kind}${index === at ? " now" : ""}`)),
      ...(zones[at]?.points ?? []).map((point, corner) => handle(point, corner)),
    );
  };
  const handle = (point, corner) => {
    const [x, y] = point;
    const dot = svg("circle", {
      cx: 100 * x,
      cy: 100 * y,
      r: 1.6,
      tabindex: 0,
      role: "button",
      "aria-label": `Corner ${corner + 1}`,
    });
    const move = (to) => {
      [point[0], point[1]] = to;
      dot.setAttribute("cx", 100 * to[0]);
      dot.setAttribute("cy", 100 * to[1]);
    };
    dot.addEventListener("pointerdown", (event) => {
      event.stopPropagation();
      dot.setPointerCapture(event.pointerId);
    });
    dot.addEventListener("pointermove", (event) => {
      if (dot.hasPointerCapture(event.pointerId)) move(place(event));
    });
    dot.addEventListener("pointerup", paint);
    dot.addEventListener("keydown", (event) => {
      const way = {ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP]}[event.key];
      if (event.key === "Delete") {
        zones[at].points.splice(corner, 1);
        paint();
      }
      if (!way) return;
      event.preventDefault();
      move([Math.min(Math.max(point[0] + way[0], 0), 1), Math.min(Math.max(point[1] + way[1], 0), 1)]);
    });
    return dot;
  };
  const list = () =>
    rows.replaceChildren(
      ...zones.map((zone, index) => {
        const name = element("input", {value: zone.name, maxLength: 40});
        name.setAttribute("aria-label", "Its name");
        name.addEventListener("input", () => {
          zone.name = name.value.replace(/[|;+]/g, " ");
        });
        name.addEventListener("focus", () => {
          at = index;
          paint();
        });
        const kind = element("select", {}, new Option("not looked at", "mask"), new Option("has a name", "watch"));
        kind.value = zone.kind;
        kind.setAttribute("aria-label", "What it is for");
        kind.addEventListener("change", () => {
          zone.kind = kind.value;
          at = index;
          paint();
        });
        return element(
          "li",
          {},
          name,
          kind,
          press("Away", () => {
            zones.splice(index, 1);
            at = zones.length - 1;
            list();
            paint();
          }),
        );
      }),
    );
  const begin = (points) => {
    zones.push({name: `part ${zones.length + 1}`, kind: "mask", kept: true, points});
    at = zones.length - 1;
    list();
    paint();
  };
  sheet.addEventListener("pointerdown", (event) => {
    const point = place(event); // before a new row moves the picture
    if (at < 0) begin([]);
    if (zones[at].points.length < MOST) zones[at].points.push(point);
    paint();
  });

  const dialog = $("drawing");
  dialog.replaceChildren(
    element("h2", {textContent: `${camera.name}: parts of the picture`}),
    element("div", {className: "sheet"}, picture, sheet),
    note,
    rows,
    element(
      "div",
      {className: "actions"},
      press("New part", () => begin([])),
      press("A quarter to begin with", () =>
        begin([
          [0, 0],
          [0.5, 0],
          [0.5, 0.5],
          [0, 0.5],
        ]),
      ),
      press(
        "Keep",
        async () => {
          const short = zones.find((one) => one.points.length < 3 || !one.name.trim());
          if (short) {
            note.textContent = `“${short.name || "A part"}” needs a name and three corners or more.`;
            return;
          }
          try {
            await keep(zones);
            dialog.close();
          } catch (error) {
            note.textContent = error.message;
          }
        },
        {className: "good"},
      ),
      press("Cancel", () => dialog.close()),
    ),
  );
  list();
  paint();
  dialog.showModal();
}
