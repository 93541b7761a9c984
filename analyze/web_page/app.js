// app.js - the page: reads the address, asks for what it shows, and ties the parts together.

import { ask, Refused, tell } from "./ask.js";
import { flamePng, flameSvg, save } from "./export.js";
import { Flame } from "./flame.js";
import { formatDelta, formatShare, formatValue, isNoise, preferUnit, unitsLike } from "./format.js";
import { closeMenu, openDialog, openMenu } from "./menu.js";
import { showText } from "./report.js";
import { addressOf, change, exactly, nameIn, readAddress, serverQuery, state } from "./state.js";
import { Table } from "./table.js";
import { Tree } from "./tree.js";

const $ = (id) => document.getElementById(id);
let info = null;      // data/info
let tree = null;      // of the flame graph, from the zoomed frame down
let path = [];        // frames above it
let selected = "";    // name of a function
let hits = [];        // nodes of the flame graph that a search found
let tableMode = "functions";
let top = null;       // data/top
let drawn = {};       // queries that table and graph were drawn from

const flame = new Flame($("flame"), {
  hover: (node, event) => hover(flame, node, event),
  choose: (node) => { select(flame.tree.name(node)); zoomTo(node); },
  menu: (node, event) => boxMenu(flame.tree.name(node), event, () => zoomTo(node)),
});
const callers = new Flame($("callers"), {
  hover: (node, event) => hover(callers, node, event),
  choose: (node) => showFunction(callers.tree.name(node)),
  menu: (node, event) => boxMenu(callers.tree.name(node), event),
});
callers.look.flip = true;
const table = new Table($("table"), {
  choose: (row) => select(row.name, table),
  open: (row) => { if (row.id >= 0) showFunction(row.name); },
  menu: (row, event) => boxMenu(row.name, event),
  callees: (name) => ask("function", serverQuery({ name }), "callees " + name),
  count: (n, all) => { $("row-count").textContent = top && tableMode === "functions" && top.rows > all
    ? `${n} of ${top.rows} functions (the heaviest)` : `${n} rows`; },
});

// ---- say ----

function say(text) {
  $("status").textContent = text;
}

function complain(error) {
  if (!(error instanceof Refused))
    console.error(error);
  say(error.message);
  $("status").dataset.error = "1";
}

function percentTotal() {
  return state.rel ? tree.total : tree.whole;
}

function describe(t, i) {
  const whole = t.whole, lines = [t.name(i)];
  if (t.compared) {
    const noise = isNoise(t.value[i], t.old[i], t.quantum);
    lines.push(`${formatValue(t.old[i], t.unit)} → ${formatValue(t.value[i], t.unit)} (${formatDelta(t.value[i] - t.old[i], t.unit)}` +
      (t.old[i] ? `, ${((t.value[i] - t.old[i]) / Math.abs(t.old[i]) * 100).toFixed(1)}%` : ", new") + ")" + (noise ? ", within sampling noise" : ""));
  } else {
    const zoomed = t.weight(0) !== Math.abs(whole) ? `, ${formatShare(t.value[i], t.value[0])} of what is shown` : "";
    lines.push(`${formatValue(t.value[i], t.unit)}, ${formatShare(t.value[i], whole)} of all${zoomed}; itself ${formatValue(t.self[i], t.unit)}`);
  }
  return lines.join("\n");
}

function hover(view, node, event) {
  const tip = $("tip");
  if (node < 0 || !view.tree) {
    tip.hidden = true;
    return;
  }
  const t = view.tree, [name, ...rest] = describe(t, node).split("\n");
  const bold = document.createElement("b");
  bold.textContent = name + (t.inline[node] ? " (inline)" : "");
  const parts = [bold, rest.join(" ")];
  for (const text of [t.file(node), t.module(node), t.hidden[node] ? `${t.hidden[node]} callees are too narrow to be drawn` : ""]) {
    if (!text)
      continue;
    const small = document.createElement("small");
    small.textContent = text;
    parts.push(small);
  }
  tip.replaceChildren(...parts);
  tip.hidden = false;
  tip.style.left = Math.max(0, Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 6)) + "px";
  tip.style.top = (event.clientY + 18 + tip.offsetHeight > innerHeight ? event.clientY - tip.offsetHeight - 10 : event.clientY + 18) + "px";
}

