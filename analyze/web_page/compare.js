// compare.js - a second profile, dropped on the page or chosen, to compare with.

import { tell } from "./ask.js";
import { useInfo } from "./info.js";
import { complain, say } from "./say.js";
import { go } from "./state.js";

async function send(what, file) {
  say(`Reading ${file.name} …`);
  await tell(what, new URLSearchParams({ name: file.name }).toString(), file);
}

// One file becomes the base of what is shown; of two, the older is the base of the other.
async function compareWith(files) {
  const [base, other] = [...files].sort((a, b) => a.lastModified - b.lastModified);
  try {
    if (other)
      await send("open", other);
    await send("compare", base);
    await useInfo();
    await go({ z: "", p: "" });
    say(`Compared with ${base.name} as the base.`);
  } catch (error) {
    complain(error);
  }
}

export function chooseBase() {
  const input = document.createElement("input");
  input.type = "file";
  input.multiple = true;
  input.addEventListener("change", () => { if (input.files.length) compareWith(input.files); });
  input.click();
}

export function listenToDrops() {
  document.addEventListener("dragover", (e) => {
    if (!e.dataTransfer.types.includes("Files"))
      return;
    e.preventDefault();
    say("Drop a profile to compare with it as the base, or two to compare them.");
  });
  document.addEventListener("drop", (e) => {
    if (!e.dataTransfer.files.length)
      return;
    e.preventDefault();
    compareWith(e.dataTransfer.files);
  });
}
