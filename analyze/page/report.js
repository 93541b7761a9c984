// report.js - the views that are text or a picture from the server: peek, graph, source, disasm.

import { ask } from "./ask.js";
import { change, nameIn, serverQuery, state } from "./state.js";

const text = document.getElementById("text"), pattern = document.getElementById("pattern");

function message(words, isError) {
  const p = document.createElement("p");
  p.className = "message" + (isError ? " error" : "");
  p.textContent = words;
  text.replaceChildren(p);
}

function pre(words) {
  const element = document.createElement("pre");
  element.textContent = words;
  text.replaceChildren(element);
}

const drawings = {
  async peek() {
    pre(await ask("peek", serverQuery()));
  },
};

export async function showText(view, say) {
  pattern.value = state.f;
  document.getElementById("pattern-form").hidden = view === "graph";
  message("Working …");
  try {
    await drawings[view]();
  } catch (error) {
    message(error.message, true);
    throw error;
  }
  say("");
}
