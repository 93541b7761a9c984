// info.js - the profile itself: its name and its sample types.

import { ask } from "./ask.js";
import { $ } from "./say.js";
import { shown } from "./shown.js";
import { state } from "./state.js";

export function showInfo() {
  const { title, base } = shown.info;
  $("title").textContent = base ? `${base} → ${title}` : title;
  $("title").title = [$("title").textContent, shown.info.binary, ...shown.info.comments].join("\n");
  document.title = `${$("title").textContent} - sonde`;
  $("sample").replaceChildren(...shown.info.types.map((t, i) => new Option(`${t.type} (${t.unit})`, i)));
}

// Another profile was loaded.
export async function useInfo() {
  shown.info = await ask("info", "");
  shown.drawn = {};
  showInfo();
}

export function sampleNumber() {
  const at = shown.info.types.findIndex((t) => t.type === state.si);
  return at >= 0 ? at : /^\d+$/.test(state.si) ? Number(state.si) : shown.info.chosen;
}
