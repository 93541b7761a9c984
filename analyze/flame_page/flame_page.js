// flame_page.js - a flame graph of the data that report_flame.c writes, in a page that needs no server: drawn by the
// modules of the web page, which page.c puts before this one.
//
// data.frames has columns by frame: name, file, line, binary.  data.tree has columns by box: frame (-1 = a heap of
// boxes that were too small to write), parent (-1 = none), self, inline, and in a comparison before.  Parents come before
// their children; leftOut belongs to the last boxes, those of frame -1, which have no inline.

import { foldedText, speedscopeText } from "./flame_stacks.js";
import { flameSvg, save } from "../web_page/export.js";
import { Flame } from "../web_page/flame.js";
import { formatShare, formatValue } from "../web_page/format.js";
import { describe, showTip } from "../web_page/tip.js";
import { Tree } from "../web_page/tree.js";

const $ = (id) => document.getElementById(id);
const data = JSON.parse($("data").textContent);

// ---- the data as a tree ----

// A column summed up from the leaves to the root, which stands behind the boxes.
function sumUp(own, atRoot, parent) {
  const n = own.length, sums = Float64Array.from([...own, atRoot]);
  for (let i = n - 1; i >= 0; i--)
    sums[parent[i] < 0 ? n : parent[i]] += sums[i];
  return sums;
}

// The heaps stand behind all others, as if they were children: they are counted first.
function sumColumn(own, atRoot) {
  const { parent, leftOut } = data.tree, n = own.length - leftOut.length, heaps = new Array(n + 1).fill(0);
  for (let i = n; i < own.length; i++)
    heaps[parent[i] < 0 ? n : parent[i]] += own[i];
  return sumUp(own.slice(0, n).map((v, i) => v + heaps[i]), atRoot + heaps[n], parent);
}

function readTree() {
  const t = data.tree, n = t.self.length - t.leftOut.length, before = data.comparison ? t.before : t.self.map(() => 0);
  const children = Array.from({ length: n + 1 }, () => []), hidden = new Array(n + 1).fill(0);
  for (let i = 0; i < n; i++)
    children[t.parent[i] < 0 ? n : t.parent[i]].push(i);
  t.leftOut.forEach((count, i) => { hidden[t.parent[n + i] < 0 ? n : t.parent[n + i]] += count; });
  const value = sumColumn(t.self, t.emptySelf), old = sumColumn(before, t.emptyBefore);
  const self = [...t.self.slice(0, n), t.emptySelf], oldSelf = [...before.slice(0, n), t.emptyBefore];
  const nodes = { frame: [], depth: [], value: [], self: [], hidden: [], inline: [], ...(data.comparison ? { old: [], oldSelf: [] } : {}) };
  const open = [[n, 0]];
  while (open.length) {
    const [i, depth] = open.pop();
    const row = { frame: i === n ? -1 : t.frame[i], depth, value: value[i], self: self[i], hidden: hidden[i], inline: i === n ? 0 : t.inline[i], old: old[i], oldSelf: oldSelf[i] };
    for (const key of Object.keys(nodes))
      nodes[key].push(row[key]);
    for (const c of children[i].reverse())
      open.push([c, depth + 1]);
  }
  const f = data.frames;
  const frames = { id: f.name.map((_, i) => i), name: f.name, module: f.binary, file: f.file.map((file, i) => file + (file && f.line[i] ? ":" + f.line[i] : "")) };
  const tree = new Tree({ unit: data.unit, type: data.type, quantum: data.quantum, whole: data.total, frames, nodes });
  tree.net = data.net;
  return tree;
}

const tree = readTree();
let zoomed = 0;
let hits = [];

const flame = new Flame($("flame"), {
  hover: (node, event) => {
    showTip(flame, node, event);
    showStatus(node);
  },
  choose: (node) => zoom(node),
  menu: (node, event) => event.preventDefault(),
});

function showStatus(node) {
  const i = node >= 0 ? node : Math.max(flame.focused, 0);
  $("status").textContent = describe(tree, i).replace("\n", ": ");
}

// ---- zoom, search, look ----

function zoom(node) {
  zoomed = node;
  $("reset").disabled = node === 0;
  flame.zoomTo(node);
  flame.setFocus(node);
  showStatus(node);
}

