// search.js - functions by regular expression, and what they cost together.

import { ask } from "./ask.js";
import { formatShare, formatValue } from "./format.js";
import { callers, flame, table } from "./parts.js";
import { $ } from "./say.js";
import { select } from "./select.js";
import { shown } from "./shown.js";
import { serverQuery, state } from "./state.js";

export async function search() {
  const q = state.q;
  if ($("search").value !== q && document.activeElement !== $("search"))
    $("search").value = q;
  shown.hits = [];
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
        shown.hits.push(i);
}

export function nextHit(step) {
  if (!shown.hits.length)
    return;
  const at = shown.hits.indexOf(flame.focused);
  const node = shown.hits[(at + step + shown.hits.length) % shown.hits.length];
  flame.setFocus(node);
  select(flame.tree.name(node));
}
