// A small line chart as SVG.

const svgSpace = "http://www.w3.org/2000/svg";
const [width, height] = [300, 70];

/**
 * @param {string} tag
 * @param {Readonly<Record<string, string | number>>} attributes
 */
function svg(tag, attributes) {
  const element = document.createElementNS(svgSpace, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}

/**
 * @param {string} title what is drawn
 * @param {string} unit
 * @param {readonly (readonly (number | null)[])[]} curves null: not told
 * @param {{ readonly low: number | null }} bounds low: where the axis begins; null: at the lowest value
 */
export function chart(title, unit, curves, { low }) {
  const figure = document.createElement("figure");
  const caption = document.createElement("figcaption");
  const told = curves.flat().filter((value) => value !== null);
  const last = curves[0]?.findLast((value) => value !== null) ?? null;
  const [least, most] = [Math.min(...told), Math.max(...told)];
  caption.textContent = last === null ? `${title}: nothing told yet` : `${title}: ${shown(last)} ${unit}`;
  figure.append(caption);
  if (last === null) return figure;
  const bottom = low ?? least - 1;
  const span = Math.max(most - bottom, 1e-9);
  const words = `${title}, last ${curves[0]?.length ?? 0} minutes: ${shown(least)} to ${shown(most)}, now ${shown(last)} ${unit}`;
  const picture = svg("svg", {
    viewBox: `0 0 ${width} ${height}`,
    role: "img",
    "aria-label": words,
    preserveAspectRatio: "none",
  });
  for (const [index, curve] of curves.entries()) {
    const step = width / Math.max(1, curve.length - 1);
    const at = (/** @type {number} */ value) => (height - 4 - ((value - bottom) / span) * (height - 8)).toFixed(1);
    let path = "";
    let isDown = false;
    for (const [place, value] of curve.entries()) {
      if (value !== null) path += `${isDown ? "L" : "M"}${(place * step).toFixed(1)} ${at(value)}`;
      // A single value is a short stroke.
      if (value !== null && !isDown) path += "h1";
      isDown = value !== null;
    }
    picture.append(svg("path", { d: path, class: `curve-${index}`, "vector-effect": "non-scaling-stroke" }));
  }
  const scale = document.createElement("small");
  scale.textContent = `${shown(least)} … ${shown(most)} ${unit}`;
  figure.append(picture, scale);
  return figure;
}

/** @param {number} value */
function shown(value) {
  return Math.abs(value) >= 100 ? Math.round(value).toLocaleString() : String(Math.round(value * 10) / 10);
}