function search() {
  const field = $("search");
  let expression = null;
  hits = [];
  try {
    expression = field.value ? new RegExp(field.value, "i") : null;
    field.removeAttribute("aria-invalid");
  } catch {
    field.setAttribute("aria-invalid", "true");
    $("found").textContent = "no regular expression";
    return;
  }
  const ids = expression && new Set(tree.frames.id.filter((i) => expression.test(tree.frames.name[i])));
  let cost = 0, inside = -1; // the depth of a match that the boxes are in
  for (let i = 0; ids && i < tree.size; i++) {
    if (tree.depth[i] <= inside)
      inside = -1;
    if (!ids.has(tree.id(i)))
      continue;
    hits.push(i);
    if (inside < 0) {
      cost += tree.weight(i);
      inside = tree.depth[i];
    }
  }
  flame.setMarked(ids);
  $("found").textContent = !ids ? "" : `${ids.size} ${ids.size === 1 ? "function" : "functions"}, ${formatValue(cost, tree.unit)} (${formatShare(cost, tree.weight(0))})`;
}

function nextHit(step) {
  if (!hits.length)
    return;
  const node = hits[(hits.indexOf(flame.focused) + step + hits.length) % hits.length];
  flame.setFocus(node);
  showStatus(node);
}

function setTheme(dark) {
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  flame.redraw();
}

function toggle(key, value) {
  flame.setLook({ [key]: value });
  flame.setTop();
}

const actions = {
  reset: () => zoom(0),
  flip: () => toggle("flip", !flame.look.flip),
  order: () => toggle("byWeight", !flame.look.byWeight),
  colours: () => toggle("colors", flame.look.colors === "file" ? "module" : "file"),
  theme: () => setTheme(document.documentElement.dataset.theme !== "dark"),
  help: () => {
    $("help").hidden = !$("help").hidden;
    $("help-button").setAttribute("aria-expanded", String(!$("help").hidden));
  },
};

// What the graph can be saved as: type, name and content.
const files = {
  svg: ["image/svg+xml", "flame.svg", () => flameSvg(flame, document.title, describe)],
  folded: ["text/plain", "flame.folded", () => foldedText(tree)],
  speedscope: ["application/json", "flame.speedscope.json", () => speedscopeText(tree, document.title)],
};

function saveAs(what) {
  const [type, name, content] = files[what];
  save(name, type, content());
}

// ---- keys ----

const keys = {
  "0": actions.reset, "Home": actions.reset, "f": actions.flip, "o": actions.order, "t": actions.theme, "?": actions.help,
  "n": () => nextHit(1), "N": () => nextHit(-1), "Enter": () => zoom(Math.max(flame.focused, 0)),
  "Escape": () => zoom(Math.max(tree.parent[zoomed], 0)), "Backspace": () => zoom(Math.max(tree.parent[zoomed], 0)),
  "/": () => { $("search").focus(); $("search").select(); },
  "w": () => flame.zoomAt(1.5, 0.5), "+": () => flame.zoomAt(1.5, 0.5), "s": () => flame.zoomAt(1 / 1.5, 0.5), "-": () => flame.zoomAt(1 / 1.5, 0.5),
  "a": () => flame.pan(-0.15), "d": () => flame.pan(0.15),
};

function onKey(event) {
  const inField = event.target === $("search");
  if (event.ctrlKey || event.metaKey || event.altKey || (event.target instanceof HTMLButtonElement && event.key === "Enter" || event.target === $("save")))
    return;
  if (inField && event.key === "Enter") {
    nextHit(event.shiftKey ? -1 : 1);
  } else if (inField) {
    if (event.key !== "Escape")
      return;
    flame.canvas.focus();
  } else if (event.key.startsWith("Arrow")) {
    flame.setFocus(flame.neighbour(flame.focused, event.key));
    showStatus(flame.focused);
  } else if (keys[event.key]) {
    keys[event.key]();
  } else {
    return;
  }
  event.preventDefault();
}

function start() {
  for (const [id, action] of Object.entries(actions))
    $(id === "help" ? "help-button" : id).addEventListener("click", action);
  for (const option of $("save").options)
    option.hidden = option.disabled = data.comparison && ["folded", "speedscope"].includes(option.value); // they know no negative weights
  $("save").addEventListener("change", () => {
    if ($("save").value)
      saveAs($("save").value);
    $("save").value = "";
  });
  $("search").addEventListener("input", search);
  $("search-form").addEventListener("submit", (e) => e.preventDefault());
  document.addEventListener("keydown", onKey);
  const system = matchMedia("(prefers-color-scheme: dark)");
  system.addEventListener("change", (e) => setTheme(e.matches));
  setTheme(system.matches);
  $("profile").textContent = data.header.join("\n");
  flame.setTree(tree);
  flame.canvas.setAttribute("aria-label", `Flame graph of ${tree.type}`);
  zoom(0);
}

start();
window.sonde = { flame, files }; // for those who look from the console, and for tests
