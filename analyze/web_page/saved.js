// saved.js - views that are kept under a name.

import { ask, tell } from "./ask.js";
import { openDialog, openMenu } from "./menu.js";
import { $, complain, say } from "./say.js";
import { addressOf, goTo, state } from "./state.js";

export async function openViews() {
  const box = $("views-button").getBoundingClientRect();
  let saved = [];
  try {
    saved = (await ask("views", "")).views;
  } catch (error) {
    complain(error);
  }
  openMenu(box.left, box.bottom + 2, [
    ["Save this view …", saveView], null,
    ["Default", () => { location.href = "flamegraph"; }],
    ...saved.map((v) => [v.name, () => { goTo(v.query); }]),
    ...(saved.length ? [null, ...saved.map((v) => ["Delete " + v.name, () => deleteView(v.name)])] : []),
  ]);
}

function saveView() {
  const form = document.createElement("form"), name = document.createElement("input"), button = document.createElement("button");
  name.required = true;
  name.maxLength = 80;
  name.setAttribute("aria-label", "Name");
  button.textContent = "Save";
  form.append(name, " ", button);
  form.addEventListener("submit", async (e) => {
    e.preventDefault();
    $("dialog").close();
    try {
      await tell("saveview", new URLSearchParams({ name: name.value, query: addressOf({ ...state, z: "" }) }).toString());
      say("Saved: " + name.value);
    } catch (error) {
      complain(error);
    }
  });
  openDialog("Save this view", form);
  name.focus();
}

async function deleteView(name) {
  try {
    await tell("deleteview", new URLSearchParams({ name }).toString());
    say("Deleted: " + name);
  } catch (error) {
    complain(error);
  }
}
