// report.js - the views that are text or a picture from the server: peek, graph, source, disasm.
//
// What comes as markup is taken apart and built anew from a short list of elements and attributes.

import { ask } from "./ask.js";
import { serverQuery, state } from "./state.js";

const text = document.getElementById("text"), pattern = document.getElementById("pattern"), pictureBar = document.getElementById("picture-bar");

function message(words, isError) {
  const p = document.createElement("p");
  p.className = "message" + (isError ? " error" : "");
  p.textContent = words;
  text.replaceChildren(p);
}

function pre(words) {
  const element = document.createElement("pre");
  element.textContent = words;
  text.replaceChildren(element);
}

const svgSpace = "http://www.w3.org/2000/svg";
const svgElements = ["svg", "g", "path", "polygon", "polyline", "ellipse", "text", "title"];
const svgAttributes = ["width", "height", "viewBox", "transform", "class", "fill", "stroke", "stroke-width", "stroke-dasharray", "points", "d",
  "cx", "cy", "rx", "ry", "x", "y", "text-anchor", "font-family", "font-size"];

function copySvg(from) {
  if (from.nodeType === Node.TEXT_NODE)
    return document.createTextNode(from.data);
  const isLink = from.localName === "a"; // holds the tooltip of a node or an edge
  if (from.nodeType !== Node.ELEMENT_NODE || !isLink && !svgElements.includes(from.localName))
    return null;
  const to = document.createElementNS(svgSpace, isLink ? "g" : from.localName);
  for (const name of svgAttributes)
    if (from.hasAttribute(name))
      to.setAttribute(name, from.getAttribute(name));
  const tip = isLink && from.getAttributeNS("http://www.w3.org/1999/xlink", "title");
  if (tip)
    to.appendChild(document.createElementNS(svgSpace, "title")).textContent = tip;
  for (const child of from.childNodes) {
    const copy = copySvg(child);
    if (copy && !(tip && child.localName === "title"))
      to.append(copy);
  }
  return to;
}

const htmlElements = ["div", "pre", "span", "h1", "h2", "p", "b", "br"];

function copyHtml(from) {
  if (from.nodeType === Node.TEXT_NODE)
    return document.createTextNode(from.data);
  if (from.nodeType !== Node.ELEMENT_NODE || !htmlElements.includes(from.localName))
    return null;
  const to = document.createElement(from.localName);
  to.className = from.className;
  for (const child of from.childNodes) {
    const copy = copyHtml(child);
    if (copy)
      to.append(copy);
  }
  return to;
}

// Drag moves the picture, the wheel with Ctrl and the buttons zoom.
function makePannable(svg) {
  const box = svg.getAttribute("viewBox").split(/\s+/).map(Number), natural = box[2];
  const fitting = () => Math.min(1.3333, (text.clientWidth - 30) / natural);
  let scale = fitting();
  const resize = () => { svg.setAttribute("width", natural * scale); svg.setAttribute("height", box[3] * scale); };
  resize();
  // Around a place of the window.
  const zoom = (factor, x, y) => {
    const before = scale;
    scale = factor ? Math.min(Math.max(scale * factor, 0.05), 8) : fitting();
    resize();
    text.scrollLeft = (text.scrollLeft + x) * scale / before - x;
    text.scrollTop = (text.scrollTop + y) * scale / before - y;
  };
  text.onwheel = (e) => {
    if (!e.ctrlKey && !e.metaKey)
      return;
    e.preventDefault();
    const box = text.getBoundingClientRect();
    zoom(e.deltaY < 0 ? 1.2 : 1 / 1.2, e.clientX - box.left, e.clientY - box.top);
  };
  for (const button of pictureBar.querySelectorAll("button"))
    button.onclick = () => zoom(Number(button.dataset.zoom), text.clientWidth / 2, text.clientHeight / 2);
  pictureBar.hidden = false;
  let drag = null;
  svg.addEventListener("pointerdown", (e) => { drag = { x: e.clientX, y: e.clientY, left: text.scrollLeft, top: text.scrollTop }; });
  svg.addEventListener("pointermove", (e) => {
    if (!drag || !e.buttons)
      return;
    text.scrollLeft = drag.left + drag.x - e.clientX;
    text.scrollTop = drag.top + drag.y - e.clientY;
  });
}

function markLines(body) {
  for (const line of body.querySelectorAll(".livesrc")) {
    const code = line.nextElementSibling;
    if (!code || !code.classList.contains("asm"))
      continue;
    line.tabIndex = 0;
    line.setAttribute("role", "button");
    line.setAttribute("aria-expanded", "false");
    const toggle = () => line.setAttribute("aria-expanded", code.classList.toggle("open"));
    line.addEventListener("click", toggle);
    line.addEventListener("keydown", (e) => { if (e.key === "Enter") toggle(); });
  }
}

const drawings = {
  async peek(answer) {
    pre(answer.text);
  },
  async disasm(answer) {
    pre(answer.text);
  },
  async graph(answer, on) {
    const svg = copySvg(new DOMParser().parseFromString(answer.text, "image/svg+xml").documentElement);
    if (!svg)
      throw new Error("The graph came as something else than a picture.");
    for (const node of svg.querySelectorAll("g.node")) {
      const tip = node.querySelector("g > title"), name = tip ? tip.textContent.replace(/ \([^()]*\)$/, "") : "";
      if (!name)
        continue;
      node.addEventListener("contextmenu", (e) => { e.preventDefault(); on.menu(name, e); });
      node.addEventListener("dblclick", () => on.open(name));
    }
    text.replaceChildren(svg);
    makePannable(svg);
  },
  async source(answer) {
    const markup = answer.text.slice(answer.text.indexOf("<body")); // the head is style and script
    const page = new DOMParser().parseFromString(markup, "text/html"), body = document.createElement("div");
    body.className = "weblist";
    for (const child of page.body.childNodes) {
      const copy = copyHtml(child);
      if (copy)
        body.append(copy);
    }
    markLines(body);
    text.replaceChildren(body);
  },
};

export async function showText(view, on) {
  text.setAttribute("aria-label", `${view[0].toUpperCase()}${view.slice(1)}${state.f ? " of " + state.f : ""}`);
  pattern.value = state.f;
  pattern.closest(".bar").hidden = view === "graph";
  pictureBar.hidden = true;
  if ((view === "source" || view === "disasm") && !state.f) {
    message("Which functions? Choose one in the flame graph or the table and ask for its source in the menu, or type a regular expression above.");
    return;
  }
  message(view === "graph" ? "Drawing the graph …" : "Working …");
  try {
    const answer = await ask(view, serverQuery(), "report");
    if (!answer)
      return;
    text.onwheel = null;
    await drawings[view](answer, on);
    on.say(answer.notes.trim().replace(/\n/g, "; "));
    if (answer.notes && view !== "graph") {
      const notes = document.createElement("p");
      notes.className = "message";
      notes.textContent = answer.notes;
      text.append(notes);
    }
  } catch (error) {
    message(error.message + (/Graphviz/.test(error.message) ? "\nOn Debian: apt install graphviz. Everything else here works without it." : ""), true);
    throw error;
  }
}
