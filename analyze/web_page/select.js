// select.js - one function chosen on the page, and what can be done with it.

import { formatShare, formatValue } from "./format.js";
import { openMenu } from "./menu.js";
import { flame, table } from "./parts.js";
import { $, say } from "./say.js";
import { shown } from "./shown.js";
import { exactly, go, state } from "./state.js";

export function select(name, from) {
  shown.selected = name;
  if (from !== table && shown.tableMode === "functions")
    table.selectName(name);
  if (from === table && flame.tree) {
    const node = flame.tree.frame.findIndex((f, i) => flame.tree.name(i) === name);
    flame.setFocus(node);
  }
  const row = shown.top && shown.top.frames.name.indexOf(name);
  if (row >= 0)
    say(`${name}: itself ${formatValue(shown.top.flat[row], shown.top.unit)} (${formatShare(shown.top.flat[row], shown.top.whole)}), with callees ` +
      `${formatValue(shown.top.cum[row], shown.top.unit)} (${formatShare(shown.top.cum[row], shown.top.whole)})`);
}

export function zoomTo(node) {
  const z = [...shown.path.slice(1).map((p) => p.id), ...(shown.tree.id(0) >= 0 ? [shown.tree.id(0)] : []), ...shown.tree.pathTo(node)].join(".");
  if (z !== state.z)
    go({ z });
}

export function showFunction(name) {
  select(name);
  go({ view: "flamegraph", p: exactly(name), lay: state.lay === "table" ? "" : state.lay });
}

function refine(key, name, append) {
  const expression = exactly(name);
  go({ [key]: append && state[key] ? expression + "|" + state[key] : expression, z: "", p: "" });
}

export function boxMenu(name, event, zoom) {
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
