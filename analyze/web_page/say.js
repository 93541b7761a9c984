// say.js - the elements of the page by name, and the status line.

import { Refused } from "./ask.js";

export const $ = (id) => document.getElementById(id);

export function say(text) {
  $("status").textContent = text;
}

export function complain(error) {
  if (!(error instanceof Refused))
    console.error(error);
  say(error.message);
  $("status").dataset.error = "1";
}