// ---- select, zoom, filter ----

function select(name, from) {
  selected = name;
  if (from !== table && tableMode === "functions")
    table.selectName(name);
  if (from === table && flame.tree) {
    const node = flame.tree.frame.findIndex((f, i) => flame.tree.name(i) === name);
    flame.setFocus(node);
  }
  const row = top && top.frames.name.indexOf(name);
  if (row >= 0)
    say(`${name}: itself ${formatValue(top.flat[row], top.unit)} (${formatShare(top.flat[row], top.whole)}), with callees ` +
      `${formatValue(top.cum[row], top.unit)} (${formatShare(top.cum[row], top.whole)})`);
}

function zoomTo(node) {
  const z = [...path.slice(1).map((p) => p.id), ...(tree.id(0) >= 0 ? [tree.id(0)] : []), ...tree.pathTo(node)].join(".");
  if (z !== state.z)
    go({ z });
}

function showFunction(name) {
  select(name);
  go({ view: "flamegraph", p: exactly(name), lay: state.lay === "table" ? "" : state.lay });
}

function refine(key, name, append) {
  const expression = exactly(name);
  go({ [key]: append && state[key] ? expression + "|" + state[key] : expression, z: "", p: "" });
}

function boxMenu(name, event, zoom) {
  const x = event.clientX ?? innerWidth / 3, y = event.clientY ?? innerHeight / 3;
  const root = name === "root";
  $("tip").hidden = true;
  openMenu(x, y, [
    ...(zoom ? [["Zoom to this", zoom]] : []),
    ...(root ? [] : [["Callers and callees", () => showFunction(name)], null,
      ["Focus: only stacks with it", () => refine("f", name)],
      ["Ignore: no stacks with it", () => refine("i", name, true)],
      ["Hide it", () => refine("h", name, true)],
      ["Show only it", () => refine("s", name)],
      ["Show from it down", () => refine("sf", name)], null,
      ["Source", () => go({ view: "source", f: exactly(name) })],
      ["Peek at its neighbours", () => go({ view: "peek", f: exactly(name) })]]),
    ["Copy the name", () => navigator.clipboard.writeText(name).then(() => say("Copied: " + name), () => say(name))],
  ]);
}

// Go to another state of the page.
function go(changes, options) {
  change(changes, options);
  return show();
}

// ---- what is drawn ----

const filterNames = { f: "focus", i: "ignore", h: "hide", s: "show", sf: "show from", prunefrom: "prune from", tf: "label focus", ti: "label ignore",
  ts: "label show", th: "label hide", group: "grouped by", g: "granularity" };

function drawChips() {
  const chips = Object.entries(filterNames).filter(([key]) => state[key]).map(([key, title]) => {
    const chip = document.createElement("span");
    chip.className = "chip";
    const text = chip.appendChild(document.createElement("span"));
    text.textContent = `${title}: ${nameIn(state[key]) || state[key]}`;
    text.title = state[key];
    const off = chip.appendChild(document.createElement("button"));
    off.textContent = "×";
    off.setAttribute("aria-label", `Remove ${title}`);
    off.addEventListener("click", () => go({ [key]: "", z: "" }));
    return chip;
  });
  const keys = [...new Set(info.labels.map((l) => l.key))].filter((k) => !k.startsWith("pprof::"));
  for (const key of keys.slice(0, 8)) {
    const label = document.createElement("label"), choice = label.appendChild(document.createElement("select"));
    label.prepend(key + " ");
    choice.append(new Option("all", ""), new Option("(group by it)", "\u0001group"),
      ...info.labels.filter((l) => l.key === key).map((l) => new Option(l.value || "(empty)", l.value)));
    const now = new RegExp("(?:^|,)" + key.replace(/[^\w]/g, "\\$&") + "=\\^(.*)\\$$").exec(state.tf);
    choice.value = state.group === key ? "\u0001group" : now ? now[1].replace(/\\x2c/g, ",").replace(/\\(.)/g, "$1") : "";
    choice.addEventListener("change", () => {
      if (choice.value === "\u0001group")
        go({ group: key, tf: "", z: "" });
      else
        go({ group: "", z: "", tf: choice.value ? `${key}=${exactly(choice.value).replace(/,/g, "\\x2c")}` : "" });
    });
    chips.push(label);
  }
  $("chips").replaceChildren(...chips);
}

