// ask.js - questions to the server.  A newer question of the same kind makes the older one moot.

const pending = new Map();

export class Refused extends Error {}

export async function ask(what, query, kind = what) {
  const number = (pending.get(kind) || 0) + 1;
  pending.set(kind, number);
  let response;
  try {
    response = await fetch("data/" + what + (query ? "?" + query : ""));
  } catch {
    throw new Refused("The server does not answer. Is sonde still running?");
  }
  if (!response.ok)
    throw new Refused(await response.text());
  const answer = (response.headers.get("Content-Type") || "").startsWith("application/json")
    ? await response.json() : await response.text();
  if (pending.get(kind) !== number)
    return null; // nobody waits for it any more
  return answer;
}

// What changes something on the server's side.
export async function tell(what, query, body) {
  let response;
  try {
    response = await fetch("data/" + what + (query ? "?" + query : ""), { method: "POST", headers: { "X-Sonde": "1" }, body });
  } catch {
    throw new Refused("The server does not answer. Is sonde still running?");
  }
  if (!response.ok)
    throw new Refused(await response.text());
}
