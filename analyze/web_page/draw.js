// draw.js - panes, table and graphs as the address wants them.

import { ask } from "./ask.js";
import { drawPath } from "./chips.js";
import { diffColor } from "./colors.js";
import { formatValue } from "./format.js";
import { callers, flame, table } from "./parts.js";
import { $, say } from "./say.js";
import { shown } from "./shown.js";
import { addressOf, nameIn, serverQuery, state } from "./state.js";
import { describe } from "./tip.js";
import { Tree } from "./tree.js";

export function layout() {
  if (state.view === "top")
    return "table";
  return state.lay || (innerWidth < 760 ? "flame" : "both");
}

export function drawPanes() {
  const isText = !["flamegraph", "top"].includes(state.view), lay = layout();
  document.querySelector("main").dataset.layout = lay;
  $("table-pane").hidden = isText || lay === "flame";
  $("flame-pane").hidden = isText || lay === "table";
  $("text-pane").hidden = !isText;
  for (const link of document.querySelectorAll("#views a")) {
    const target = { ...state, view: link.dataset.view };
    link.href = addressOf(target);
    link.toggleAttribute("aria-current", link.dataset.view === state.view);
    if (link.dataset.view === state.view)
      link.setAttribute("aria-current", "page");
  }
}

export function applyTheme() {
  const dark = state.theme ? state.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "dark" : "light";
}

// What the colours of a comparison mean.
function drawLegend() {
  $("legend").hidden = !flame.tree?.compared;
  $("legend").replaceChildren(...[["less than before", 1, 4], ["the same, or within sampling noise", 1, 1], ["more", 4, 1]].map(([text, now, old]) => {
    const part = document.createElement("span"), swatch = part.appendChild(document.createElement("i"));
    swatch.style.background = diffColor(now, old, false);
    part.append(text);
    return part;
  }));
}

function percentTotal() {
  return state.rel ? shown.tree.total : shown.tree.whole;
}

export async function drawTable() {
  const query = serverQuery();
  if (shown.drawn.table !== query) {
    const answer = await ask("top", query);
    if (!answer)
      return;
    shown.top = answer;
    shown.drawn.table = query;
    shown.drawn.mode = "";
  }
  if (shown.tableMode === "functions" && shown.drawn.mode !== "functions") {
    table.setFunctions(shown.top, state.rel ? shown.top.total : shown.top.whole);
    shown.drawn.mode = "functions";
    if (shown.selected)
      table.selectName(shown.selected);
  }
  if (shown.top.notes)
    say(shown.top.notes.trim().replace(/\n/g, "; "));
}

// The tree needs no more than what the window can show.
function graphWidth() {
  return Math.max(400, Math.round(($("flame-pane").clientWidth || innerWidth) * (window.devicePixelRatio || 1)));
}


async function drawFlame() {
  const query = serverQuery({ z: state.z, w: graphWidth() });
  flame.look.flip = !!state.flip;
  flame.look.byWeight = state.o === "weight";
  flame.look.colors = state.col || "file";
  if (shown.drawn.flame !== query) {
    const answer = await ask("flame", query);
    if (!answer)
      return;
    shown.drawn.flame = query;
    shown.tree = new Tree(answer);
    shown.path = answer.path;
  }
  flame.setTree(shown.tree);
  drawPath();
  if (shown.tableMode === "tree" && shown.drawn.mode !== query) {
    table.setTree(shown.tree, percentTotal());
    shown.drawn.mode = query;
  }
  if (state.z)
    say(describe(shown.tree, 0).replace("\n", ": "));
  flame.canvas.setAttribute("aria-label", `Flame graph of ${shown.tree.type}: ${formatValue(shown.tree.value[0], shown.tree.unit)} in ${shown.tree.name(0)}. ` +
    "The table has the same numbers; its call tree is the same graph.");
}

async function drawSandwich(name) {
  const answer = await ask("function", serverQuery({ name, w: graphWidth() }));
  if (!answer)
    return;
  for (const part of ["callees", "callers"]) {
    const t = new Tree(answer, answer[part]);
    // The function itself is the root of both.
    t.name = (i) => (t.frame[i] < 0 ? name : t.frames.name[t.frame[i]]);
    if (part === "callees")
      flame.look.flip = false;
    const graph = part === "callees" ? flame : callers;
    graph.setTree(t);
    graph.canvas.setAttribute("aria-label", `Flame graph of what ${part === "callees" ? `${name} calls` : `calls ${name}`}.`);
    shown.tree ||= t;
  }
  shown.drawn.flame = "";
  $("sandwich-name").textContent = name;
  $("path").replaceChildren();
}

export async function drawGraphs() {
  const name = state.p ? nameIn(state.p) || state.p : "";
  $("callers").hidden = $("sandwich-bar").hidden = !name;
  await (name ? drawSandwich(name) : drawFlame());
  drawLegend();
}