function drawPath() {
  const zoomed = path.length > 0;
  const parts = [];
  path.forEach((step, i) => {
    const button = document.createElement("button");
    button.textContent = step.name;
    button.title = `${step.name}: ${formatValue(step.value, tree.unit)}`;
    button.addEventListener("click", () => go({ z: path.slice(1, i + 1).map((s) => s.id).join(".") }));
    const arrow = document.createElement("i");
    arrow.textContent = "›";
    parts.push(button, arrow);
  });
  if (zoomed) {
    const here = document.createElement("strong");
    here.textContent = tree.name(0);
    parts.push(here);
  }
  $("path").replaceChildren(...parts);
}

function layout() {
  if (state.view === "top")
    return "table";
  return state.lay || (innerWidth < 760 ? "flame" : "both");
}

function drawPanes() {
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

function applyTheme() {
  const dark = state.theme ? state.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "dark" : "light";
}

async function drawTable() {
  const query = serverQuery();
  if (drawn.table !== query) {
    const answer = await ask("top", query);
    if (!answer)
      return;
    top = answer;
    drawn.table = query;
    drawn.mode = "";
  }
  if (tableMode === "functions" && drawn.mode !== "functions") {
    table.setFunctions(top, state.rel ? top.total : top.whole);
    drawn.mode = "functions";
    if (selected)
      table.selectName(selected);
  }
  if (top.notes)
    say(top.notes.trim().replace(/\n/g, "; "));
}

// The tree needs no more than what the window can show.
function graphWidth() {
  return Math.max(400, Math.round(($("flame-pane").clientWidth || innerWidth) * (window.devicePixelRatio || 1)));
}

async function drawFlame() {
  const query = serverQuery({ z: state.z, w: graphWidth() });
  flame.look.flip = !!state.flip;
  flame.look.byWeight = state.o === "weight";
  flame.look.colors = state.col || "module";
  if (drawn.flame !== query) {
    const answer = await ask("flame", query);
    if (!answer)
      return;
    drawn.flame = query;
    tree = new Tree(answer);
    path = answer.path;
  }
  flame.setTree(tree);
  drawPath();
  if (tableMode === "tree" && drawn.mode !== query) {
    table.setTree(tree, percentTotal());
    drawn.mode = query;
  }
  flame.canvas.setAttribute("aria-label", `Flame graph of ${tree.type}: ${formatValue(tree.value[0], tree.unit)} in ${tree.name(0)}. ` +
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
    if (part === "callees") {
      flame.look.flip = false;
      flame.setTree(t);
    } else {
      callers.setTree(t);
    }
    tree ||= t;
  }
  drawn.flame = "";
  $("sandwich-name").textContent = name;
  $("path").replaceChildren();
}

async function drawGraphs() {
  const name = state.p ? nameIn(state.p) || state.p : "";
  $("callers").hidden = $("sandwich-bar").hidden = !name;
  await (name ? drawSandwich(name) : drawFlame());
}

async function search() {
  const q = state.q;
  if ($("search").value !== q && document.activeElement !== $("search"))
    $("search").value = q;
  hits = [];
  if (!q) {
    flame.setMarked(null);
    callers.setMarked(null);
    table.setMarked(null);
    $("hits").textContent = "";
    return;
  }
  const answer = await ask("search", serverQuery({ re: q, z: state.p ? "" : state.z }));
  if (!answer)
    return;
  const ids = new Set(answer.matches);
  flame.setMarked(ids);
  callers.setMarked(ids);
  table.setMarked(ids);
  const of = flame.tree && !state.p ? flame.tree.value[0] : answer.total;
  $("hits").textContent = `${answer.matches.length} ${answer.matches.length === 1 ? "function" : "functions"}, ` +
    `${formatValue(answer.value, answer.unit)} (${formatShare(answer.value, of)})`;
  if (flame.tree)
    for (let i = 0; i < flame.tree.size; i++)
      if (ids.has(flame.tree.id(i)))
        hits.push(i);
}

function nextHit(step) {
  if (!hits.length)
    return;
  const at = hits.indexOf(flame.focused);
  const node = hits[(at + step + hits.length) % hits.length];
  flame.setFocus(node);
  select(flame.tree.name(node));
}

async function show() {
  applyTheme();
  closeMenu();
  $("tip").hidden = true;
  delete $("status").dataset.error;
  drawPanes();
  if (!info)
    return;
  preferUnit(state.unit);
  drawChips();
  $("sample").value = sampleNumber();
  try {
    if (["flamegraph", "top"].includes(state.view)) {
      const wanted = [];
      if (layout() !== "flame")
        wanted.push(drawTable());
      if (layout() !== "table")
        wanted.push(drawGraphs());
      else
        $("path").replaceChildren();
      await Promise.all(wanted);
      await search();
    } else {
      $("path").replaceChildren();
      await showText(state.view, { say, menu: boxMenu, open: showFunction });
    }
    document.documentElement.dataset.ready = addressOf(state);
  } catch (error) {
    complain(error);
    document.documentElement.dataset.ready = "error";
  }
}

// ---- controls ----

function sampleNumber() {
  const at = info.types.findIndex((t) => t.type === state.si);
  return at >= 0 ? at : /^\d+$/.test(state.si) ? Number(state.si) : info.chosen;
}

function chooseSample(step) {
  const n = info.types.length;
  go({ si: info.types[(sampleNumber() + step + n) % n].type, z: "" });
}

function flip(key) {
  go({ [key]: state[key] ? "" : "t", ...(key === "flip" ? {} : { z: "" }) });
}

function optionRow(title, element) {
  const label = document.createElement("label");
  element.id = "option-" + title.replace(/\W+/g, "-").toLowerCase();
  label.htmlFor = element.id;
  label.textContent = title;
  return [label, element];
}

function choiceOf(key, options) {
  const element = document.createElement("select");
  element.append(...options.map(([value, text]) => new Option(text, value)));
  element.value = state[key];
  element.addEventListener("change", () => go({ [key]: element.value, z: key === "o" || key === "col" || key === "theme" || key === "lay" || key === "flip" ? state.z : "" }));
  return element;
}

function textOf(key) {
  const element = document.createElement("input");
  element.value = state[key];
  element.addEventListener("change", () => go({ [key]: element.value, z: "" }));
  return element;
}

function openOptions() {
  const grid = document.createElement("div");
  grid.className = "options";
  const labelKeys = [...new Set(info.labels.map((l) => l.key))].map((k) => [k, k]);
  grid.append(
    ...optionRow("Layout", choiceOf("lay", [["", "as the window allows"], ["both", "table and graph"], ["flame", "graph"], ["table", "table"]])),
    ...optionRow("Order of siblings", choiceOf("o", [["", "by name"], ["weight", "by weight"]])),
    ...optionRow("Root", choiceOf("flip", [["", "on top"], ["t", "below"]])),
    ...optionRow("Inverted (callers below)", choiceOf("inv", [["", "no"], ["t", "yes"]])),
    ...optionRow("Collapse recursion", choiceOf("rec", [["", "no"], ["t", "yes"]])),
    ...optionRow("Colours by", choiceOf("col", [["", "binary"], ["file", "file"]])),
    ...optionRow("Theme", choiceOf("theme", [["", "as the system"], ["light", "light"], ["dark", "dark"]])),
    ...optionRow("Granularity", choiceOf("g", [["", "functions"], ["filefunctions", "functions and files"], ["files", "files"], ["lines", "lines"], ["addresses", "addresses"]])),
    ...optionRow("Inlined functions", choiceOf("noinlines", [["", "on their own"], ["t", "part of their caller"]])),
    ...optionRow("Unit", choiceOf("unit", [["", "as it fits"], ...unitsLike(info.types[sampleNumber()].unit).map((u) => [u, u])])),
    ...optionRow("Percent of", choiceOf("rel", [["", "the whole profile"], ["t", "what the filters leave"]])),
    ...optionRow("Group by label", choiceOf("group", [["", "none"], ...labelKeys])),
    ...optionRow("Focus", textOf("f")), ...optionRow("Ignore", textOf("i")), ...optionRow("Hide", textOf("h")),
    ...optionRow("Show", textOf("s")), ...optionRow("Show from", textOf("sf")), ...optionRow("Label focus", textOf("tf")), ...optionRow("Label ignore", textOf("ti")));
  openDialog("Options", grid);
}

// ---- saved views ----

async function openViews() {
  const box = $("views-button").getBoundingClientRect();
  let saved = [];
  try {
    saved = (await ask("views", "")).views;
  } catch (error) {
    complain(error);
  }
  openMenu(box.left, box.bottom + 2, [
    ["Save this view …", saveView], null,
    ["Default", () => { location.href = "flamegraph"; }],
    ...saved.map((v) => [v.name, () => { history.pushState(null, "", v.query); readAddress(); show(); }]),
    ...(saved.length ? [null, ...saved.map((v) => ["Delete " + v.name, () => deleteView(v.name)])] : []),
  ]);
}

function saveView() {
  const form = document.createElement("form"), name = document.createElement("input"), button = document.createElement("button");
  name.required = true;
  name.maxLength = 80;
  name.setAttribute("aria-label", "Name");
  button.textContent = "Save";
  form.append(name, " ", button);
  form.addEventListener("submit", async (e) => {
    e.preventDefault();
    $("dialog").close();
    try {
      await tell("saveview", new URLSearchParams({ name: name.value, query: addressOf({ ...state, z: "" }) }).toString());
      say("Saved: " + name.value);
    } catch (error) {
      complain(error);
    }
  });
  openDialog("Save this view", form);
  name.focus();
}

async function deleteView(name) {
  try {
    await tell("deleteview", new URLSearchParams({ name }).toString());
    say("Deleted: " + name);
  } catch (error) {
    complain(error);
  }
}

// ---- a second profile, dropped on the page or chosen, to compare with ----

async function send(what, file) {
  say(`Reading ${file.name} …`);
  await tell(what, new URLSearchParams({ name: file.name }).toString(), file);
}

// One file becomes the base of what is shown; of two, the older is the base of the other.
async function compareWith(files) {
  const [base, other] = [...files].sort((a, b) => a.lastModified - b.lastModified);
  try {
    if (other)
      await send("open", other);
    await send("compare", base);
    await useInfo();
    await go({ z: "", p: "" });
    say(`Compared with ${base.name} as the base.`);
  } catch (error) {
    complain(error);
  }
}

function chooseBase() {
  const input = document.createElement("input");
  input.type = "file";
  input.multiple = true;
  input.addEventListener("change", () => { if (input.files.length) compareWith(input.files); });
  input.click();
}

function listenToDrops() {
  document.addEventListener("dragover", (e) => {
    if (!e.dataTransfer.types.includes("Files"))
      return;
    e.preventDefault();
    say("Drop a profile to compare with it as the base, or two to compare them.");
  });
  document.addEventListener("drop", (e) => {
    if (!e.dataTransfer.files.length)
      return;
    e.preventDefault();
    compareWith(e.dataTransfer.files);
  });
}

function openExport() {
  const box = $("export-button").getBoundingClientRect(), name = info.title.replace(/\.pb\.gz$|\.gz$/, "");
  openMenu(box.left, box.bottom + 2, [
    ...(state.view === "flamegraph" && flame.tree ? [
      ["Flame graph as SVG", () => save(name + ".svg", "image/svg+xml", flameSvg(flame, `${info.title}: ${flame.tree.type}`, describe))],
      ["Flame graph as PNG", async () => save(name + ".png", "image/png", await flamePng(flame))]] : []),
    ["Flame graph as a page of its own", () => { location.href = "export/flame?" + serverQuery(); }],
    ["Folded stacks", () => { location.href = "export/folded?" + serverQuery(); }],
    ["For speedscope", () => { location.href = "export/speedscope?" + serverQuery(); }],
    ["For the Firefox Profiler", () => { location.href = "export/firefox?" + serverQuery(); }],
    ["Profile (pprof)", () => { location.href = "download"; }], null,
    ["Compare with a profile …", chooseBase],
    ["Address of this view", () => navigator.clipboard.writeText(location.href).then(() => say("Copied the address"), () => say(location.href))],
  ]);
}

const keys = [
  ["/", "search; Enter and Shift Enter go through what was found"], ["0", "show all"], ["w s + −", "zoom"], ["a d", "pan"],
  ["arrows", "caller, callee, neighbours of the chosen box"], ["Enter", "zoom to the chosen box"], ["Space", "callers and callees of it"],
  ["m", "menu of it"], ["c", "copy its name"], ["1 2 3 4", "graph, table and graph, top, source"], ["n p", "next and previous sample type"],
  ["r", "collapse recursion"], ["i", "invert"], ["f", "flip: root below"], ["o", "order of siblings"], ["Esc", "leave, clear"], ["?", "this list"],
];

function openHelp() {
  const list = document.createElement("table");
  for (const [key, text] of keys) {
    const row = list.insertRow();
    row.insertCell().append(...key.split(" ").flatMap((k) => {
      const element = document.createElement("kbd");
      element.textContent = k;
      return [element, " "];
    }));
    row.insertCell().textContent = text;
  }
  const about = document.createElement("p");
  about.textContent = "Widths are shares of the chosen sample type. A dot before a name: inlined. Stripes: callees too narrow to draw.";
  const comments = document.createElement("pre");
  comments.textContent = info.comments.join("\n");
  openDialog("Keys", list, about, comments);
}

function activeFlame() {
  return document.activeElement === callers.canvas ? callers : flame;
}

function escapeKey() {
  if (state.q)
    go({ q: "" }, { replace: true });
  else if (state.p)
    go({ p: "" });
  else if (state.z)
    go({ z: "" });
}

function key(event) {
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
  if (event.key === "f" && (event.ctrlKey || event.metaKey) && document.activeElement !== $("search")) {
    event.preventDefault();
    $("search").focus();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || $("dialog").open)
    return;
  if (event.target === $("search")) {
    if (event.key === "Enter")
      nextHit(event.shiftKey ? -1 : 1);
    else if (event.key === "Escape")
      $("search").blur();
    return;
  }
  if (typing || !info)
    return;
  const view = activeFlame(), node = view.focused;
  const actions = {
    "/": () => $("search").focus(), "?": openHelp, "Escape": escapeKey,
    "0": () => { view.scale = 1; view.left = 0; view.redraw(); go({ z: "" }); },
    "w": () => view.zoomAt(1.5, 0.5), "+": () => view.zoomAt(1.5, 0.5), "=": () => view.zoomAt(1.5, 0.5),
    "s": () => view.zoomAt(1 / 1.5, 0.5), "-": () => view.zoomAt(1 / 1.5, 0.5),
    "a": () => view.pan(-0.15), "d": () => view.pan(0.15),
    "1": () => go({ view: "flamegraph", lay: "flame" }), "2": () => go({ view: "flamegraph", lay: "both" }),
    "3": () => go({ view: "top" }), "4": () => go({ view: "source", f: selected ? exactly(selected) : state.f }),
    "r": () => flip("rec"), "i": () => flip("inv"), "f": () => flip("flip"), "o": () => go({ o: state.o ? "" : "weight" }),
    "n": () => chooseSample(1), "p": () => chooseSample(-1),
    "c": () => selected && navigator.clipboard.writeText(selected).then(() => say("Copied: " + selected), () => say(selected)),
  };
  if (event.key.startsWith("Arrow") && view.tree && !$("flame-pane").hidden && event.target.closest(".flame, body") &&
      !event.target.closest("#table, #text, header")) {
    const next = view.neighbour(node, event.key);
    view.setFocus(next);
    select(view.tree.name(next));
  } else if (event.key === "Enter" && event.target === view.canvas && node >= 0) {
    view === flame && !state.p ? zoomTo(node) : showFunction(view.tree.name(node));
  } else if (event.key === " " && event.target === view.canvas && node >= 0) {
    showFunction(view.tree.name(node));
  } else if ((event.key === "m" || event.key === "ContextMenu") && node >= 0 && event.target === view.canvas) {
    const box = view.canvas.getBoundingClientRect();
    boxMenu(view.tree.name(node), { clientX: box.left + box.width / 3, clientY: box.top + 60 }, view === flame && !state.p ? () => zoomTo(node) : null);
  } else if (actions[event.key]) {
    actions[event.key]();
  } else {
    return;
  }
  event.preventDefault();
}

function listen() {
  let typed = 0;
  $("search").addEventListener("input", () => {
    clearTimeout(typed);
    typed = setTimeout(() => {
      change({ q: $("search").value }, { replace: true });
      search().catch(complain);
    }, 120);
  });
  $("filter").addEventListener("input", () => {
    try {
      table.setFilter($("filter").value ? new RegExp($("filter").value, "i") : null);
      $("filter").setCustomValidity("");
    } catch (error) {
      $("filter").setCustomValidity(error.message);
    }
  });
  $("sample").addEventListener("change", () => go({ si: info.types[$("sample").value].type, z: "" }));
  $("options-button").addEventListener("click", openOptions);
  $("export-button").addEventListener("click", openExport);
  $("views-button").addEventListener("click", openViews);
  $("help-button").addEventListener("click", openHelp);
  listenToDrops();
  $("sandwich-close").addEventListener("click", () => go({ p: "" }));
  for (const [id, mode] of [["mode-functions", "functions"], ["mode-tree", "tree"]])
    $(id).addEventListener("click", () => {
      tableMode = mode;
      drawn.mode = "";
      $("mode-functions").setAttribute("aria-pressed", mode === "functions");
      $("mode-tree").setAttribute("aria-pressed", mode === "tree");
      drawTable().then(drawGraphs).catch(complain);
    });
  $("pattern-form").addEventListener("submit", (e) => { e.preventDefault(); go({ f: $("pattern").value }); });
  document.addEventListener("keydown", key);
  window.addEventListener("popstate", () => { readAddress(); show(); });
  let wide = innerWidth >= 760;
  window.addEventListener("resize", () => {
    if (wide !== innerWidth >= 760) {
      wide = !wide;
      show();
    }
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { applyTheme(); flame.redraw(); callers.redraw(); });
  for (const link of document.querySelectorAll("#views a"))
    link.addEventListener("click", (e) => {
      if (e.ctrlKey || e.metaKey || e.shiftKey)
        return;
      e.preventDefault();
      go({ view: link.dataset.view });
    });
}

// Say what the server is doing as long as the first answer is not there.
async function waitForProfile() {
  const asked = ask("info", "");
  let waiting = true;
  const watch = async () => {
    while (waiting) {
      await new Promise((done) => setTimeout(done, 400));
      if (!waiting)
        break;
      const status = await ask("status", "").catch(() => null);
      if (waiting && status && status.step)
        say(status.step + " …");
    }
  };
  watch();
  try {
    return await asked;
  } finally {
    waiting = false;
  }
}

function showInfo() {
  $("title").textContent = info.title;
  $("title").title = [info.binary, ...info.comments].join("\n");
  document.title = `${info.title} - sonde`;
  $("sample").replaceChildren(...info.types.map((t, i) => new Option(`${t.type} (${t.unit})`, i)));
}

// Another profile was loaded.
async function useInfo() {
  info = await ask("info", "");
  drawn = {};
  showInfo();
}

async function start() {
  readAddress();
  applyTheme();
  drawPanes();
  listen();
  say("Loading …");
  try {
    info = await waitForProfile();
  } catch (error) {
    complain(error);
    return;
  }
  showInfo();
  say("");
  await show();
}

// For those who look from the console, and for tests.
window.sonde = {
  flame, callers, table, state,
  svg: () => flameSvg(flame, `${info.title}: ${flame.tree.type}`, describe),
  png: () => flamePng(flame),
};

start();
