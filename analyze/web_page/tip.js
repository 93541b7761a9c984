// tip.js - what a box says of itself.

import { formatDelta, formatShare, formatValue, isNoise } from "./format.js";

export function describe(t, i) {
  const whole = t.whole, lines = [t.name(i)];
  if (t.net) {
    lines.push(`${formatDelta(t.value[i] - t.old[i], t.unit)} (${formatDelta(t.value[i], t.unit)} and ${formatDelta(-t.old[i], t.unit)})`);
  } else if (t.compared) {
    const noise = isNoise(t.value[i], t.old[i], t.quantum);
    lines.push(`${formatValue(t.old[i], t.unit)} → ${formatValue(t.value[i], t.unit)} (${formatDelta(t.value[i] - t.old[i], t.unit)}` +
      (t.old[i] ? `, ${((t.value[i] - t.old[i]) / Math.abs(t.old[i]) * 100).toFixed(1)}%` : ", new") + ")" + (noise ? ", within sampling noise" : ""));
  } else {
    const zoomed = t.weight(0) !== Math.abs(whole) ? `, ${formatShare(t.value[i], t.value[0])} of what is shown` : "";
    lines.push(`${formatValue(t.value[i], t.unit)}, ${formatShare(t.value[i], whole)} of all${zoomed}; itself ${formatValue(t.self[i], t.unit)}`);
  }
  return lines.join("\n");
}

export function showTip(view, node, event) {
  const tip = document.getElementById("tip");
  if (node < 0 || !view.tree) {
    tip.hidden = true;
    return;
  }
  const t = view.tree, [name, ...rest] = describe(t, node).split("\n");
  const bold = document.createElement("b");
  bold.textContent = name + (t.inline[node] ? " (inline)" : "");
  const parts = [bold, rest.join(" ")];
  for (const text of [t.file(node), t.module(node), t.hidden[node] ? `${t.hidden[node]} ${t.hidden[node] === 1 ? "callee is" : "callees are"} too narrow to be drawn` : ""]) {
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
