// chips.js - the filters that are on, the labels to choose from, and the way to the zoomed box.

import { formatValue } from "./format.js";
import { $ } from "./say.js";
import { shown } from "./shown.js";
import { exactly, go, nameIn, state } from "./state.js";

const filterNames = { f: "focus", i: "ignore", h: "hide", s: "show", sf: "show from", prunefrom: "prune from", tf: "label focus", ti: "label ignore",
  ts: "label show", th: "label hide", group: "grouped by", g: "granularity" };

export function drawChips() {
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
  const keys = [...new Set(shown.info.labels.map((l) => l.key))].filter((k) => !k.startsWith("pprof::"));
  for (const key of keys.slice(0, 8)) {
    const label = document.createElement("label"), choice = label.appendChild(document.createElement("select"));
    label.prepend(key + " ");
    choice.append(new Option("all", ""), new Option("(group by it)", "\u0001group"),
      ...shown.info.labels.filter((l) => l.key === key).map((l) => new Option(l.value || "(empty)", l.value)));
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

export function drawPath() {
  const zoomed = shown.path.length > 0;
  const parts = [];
  shown.path.forEach((step, i) => {
    const button = document.createElement("button");
    button.textContent = step.name;
    button.title = `${step.name}: ${formatValue(step.value, shown.tree.unit)}`;
    button.addEventListener("click", () => go({ z: shown.path.slice(1, i + 1).map((s) => s.id).join(".") }));
    const arrow = document.createElement("i");
    arrow.textContent = "›";
    parts.push(button, arrow);
  });
  if (zoomed) {
    const here = document.createElement("strong");
    here.textContent = shown.tree.name(0);
    parts.push(here);
  }
  $("path").replaceChildren(...parts);
}
