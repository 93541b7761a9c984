// names.js - parts of names.  What tells C++ and Rust functions apart stands behind their scopes.

// Where a name can be shortened: behind each "::" that is in no brackets.  The last is where the
// function's own name begins.
export function scopesOf(name) {
  const starts = [0];
  let depth = 0;
  if (!name.includes("::"))
    return starts;
  for (let i = 0; i < name.length; i++) {
    const c = name[i];
    if (name.startsWith("operator", i) && !/\w/.test(name[i - 1] ?? " "))
      break; // what follows may look like brackets
    if (c === "<" || c === "(" || c === "{" || c === "[")
      depth++;
    else if (c === ">" && name[i - 1] !== "-" || c === ")" || c === "}" || c === "]")
      depth--;
    else if (c === ":" && name[i + 1] === ":" && depth === 0 && i + 2 < name.length)
      starts.push(++i + 1);
  }
  return starts;
}
