// parts.js - the two canvases and the table.

import { ask } from "./ask.js";
import { Flame } from "./flame.js";
import { $ } from "./say.js";
import { boxMenu, select, showFunction, zoomTo } from "./select.js";
import { shown } from "./shown.js";
import { serverQuery } from "./state.js";
import { Table } from "./table.js";
import { showTip } from "./tip.js";

export const flame = new Flame($("flame"), {
  hover: (node, event) => showTip(flame, node, event),
  choose: (node) => { select(flame.tree.name(node)); zoomTo(node); },
  menu: (node, event) => boxMenu(flame.tree.name(node), event, () => zoomTo(node)),
});
export const callers = new Flame($("callers"), {
  hover: (node, event) => showTip(callers, node, event),
  choose: (node) => showFunction(callers.tree.name(node)),
  menu: (node, event) => boxMenu(callers.tree.name(node), event),
});
callers.look.flip = true;
export const table = new Table($("table"), {
  choose: (row) => select(row.name, table),
  open: (row) => { if (row.id >= 0) showFunction(row.name); },
  menu: (row, event) => boxMenu(row.name, event),
  callees: (name) => ask("function", serverQuery({ name }), "callees " + name),
  count: (n, all) => { $("row-count").textContent = shown.top && shown.tableMode === "functions" && shown.top.rows > all
    ? `${n} of ${shown.top.rows} functions (the heaviest)` : `${n} rows`; },
});
