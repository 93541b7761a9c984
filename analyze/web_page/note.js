// note.js - says above the view why there is nothing in it.

import { $ } from "./say.js";
import { filterKeys, go, state } from "./state.js";

// Those that can leave nothing over.
const filters = ["f", "i", "h", "s", "sf", "prunefrom", "tf", "ti", "ts", "th"].filter((key) => filterKeys.includes(key));

export function showNote(text, isError) {
  $("note").hidden = !text;
  $("note").querySelector("span").textContent = text;
  $("note").toggleAttribute("data-error", isError);
  $("unfilter-button").hidden = !filters.some((key) => state[key]);
}

export function listenToNote() {
  $("unfilter-button").addEventListener("click", () => go({ ...Object.fromEntries(filters.map((key) => [key, ""])), z: "", p: "" }));
}
