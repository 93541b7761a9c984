// ask.js - questions to the server.  A newer question of the same kind makes the older one moot.

import { busy } from "./busy.js";

const pending = new Map(); // by kind: what ends it

let loaded = 0; // which of the profiles that the server had the answers are from
let other = () => {};

// What is to be done when another page has had another profile loaded.
export function onOther(what) {
  other = what;
}

function compareLoaded(what, answer) {
  const before = loaded;
  loaded = answer.loaded ?? loaded;
  if (before && loaded !== before && what !== "info")
    other();
}

export class Refused extends Error {}

async function get(path, options) {
  const done = busy(path.replace(/\?.*/, ""));
  try {
    const response = await fetch(path, options);
    if (!response.ok)
      throw new Refused(await response.text());
    return await response.json();
  } catch (error) {
    throw error instanceof Refused || options.signal?.aborted ? error
      : new Refused("The server does not answer. Is sonde still running?");
  } finally {
    done();
  }
}

const path = (what, query) => "data/" + what + (query ? "?" + query : "");

// null when nobody waits for the answer any more.
export async function ask(what, query, kind = what) {
  const end = new AbortController();
  pending.get(kind)?.abort("newer");
  pending.set(kind, end);
  try {
    const answer = await get(path(what, query), { signal: end.signal });
    compareLoaded(what, answer);
    return answer;
  } catch (error) {
    if (!end.signal.aborted)
      throw error;
    if (end.signal.reason === "newer")
      return null;
    throw new Refused("Stopped.");
  } finally {
    if (pending.get(kind) === end)
      pending.delete(kind);
  }
}

// Everything that is under way; the server ends it, too.
export function stop() {
  for (const end of pending.values())
    end.abort("stop");
}

// What changes something on the server's side.
export async function tell(what, query, body) {
  const end = new AbortController();
  pending.set("change", end);
  try {
    return await get(path(what, query), { method: "POST", headers: { "X-Sonde": "1" }, body, signal: end.signal });
  } catch (error) {
    throw end.signal.aborted ? new Refused("Stopped.") : error;
  } finally {
    if (pending.get("change") === end)
      pending.delete("change");
  }
}
