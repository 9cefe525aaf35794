// Makes elements. Text becomes text, never HTML: what a program printed or sent cannot become part of the page.

const SVG = "http://www.w3.org/2000/svg";

/**
 * An HTML element: `el("button.small", { title, onclick }, "text", child)`. Properties with the value `null` or
 * `undefined` are left out, and so are such children.
 */
export function el(name, properties = {}, ...children) {
  const [tag, ...classes] = name.split(".");
  const element = document.createElement(tag);
  element.classList.add(...classes);
  return furnish(element, properties, children);
}

/** An SVG element, made in the same way; all its properties are attributes. */
export function svg(name, properties = {}, ...children) {
  const [tag, ...classes] = name.split(".");
  const element = document.createElementNS(SVG, tag);
  element.classList.add(...classes);
  return furnish(element, properties, children);
}

function furnish(element, properties, children) {
  for (const [key, value] of Object.entries(properties)) {
    if (value === null || value === undefined) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key in element && !(element instanceof SVGElement)) element[key] = value;
    else element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Sets an element's text, if it is another one. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Sets an attribute, or a data attribute that CSS looks at, if its value is another one. */
export function setAttribute(element, name, value) {
  if (value === null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

/** A text with `code` in back-ticks, as nodes. */
export function rich(text) {
  return text.split("`").map((part, index) => (index % 2 === 1 ? el("code", {}, part) : document.createTextNode(part)));
}

/** An icon of 16 × 16, drawn by one path. */
export function icon(name) {
  const path = svg("path", { d: ICONS[name] });
  return svg("svg.icon", { viewBox: "0 0 16 16", "aria-hidden": "true" }, path);
}

const ICONS = {
  play: "M4 2.5v11l9-5.5z",
  pause: "M4 2.5h3v11H4zM9 2.5h3v11H9z",
  back: "M11 3v10L4.5 8zM2.5 3H4v10H2.5z",
  forward: "M5 3v10l6.5-5zM12 3h1.5v10H12z",
  failure: "M3.4 2 8 6.6 12.6 2 14 3.4 9.4 8l4.6 4.6-1.4 1.4L8 9.4 3.4 14 2 12.6 6.6 8 2 3.4z",
  copy: "M5 1h9v10h-3v3.5H2V4.5h3zm1.5 3H11v5.5h1.5V2.5h-6zM3.5 6v7h6V6z",
  check: "M6.4 12.8 2 8.4l1.3-1.3 3.1 3.1 6.3-6.3L14 5.2z",
  save: "M7.2 1h1.6v7.2l2.6-2.6 1.1 1.1L8 11.3 3.5 6.7l1.1-1.1 2.6 2.6zM2 13h12v1.6H2z",
  open: "M1 3h5l1.5 1.5H15V13H1zm1.5 3v5.5h11V6z",
  lock: "M4.5 7V5a3.5 3.5 0 0 1 7 0v2H13v7.5H3V7zM6 7h4V5a2 2 0 0 0-4 0z",
  left: "M10.5 2 4.5 8l6 6 1.2-1.2L7 8l4.7-4.8z",
  right: "M5.5 2l6 6-6 6-1.2-1.2L9 8 4.3 3.2z",
  more: "M3 6.5A1.5 1.5 0 1 1 3 9.5 1.5 1.5 0 0 1 3 6.5zm5 0A1.5 1.5 0 1 1 8 9.5 1.5 1.5 0 0 1 8 6.5zm5 0a1.5 1.5 0 1 1 0 3 1.5 1.5 0 0 1 0-3z",
};
