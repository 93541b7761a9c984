// shown.js - what the page has from the server and shows now.

export const shown = {
  info: null,      // data/info
  tree: null,      // of the flame graph, from the zoomed frame down
  path: [],        // frames above it
  selected: "",    // name of a function
  hits: [],        // nodes of the flame graph that a search found
  tableMode: "functions",
  top: null,       // data/top
  drawn: {},       // queries that table and graph were drawn from
};
