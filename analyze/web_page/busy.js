// busy.js - says what the server is at while an answer takes its time.

const bar = document.getElementById("busy");
const open = new Set(); // paths of questions without an answer
let timer = 0;
let asking = null; // the question about the questions

const words = { "data/graph": "Graph", "data/source": "Source", "data/disasm": "Disassembly", "data/peek": "Peek", "data/flame": "Flame graph", "data/top": "Table",
  "data/compare": "Reading", "data/open": "Reading" };

const sent = { "data/compare": "Sending …", "data/open": "Sending …" };

function text(what, { step, share, milliseconds }) {
  const parts = [step, share === undefined ? "" : Math.floor(share * 100) + "%", milliseconds ? Math.round(milliseconds / 1000) + " s" : ""];
  return `${what}: ${parts.filter(Boolean).join(", ")} …`;
}

function show(status) {
  const [now] = open, mine = status.running.find((r) => r.what === now.what);
  const at = status.state === "loading" || !mine ? status : mine;
  const progress = bar.querySelector("progress");
  bar.querySelector("span").textContent = status.state === "loading" ? text("Loading", status)
    : mine ? text(words[now.what] || "Working", mine) : sent[now.what] || "Waiting for other questions …";
  if (at.share === undefined)
    progress.removeAttribute("value");
  else
    progress.value = at.share;
  bar.hidden = false;
}

async function look() {
  const { signal } = asking = new AbortController();
  try {
    show(await (await fetch("data/status", { signal })).json());
  } catch {
    // Whoever asked the question will say it.
  }
  if (!signal.aborted)
    timer = setTimeout(look, 500);
}

// Returns what is to be called when the answer is there.
export function busy(what) {
  const entry = { what };
  open.add(entry);
  timer ||= setTimeout(look, 500);
  return () => {
    open.delete(entry);
    if (open.size)
      return;
    clearTimeout(timer);
    timer = 0;
    asking?.abort();
    bar.hidden = true;
  };
}
