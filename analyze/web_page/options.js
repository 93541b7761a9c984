// options.js - how the profile is looked at: the dialog and what the keys change of it.

import { unitsLike } from "./format.js";
import { sampleNumber } from "./info.js";
import { openDialog } from "./menu.js";
import { shown } from "./shown.js";
import { go, state } from "./state.js";

export function chooseSample(step) {
  const n = shown.info.types.length;
  go({ si: shown.info.types[(sampleNumber() + step + n) % n].type, z: "" });
}

export function flip(key) {
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

export function openOptions() {
  const grid = document.createElement("div");
  grid.className = "options";
  const labelKeys = [...new Set(shown.info.labels.map((l) => l.key))].map((k) => [k, k]);
  grid.append(
    ...optionRow("Layout", choiceOf("lay", [["", "as the window allows"], ["both", "table and graph"], ["flame", "graph"], ["table", "table"]])),
    ...optionRow("Order of siblings", choiceOf("o", [["", "by name"], ["weight", "by weight"]])),
    ...optionRow("Root", choiceOf("flip", [["", "on top"], ["t", "below"]])),
    ...optionRow("Inverted (callers below)", choiceOf("inv", [["", "no"], ["t", "yes"]])),
    ...optionRow("Collapse recursion", choiceOf("rec", [["", "no"], ["t", "yes"]])),
    ...optionRow("Colours by", choiceOf("col", [["", "file, or binary where it is not known"], ["module", "binary"]])),
    ...optionRow("Theme", choiceOf("theme", [["", "as the system"], ["light", "light"], ["dark", "dark"]])),
    ...optionRow("Granularity", choiceOf("g", [["", "functions"], ["filefunctions", "functions and files"], ["files", "files"], ["lines", "lines"], ["addresses", "addresses"]])),
    ...optionRow("Inlined functions", choiceOf("noinlines", [["", "on their own"], ["t", "part of their caller"]])),
    ...optionRow("Unit", choiceOf("unit", [["", "as it fits"], ...unitsLike(shown.info.types[sampleNumber()].unit).map((u) => [u, u])])),
    ...optionRow("Percent of", choiceOf("rel", [["", "the whole profile"], ["t", "what the filters leave"]])),
    ...optionRow("Group by label", choiceOf("group", [["", "none"], ...labelKeys])),
    ...optionRow("Focus", textOf("f")), ...optionRow("Ignore", textOf("i")), ...optionRow("Hide", textOf("h")),
    ...optionRow("Show", textOf("s")), ...optionRow("Show from", textOf("sf")), ...optionRow("Label focus", textOf("tf")), ...optionRow("Label ignore", textOf("ti")));
  openDialog("Options", grid);
}
