// CIE xy to sRGB at full brightness, for the color well.
// https://developers.meethue.com/develop/application-design-guidance/color-conversion-formulas-rgb-to-xy-and-back/

export function hex({x, y}) {
  const Y = 1,
    X = x / Math.max(y, 1e-6),
    Z = (1 - x - y) / Math.max(y, 1e-6);
  const linear = [
    3.2406 * X - 1.5372 * Y - 0.4986 * Z,
    -0.9689 * X + 1.8758 * Y + 0.0415 * Z,
    0.0557 * X - 0.204 * Y + 1.057 * Z,
  ];
  const top = Math.max(...linear, 1e-6);
  return (
    "#" +
    linear
      .map((c) => Math.max(c, 0) / top)
      .map((c) => (c <= 0.0031308 ? 12.92 * c : 1.055 * c ** (1 / 2.4) - 0.055))
      .map((c) =>
        Math.round(Math.min(c, 1) * 255)
          .toString(16)
          .padStart(2, "0"),
      )
      .join("")
  );
}
